"""What answers mean."""

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.delivery.sendgrid.answers import Answer, Broken, Meaning, closed, judge, unreachable
from flows.errors import DeliveryError
from segments.names import HaltCause

PAGE = b"<!doctype html><title>502 Bad Gateway</title>"


def told(*errors: tuple[str | None, str | None]) -> bytes:
    return orjson.dumps(
        {"errors": [{"field": field, "message": said, "help": None} for field, said in errors]}
    )


def test_202_with_a_number_is_taken():
    assert judge(Answer(202, "abc")) == (Meaning.TAKEN, None, "abc", {}, None)


@pytest.mark.parametrize("body", [b"", PAGE], ids=["empty", "a page"])
def test_202_without_a_number_is_a_doubt_and_says_so(body: bytes):
    verdict = judge(Answer(202, None, body))
    assert verdict.meaning is Meaning.DOUBT
    assert verdict.detail is not None
    assert "without SendGrid's message number" in verdict.detail


def test_200_is_taken_in_the_sandbox_only():
    assert judge(Answer(200, None), sandbox=True).meaning is Meaning.TAKEN
    assert judge(Answer(200, None, b"{}"), sandbox=True).meaning is Meaning.TAKEN
    assert judge(Answer(200, None, PAGE), sandbox=True).meaning is Meaning.DOUBT
    assert judge(Answer(200, "abc")).meaning is Meaning.DOUBT
    assert judge(Answer(204)).meaning is Meaning.DOUBT


@pytest.mark.parametrize("status", [500, 502, 503, 504, 599])
@pytest.mark.parametrize("body", [b"", PAGE, told((None, "internal error"))], ids=range(3))
def test_an_error_of_the_server_is_a_doubt(status: int, body: bytes):
    verdict = judge(Answer(status, None, body))
    assert verdict.meaning is Meaning.DOUBT
    assert verdict.detail is not None
    assert str(status) in verdict.detail


def test_what_sendgrid_says_of_an_error_is_passed_on():
    verdict = judge(Answer(500, None, told((None, "internal error"))))
    assert verdict.detail == "SendGrid answered 500 (internal error)"


def test_a_refusal_that_names_messages_says_what_of_each():
    body = told(
        ("personalizations.3.to.0.email", "Does not contain a valid address."),
        ("personalizations.7.substitutions", "Substitutions are limited to 10000 bytes."),
        ("personalizations.7.headers", "Bad header."),
        ("personalizations[12].subject", "Too short."),
    )
    verdict = judge(Answer(400, None, body))
    assert verdict.meaning is Meaning.REFUSED
    assert verdict.detail is None
    assert verdict.refused == {
        3: "SendGrid refuses this message: Does not contain a valid address",
        7: "SendGrid refuses this message: Substitutions are limited to 10000 bytes.; Bad header",
        12: "SendGrid refuses this message: Too short",
    }


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (told(("subject", "The subject is required.")), "The subject is required"),
        (told((None, None)), "it does not say why"),
        (told(("null", "null")), "it does not say why"),
        (told(("personalizations", "Each unique email ...")), "Each unique email ..."),
        (b'{"errors": []}', "it does not say why"),
        (b'{"errors": [null, "x", {"message": 3}]}', "x"),
    ],
    ids=["root", "all null", "null as text", "all of them", "none", "strange"],
)
def test_a_refusal_that_names_nobody_is_of_the_whole_request(body: bytes, detail: str):
    verdict = judge(Answer(400, None, body))
    assert verdict.meaning is Meaning.REFUSED
    assert verdict.refused == {}
    assert verdict.detail == f"SendGrid refuses this message: {detail.rstrip('.')}"


def test_a_refusal_that_names_one_and_something_else_is_of_the_whole_request():
    body = told(("personalizations.0.to", "No."), ("content", "No content."))
    verdict = judge(Answer(400, None, body))
    assert (verdict.refused, verdict.meaning) == ({}, Meaning.REFUSED)


@pytest.mark.parametrize(
    ("field", "named"),
    [
        ("from.email", "senders.yaml"),
        ("from", "senders.yaml"),
        ("asm.group_id", "asm_group"),
        ("ip_pool_name", "ip_pool"),
        ("mail_settings.sandbox_mode", "settings.yaml"),
    ],
)
def test_a_refusal_of_our_settings_is_nobodys_fault_and_stops_the_outlet(field: str, named: str):
    with pytest.raises(DeliveryError, match=named) as error:
        judge(Answer(400, None, told((field, "That does not exist."))))
    assert error.value.cause is HaltCause.KEY
    assert "That does not exist" in str(error.value)


@pytest.mark.parametrize("field", ["batch_id", "send_at"])
def test_a_refusal_of_the_schedule_lets_the_messages_be_tried_again(field: str):
    with pytest.raises(DeliveryError) as error:
        judge(Answer(400, None, told((field, "invalid batch id"))))
    assert error.value.cause is HaltCause.PROVIDER


def test_413_is_too_large_whoever_says_it():
    for body in (b"", PAGE, told((None, "content too large"))):
        assert judge(Answer(413, None, body)).meaning is Meaning.TOO_LARGE


def test_429_says_how_long_to_wait():
    verdict = judge(Answer(429, None, told((None, "too many requests")), reset_in=7.0))
    assert (verdict.meaning, verdict.wait) == (Meaning.NOT_NOW, 7.0)
    assert judge(Answer(429)).wait is None


@pytest.mark.parametrize(
    ("status", "said", "cause", "words"),
    [
        (401, "authorization required", HaltCause.KEY, "does not accept the API key"),
        (
            401,
            "The provided authorization grant is invalid, expired, or revoked",
            HaltCause.KEY,
            "API key",
        ),
        (401, "Maximum credits exceeded", HaltCause.QUOTA, "plan is used up"),
        (403, "Maximum credits exceeded", HaltCause.QUOTA, "plan is used up"),
        (403, "You have exceeded your messaging limits", HaltCause.QUOTA, "plan is used up"),
        (403, "access forbidden", HaltCause.KEY, "does not allow this"),
        (
            403,
            "The from address does not match a verified Sender Identity. Mail cannot be sent until",
            HaltCause.KEY,
            "Sender Authentication",
        ),
    ],
)
def test_what_closes_the_outlet_says_why_and_what_to_do(
    status: int, said: str, cause: HaltCause, words: str
):
    with pytest.raises(DeliveryError, match=words) as error:
        judge(Answer(status, None, told((None, said))))
    assert error.value.cause is cause
    assert "resume" in str(error.value)


@pytest.mark.parametrize("status", [404, 405, 408, 415, 418])
def test_other_refusals_rest_the_outlet(status: int):
    with pytest.raises(DeliveryError, match=str(status)) as error:
        judge(Answer(status, None, told((None, "no"))))
    assert error.value.cause is HaltCause.PROVIDER


@pytest.mark.parametrize("status", [302, 307, 400, 401, 403, 404, 407, 415])
def test_a_page_is_not_sendgrids_answer(status: int):
    with pytest.raises(DeliveryError, match="not SendGrid's answer") as error:
        judge(Answer(status, None, PAGE))
    assert error.value.cause is HaltCause.PROVIDER
    assert "proxy" in str(error.value)
    assert str(status) in str(error.value)


def test_an_empty_refusal_rejects_no_message():
    with pytest.raises(DeliveryError) as error:
        judge(Answer(400, None, b""))
    assert error.value.cause is HaltCause.PROVIDER


def test_an_answer_that_never_came_is_a_doubt_once_the_body_began_to_leave():
    assert judge(Broken(False, "no connection")) == (
        Meaning.NOT_TAKEN,
        "no connection",
        None,
        {},
        None,
    )
    verdict = judge(Broken(True, "the connection broke off"))
    assert verdict.meaning is Meaning.DOUBT
    assert verdict.detail == "the connection broke off after the message had begun to leave"


def test_what_cannot_be_reached_is_named():
    error = unreachable(Broken(False, "its name is not known here (DNS)"), "api.sendgrid.com")
    assert error.cause is HaltCause.PROVIDER
    assert str(error).startswith("api.sendgrid.com cannot be reached: its name is not known")


def test_words_of_a_stranger_are_cut_to_one_short_line():
    error = closed(Answer(404, None, told((None, "no\r\n\x1b[31m" + "x" * 5000))))
    assert len(str(error)) < 400
    assert str(error).isprintable()


@settings(max_examples=150)
@given(
    status=st.integers(200, 599),
    message_id=st.none() | st.text(min_size=1, max_size=9),
    body=st.binary(max_size=40)
    | st.recursive(
        st.none() | st.booleans() | st.integers(0, 9) | st.text(max_size=9),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["errors", "field", "message", "help"]), inner, max_size=3
            )
        ),
        max_leaves=9,
    ).map(orjson.dumps),
    sandbox=st.booleans(),
)
def test_every_answer_has_a_meaning_and_only_202_or_the_sandbox_means_taken(
    status: int, message_id: str | None, body: bytes, sandbox: bool
):
    try:
        verdict = judge(Answer(status, message_id, body), sandbox=sandbox)
    except DeliveryError:
        assert status < 500
        assert not 200 <= status < 300
        return
    if verdict.meaning is Meaning.TAKEN:
        assert status == 202 or (sandbox and status == 200)
        assert sandbox or message_id
    assert (verdict.meaning is Meaning.REFUSED) <= (status == 400)
    assert (status >= 500) <= (verdict.meaning is Meaning.DOUBT)
