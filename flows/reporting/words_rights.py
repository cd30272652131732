"""What commands about wishes and rights say, in English and German."""

EN = {
    "bar_list": "{new} new, {known} stood on the list before",
    "bar_purpose": "No {purpose} message goes to {who} from now on",
    "bar_everything": "Nothing goes to {who} from now on",
    "bar_before": "{who} was suppressed so before; nothing changed",
    "bar_lifted": "{n} lifted for {who}; noted: {by}, {why}",
    "bar_objection": "There is an objection among the permissions, which holds advertising and "
    "surveys back as before. It ends when they ask anew: stammkunde consent --request",
    "bar_nobody": "Nobody is suppressed.",
    "bar_not_them": "{who} is not suppressed.",
    "bar_who": "who",
    "bar_erased": "somebody erased",
    "bar_not_for": "not for",
    "bar_because": "because of",
    "bar_since": "since",
    "bar_source": "source",
    "bar_note": "note",
    "bar_all": "everything",
    "whom_contact": "contact {number}",
    "whom_customer": "customer {number}",
    "consent_before": "{contact} agreed to that already, or was asked and did not answer yet",
    "consent_noted": "Noted for {contact}. One mail asks to confirm it, with the next deliver; the "
    "link in it is good for {days} days. Until then nothing else changes",
    "erase_rows": "Rows that tell of {contact}, emptied or made to lead nowhere:",
    "erase_queued": "Messages that wait, and will not go: {n}",
    "erase_sharing": "Others under the same address, who lose it as well: {n}",
    "erase_nothing": "Nothing was changed.",
    "erase_sure": "Forget {contact} for good?",
    "erase_done": "{contact} is forgotten here. A hash keeps the address from coming back with a "
    "pull",
    "erase_files": "Files that hold the address, for you to delete or mend: {files}. Erase the "
    "person in the systems your data come from as well, and at SendGrid (Email Logs, suppressions)",
    "and_more": "{named} and {n} more",
    "retention_preview": "Nothing is changed; this would go:",
    "retention_records": "records",
    "retention_kept": "kept for",
    "retention_would": "would go",
    "retention_gone": "gone",
    "no_pictures": "No pictures: nobody has begun a journey yet.",
}

DE = {
    "bar_list": "{new} neu, {known} standen schon auf der Liste",
    "bar_purpose": "Ab jetzt geht an {who} nichts mehr zum Zweck: {purpose}",
    "bar_everything": "Ab jetzt geht an {who} nichts mehr",
    "bar_before": "{who} war schon so gesperrt; nichts geändert",
    "bar_lifted": "{n} aufgehoben für {who}; vermerkt: {by}, {why}",
    "bar_objection": "Bei den Rechtsgrundlagen steht ein Widerspruch, der Werbung und Umfragen "
    "weiter zurückhält. Er endet, wenn sie neu darum bitten: stammkunde consent --request",
    "bar_nobody": "Niemand ist gesperrt.",
    "bar_not_them": "{who} ist nicht gesperrt.",
    "bar_who": "wer",
    "bar_erased": "eine gelöschte Person",
    "bar_not_for": "nicht für",
    "bar_because": "wegen",
    "bar_since": "seit",
    "bar_source": "Quelle",
    "bar_note": "Notiz",
    "bar_all": "alles",
    "whom_contact": "Person {number}",
    "whom_customer": "Kunde {number}",
    "consent_before": "{contact} hat dem schon zugestimmt, oder wurde gefragt und hat noch nicht "
    "geantwortet",
    "consent_noted": "Vermerkt für {contact}. Eine Mail bittet um Bestätigung, mit dem nächsten "
    "Versand; der Link darin gilt {days} Tage. Bis dahin ändert sich sonst nichts",
    "erase_rows": "Zeilen über {contact}, die geleert werden oder zu niemandem mehr führen:",
    "erase_queued": "Nachrichten, die warten und nicht mehr gehen: {n}",
    "erase_sharing": "Andere unter derselben Adresse, die sie auch verlieren: {n}",
    "erase_nothing": "Nichts wurde geändert.",
    "erase_sure": "{contact} für immer vergessen?",
    "erase_done": "{contact} ist hier vergessen. Ein Hash hält die Adresse davon ab, mit dem "
    "nächsten Einlesen zurückzukommen",
    "erase_files": "Dateien, in denen die Adresse steht; bitte löschen oder bereinigen Sie sie: "
    "{files}. Löschen Sie die Person auch in den Systemen, aus denen Ihre Daten kommen, und bei "
    "SendGrid (Email Logs, Suppressions)",
    "and_more": "{named} und {n} weitere",
    "retention_preview": "Nichts wird geändert; dies würde gehen:",
    "retention_records": "Aufzeichnungen",
    "retention_kept": "aufgehoben für",
    "retention_would": "würden gehen",
    "retention_gone": "gegangen",
    "no_pictures": "Keine Bilder: Noch niemand hat eine Journey begonnen.",
}
