"""What is said about messages that wait for approval, in German and in English."""

EN = {
    "approval_headline": "{n} messages wait for approval: {journeys}",
    "approval_intro": "This run waits until {until} for somebody to decide: *Resume* above asks. "
    "What is approved goes out with this run, after permissions, hours and stops were asked once "
    "more; what is rejected is withdrawn and stays in the contact log. What nobody decides goes on "
    "waiting.\n\nThe samples below are written to an invented customer: no customer's data are "
    "kept in Prefect. The commands show what customers themselves would get.",
    "approval_why": "Why these customers",
    "approval_phases": "phase when they entered",
    "approval_quadrants": "quadrant when they entered",
    "approval_bases": "permission",
    "approval_basis_consent": "consent",
    "approval_basis_existing_customer": "existing customer",
    "approval_basis_contract": "contract",
    "approval_message": "message `{message}`: {n}",
    "approval_sample": "Sample of `{message}`, to an invented customer",
    "approval_no_sample": "There is no sample: {why}",
    "approval_commands": "A customer's own message, and the decision, in the terminal:",
    "approval_form": "{headline}. The page *approval* (Artifacts) shows reasons and samples.",
    "approval_choice": "{title}: {n} messages",
    "approval_choice_help": "What is to happen to the messages of {journey}",
    "approval_by": "Your initials",
    "approval_by_help": "Kept with the decision",
    "approval_note": "Remark",
    "approval_note_help": "Why; kept with the decision",
    "approval_approve": "approve",
    "approval_reject": "reject",
    "approval_later": "decide later",
    "approval_somebody": "the form of the run",
    "approval_waits": "{n} messages wait for approval: stammkunde approve",
    "approval_approved": "approved by {by}: {n}",
    "approval_rejected": "rejected by {by}: {n}",
    "approval_over": "nobody decided in time about {n} messages; they go on waiting: stammkunde "
    "approve",
    "approval_decided_at": "Decided",
    "approval_decision": "Decision",
    "approval_decided_by": "By",
    "approval_nothing_decided": "Nothing was decided yet.",
}
DE = {
    "approval_headline": "{n} Nachrichten warten auf Freigabe: {journeys}",
    "approval_intro": "Dieser Lauf wartet bis {until} auf eine Entscheidung: *Resume* oben fragt "
    "danach. Was freigegeben wird, geht mit diesem Lauf hinaus, nachdem Erlaubnis, Zeiten und "
    "Halt noch einmal geprüft wurden; was abgelehnt wird, wird zurückgezogen und bleibt im "
    "Kontaktprotokoll. Worüber niemand entscheidet, das wartet weiter.\n\nDie Muster unten sind an "
    "einen erfundenen Kunden geschrieben: In Prefect stehen keine Kundendaten. Was die Kunden "
    "selbst bekämen, zeigen die Befehle.",
    "approval_why": "Warum diese Kunden",
    "approval_phases": "Phase beim Eintritt",
    "approval_quadrants": "Feld beim Eintritt",
    "approval_bases": "Erlaubnis",
    "approval_basis_consent": "Einwilligung",
    "approval_basis_existing_customer": "Bestandskunde",
    "approval_basis_contract": "Vertrag",
    "approval_message": "Nachricht `{message}`: {n}",
    "approval_sample": "Muster von `{message}`, an einen erfundenen Kunden",
    "approval_no_sample": "Es gibt kein Muster: {why}",
    "approval_commands": "Die Nachricht an einen Kunden selbst und die Entscheidung am Terminal:",
    "approval_form": "{headline}. Die Seite *approval* (Artifacts) zeigt Gründe und Muster.",
    "approval_choice": "{title}: {n} Nachrichten",
    "approval_choice_help": "Was mit den Nachrichten von {journey} geschehen soll",
    "approval_by": "Ihr Kürzel",
    "approval_by_help": "Wird bei der Entscheidung festgehalten",
    "approval_note": "Bemerkung",
    "approval_note_help": "Warum; wird bei der Entscheidung festgehalten",
    "approval_approve": "freigeben",
    "approval_reject": "ablehnen",
    "approval_later": "später entscheiden",
    "approval_somebody": "Formular des Laufs",
    "approval_waits": "{n} Nachrichten warten auf Freigabe: stammkunde approve",
    "approval_approved": "freigegeben von {by}: {n}",
    "approval_rejected": "abgelehnt von {by}: {n}",
    "approval_over": "über {n} Nachrichten hat niemand rechtzeitig entschieden; sie warten weiter: "
    "stammkunde approve",
    "approval_decided_at": "Entschieden",
    "approval_decision": "Entscheidung",
    "approval_decided_by": "Von",
    "approval_nothing_decided": "Noch wurde nichts entschieden.",
}
