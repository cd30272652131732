"""What is committed about a claim is on the disk: a machine that loses power forgets none of it."""

from sqlalchemy import Engine, text

from flows.store.outbox import side_by_side
from flows.store.session import writing


def safety(engine: Engine) -> str:
    """How a database says that a commit waits for the disk."""
    postgres = engine.dialect.name == "postgresql"
    return "SHOW synchronous_commit" if postgres else "PRAGMA synchronous"


def test_a_claim_waits_for_the_disk_even_where_nothing_else_does(engine: Engine) -> None:
    question = text(safety(engine))
    if engine.dialect.name == "postgresql":
        # The server of the tests answers before anything is on the disk.
        with writing(engine) as connection:
            assert connection.scalar(question) == "off"
    with side_by_side(engine) as connection:
        assert connection.scalar(question) in ("on", 2)
    with writing(engine) as connection:
        assert connection.scalar(question) in ("off", 1)


def test_a_database_that_is_more_careful_stays_so(engine: Engine) -> None:
    if engine.dialect.name != "postgresql":
        return
    with engine.connect() as connection:
        connection.execute(text("SET synchronous_commit = remote_write"))
        connection.commit()
    with side_by_side(engine) as connection:
        assert connection.scalar(text(safety(engine))) == "remote_write"
    engine.dispose()
