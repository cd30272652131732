"""What is said about mail that tasks are about, in English and German."""

EN = {
    "task_status": "Status",
    "mail_came": "The mail, as it came on {at}:",
    "mail_from": "From",
    "mail_subject": "Subject",
    "mail_gone": "Its text has been deleted: it was older than policy.yaml keeps it.",
    "mail_assign": "If you know whose it is: stammkunde task assign {task} --customer NUMBER",
    "mail_assigned": "Task {task} and its mail belong to {customer} now; it is for {owner}.",
}

DE = {
    "task_status": "Stand",
    "mail_came": "Die Mail, wie sie am {at} kam:",
    "mail_from": "Von",
    "mail_subject": "Betreff",
    "mail_gone": "Ihr Text ist gelöscht: Sie war älter, als policy.yaml sie aufhebt.",
    "mail_assign": "Wenn Sie wissen, von wem sie ist: stammkunde task assign {task} "
    "--customer NUMMER",
    "mail_assigned": "Maßnahme {task} und ihre Mail gehören jetzt zu {customer}; zuständig: "
    "{owner}.",
}
