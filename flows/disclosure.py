"""What a person is told about their data: what for, from where, to whom, and a page to read."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flows import disclosure_page
from flows.config import Project
from flows.disclosure_page import Reader
from segments.names import Locale

_TITLES = {
    Locale.DE: {
        "title": "Auskunft nach Art. 15 DSGVO",
        "about": "Was, wozu, woher und an wen",
        "profile": "Kundenprofil",
        "consents": "Einwilligungen und Widersprüche mit Nachweis",
        "messages": "Nachrichten im Wortlaut",
        "decisions": "Was entschieden wurde und warum",
        "events_as_posted": "Rückmeldungen, wie sie eingingen",
        "tables": "Alle gespeicherten Angaben, Tabelle für Tabelle",
        "nothing": "Nichts gespeichert.",
    },
    Locale.EN: {
        "title": "Information under Art. 15 GDPR",
        "about": "What, what for, from where and to whom",
        "profile": "Customer profile",
        "consents": "Consents and objections with their proof",
        "messages": "Messages word for word",
        "decisions": "What was decided, and why",
        "events_as_posted": "Reports as they came in",
        "tables": "Everything stored, table by table",
        "nothing": "Nothing is stored.",
    },
}
_LOGIC = {
    Locale.DE: (
        "Aus Bestellungen, Reklamationen und Gesprächen berechnen wir für jeden Kunden ein Profil: "
        "die Phase der Beziehung aus Zahl und Abstand der Bestellungen, den Kundenwert aus dem "
        "Umsatz der letzten zwölf Monate und dem erwarteten. Geschriebene Regeln entscheiden "
        "danach, ob und wann eine Nachricht infrage kommt. Vor jedem Versand wird geprüft: "
        "Rechtsgrundlage, Widerspruch und Sperre, offene Reklamation, Höchstzahl an Nachrichten, "
        "erlaubte Uhrzeit. Ein zufälliger, gleich bleibender Teil der Kunden erhält zum Vergleich "
        "keine Werbung. Entscheidungen mit rechtlicher Wirkung werden so nicht getroffen."
    ),
    Locale.EN: (
        "From orders, complaints and conversations we work out a profile of each customer: the "
        "phase of the relationship from the number of orders and the time between them, the value "
        "from revenue of the last twelve months and what is expected. Written rules decide from "
        "that whether and when a message is due. Before each one goes we check: legal basis, "
        "objection and suppression, open complaints, how many messages at most, permitted hours. A "
        "random share of customers, always the same, gets no advertising, for comparison. No "
        "decision with legal effect is taken this way."
    ),
}
_SENDGRID = {
    Locale.DE: "Twilio SendGrid (Versand; Twilio Inc., USA): Adresse, Name, Text der Nachricht",
    Locale.EN: "Twilio SendGrid (sending; Twilio Inc., USA): address, name, text of the message",
}
_SMTP = {
    Locale.DE: "Mailserver {host} (Versand): Adresse, Name, Text der Nachricht",
    Locale.EN: "mail server {host} (sending): address, name, text of the message",
}
_NOBODY = {
    Locale.DE: "niemand außerhalb des Hauses",
    Locale.EN: "nobody outside this house",
}
_PURPOSES = {
    Locale.DE: "Betreuung nach dem Kauf, Werbung und Umfragen mit Einwilligung oder nach § 7 Abs. "
    "3 UWG, Nachweis von Einwilligungen (Art. 6 Abs. 1 a, b, c und f DSGVO)",
    Locale.EN: "care after a purchase, advertising and surveys with consent or under § 7 (3) UWG, "
    "proof of consents (Art. 6 (1) a, b, c and f GDPR)",
}
_RIGHTS = {
    Locale.DE: "Berichtigung, Löschung, Einschränkung, Übertragung (die Datei data.json), "
    "Widerspruch gegen Werbung jederzeit, Beschwerde bei einer Aufsichtsbehörde",
    Locale.EN: "rectification, erasure, restriction, portability (the file data.json), objection "
    "to advertising at any time, complaint to a supervisory authority",
}


def about(project: Project, contact: str, customer: str, now: datetime) -> dict[str, Any]:
    """What the law wants told beside the data themselves."""
    locale = project.policy.locale
    imprint = project.senders.imprint
    kept = project.policy.retention.model_dump(exclude_none=True)
    return {
        "contact": contact,
        "customer": customer,
        "as_of": now.isoformat(),
        "controller": ", ".join([imprint.company, *imprint.address]),
        "purposes": _PURPOSES[locale],
        "sources": {name: each.place for name, each in project.sources.given.items()},
        "recipients": _recipients(project, locale),
        "kept_for": {name: str(span) for name, span in kept.items()},
        "logic": _LOGIC[locale],
        "rights": _RIGHTS[locale],
    }


def page(found: Mapping[str, Any], project: Project) -> str:
    """The whole of it, to be read by the person it is about."""
    policy = project.policy
    reader = Reader(
        policy.locale,
        policy.zone,
        policy.currency,
        {key: program.journey.title or key for key, program in project.journeys.items()},
        {key: owner.name for key, owner in project.owners.owners.items()},
    )
    return disclosure_page.page(found, reader, _TITLES[policy.locale])


def _recipients(project: Project, locale: Locale) -> list[str]:
    told = []
    for name in project.settings.outlets:
        way = project.settings.outlets[name]
        if way.kind == "sendgrid":
            told.append(_SENDGRID[locale])
        elif way.kind == "smtp":
            told.append(_SMTP[locale].format(host=way.host))
    return sorted(set(told)) or [_NOBODY[locale]]
