"""What alembic runs: the migrations, on the connection it is handed and in its transaction."""

from typing import Any, Literal

from alembic import context
from sqlalchemy import BigInteger

from flows.store.models import Base
from flows.store.revisions import VERSION_TABLE
from flows.store.types import Utc, Word


def render_type(kind: str, item: Any, autogen: Any) -> str | Literal[False]:
    """How a column type of ours is written into a migration; False leaves it to alembic."""
    if kind == "type" and isinstance(item, Utc):
        autogen.imports.add("from flows.store.types import Utc")
        return "Utc()"
    if kind == "type" and isinstance(item, Word):
        # Which words exist changes from version to version; the column stays what it was.
        return "sa.String(30)"
    if kind == "type" and isinstance(item, BigInteger) and "sqlite" in item._variant_mapping:
        return "BIG"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    version_table=VERSION_TABLE,
    render_item=render_type,
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
