"""What Prefect's lists say of deployments, and of runs whose machine died, in both languages."""

EN = {
    "does_daily": "Takes in the customer data, decides who is due what, delivers, and measures. "
    "Safe to start again on the same day: nothing goes out twice.",
    "does_deliver": "Hands over what was decided and had to wait for the hour at which its reader "
    "may be written to.",
    "does_respond": "Takes in what came back: deliveries, bounces, objections, replies and orders.",
    "does_suppressions": "Reads whom SendGrid holds back, and holds them back here, too: the net "
    "for what its webhook lost. Does nothing where no way out is SendGrid.",
    "does_measure": "Compares treated and held-out customers of every journey, and draws the "
    "pictures.",
    "does_digest": "Mails every colleague in `config/owners.yaml` their tasks, and what their "
    "customers said. Once a day at most.",
    "does_retention": "Lets go of records that `retention:` in `config/policy.yaml` no longer "
    "lets us keep. Reports of the past stay as they are.",
    "does_preview": "Shows what would be decided now. Writes nothing and sends nothing.",
    "does_alerts": "Made from `alerts:` in `config/settings.yaml`; changes are made there.",
    "does_dead_runs": "A run gives a sign of life every 30 seconds; one that gives none for two "
    "minutes is shown as crashed.",
    "does_alert": "Tells the team what needs a person. By itself.",
    "form_as_of": "Day",
    "form_as_of_help": "Work as if it were the end of this day of the past. Leave it empty for "
    "today.",
    "form_dry_run": "Only show",
    "form_dry_run_help": "Write nothing and send nothing; only show what would be decided.",
    "form_kind": "What",
    "form_kind_help": "What happened, such as run_failed.",
    "form_subject": "To what",
    "form_subject_help": "Such as the name of a deployment.",
    "form_said": "In words",
    "form_said_help": "The sentence people are told.",
    "form_over": "Over",
    "form_over_help": "Not empty when it is over.",
    "starts_by_hand": "By hand only: choose *Run*",
    "starts_at": "{when} ({zone})",
    "starts_off": "Switched off; else {when} ({zone})",
    "starts_where": "Time and switch are in `{file}`; what is changed on this page lasts until the "
    "next start.",
    "run_died": "No sign of life for 2 minutes. The next run completes the work; nothing goes out "
    "twice.",
    "run_stopped": "Stopped in the middle. The next run completes the work; nothing goes out "
    "twice.",
    "run_missed": "Nothing was running at that time. The newest of those missed makes up for all.",
    "state_missed": "Missed",
    "cron_weekdays": "Sunday,Monday,Tuesday,Wednesday,Thursday,Friday,Saturday",
    "cron_months": "Jan,Feb,Mar,Apr,May,Jun,Jul,Aug,Sep,Oct,Nov,Dec",
    "cron_and": "and",
    "cron_to": "{first} to {last}",
    "cron_every_day": "every day",
    "cron_of_months": "of {months}",
    "cron_day": "{day}",
    "cron_dates": "on day {days} of the month",
    "cron_only": "if it is {week}",
    "cron_either": "{dates}, and {week}",
    "cron_at": "at {times}",
    "cron_from": "{every} from {first} to {last}",
    "cron_hourly": "hourly at minute {minute}",
    "cron_hours": "every {step} hours at minute {minute}",
    "cron_at_minutes": "at minutes {minutes} of the hour",
    "cron_minute": "every minute",
    "cron_minutes": "every {step} minutes",
}

DE = {
    "does_daily": "Holt die Kundendaten herein, entscheidet, wer was bekommt, versendet und misst. "
    "Darf am selben Tag noch einmal gestartet werden: Nichts geht doppelt hinaus.",
    "does_deliver": "Übergibt, was entschieden ist und auf die Stunde wartete, zu der sein Leser "
    "Post bekommen darf.",
    "does_respond": "Liest ein, was zurückkam: Zustellungen, Unzustellbares, Widersprüche, "
    "Antworten und Bestellungen.",
    "does_suppressions": "Liest, wen SendGrid zurückhält, und hält diese Adressen auch hier "
    "zurück: das Netz für das, was sein Webhook verlor. Tut nichts, wo kein Versandweg SendGrid "
    "ist.",
    "does_measure": "Vergleicht in jeder Journey die Kunden, die ihre Nachrichten bekamen, mit der "
    "Vergleichsgruppe und zeichnet die Bilder.",
    "does_digest": "Mailt allen Kollegen in `config/owners.yaml` ihre Maßnahmen und was ihre "
    "Kunden sagten. Höchstens einmal am Tag.",
    "does_retention": "Löscht Datensätze, die `retention:` in `config/policy.yaml` nicht länger "
    "aufbewahren lässt. Berichte über Vergangenes bleiben, wie sie sind.",
    "does_preview": "Zeigt, was jetzt entschieden würde. Schreibt nichts und versendet nichts.",
    "does_alerts": "Aus `alerts:` in `config/settings.yaml` gemacht; geändert wird dort.",
    "does_dead_runs": "Ein Lauf gibt alle 30 Sekunden ein Lebenszeichen; gibt er zwei Minuten lang "
    "keines, gilt er als abgestürzt.",
    "does_alert": "Sagt dem Team, was einen Menschen braucht. Von selbst.",
    "form_as_of": "Tag",
    "form_as_of_help": "So arbeiten, als wäre es das Ende dieses vergangenen Tages. Leer heißt "
    "heute.",
    "form_dry_run": "Nur zeigen",
    "form_dry_run_help": "Nichts schreiben und nichts versenden; nur zeigen, was entschieden "
    "würde.",
    "form_kind": "Was",
    "form_kind_help": "Was geschehen ist, etwa run_failed.",
    "form_subject": "Wem",
    "form_subject_help": "Etwa der Name eines Deployments.",
    "form_said": "In Worten",
    "form_said_help": "Der Satz, den die Menschen lesen.",
    "form_over": "Vorbei",
    "form_over_help": "Nicht leer, wenn es vorbei ist.",
    "starts_by_hand": "Nur von Hand: *Run* wählen",
    "starts_at": "{when} ({zone})",
    "starts_off": "Abgeschaltet; sonst {when} ({zone})",
    "starts_where": "Uhrzeit und Schalter stehen in `{file}`; was auf dieser Seite geändert wird, "
    "gilt nur bis zum nächsten Start.",
    "run_died": "Seit 2 Minuten kein Lebenszeichen. Der nächste Lauf erledigt den Rest; nichts "
    "geht doppelt hinaus.",
    "run_stopped": "Mittendrin beendet. Der nächste Lauf erledigt den Rest; nichts geht doppelt "
    "hinaus.",
    "run_missed": "Zu dieser Zeit lief nichts. Der neueste der verpassten Läufe holt alle nach.",
    "state_missed": "Verpasst",
    "cron_weekdays": "Sonntag,Montag,Dienstag,Mittwoch,Donnerstag,Freitag,Samstag",
    "cron_months": "Januar,Februar,März,April,Mai,Juni,Juli,August,September,Oktober,November,"
    "Dezember",
    "cron_and": "und",
    "cron_to": "{first} bis {last}",
    "cron_every_day": "täglich",
    "cron_of_months": "im {months}",
    "cron_day": "{day}.",
    "cron_dates": "am {days} des Monats",
    "cron_only": "wenn es {week} ist",
    "cron_either": "{dates} und {week}",
    "cron_at": "um {times}",
    "cron_from": "{every} von {first} bis {last}",
    "cron_hourly": "stündlich zur Minute {minute}",
    "cron_hours": "alle {step} Stunden zur Minute {minute}",
    "cron_at_minutes": "zu den Minuten {minutes} jeder Stunde",
    "cron_minute": "jede Minute",
    "cron_minutes": "alle {step} Minuten",
}
