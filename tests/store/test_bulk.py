"""Large loads: what the database knows about its tables afterwards."""

from sqlalchemy import Engine, text

from flows.store.bulk import look_again
from flows.store.session import writing
from tests.store.rows import people


def test_the_database_knows_how_much_a_load_has_brought(engine: Engine):
    people(engine, 7)
    with writing(engine) as connection:
        look_again(connection)
    known = {
        "sqlite": "SELECT stat FROM sqlite_stat1 WHERE tbl = 'customer' LIMIT 1",
        "postgresql": "SELECT reltuples::int::text FROM pg_class WHERE relname = 'customer'",
    }
    with engine.connect() as connection:
        said = connection.execute(text(known[engine.dialect.name])).scalar_one()
    assert said.split()[0] == "7"
