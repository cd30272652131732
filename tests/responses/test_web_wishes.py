"""What people want: unsubscribing, and the page of preferences, down to what the claim obeys."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import count, product

import httpx
import pytest
from bs4 import BeautifulSoup
from sqlalchemy import Engine, insert, select, update

from flows import tokens
from flows.store.facts import message_facts
from flows.store.models import Contact, Owner, Permission, Preference, Suppression, Task
from flows.store.stops import speaking_against
from flows.store.wishing import About, wishes
from flows.tokens import Kind
from segments.names import Locale
from tests.delivery.rows import LIVE, NOW, furnish, put, send
from tests.responses.web import DAY, SECRET, agree, endpoint, everything, link

PAGE = link(Kind.PREFERENCES)


SOON = NOW + timedelta(hours=12)


@pytest.fixture
def client(engine: Engine) -> Iterator[httpx.Client]:
    furnish(engine)
    moments = (NOW + timedelta(seconds=second) for second in count())
    with endpoint(engine, clock=lambda: next(moments)) as opened:
        yield opened


def held(engine: Engine) -> set[str]:
    """The purposes of sends that are held back at the claim."""
    with engine.connect() as connection:
        found = speaking_against(connection, [1, 2, 3], SOON, LIVE)
    return {{1: "advertising", 2: "survey", 3: "service"}[each] for each in found}


def queued(engine: Engine) -> None:
    for number, purpose in enumerate(("advertising", "survey", "service"), start=1):
        basis = "contract" if purpose == "service" else "consent"
        row = send(number, step=f"s{number}", purpose=purpose, basis=basis)
        put(engine, row | {"decided_at": NOW - DAY})


def test_what_is_chosen_holds_at_the_next_claim_whatever_was_chosen_before(
    client: httpx.Client, engine: Engine
):
    agree(engine)
    queued(engine)
    assert held(engine) == set()
    stopped = {
        About.ALL: set(),
        About.ADVERTISING: {"survey"},
        About.SURVEY: {"advertising"},
        About.NONE: {"advertising", "survey"},
    }
    for before, after in product(About, About):
        for about in (before, after, after):
            assert client.post(PAGE, data={"about": about}).status_code == 200
        assert held(engine) == stopped[after], (before, after)
        with engine.connect() as connection:
            known = wishes(connection, 1, SOON)
        assert known is not None
        assert known.about == after


def test_what_is_saved_unchanged_writes_nothing(client: httpx.Client, engine: Engine):
    agree(engine)
    before = everything(engine)
    form = {"about": "all", "often": "0"}
    assert client.post(PAGE, data=form).status_code == 200
    assert everything(engine) == before


def test_to_agree_again_is_kept_with_its_proof(client: httpx.Client, engine: Engine):
    client.post(PAGE, data={"about": "none"})
    client.post(PAGE, data={"about": "all"})
    with engine.connect() as connection:
        given = connection.execute(select(Permission).where(Permission.kind == "consent")).one()
        barred = connection.execute(select(Suppression.ended_by)).scalars().all()
    assert (given.purpose, given.confirmed_at, given.source) == (
        "advertising", given.at, "preferences page",
    )  # fmt: skip
    assert "Neuigkeiten" in given.text_version
    assert barred == ["contact"]


def test_a_bounce_or_a_lock_by_hand_stays_whatever_is_chosen(client: httpx.Client, engine: Engine):
    queued(engine)
    with engine.begin() as connection:
        connection.execute(
            insert(Suppression).values(
                email="ada@example.com", reason="hard_bounce", at=NOW - DAY, source="send 9"
            )
        )
    client.post(PAGE, data={"about": "all"})
    assert held(engine) == {"advertising", "survey", "service"}


def test_rhythm_and_language_are_kept_and_an_import_changes_neither(
    client: httpx.Client, engine: Engine
):
    queued(engine)
    answer = client.post(PAGE, data={"often": "30", "locale": "en"})
    page = BeautifulSoup(answer.text, "html.parser")
    assert page.html is not None
    assert page.html["lang"] == "en"
    chosen = {each["name"]: each["value"] for each in page.select("input[checked]")}
    assert chosen == {"about": "none", "often": "30", "locale": "en"}
    with engine.begin() as connection:
        kept = connection.execute(select(Preference.apart_days, Preference.locale)).one()
        assert tuple(kept) == (30, "en")
        # As an import does.
        connection.execute(update(Contact).values(locale="de"))
        connection.execute(insert(Owner).values(key="o", name="O", email="o@example.com"))
        (facts,) = message_facts(connection, [3], NOW, "o")
    assert facts.contact_locale == "en"
    client.post(PAGE, data={"often": "0"})
    with engine.connect() as connection:
        assert connection.execute(select(Preference.apart_days)).scalar_one() is None
        known = wishes(connection, 1, SOON)
    assert known is not None
    assert known.locale == Locale.EN


@pytest.mark.parametrize(
    "form",
    [{"about": "everything"}, {"often": "-1"}, {"often": "31"}, {"locale": "fr"}, {"data": "all"}],
    ids=str,
)
def test_what_no_form_of_ours_says_changes_nothing(
    client: httpx.Client, engine: Engine, form: dict[str, str]
):
    before = everything(engine)
    assert client.post(PAGE, data=form).status_code == 200
    assert everything(engine) == before


def test_asking_for_ones_data_makes_one_task_that_names_nobody(
    client: httpx.Client, engine: Engine
):
    for _ in range(2):
        answer = client.post(PAGE, data={"data": "copy"})
        assert "Ihre Bitte ist angekommen" in answer.text
    client.post(PAGE, data={"data": "erase"})
    with engine.connect() as connection:
        tasks = connection.execute(select(Task.about, Task.status).order_by(Task.id)).all()
    assert [tuple(task) for task in tasks] == [
        ("Auskunft über gespeicherte Daten (Art. 15 DSGVO): stammkunde export K1", "open"),
        ("Löschung der Daten (Art. 17 DSGVO): stammkunde erase K1", "open"),
    ]


def test_the_page_says_nothing_of_who_somebody_is_or_whether_they_are_there(
    client: httpx.Client, engine: Engine
):
    nobody = link(Kind.PREFERENCES, 77)
    before = everything(engine)
    for form in ({"about": "all", "often": "7", "locale": "en"}, {"data": "erase"}):
        assert client.post(nobody, data=form).status_code == 200
    assert everything(engine) == before
    assert client.get(nobody).text == client.get(PAGE).text
    assert "ada" not in client.get(PAGE).text.lower()


def test_links_go_on_working_after_the_secret_was_replaced(engine: Engine):
    furnish(engine)
    with endpoint(engine, secrets=[SECRET, b"last year's", b"older still"]) as client:
        for secret in (SECRET, b"last year's", b"older still"):
            assert client.get(link(Kind.PREFERENCES, 1, secret)).status_code == 200
            assert client.get(link(Kind.STOP_ADVERTISING, 1, secret)).status_code == 200
        assert client.get(link(Kind.PREFERENCES, 1, b"a stranger's")).status_code == 404


def test_the_way_from_one_page_to_the_other(client: httpx.Client):
    for answer in (
        client.get(link(Kind.STOP_ADVERTISING)),
        client.post(link(Kind.STOP_ADVERTISING)),
    ):
        target = BeautifulSoup(answer.text, "html.parser").select_one("main a")
        assert target is not None
        onward = client.get(str(answer.url.join(str(target["href"]))))
        assert "Was wir Ihnen schreiben dürfen" in onward.text


def test_a_token_is_good_for_its_own_page_only(client: httpx.Client, engine: Engine):
    before = everything(engine)
    unknown = client.get("/u/x")
    for kind in Kind:
        token = tokens.make_for(SECRET, kind, 1)
        own = link(kind).split("/")[1]
        for page in {"u", "p", "nps", "doi"} - {own}:
            for answer in (client.get(f"/{page}/{token}"), client.post(f"/{page}/{token}")):
                assert (answer.status_code, answer.text) == (404, unknown.text)
    assert everything(engine) == before
