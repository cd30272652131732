"""The score somebody chose in a mail, a remark, and the questions of the survey."""

from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from flows import tokens
from flows.responses.front import Front, fields, token_of
from flows.responses.page_words import WORDS
from flows.responses.pages import Page, asked_for, button, form, note, paragraph, radios
from flows.store.surveys import Asked, asked, keep_answers, keep_score
from flows.surveys import COMMENT, Survey, worded
from segments.names import Locale

_SCORES = tuple(map(str, range(11)))
_PLAIN = Survey(ask=None, low=None, high=None, comment=None)


def survey_routes(front: Front, surveys: Mapping[str, Survey]) -> list[Route]:
    """/nps/."""
    desk = _Desk(front, surveys)
    return [
        Route("/nps/{token}", front.guarded(desk.look), methods=["GET"]),
        Route("/nps/{token}", front.guarded(desk.take), methods=["POST"]),
    ]


@dataclass(frozen=True)
class _Desk:
    front: Front
    surveys: Mapping[str, Survey]

    async def look(self, request: Request) -> Response:
        """The scale, with the score of the link chosen; looking stores nothing."""
        send = tokens.read_for(self.front.secrets, tokens.Kind.SCORE, token_of(request))
        if send is None:
            return self.front.unknown(request)
        found = await self._asked(send)
        locale = self.front.speaks(request, found.locale)
        if found.score is not None:
            return self._more(request, found, locale)
        score = asked_for(request, "score")
        chosen = score if score in _SCORES else ""
        page = _scale(self._survey(found), locale, chosen)
        return self.front.page(request, page, found.locale, chosen)

    async def take(self, request: Request) -> Response:
        """Store the score, then what else is answered."""
        send = tokens.read_for(self.front.secrets, tokens.Kind.SCORE, token_of(request))
        if send is None:
            return self.front.unknown(request)
        said = await fields(request)
        found = await self._asked(send)
        locale = self.front.speaks(request, found.locale)
        survey, now = self._survey(found), self.front.clock()
        if "answers" in said:
            answers = _answered(said, survey)
            if found.send_id:
                await self.front.write(lambda store: keep_answers(store, send, answers, now))
            words = WORDS[locale]
            page = Page(words["answers_kept"], paragraph(words["answers_more"]))
            return self.front.page(request, page, found.locale)
        score = said.get("score", "")
        if score not in _SCORES:
            return self.front.page(request, _scale(survey, locale, "", missing=True), found.locale)
        stands = int(score)
        if found.send_id:
            stands = await self.front.write(lambda store: keep_score(store, send, stands, now))
        return self._more(request, Asked(send, found.message, found.locale, stands), locale)

    async def _asked(self, send: int) -> Asked:
        """The message asked about; one of nobody where it is not there, which looks the same."""
        found = await self.front.read(lambda connection: asked(connection, send))
        return found or Asked(0, "", None, None)

    def _survey(self, found: Asked) -> Survey:
        return self.surveys.get(found.message, _PLAIN)

    def _more(self, request: Request, found: Asked, locale: Locale) -> Response:
        words, survey = WORDS[locale], self._survey(found)
        comment = worded(survey.comment, locale, words["comment"])
        rest = Markup("")
        if survey.questions:
            questions = Markup("").join(
                _question(name, survey, locale) for name in survey.questions
            )
            rest = (
                Markup("<h2>{}</h2>").format(words["rest"])
                + paragraph(words["rest_more"])
                + questions
            )
        body = note(words["score_kept"] % found.score) + form(
            _text(COMMENT, comment),
            rest,
            button(words["answers_send"], "answers", "1"),
        )
        title = worded(survey.ask, locale, words["score"])
        return self.front.page(request, Page(title, body), found.locale)


def _scale(survey: Survey, locale: Locale, chosen: str, *, missing: bool = False) -> Page:
    words = WORDS[locale]
    numbers = Markup("").join(
        Markup(
            '<label><input type="radio" name="score" value="{0}" required{1}>'
            "<span>{0}</span></label>"
        ).format(score, Markup(" checked") if score == chosen else "")
        for score in _SCORES
    )
    ends = Markup('<p class="ends"><span>0: {}</span><span>10: {}</span></p>').format(
        worded(survey.low, locale, words["score_low"]),
        worded(survey.high, locale, words["score_high"]),
    )
    body = (note(words["score_missing"]) if missing else Markup("")) + form(
        Markup('<fieldset><legend>{}</legend><div class="scale">{}</div>{}</fieldset>').format(
            words["score_name"], numbers, ends
        ),
        button(words["score_send"]),
    )
    return Page(worded(survey.ask, locale, words["score"]), body)


def _question(name: str, survey: Survey, locale: Locale) -> Markup:
    question = survey.questions[name]
    ask = worded(question.ask, locale)
    if not question.choices:
        return _text(f"q_{name}", ask)
    choices = {key: worded(said, locale) for key, said in question.choices.items()}
    return radios(ask, f"q_{name}", choices, None)


def _text(name: str, label: str) -> Markup:
    return Markup(
        '<fieldset><label class="label" for="{0}">{1}</label>'
        '<textarea id="{0}" name="{0}" rows="4" maxlength="3000"></textarea></fieldset>'
    ).format(name, label)


def _answered(said: Mapping[str, str], survey: Survey) -> dict[str, str]:
    """What was answered of what was asked."""
    answers = {COMMENT: said.get(COMMENT, "")}
    for name, question in survey.questions.items():
        answer = said.get(f"q_{name}", "")
        if not question.choices or answer in question.choices:
            answers[name] = answer
    return {name: answer for name, answer in answers.items() if answer}
