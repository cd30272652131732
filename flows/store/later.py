"""A moment so many seconds after another, reckoned by the database."""

from datetime import datetime
from typing import Any

from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import FunctionElement

from flows.store.types import Utc


class Later(FunctionElement[datetime]):
    """A moment so many whole seconds later, or earlier, keeping its microseconds."""

    type = Utc()
    inherit_cache = True


@compiles(Later, "postgresql")
def _on_postgresql(element: Later, compiler: SQLCompiler, **options: Any) -> str:
    moment, seconds = (compiler.process(part, **options) for part in element.clauses)
    return f"({moment} + make_interval(secs => {seconds}))"


@compiles(Later, "sqlite")
def _on_sqlite(element: Later, compiler: SQLCompiler, **options: Any) -> str:
    moment, seconds = (compiler.process(part, **options) for part in element.clauses)
    # Only whole seconds are reckoned with: SQLite's own fractions end at milliseconds.
    return f"(datetime(substr({moment}, 1, 19), ({seconds}) || ' seconds') || substr({moment}, 20))"
