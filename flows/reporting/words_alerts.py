"""What alerts say, in German and in English."""

from enum import StrEnum

from segments.names import AlertKind

WORDS_EN: dict[type[StrEnum], dict[str, str]] = {
    AlertKind: {
        AlertKind.RUN_FAILED: "a run failed",
        AlertKind.RUN_CRASHED: "a run crashed",
        AlertKind.RUN_MISSING: "a run is missing",
        AlertKind.BREAKER_OPEN: "sending stopped by itself",
        AlertKind.SOURCE_STALE: "the data is too old",
        AlertKind.TASKS_OVERDUE: "tasks are overdue",
        AlertKind.SAMPLE_RATIO: "a comparison is not trustworthy",
        AlertKind.UNSUBSCRIBE_SLOW: "unsubscribing takes too long",
    }
}
WORDS_DE: dict[type[StrEnum], dict[str, str]] = {
    AlertKind: {
        AlertKind.RUN_FAILED: "ein Lauf ist fehlgeschlagen",
        AlertKind.RUN_CRASHED: "ein Lauf ist abgebrochen",
        AlertKind.RUN_MISSING: "ein Lauf fehlt",
        AlertKind.BREAKER_OPEN: "der Versand hat sich angehalten",
        AlertKind.SOURCE_STALE: "die Daten sind zu alt",
        AlertKind.TASKS_OVERDUE: "Maßnahmen sind überfällig",
        AlertKind.SAMPLE_RATIO: "ein Vergleich ist nicht verlässlich",
        AlertKind.UNSUBSCRIBE_SLOW: "Abmelden dauert zu lange",
    }
}
EN = {
    "alert_run_failed": "{subject} failed: {why}",
    "alert_run_crashed": "{subject} crashed: {why}",
    "alert_run_missing": "{subject} should have run at {at}, and has not ended well since {last}",
    "alert_run_silent": "{subject} has not ended well for longer than its schedule allows",
    "alert_never": "the beginning",
    "alert_source_stale": "Nothing is sent: the newest order is of {day}, and "
    "config/sources.yaml says max_age: {limit}",
    "alert_tasks_overdue": "Tasks overdue for more than {limit}: {n}. See: stammkunde tasks",
    "alert_sample_ratio": "{journey}: there are more or fewer held out than were drawn. What it "
    "brought cannot be trusted until somebody knows why",
    "alert_unsubscribe_slow": "What people sent back waits since {since} to be taken in, and may "
    'hold requests to stop: is the flow "respond" running?',
    "alert_over": "Over: {said}",
    "alert_subject": "Stammkunde: {what}",
    "alert_subject_over": "Stammkunde, over: {what}",
    "alert_none_standing": "Nothing needs a person.",
    "alert_nobody": "Alerts: nobody is told (alerts: in config/settings.yaml)",
    "alert_told_by": "Alerts: {ways}",
    "alert_by_mail": "mail to {n}",
    "alert_by_webhook": "webhook",
    "alert_kind": "What",
    "alert_of": "Of what",
    "alert_since": "Since",
    "alert_said": "Said",
    "alert_sent": "{n} told",
    "alert_intro": "This needs a person:",
    "alert_intro_over": "This is over:",
}
DE = {
    "alert_run_failed": "{subject} ist fehlgeschlagen: {why}",
    "alert_run_crashed": "{subject} ist abgebrochen: {why}",
    "alert_run_missing": "{subject} hätte um {at} laufen sollen und ist seit {last} nicht gut zu "
    "Ende gegangen",
    "alert_run_silent": "{subject} ist länger nicht gut zu Ende gegangen, als der Zeitplan erlaubt",
    "alert_never": "Beginn",
    "alert_source_stale": "Es wird nichts verschickt: Die neueste Bestellung ist vom {day}, und in "
    "config/sources.yaml steht max_age: {limit}",
    "alert_tasks_overdue": "Seit mehr als {limit} überfällige Maßnahmen: {n}. Siehe: "
    "stammkunde tasks",
    "alert_sample_ratio": "{journey}: Es sind mehr oder weniger ausgenommen, als gelost wurden. "
    "Was die Journey gebracht hat, ist nicht verlässlich, bis jemand weiß, warum",
    "alert_unsubscribe_slow": "Was zurückkam, wartet seit {since} darauf, übernommen zu werden; "
    "Abmeldungen können darunter sein. Läuft der Flow „respond“?",
    "alert_over": "Vorbei: {said}",
    "alert_subject": "Stammkunde: {what}",
    "alert_subject_over": "Stammkunde, vorbei: {what}",
    "alert_none_standing": "Nichts braucht jemanden.",
    "alert_nobody": "Meldungen: an niemanden (alerts: in config/settings.yaml)",
    "alert_told_by": "Meldungen: {ways}",
    "alert_by_mail": "E-Mail an {n}",
    "alert_by_webhook": "Webhook",
    "alert_kind": "Was",
    "alert_of": "Wovon",
    "alert_since": "Seit",
    "alert_said": "Gesagt",
    "alert_sent": "{n} gemeldet",
    "alert_intro": "Das braucht jemanden:",
    "alert_intro_over": "Das ist vorbei:",
}
