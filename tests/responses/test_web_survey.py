"""A score chosen in a mail: shown by looking, stored by sending, then a remark and the answers."""

from collections.abc import Iterator

import httpx
import pytest
from bs4 import BeautifulSoup
from sqlalchemy import Engine, select

from flows.store.models import Response, SurveyAnswer
from flows.surveys import Surveys
from flows.tokens import Kind
from tests.delivery.rows import NOW, furnish, put, send
from tests.responses.web import endpoint, everything, link

SURVEYS = Surveys.model_validate(
    {
        "surveys": {
            "hello": {
                "ask": {"de": "Würden Sie uns empfehlen?"},
                "questions": {
                    "delivery": {
                        "ask": {"de": "Kam alles an?", "en": "Did it all arrive?"},
                        "choices": {"fine": {"de": "ja"}, "late": {"de": "später"}},
                    },
                    "missing": {"ask": {"de": "Was fehlte?"}},
                },
            }
        }
    }
).surveys
PAGE = link(Kind.SCORE)


@pytest.fixture
def client(engine: Engine) -> Iterator[httpx.Client]:
    furnish(engine)
    put(engine, send(1, outcome="delivered", handed_over_at=NOW))
    with endpoint(engine, surveys=SURVEYS) as opened:
        yield opened


def scores(engine: Engine) -> list[tuple[str, int, int | None]]:
    with engine.connect() as connection:
        rows = connection.execute(select(Response.kind, Response.send_id, Response.score))
        return [tuple(row) for row in rows]


def answers(engine: Engine) -> dict[str, str]:
    with engine.connect() as connection:
        rows = connection.execute(select(SurveyAnswer.question, SurveyAnswer.answer))
        return {row.question: row.answer for row in rows}


def test_the_score_of_the_link_is_chosen_and_nothing_is_stored_by_looking(
    client: httpx.Client, engine: Engine
):
    before = everything(engine)
    for score in range(11):
        page = BeautifulSoup(client.get(f"{PAGE}?score={score}").text, "html.parser")
        assert [each["value"] for each in page.select("input[checked]")] == [str(score)]
        assert len(page.select("input[name=score]")) == 11
    for odd in ("", "?score=11", "?score=-1", "?score=ten", "?score=1&score=2;", "?x=1&" * 30):
        assert client.get(PAGE + odd).status_code == 200
    assert client.head(f"{PAGE}?score=9").status_code == 200
    assert everything(engine) == before


def test_the_first_score_stands_and_counts_as_any_other(client: httpx.Client, engine: Engine):
    assert "Ihre 9 ist angekommen" in client.post(PAGE, data={"score": "9"}).text
    assert "Ihre 9 ist angekommen" in client.post(PAGE, data={"score": "0"}).text
    assert scores(engine) == [("nps", 1, 9)]
    assert "Ihre 9 ist angekommen" in client.get(f"{PAGE}?score=3").text


@pytest.mark.parametrize("score", ["", "11", "-1", "3.5", "zehn", "１"])
def test_what_is_no_score_is_asked_for_again(client: httpx.Client, engine: Engine, score: str):
    assert "Bitte wählen Sie" in client.post(PAGE, data={"score": score}).text
    assert scores(engine) == []


def test_a_remark_and_answers_are_kept_by_question_and_the_last_word_counts(
    client: httpx.Client, engine: Engine
):
    page = BeautifulSoup(client.post(PAGE, data={"score": "4"}).text, "html.parser")
    names = {each["name"] for each in page.select("input, textarea")}
    assert names == {"comment", "q_delivery", "q_missing"}
    said = {
        "answers": "1", "comment": " Zu spät\x00\r\nund laut ", "q_delivery": "late",
        "q_unasked": "x", "q_missing": "",
    }  # fmt: skip
    assert "Vielen Dank" in client.post(PAGE, data=said).text
    assert answers(engine) == {"comment": "Zu spät\nund laut", "delivery": "late"}
    client.post(PAGE, data={"answers": "1", "q_delivery": "never", "comment": "Doch gut"})
    assert answers(engine) == {"comment": "Doch gut", "delivery": "late"}


def test_the_page_speaks_the_language_asked_for(client: httpx.Client):
    assert "Your score from 0 to 10" in client.get(f"{PAGE}?lang=en").text
    english = {"accept-language": "fr, en-GB;q=0.8"}
    assert "Your score from 0 to 10" in client.get(PAGE, headers=english).text
    assert 'href="?lang=de&amp;score=7"' in client.get(f"{PAGE}?score=7&lang=en").text
    assert 'href="?lang=de"' in client.get(f'{PAGE}?score=7"x&lang=en').text
    page = client.post(f"{PAGE}?lang=en", data={"score": "4"}).text
    assert "Did it all arrive?" in page
    assert "Würden Sie uns empfehlen?" in page


def test_a_message_that_is_not_there_looks_like_any_other(client: httpx.Client, engine: Engine):
    before = everything(engine)
    nobody = link(Kind.SCORE, 99)
    assert client.get(nobody).status_code == 200
    assert "Ihre 9 ist angekommen" in client.post(nobody, data={"score": "9"}).text
    said = {"answers": "1", "comment": "hallo"}
    assert client.post(nobody, data=said).status_code == 200
    assert everything(engine) == before
