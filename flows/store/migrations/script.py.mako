"""${message}."""
<% made = [line for line in upgrades.splitlines() if "###" not in line] %>
import sqlalchemy as sa
from alembic import op

% if down_revision is None:
from flows.store.machine import guard
% endif
${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    ${"\n".join(made).strip()}
% if down_revision is None:

    for statement in guard(op.get_context().dialect.name):
        op.execute(statement)
% endif
