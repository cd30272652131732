"""What is said about whether a journey helped, in German and in English."""

from enum import StrEnum

from segments.names import Verdict, Yardstick

WORDS_EN: dict[type[StrEnum], dict[str, str]] = {
    Verdict: {
        Verdict.HELPS: "helps",
        Verdict.HURTS: "hurts",
        Verdict.NO_EFFECT: "no effect that matters",
        Verdict.UNDECIDED: "undecided",
        Verdict.TOO_FEW: "too few yet",
        Verdict.TOO_SMALL: "too small to ever tell",
        Verdict.NO_HOLDOUT: "nobody held out, so nothing to compare with",
    },
    Yardstick: {
        Yardstick.GOAL: "goal reached",
        Yardstick.ORDERS: "orders",
        Yardstick.REVENUE: "net revenue",
        Yardstick.MARGIN: "contribution margin",
        Yardstick.RETURNS: "returns",
        Yardstick.COMPLAINTS: "complaints",
        Yardstick.UNSUBSCRIBES: "unsubscribes",
    },
}

WORDS_DE: dict[type[StrEnum], dict[str, str]] = {
    Verdict: {
        Verdict.HELPS: "hilft",
        Verdict.HURTS: "schadet",
        Verdict.NO_EFFECT: "keine Wirkung, die zählt",
        Verdict.UNDECIDED: "unentschieden",
        Verdict.TOO_FEW: "noch zu wenig",
        Verdict.TOO_SMALL: "zu klein, um es je zu wissen",
        Verdict.NO_HOLDOUT: "keine Vergleichsgruppe, daher kein Vergleich",
    },
    Yardstick: {
        Yardstick.GOAL: "Ziel erreicht",
        Yardstick.ORDERS: "Bestellungen",
        Yardstick.REVENUE: "Nettoumsatz",
        Yardstick.MARGIN: "Deckungsbeitrag",
        Yardstick.RETURNS: "Retouren",
        Yardstick.COMPLAINTS: "Reklamationen",
        Yardstick.UNSUBSCRIBES: "Abmeldungen",
    },
}
