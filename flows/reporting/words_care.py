"""What `stammkunde status` says, in German and in English."""

EN = {
    "prefect_scheduled": "planned",
    "prefect_late": "late: nobody has begun it yet",
    "prefect_pending": "about to begin",
    "prefect_queued": "waits for the run before it",
    "prefect_running": "under way",
    "prefect_again": "tries again in a moment",
    "prefect_paused": "waits for approval",
    "prefect_cancelling": "being cancelled",
    "prefect_cancelled": "cancelled; the next run completes the work",
    "prefect_completed": "went well",
    "prefect_failed": "failed",
    "prefect_crashed": "crashed",
    "prefect_timed_out": "took too long",
    "status_head": "How it stands on {at} ({zone})",
    "status_pages": "Runs: {pages}",
    "status_no_server": "No Prefect server is running here, so nothing starts by itself: "
    "stammkunde up. Runs below are as the store knows them",
    "status_server_no_address": 'PREFECT_API_URL: "{api}" is no address. Write one like '
    "http://127.0.0.1:4200/api. Runs below are as the store knows them",
    "status_server_away": "No Prefect server answers at {api} ({why}). Start it, or correct "
    "PREFECT_API_URL; for one machine: stammkunde up. Runs below are as the store knows them",
    "status_server_refuses": "The Prefect server at {api} does not tell us anything ({status}). "
    "Look at PREFECT_API_AUTH_STRING or PREFECT_API_KEY, and whether the address ends in /api",
    "status_no_store": "There is no store yet; the first run makes it: stammkunde run",
    "status_newer_store": "The store was last used by a newer Stammkunde (its tables are at "
    "{store}, this one knows {ours}). Install that version, or go back to a copy of the store",
    "status_older_store": "The store is of an older Stammkunde (its tables are at {store}, this "
    "one needs {ours}). The next run brings it up to date; make a copy of it before",
    "status_store_damaged": "The file of the store is no whole database any more ({why}). Keep it "
    "aside, and put a copy back",
    "status_store_away": "The store does not answer: {why}",
    "status_what": "What",
    "status_last": "Last run",
    "status_how": "How it went",
    "status_next": "Next run",
    "status_well": "went well",
    "status_failed": "failed: {why}",
    "status_under_way": "under way, or was cut off",
    "status_by_hand": "by hand only",
    "status_off": "switched off",
    "status_not_registered": "not registered",
    "status_paused": "paused in Prefect",
    "status_queue": "Waiting: {due} due now, {later} later, {review} for approval; being sent: "
    "{taken}",
    "status_abandoned": "Taken by a process that is gone: {abandoned}; the next deliver looks "
    "after them",
    "status_batches": "Came back and not worked through yet: {n} batches, the first since {since}",
    "status_doubts": "In doubt: {n} messages, the first since {since}. See: stammkunde doubts",
    "status_no_doubts": "In doubt: no message.",
    "status_still": "Stands still: {what}, since {since}: {why}",
    "status_still_until": "Rests: {what}, since {since}, until {until}: {why}",
    "status_tasks": "Tasks: {open} open, {overdue} of them overdue, {handed_on} handed on. See: "
    "stammkunde tasks",
    "status_alert": "Needs a person since {since}: {said}",
    "status_no_orders": "Data: no order has come in yet. See: stammkunde pull",
    "status_data": "Data: the newest order is of {at}",
    "status_stale": "Data is too old: the newest order is of {at}, and config/sources.yaml says "
    "max_age: {limit}. Nothing is sent until newer data comes in",
}
DE = {
    "prefect_scheduled": "geplant",
    "prefect_late": "verspätet: noch hat ihn niemand begonnen",
    "prefect_pending": "beginnt gleich",
    "prefect_queued": "wartet auf den Lauf davor",
    "prefect_running": "läuft",
    "prefect_again": "versucht es gleich noch einmal",
    "prefect_paused": "wartet auf Freigabe",
    "prefect_cancelling": "wird abgebrochen",
    "prefect_cancelled": "abgebrochen; der nächste Lauf erledigt den Rest",
    "prefect_completed": "gut gegangen",
    "prefect_failed": "fehlgeschlagen",
    "prefect_crashed": "abgestürzt",
    "prefect_timed_out": "dauerte zu lange",
    "status_head": "So steht es am {at} ({zone})",
    "status_pages": "Läufe: {pages}",
    "status_no_server": "Hier läuft kein Prefect-Server, also startet nichts von selbst: "
    "stammkunde up. Die Läufe unten sind so, wie der Speicher sie kennt",
    "status_server_no_address": 'PREFECT_API_URL: "{api}" ist keine Adresse. Schreiben Sie eine '
    "wie http://127.0.0.1:4200/api. Die Läufe unten sind so, wie der Speicher sie kennt",
    "status_server_away": "Unter {api} antwortet kein Prefect-Server ({why}). Starten Sie ihn, "
    "oder berichtigen Sie PREFECT_API_URL; auf einem einzelnen Rechner: stammkunde up. Die Läufe "
    "unten sind so, wie der Speicher sie kennt",
    "status_server_refuses": "Der Prefect-Server unter {api} gibt keine Auskunft ({status}). "
    "Prüfen Sie PREFECT_API_AUTH_STRING oder PREFECT_API_KEY, und ob die Adresse auf /api endet",
    "status_no_store": "Es gibt noch keinen Speicher; der erste Lauf legt ihn an: stammkunde run",
    "status_newer_store": "Den Speicher hat zuletzt ein neueres Stammkunde benutzt (seine Tabellen "
    "sind bei {store}, dieses kennt {ours}). Installieren Sie jene Version, oder nehmen Sie eine "
    "Kopie des Speichers von früher",
    "status_older_store": "Der Speicher ist von einem älteren Stammkunde (seine Tabellen sind bei "
    "{store}, dieses braucht {ours}). Der nächste Lauf bringt ihn auf den Stand; machen Sie vorher "
    "eine Kopie",
    "status_store_damaged": "Die Datei des Speichers ist keine heile Datenbank mehr ({why}). Legen "
    "Sie sie beiseite, und spielen Sie eine Kopie zurück",
    "status_store_away": "Der Speicher antwortet nicht: {why}",
    "status_what": "Was",
    "status_last": "Letzter Lauf",
    "status_how": "Wie es ausging",
    "status_next": "Nächster Lauf",
    "status_well": "gut gegangen",
    "status_failed": "fehlgeschlagen: {why}",
    "status_under_way": "läuft noch, oder wurde abgebrochen",
    "status_by_hand": "nur von Hand",
    "status_off": "abgeschaltet",
    "status_not_registered": "nicht angemeldet",
    "status_paused": "in Prefect angehalten",
    "status_queue": "Es warten: {due} jetzt fällig, {later} später, {review} auf Freigabe; "
    "unterwegs: {taken}",
    "status_abandoned": "Von einem Prozess genommen, den es nicht mehr gibt: {abandoned}; der "
    "nächste Versand kümmert sich darum",
    "status_batches": "Zurückgekommen und noch nicht verarbeitet: {n} Lieferungen, die erste seit "
    "{since}",
    "status_doubts": "Im Zweifel: {n} Nachrichten, die erste seit {since}. Siehe: stammkunde "
    "doubts",
    "status_no_doubts": "Im Zweifel: keine Nachricht.",
    "status_still": "Steht still: {what}, seit {since}: {why}",
    "status_still_until": "Ruht: {what}, seit {since}, bis {until}: {why}",
    "status_tasks": "Maßnahmen: {open} offen, davon {overdue} überfällig, {handed_on} "
    "weitergegeben. Siehe: stammkunde tasks",
    "status_alert": "Braucht seit {since} einen Menschen: {said}",
    "status_no_orders": "Daten: Es ist noch keine Bestellung eingelesen. Siehe: stammkunde pull",
    "status_data": "Daten: Die neueste Bestellung ist vom {at}",
    "status_stale": "Die Daten sind zu alt: Die neueste Bestellung ist vom {at}, und in "
    "config/sources.yaml steht max_age: {limit}. Es wird nichts versandt, bis neuere Daten da sind",
}
