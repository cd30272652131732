"""What is said about whether a journey helped, in German and in English."""

from enum import StrEnum

from segments.names import Verdict, Yardstick

WORDS_EN: dict[type[StrEnum], dict[str, str]] = {
    Verdict: {
        Verdict.HELPS: "helps",
        Verdict.HURTS: "hurts",
        Verdict.NO_EFFECT: "no effect that matters",
        Verdict.UNDECIDED: "undecided",
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

EN = {
    "experiment": "{outcome}, by {arm}, each compared with {control}",
    "experiment_sizes": "customers with an outcome, treated / control",
    "experiment_means": "mean, treated / control",
    "experiment_difference": "difference, with 95 % interval",
    "experiment_relative": "relative, with 95 % interval",
    "experiment_sequence": "confidence sequence of the difference",
    "experiment_adjusted": "adjusted by what was before, with 95 % interval",
    "experiment_adjusted_sequence": "confidence sequence of the adjusted",
    "experiment_reduction": "variance taken off by adjusting",
    "experiment_p": "p of the difference (two-sided)",
    "experiment_p_holm": "the same, corrected for several arms (Holm)",
    "experiment_ratio": "p of the sizes of the arms",
    "experiment_missing": "{missing} of {needed} outcomes are missing",
    "experiment_without_arm": "Left out, since no arm stands there: {n} rows",
    "experiment_without_outcome": "Counted for the sizes of the arms only, since the outcome is "
    "empty: {n} rows",
    "experiment_without_covariate": "Taken to have been average before, since nothing stands "
    "there: {n} rows",
    "experiment_few": "Where an arm has fewer than {few} customers, what was before is not taken "
    "out: from so few nobody can tell how much it explains.",
    "experiment_cut": "Values of {column} above {threshold} ({quantile}) were cut to it: {n}",
    "experiment_unequal": "The arms are not of equal size. If they were meant to be, something is "
    "wrong with the data; if not, say what share the control was to have: --holdout",
    "experiment_wrong_ratio": "The arms do not have the sizes they were to have: something is "
    "wrong with the data, and no verdict is given.",
    "reach_entries": "{journey}: about {n} customers a week, {source}; {share} of them held out.",
    "reach_seen": "as entered in the last 90 days",
    "reach_orders": "as many as had such an order in the last 90 days",
    "reach_said": "as you say",
    "reach_spread": "Contribution margin per customer varies by {spread} within {days} days "
    "(standard deviation of {customers} customers); the {days} days before explain {reduction} of "
    "the variance.",
    "reach_weeks": "To find {effect} per customer four times out of five takes {weeks} weeks of "
    "entries, {weeks_adjusted} with what the time before explains, and {weeks_any_time} if "
    "anybody may look on any day, as the verdict allows. The last outcomes are known {days} days "
    "later.",
    "reach_hopeless": "To find {effect} per customer takes longer than ten years. Look for a "
    "larger effect (--effect), hold more customers out, or go by all journeys together.",
    "reach_about": "about {weeks}",
    "reach_never": "Where nobody is held out or enters, {effect} per customer can never be found.",
    "reach_longer": "more than {weeks}",
    "reach_column_weeks": "Weeks",
    "reach_column_enter": "Enter",
    "reach_column_held_out": "Of them held out",
    "reach_column_detectable": "Found, one look",
    "reach_column_detectable_adjusted": "With the time before",
    "reach_column_detectable_any_time": "Any day",
}

DE = {
    "experiment": "{outcome}, nach {arm}, jeweils verglichen mit {control}",
    "experiment_sizes": "Kunden mit Ergebnis, behandelt / Vergleich",
    "experiment_means": "Mittelwert, behandelt / Vergleich",
    "experiment_difference": "Unterschied, mit 95-%-Intervall",
    "experiment_relative": "relativ, mit 95-%-Intervall",
    "experiment_sequence": "Konfidenzfolge des Unterschieds",
    "experiment_adjusted": "bereinigt um die Zeit davor, mit 95-%-Intervall",
    "experiment_adjusted_sequence": "Konfidenzfolge des bereinigten",
    "experiment_reduction": "durch Bereinigen weggefallene Varianz",
    "experiment_p": "p des Unterschieds (zweiseitig)",
    "experiment_p_holm": "dasselbe, berichtigt für mehrere Gruppen (Holm)",
    "experiment_ratio": "p der Gruppengrößen",
    "experiment_missing": "es fehlen {missing} von {needed} Ergebnissen",
    "experiment_without_arm": "Weggelassen, da keine Gruppe dasteht: {n} Zeilen",
    "experiment_without_outcome": "Nur für die Gruppengrößen gezählt, da das Ergebnis leer ist: "
    "{n} Zeilen",
    "experiment_without_covariate": "Für die Zeit davor als durchschnittlich angenommen, da nichts "
    "dasteht: {n} Zeilen",
    "experiment_few": "Wo eine Gruppe weniger als {few} Kunden hat, wird nicht um die Zeit davor "
    "bereinigt: aus so wenigen ist nicht zu sehen, wie viel sie erklärt.",
    "experiment_cut": "Werte von {column} über {threshold} ({quantile}) wurden darauf gekürzt: {n}",
    "experiment_unequal": "Die Gruppen sind nicht gleich groß. Sollten sie es sein, stimmt etwas "
    "mit den Daten nicht; sonst mit --holdout sagen, welchen Anteil die Vergleichsgruppe haben "
    "sollte.",
    "experiment_wrong_ratio": "Die Gruppen haben nicht die vorgesehenen Größen: Mit den Daten "
    "stimmt etwas nicht, ein Urteil gibt es nicht.",
    "reach_entries": "{journey}: etwa {n} Kunden je Woche, {source}; davon {share} Vergleich.",
    "reach_seen": "so viele wie in den letzten 90 Tagen",
    "reach_orders": "so viele, wie in den letzten 90 Tagen so bestellt haben",
    "reach_said": "wie angegeben",
    "reach_spread": "Der Deckungsbeitrag je Kunde streut in {days} Tagen um {spread} "
    "(Standardabweichung von {customers} Kunden); die {days} Tage davor erklären {reduction} der "
    "Varianz.",
    "reach_weeks": "Um {effect} je Kunde in vier von fünf Fällen zu finden, braucht es {weeks} "
    "Wochen Zugang, {weeks_adjusted} mit dem, was die Zeit davor erklärt, und {weeks_any_time}, "
    "wenn an jedem Tag hingesehen werden darf, wie beim Urteil. Die letzten Ergebnisse stehen "
    "{days} Tage später fest.",
    "reach_hopeless": "{effect} je Kunde zu finden dauert länger als zehn Jahre. Eine größere "
    "Wirkung suchen (--effect), mehr Kunden zurückhalten oder alle Journeys zusammen ansehen.",
    "reach_about": "etwa {weeks}",
    "reach_never": "Wo niemand zurückgehalten wird oder eintritt, ist {effect} je Kunde nie zu "
    "finden.",
    "reach_longer": "mehr als {weeks}",
    "reach_column_weeks": "Wochen",
    "reach_column_enter": "Treten ein",
    "reach_column_held_out": "Davon Vergleich",
    "reach_column_detectable": "Gefunden, ein Blick",
    "reach_column_detectable_adjusted": "Mit der Zeit davor",
    "reach_column_detectable_any_time": "An jedem Tag",
}
