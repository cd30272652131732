"""From the queue through a mail server: what the store knows after every kind of answer."""

from sqlalchemy import Engine, select

from flows.delivery.smtp.outlet import PATIENCE
from flows.store.models import Doubt, Halt, Suppression
from tests.delivery.outlets import deliver
from tests.delivery.rows import NOW, column, furnish, outcomes, put, send
from tests.delivery.smtp.desk import Act, Answer, Asked, desk, says
from tests.delivery.smtp.mails import outlet


def test_each_answer_ends_where_it_belongs(engine: Engine) -> None:
    furnish(engine)
    put(engine, *(send(number, priority=60 - number) for number in range(1, 6)))

    def answer(asked: Asked) -> Answer:
        return {
            ("RCPT", 2): "450 4.2.0 Greylisted",
            ("RCPT", 3): "550 5.7.1 not with that reputation",
            (".", 2): Act.HANG_UP,
            ("RCPT", 5): "550 5.1.1 <ada@example.com>: User unknown",
        }.get((asked.word, asked.count))

    with desk(answer, extensions=()) as server, outlet(server.port) as opened:
        deliver(engine, opened)
    assert outcomes(engine) == {
        1: "accepted",
        2: "queued",
        3: "rejected",
        4: "in_doubt",
        5: "rejected",
    }
    with engine.connect() as connection:
        assert column(connection, "provider_id")[1] == "D3SK"
        assert column(connection, "not_before")[2] == NOW + PATIENCE
        assert "not with that reputation" in column(connection, "detail")[3]
        assert "User unknown" in column(connection, "detail")[5]
        assert connection.execute(select(Doubt.send_id)).scalars().all() == [4]
        gone = connection.execute(select(Suppression.email, Suppression.reason)).all()
        assert [tuple(row) for row in gone] == [("ada@example.com", "hard_bounce")]


def test_a_server_that_does_not_know_us_halts_the_outlet_and_keeps_the_queue(
    engine: Engine,
) -> None:
    furnish(engine)
    put(engine, *(send(number) for number in range(1, 6)))
    with desk(says(RCPT="554 5.7.1 Relay access denied")) as server:
        with outlet(server.port) as opened:
            deliver(engine, opened)
        assert outcomes(engine) == dict.fromkeys(range(1, 6), "queued")
    with engine.connect() as connection:
        halt = connection.execute(select(Halt.cause, Halt.until, Halt.why)).one()
    assert (halt.cause, halt.until) == ("key", None)
    assert "Relay access denied" in halt.why


def test_a_server_in_trouble_rests_and_the_rest_stays_queued(engine: Engine) -> None:
    furnish(engine)
    put(engine, *(send(number) for number in range(1, 31)))
    with desk(says(MAIL="451 4.3.0 disk full")) as server, outlet(server.port) as opened:
        deliver(engine, opened)
    assert set(outcomes(engine).values()) == {"queued"}
    with engine.connect() as connection:
        halt = connection.execute(select(Halt.cause, Halt.until, Halt.why)).one()
    assert halt.cause == "provider"
    assert halt.until > NOW
    assert "disk full" in halt.why
