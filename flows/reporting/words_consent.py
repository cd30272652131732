"""What is said about consents and suppressions, in German and in English."""

from enum import StrEnum

from segments.names import ConsentStage

WORDS_EN: dict[type[StrEnum], dict[str, str]] = {
    ConsentStage: {
        ConsentStage.REQUESTED: "asked for",
        ConsentStage.MAILED: "mail to confirm it",
        ConsentStage.CONFIRMED: "confirmed",
        ConsentStage.EXPIRED: "never confirmed, lapsed",
    },
}

WORDS_DE: dict[type[StrEnum], dict[str, str]] = {
    ConsentStage: {
        ConsentStage.REQUESTED: "angefragt",
        ConsentStage.MAILED: "Mail zur Bestätigung",
        ConsentStage.CONFIRMED: "bestätigt",
        ConsentStage.EXPIRED: "nie bestätigt, verfallen",
    },
}
