"""What colleagues are asked to do about a mail, in the language of the house."""

from collections.abc import Mapping

from segments.names import Locale

WORDS: Mapping[Locale, Mapping[str, str]] = {
    Locale.DE: {
        "reply": "Antwort beantworten: {subject}",
        "stop": "Möchte offenbar keine Mails mehr: prüfen und sperren (stammkunde suppress). "
        "Antwort: {subject}",
        "stranger": "Mail von {sender}, zu der kein Kunde bekannt ist: {subject}",
        "stranger_stop": "{sender} ist nicht bekannt und möchte offenbar keine Mails mehr: "
        "prüfen und sperren (stammkunde suppress). Mail: {subject}",
        "nothing": "(ohne Betreff)",
    },
    Locale.EN: {
        "reply": "Answer the reply: {subject}",
        "stop": "Seems to want no more mail: check, and suppress (stammkunde suppress). "
        "Reply: {subject}",
        "stranger": "Mail of {sender}, who belongs to no customer we know: {subject}",
        "stranger_stop": "{sender} is not known and seems to want no more mail: check, and "
        "suppress (stammkunde suppress). Mail: {subject}",
        "nothing": "(no subject)",
    },
}
