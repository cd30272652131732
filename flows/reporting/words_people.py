"""What is said about tasks, customers and their moods, in German and in English."""

from enum import StrEnum

from segments.names import Channel, Direction, Mood, TaskOutcome, TaskStatus

WORDS_EN: dict[type[StrEnum], dict[str, str]] = {
    TaskStatus: {
        TaskStatus.OPEN: "open",
        TaskStatus.DONE: "done",
        TaskStatus.CANCELLED: "cancelled",
    },
    TaskOutcome: {
        TaskOutcome.REACHED: "reached",
        TaskOutcome.NOT_REACHED: "not reached",
        TaskOutcome.MESSAGE_LEFT: "left a message",
        TaskOutcome.NOT_NEEDED: "was not needed",
    },
    Mood: {
        Mood.DELIGHTED: "delighted",
        Mood.CONTENT: "content",
        Mood.NEUTRAL: "neutral",
        Mood.ANNOYED: "annoyed",
        Mood.ANGRY: "angry",
    },
    Channel: {
        Channel.CALL: "call",
        Channel.VISIT: "visit",
        Channel.MAIL: "e-mail",
        Channel.LETTER: "letter",
        Channel.FAIR: "trade fair",
    },
    Direction: {
        Direction.IN: "incoming",
        Direction.OUT: "outgoing",
    },
}

WORDS_DE: dict[type[StrEnum], dict[str, str]] = {
    TaskStatus: {
        TaskStatus.OPEN: "offen",
        TaskStatus.DONE: "erledigt",
        TaskStatus.CANCELLED: "gestrichen",
    },
    TaskOutcome: {
        TaskOutcome.REACHED: "erreicht",
        TaskOutcome.NOT_REACHED: "nicht erreicht",
        TaskOutcome.MESSAGE_LEFT: "Nachricht hinterlassen",
        TaskOutcome.NOT_NEEDED: "war nicht nötig",
    },
    Mood: {
        Mood.DELIGHTED: "begeistert",
        Mood.CONTENT: "zufrieden",
        Mood.NEUTRAL: "neutral",
        Mood.ANNOYED: "verärgert",
        Mood.ANGRY: "wütend",
    },
    Channel: {
        Channel.CALL: "Anruf",
        Channel.VISIT: "Besuch",
        Channel.MAIL: "E-Mail",
        Channel.LETTER: "Brief",
        Channel.FAIR: "Messe",
    },
    Direction: {
        Direction.IN: "eingehend",
        Direction.OUT: "ausgehend",
    },
}

TEXTS_EN = {
    "task": "Task",
    "task_what": "What",
    "task_due": "Due",
    "task_owner": "Whose",
    "task_customer": "Customer",
    "task_about": "About",
    "task_outcome": "Outcome",
    "task_overdue": "{due} (overdue)",
    "task_handed_on": "{owner} (handed on)",
    "nobody": "nobody",
    "no_tasks": "No tasks.",
    "tasks_in_all": "Open: {open}, of these overdue: {overdue}.",
    "task_closed": "Task {task} is done ({outcome}).",
    "task_closed_before": "Task {task} was done before, on {at}; nothing changed.",
    "task_is_cancelled": "Task {task} was cancelled on {at}; nothing changed.",
    "task_cancelled": "Task {task} is cancelled: {why}",
    "task_taken": "Task {task} is {owner}'s from now on.",
    "task_taken_before": "Task {task} is {owner}'s already; nothing changed.",
    "tasks_written": "{n} tasks written to {file}",
}

TEXTS_DE = {
    "task": "Maßnahme",
    "task_what": "Was",
    "task_due": "Fällig",
    "task_owner": "Wer",
    "task_customer": "Kunde",
    "task_about": "Worum es geht",
    "task_outcome": "Ergebnis",
    "task_overdue": "{due} (überfällig)",
    "task_handed_on": "{owner} (weitergegeben)",
    "nobody": "niemand",
    "no_tasks": "Keine Maßnahmen.",
    "tasks_in_all": "Offen: {open}, davon überfällig: {overdue}.",
    "task_closed": "Maßnahme {task} ist erledigt ({outcome}).",
    "task_closed_before": "Maßnahme {task} war schon erledigt, am {at}; nichts geändert.",
    "task_is_cancelled": "Maßnahme {task} wurde am {at} gestrichen; nichts geändert.",
    "task_cancelled": "Maßnahme {task} ist gestrichen: {why}",
    "task_taken": "Maßnahme {task} liegt von jetzt an bei {owner}.",
    "task_taken_before": "Maßnahme {task} liegt schon bei {owner}; nichts geändert.",
    "tasks_written": "{n} Maßnahmen nach {file} geschrieben",
}
