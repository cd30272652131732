"""What `stammkunde doctor` says, and what mends it, in German."""

WORDS = {
    "doctor_grade_fine": "gut",
    "doctor_grade_look": "prüfen",
    "doctor_grade_broken": "DEFEKT",
    "doctor_grade_skipped": "–",
    "doctor_area_config": "Konfiguration",
    "doctor_area_versions": "Versionen",
    "doctor_area_store": "Speicher",
    "doctor_area_keys": "Schlüssel und Kennwörter",
    "doctor_area_domains": "Die Domain des Absenders",
    "doctor_area_web": "Endpunkt",
    "doctor_area_server": "Prefect-Server",
    "doctor_area_schedules": "Zeitpläne",
    "doctor_area_cluster": "Viele Rechner",
    "doctor_area_data": "Daten und Läufe",
    "doctor_area_sending": "Versand",
    "doctor_area_disk": "Platte",
    "doctor_sum": "{broken} defekt, {look} zu prüfen, {fine} gut, {skipped} nicht geprüft",
    "doctor_config_fine": "Die Konfiguration ist lesbar; die Uhr des Hauses ist {zone}",
    "doctor_config_wrong": "{fault}",
    "doctor_config_wrong_mend": "Berichtigen Sie es in dieser Zeile; stammkunde check nennt alles "
    "auf einmal",
    "doctor_left_out": "Wegen eines Fehlers ausgelassen: {fault}",
    "doctor_left_out_mend": "Berichtigen Sie es; stammkunde check sagt mehr",
    "doctor_versions_fine": "Python {python} mit {packages}: Sie passen zusammen",
    "doctor_python_old": "Das ist Python {python}; Stammkunde braucht 3.11 oder neuer",
    "doctor_python_old_mend": "Installieren Sie ein neueres Python, legen Sie damit eine neue "
    "Umgebung an, und installieren Sie Stammkunde darin",
    "doctor_package_missing": "Das Paket {package} ist nicht installiert",
    "doctor_package_missing_mend": "pip install -c constraints.txt -e . installiert den Satz von "
    "Versionen, der geprüft ist",
    "doctor_psycopg_missing": "Der Speicher liegt in PostgreSQL, und das Paket dafür ist nicht "
    "installiert",
    "doctor_psycopg_missing_mend": 'pip install "stammkunde[postgres]"',
    "doctor_dkimpy_missing": "Der Versandweg {outlet} soll Nachrichten signieren, und das Paket "
    "dafür ist nicht installiert",
    "doctor_dkimpy_missing_mend": 'pip install "stammkunde[dkim]"',
    "doctor_prefect_old": "Prefect {version} ist älter als 3.8.8, die erste geprüfte Version",
    "doctor_prefect_old_mend": 'pip install "prefect>=3.8.8,<4"',
    "doctor_prefect_untested": "Prefect {version} ist neuer als alles, was geprüft wurde",
    "doctor_prefect_untested_mend": 'Wenn Läufe misslingen: pip install "prefect>=3.8.8,<4"',
    "doctor_sqlalchemy_schedules_nothing": "SQLAlchemy {version} verträgt sich nicht mit Prefect "
    "{prefect}: Der Server läuft, alles sieht gut aus, und doch entsteht nie ein geplanter Lauf",
    "doctor_sqlalchemy_schedules_nothing_mend": 'pip install "sqlalchemy>=2.0.40,<2.1", dann den '
    "Prefect-Server neu starten",
    "doctor_fastapi_no_server": "FastAPI {version} verträgt sich nicht mit Prefect {prefect}: Der "
    "Server startet nicht",
    "doctor_fastapi_no_server_mend": 'pip install "fastapi<0.151"',
    "doctor_fastapi_untested": "FastAPI {version} ist mit Prefect {prefect} nicht geprüft",
    "doctor_fastapi_untested_mend": 'pip install "fastapi<0.151"',
    "doctor_store_current": "Die Tabellen des Speichers sind die, mit denen diese Version "
    "arbeitet ({store})",
    "doctor_store_empty": "Der Speicher hat noch keine Tabellen; der erste Lauf legt sie an",
    "doctor_store_to_be_made": "Es gibt noch keinen Speicher; der erste Lauf legt ihn an "
    "(stammkunde run)",
    "doctor_store_older": "Der Speicher ist von einem älteren Stammkunde (seine Tabellen sind bei "
    "{store}, dieses braucht {ours})",
    "doctor_store_older_mend": "Machen Sie eine Kopie; der nächste Lauf (stammkunde run) bringt "
    "ihn von selbst auf den Stand",
    "doctor_store_newer": "Den Speicher hat zuletzt ein neueres Stammkunde benutzt (seine "
    "Tabellen sind bei {store}, dieses kennt {ours})",
    "doctor_store_newer_mend": "Installieren Sie jene Version auch hier, oder nehmen Sie eine "
    "Kopie des Speichers von früher",
    "doctor_store_damaged": "{place} ist keine heile Datenbank mehr ({why})",
    "doctor_store_damaged_mend": "Legen Sie die Datei beiseite, und spielen Sie eine Kopie zurück",
    "doctor_store_away": "Der Speicher antwortet nicht: {why}",
    "doctor_store_away_mend": 'Prüfen Sie, ob die Datenbank läuft, und "store" in '
    "config/settings.yaml",
    "doctor_store_unknown": "{fault}",
    "doctor_store_unknown_mend": "Setzen Sie die Variable dort, wo Stammkunde gestartet wird, "
    "oder schreiben Sie die Adresse selbst",
    "doctor_database_fine": "{name} {version}",
    "doctor_database_old": "{name} {version} ist zu alt",
    "doctor_database_old_mend": "Bringen Sie es auf {least} oder neuer",
    "doctor_clocks_fine": "Seine Uhr und unsere stimmen überein",
    "doctor_clocks_differ": "Seine Uhr und unsere gehen um {seconds} s auseinander",
    "doctor_clocks_differ_mend": "Lassen Sie beide Rechner die Zeit abgleichen (NTP)",
    "doctor_clocks_apart": "Seine Uhr und unsere gehen um {seconds} s auseinander: mehr, als "
    "Prozesse vertragen, die sich Arbeit teilen",
    "doctor_clocks_apart_mend": "Lassen Sie beide Rechner die Zeit abgleichen (NTP), bevor Sie "
    "von mehreren aus versenden",
    "doctor_key_fine": "{whose}: {variable} ist gesetzt und sieht aus, wie es soll",
    "doctor_key_missing": "{whose}: Die Umgebungsvariable {variable} ist nicht gesetzt",
    "doctor_key_missing_mend": "Setzen Sie sie dort, wo Stammkunde gestartet wird; in YAML gehört "
    "sie nicht",
    "doctor_key_quoted": "{whose}: Der Wert von {variable} steht in Anführungszeichen",
    "doctor_key_quoted_mend": "Setzen Sie ihn ohne sie: In einer Datei mit Variablen zählen sie "
    "zum Wert",
    "doctor_sendgrid_key_odd": "{outlet}: {variable} sieht nicht aus wie ein Schlüssel von "
    "SendGrid (SG.….…)",
    "doctor_sendgrid_key_odd_mend": "Legen Sie einen an, der Mail senden darf (Settings, API "
    "Keys); SendGrid zeigt ihn nur einmal",
    "doctor_signing_key_odd": "{outlet}: {variable} enthält keinen privaten Schlüssel, den DKIM "
    "kennt",
    "doctor_signing_key_odd_mend": 'Legen Sie den Schlüssel selbst hinein, als PEM ("-----BEGIN '
    'PRIVATE KEY-----"), ohne Kennwort',
    "doctor_public_keys_fine": "{setting}: {n} lesbar",
    "doctor_public_key_odd": "{setting}: nicht als Schlüssel lesbar: Nummer {which}",
    "doctor_public_key_odd_mend": "Kopieren Sie den Verification Key, den SendGrid dort zeigt, wo "
    "der Webhook eingeschaltet wird (Signed Event Webhook)",
    "doctor_inbound_secret_short": "web: inbound: {variable} ist nicht gesetzt oder kürzer als "
    "{least} Zeichen",
    "doctor_inbound_secret_short_mend": "Setzen Sie ein langes Zufallswort, und dasselbe in die "
    "Adresse, an die SendGrid liefert",
    "doctor_events_unheard": "Nachrichten gehen über SendGrid, und kein Ereignis von dort wird "
    "angenommen: Rückläufer und Beschwerden bleiben stundenlang unbekannt",
    "doctor_events_unheard_mend": "Schalten Sie dort den Signed Event Webhook ein, und kopieren "
    'Sie seinen Schlüssel nach "web: sendgrid_keys" in config/settings.yaml',
    "doctor_link_secret_kept": "Links werden mit dem Schlüssel in var/secret.key unterschrieben",
    "doctor_link_secret_to_be_made": "Ein Schlüssel für Links wird in var/secret.key angelegt; "
    "auf mehreren Rechnern setzen Sie stattdessen {variable}",
    "doctor_link_secret_short": "{variable} enthält ein Wort von weniger als {least} Zeichen, das "
    "sich erraten lässt",
    "doctor_link_secret_short_mend": "Setzen Sie ein langes davor; das alte liest weiter die "
    "Links bereits versandter Mails",
    "doctor_link_secret_unreadable": "var/secret.key lässt sich nicht lesen",
    "doctor_link_secret_unreadable_mend": "Geben Sie dem Benutzer, unter dem Stammkunde läuft, "
    "das Leserecht",
    "doctor_link_secret_empty": "var/secret.key ist leer: Kein Link in einer Mail kann entstehen "
    "oder geprüft werden",
    "doctor_link_secret_empty_mend": "Spielen Sie eine Kopie zurück; ohne Kopie löschen Sie die "
    "Datei, dann gelten Links bereits versandter Mails nicht mehr",
    "doctor_link_secret_open": "var/secret.key können auch andere auf diesem Rechner lesen",
    "doctor_link_secret_open_mend": "chmod 600 var/secret.key",
    "doctor_nothing_leaves": "Nicht geprüft: Nachrichten werden hier zu Dateien, nichts verlässt "
    "diesen Rechner",
    "doctor_no_resolver": "Nicht geprüft: Hier antwortet kein Namensdienst",
    "doctor_domains_offline": "Nicht geprüft, wie gewünscht (--offline)",
    "doctor_spf_fine": "SPF: {domain} sagt, wer in seinem Namen senden darf",
    "doctor_spf_missing": "SPF: {domain} sagt nicht, wer in seinem Namen senden darf",
    "doctor_spf_missing_mend": 'Legen Sie bei {domain} einen TXT-Eintrag an: "v=spf1 … -all", mit '
    'dem, was Ihr Mailserver oder SendGrid für "…" nennt',
    "doctor_spf_twice": "SPF: {domain} hat {n} Einträge, und dann gilt keiner",
    "doctor_spf_twice_mend": "Machen Sie einen daraus: einen einzigen TXT-Eintrag, der mit v=spf1 "
    "beginnt",
    "doctor_spf_everybody": "SPF: {domain} lässt alle in seinem Namen senden (+all)",
    "doctor_spf_everybody_mend": "Beenden Sie den Eintrag mit -all oder ~all",
    "doctor_spf_long": "SPF: Der Eintrag von {domain} braucht mehr als {most} Nachfragen, und "
    "dort hören Empfänger auf",
    "doctor_spf_long_mend": "Nehmen Sie Dienste heraus, über die Sie nicht mehr senden",
    "doctor_spf_open_end": "SPF: Der Eintrag von {domain} sagt nicht, was für alle anderen gilt",
    "doctor_spf_open_end_mend": "Beenden Sie ihn mit ~all oder -all",
    "doctor_dkim_fine": "DKIM: {name} ist veröffentlicht",
    "doctor_dkim_missing": "DKIM: Es gibt keinen Eintrag {name}",
    "doctor_dkim_missing_mend": "Veröffentlichen Sie dort den öffentlichen Schlüssel als TXT: "
    '"v=DKIM1; k=rsa; p=…"',
    "doctor_dkim_revoked": "DKIM: {name} sagt, dass der Schlüssel zurückgezogen ist (p= ist leer)",
    "doctor_dkim_revoked_mend": "Veröffentlichen Sie dort den aktuellen öffentlichen Schlüssel, "
    "oder wählen Sie einen anderen Selektor",
    "doctor_dkim_other_key": "DKIM: {name} veröffentlicht einen anderen Schlüssel als den, mit "
    "dem unterschrieben wird: Empfänger halten Nachrichten für gefälscht",
    "doctor_dkim_other_key_mend": "Veröffentlichen Sie den passenden öffentlichen Schlüssel, oder "
    "unterschreiben Sie mit dem veröffentlichten",
    "doctor_dkim_by_server": "DKIM: Nachrichten über {outlet} unterschreiben nicht wir; gut, wenn "
    "der Mailserver es tut",
    "doctor_dkim_by_server_mend": "Fragen Sie, wer den Mailserver betreut; sonst schreiben Sie "
    '"dkim:" bei {outlet} in config/settings.yaml',
    "doctor_dkim_sendgrid_missing": "DKIM: Die Einträge von SendGrid fehlen: {names}",
    "doctor_dkim_sendgrid_missing_mend": "Bestätigen Sie die Domain bei SendGrid (Settings, "
    "Sender Authentication), und legen Sie die CNAME-Einträge an, die es nennt",
    "doctor_dmarc_fine": "DMARC: {domain} sagt {policy}",
    "doctor_dmarc_missing": "DMARC: {domain} sagt nichts; große Postfachanbieter lehnen "
    "Massenmail dann ab",
    "doctor_dmarc_missing_mend": 'Legen Sie einen TXT-Eintrag _dmarc.{domain} an: "v=DMARC1; '
    'p=none; rua=mailto:eine-Adresse-die-Sie-lesen"',
    "doctor_dmarc_twice": "DMARC: {domain} hat mehrere Einträge, und dann gilt keiner",
    "doctor_dmarc_twice_mend": "Lassen Sie einen davon stehen",
    "doctor_dmarc_odd": "DMARC: Im Eintrag von {domain} fehlt p=none, quarantine oder reject",
    "doctor_dmarc_odd_mend": "Schreiben Sie eines davon gleich hinter v=DMARC1;",
    "doctor_dmarc_unread": "DMARC: {domain} sagt none, und niemand erfährt, was geschieht",
    "doctor_dmarc_unread_mend": "Ergänzen Sie rua=mailto:…, um zu erfahren, wer in Ihrem Namen "
    "sendet; danach quarantine",
    "doctor_mx_fine": "MX: Mail an {domain} geht an {server}",
    "doctor_mx_missing": "MX: Niemand nimmt Mail für {domain} an: Antworten und Abmeldungen gehen "
    "verloren",
    "doctor_mx_missing_mend": "Legen Sie einen MX-Eintrag an, oder schreiben Sie Adressen einer "
    "Domain, die einen hat (senders.yaml, settings.yaml: unsubscribe)",
    "doctor_replies_elsewhere": "MX: Antworten gehen an {domain}, und dessen Mail geht nicht an "
    "SendGrid",
    "doctor_replies_elsewhere_mend": "Richten Sie den MX-Eintrag von {domain} auf mx.sendgrid.net "
    '(Inbound Parse), oder nehmen Sie "replies" heraus',
    "doctor_web_not_public": "Nicht geprüft: Nichts verlässt diesen Rechner, und der Endpunkt hat "
    "keine öffentliche Adresse",
    "doctor_web_no_address": "Der Endpunkt hat keine öffentliche Adresse: Abmelden geht nur per "
    "Mail, und von Rückläufern erfährt niemand sofort",
    "doctor_web_no_address_mend": "Stellen Sie einen Proxy mit HTTPS vor stammkunde web, und "
    'schreiben Sie seine Adresse in config/settings.yaml ("web: address")',
    "doctor_web_unencrypted": "{address} ist nicht verschlüsselt: Mailprogramme melden darüber "
    "nicht ab",
    "doctor_web_unencrypted_mend": "Nehmen Sie https:// mit einem Zertifikat",
    "doctor_web_offline": "{address}: nicht geprüft, wie gewünscht (--offline)",
    "doctor_web_fine": "{address} antwortet",
    "doctor_web_silent": "{address} antwortet von hier aus nicht: {why}",
    "doctor_web_silent_mend": "Prüfen Sie, ob stammkunde web (oder up) läuft, und den Proxy "
    "davor; manche Netze erreichen ihre eigene öffentliche Adresse nicht",
    "doctor_web_elsewhere": "{address} leitet um ({where}): Was Mailprogramme und SendGrid "
    "liefern, geht verloren",
    "doctor_web_elsewhere_mend": "Lassen Sie den Proxy alles unverändert weitergeben, und "
    'schreiben Sie das Ziel als "web: address"',
    "doctor_web_other": "Unter {address} antwortet etwas anderes, oder mit einem Fehler ({status})",
    "doctor_web_other_mend": "Prüfen Sie, wohin der Proxy weitergibt; stammkunde web antwortet "
    "dort ok",
    "doctor_certificate_fine": "Das Zertifikat von {host} gilt noch {days} Tage",
    "doctor_certificate_ends": "Das Zertifikat von {host} endet in {days} Tagen ({day})",
    "doctor_certificate_ends_mend": "Erneuern Sie es, und sehen Sie nach, warum das nicht von "
    "selbst geschah",
    "doctor_no_server": "Hier ist kein Prefect-Server gemeint, also startet nichts von selbst",
    "doctor_no_server_mend": "stammkunde up betreibt alles auf diesem Rechner; mit eigenem Server "
    "setzen Sie PREFECT_API_URL, dann stammkunde deploy",
    "doctor_nothing_scheduled": "Nicht geprüft: config/deployments.yaml startet nichts von selbst",
    "doctor_scale_needs_postgres": "scale: runner: {runner} lässt mehrere Prozesse zugleich "
    "schreiben, und der Speicher ist eine SQLite-Datei, die nur einen verträgt",
    "doctor_scale_needs_postgres_mend": "Legen Sie den Speicher in PostgreSQL, oder schreiben Sie "
    "runner: threads in config/settings.yaml",
    "doctor_dask_not_installed": "runner: dask braucht prefect-dask, und das fehlt hier",
    "doctor_dask_not_installed_mend": 'pip install "stammkunde[dask]", auf jedem Worker auch',
    "doctor_dask_silent": "Unter {address} antwortet kein Dask-Scheduler: {why}",
    "doctor_dask_silent_mend": "Starten Sie ihn (dask scheduler) und seine Worker (dask worker "
    "{address}), oder berichtigen Sie scale: dask in config/settings.yaml",
    "doctor_dask_no_workers": "Der Dask-Scheduler unter {address} hat keine Worker",
    "doctor_dask_no_workers_mend": "Starten Sie welche: dask worker {address}",
    "doctor_dask_stuck": "Der Dask-Scheduler unter {address} antwortet, aber nicht jeder seiner "
    "{n} Worker",
    "doctor_dask_stuck_mend": "Sehen Sie nach, ob ihre Rechner erreichbar und nicht überlastet "
    "sind; starten Sie den Worker neu, der schweigt",
    "doctor_dask_strange_worker": "Der Worker {worker} kennt Stammkunde nicht, oder ihm ist nicht "
    "wohl: {why}",
    "doctor_dask_strange_worker_mend": 'Dort: pip install "stammkunde[dask]", dann den Worker neu '
    "starten",
    "doctor_dask_other_versions": "{where} hat andere Versionen als dieser Rechner (dessen in "
    "Klammern): {told}",
    "doctor_dask_other_versions_mend": "Installieren Sie überall dasselbe, am besten mit "
    "constraints.txt",
    "doctor_dask_fine": "Der Dask-Cluster hat {n} Worker mit {threads} Threads; überall ist "
    "dasselbe installiert",
    "doctor_server_no_address": 'PREFECT_API_URL: "{api}" ist keine Adresse',
    "doctor_server_no_address_mend": "Schreiben Sie eine wie http://127.0.0.1:4200/api; auf einem "
    "einzelnen Rechner nehmen Sie die Variable weg, und stammkunde up genügt",
    "doctor_server_silent": "Unter {api} antwortet kein Prefect-Server: {why}",
    "doctor_server_silent_mend": "Starten Sie ihn (prefect server start), oder berichtigen Sie "
    "PREFECT_API_URL; auf einem einzelnen Rechner genügt stammkunde up",
    "doctor_server_not_let_in": "Der Prefect-Server unter {api} lässt uns nicht ein ({status})",
    "doctor_server_not_let_in_mend": "Setzen Sie PREFECT_API_AUTH_STRING (Name:Kennwort), oder "
    "PREFECT_API_KEY für Prefect Cloud",
    "doctor_server_strange": "Was unter {api} antwortet, ist kein Prefect-Server, oder es geht "
    "ihm nicht gut ({status})",
    "doctor_server_strange_mend": "Prüfen Sie, ob PREFECT_API_URL auf /api endet, und das "
    "Protokoll des Servers",
    "doctor_server_same_version": "Der Prefect-Server antwortet und ist so neu wie Prefect hier "
    "({server})",
    "doctor_server_other_patch": "Prefect ist {client} hier und {server} auf dem Server",
    "doctor_server_other_patch_mend": "Bringen Sie beide bei Gelegenheit auf dieselbe Version",
    "doctor_server_other_version": "Prefect ist {client} hier und {server} auf dem Server: Sie "
    "verstehen einander womöglich nicht",
    "doctor_server_other_version_mend": "Bringen Sie beide auf dieselbe Version: pip install "
    '"prefect==…", dort oder hier',
    "doctor_automations_fine": "Der Server zeigt Läufe als abgestürzt, deren Rechner ausfiel",
    "doctor_automations_missing": "Der Server tut nicht von selbst: {names}",
    "doctor_automations_missing_mend": "stammkunde up oder stammkunde deploy meldet es an",
    "doctor_pool_fine": "Work Pool {pool}: {n} Worker sehen hinein",
    "doctor_pool_missing": "Es gibt keinen Work Pool {pool}, also warten Läufe vergebens",
    "doctor_pool_missing_mend": "stammkunde deploy legt ihn an",
    "doctor_pool_paused": "Der Work Pool {pool} ist angehalten: Kein Lauf beginnt",
    "doctor_pool_paused_mend": "Setzen Sie ihn fort: prefect work-pool resume {pool}",
    "doctor_pool_without_workers": "Kein Worker sieht in den Work Pool {pool}: Kein Lauf beginnt",
    "doctor_pool_without_workers_mend": "Auf jedem Rechner, der arbeiten soll, im Ordner mit "
    "config/: prefect worker start --pool {pool}",
    "doctor_not_registered": "Auf dem Server nicht angemeldet: {names}",
    "doctor_not_registered_mend": "stammkunde deploy, oder stammkunde up neu starten",
    "doctor_registered_unknown": "Auf dem Server angemeldet, und in keiner Datei: {names}",
    "doctor_registered_unknown_mend": "stammkunde deploy, oder ein neuer Start von stammkunde up, "
    "entfernt sie",
    "doctor_by_hand_only": "{name}: angemeldet, nur von Hand",
    "doctor_switched_off": "{name}: abgeschaltet, wie config/deployments.yaml sagt",
    "doctor_on_though_off": "{name}: startet von selbst, obwohl config/deployments.yaml das nicht "
    "sagt",
    "doctor_on_though_off_mend": "stammkunde deploy, oder stammkunde up neu starten",
    "doctor_paused_there": "{name}: in den Seiten von Prefect angehalten, startet also nicht",
    "doctor_paused_there_mend": "Schalten Sie es dort ein; auf Dauer aus heißt enabled: false in "
    "config/deployments.yaml",
    "doctor_other_time_there": "{name}: Der Server hat eine andere Zeit oder Uhr als "
    "config/deployments.yaml",
    "doctor_other_time_there_mend": "stammkunde deploy, oder stammkunde up neu starten",
    "doctor_nobody_serves": "{name}: Niemand holt seine Läufe ab",
    "doctor_nobody_serves_mend": "stammkunde up bedient es; mit Workern: stammkunde deploy",
    "doctor_never_fires": "{name}: war um {due} fällig und hat noch nie einen Lauf hervorgebracht",
    "doctor_never_fires_mend": "Der Server legt keine an: Starten Sie ihn neu, und sehen Sie in "
    "sein Protokoll und auf die Versionen oben",
    "doctor_did_not_fire": "{name}: war um {due} fällig, und es gibt keinen Lauf von dieser Zeit",
    "doctor_did_not_fire_mend": "War der Server aus? Was er nie notiert hat, holt er nicht nach: "
    "stammkunde run",
    "doctor_no_run_ahead": "{name}: Für das nächste Mal ist kein Lauf angelegt",
    "doctor_no_run_ahead_mend": "Der Zeitplaner des Servers arbeitet nicht: Starten Sie den "
    "Server neu, und sehen Sie in sein Protokoll und auf die Versionen oben",
    "doctor_late": "{name}: Der Lauf von {due} wartet, und niemand beginnt ihn",
    "doctor_late_mend": "Läuft noch ein anderer, auf den er wartet? Sonst stammkunde up oder "
    "einen Worker neu starten",
    "doctor_last_went_wrong": "{name}: Der letzte Lauf ({at}) endete als {state}: {said}",
    "doctor_last_went_wrong_mend": "Seine Seite in Prefect sagt mehr; der nächste Lauf vollendet "
    "die Arbeit",
    "doctor_not_due_yet": "{name}: noch nicht fällig, das nächste Mal um {next}",
    "doctor_fires": "{name}: lief, als es fällig war ({at}), das nächste Mal um {next}",
    "doctor_source_fine": "Die neueste Bestellung ist vom {at}",
    "doctor_source_stale": "Die neueste Bestellung ist vom {at}, älter als {limit} Tage: Es wird "
    "nichts versandt",
    "doctor_source_stale_mend": "Bringen Sie neuere Daten (stammkunde pull); ist das bei Ihnen "
    "üblich, erhöhen Sie max_age in config/sources.yaml",
    "doctor_source_stale_soon": "Die neueste Bestellung ist vom {at}; ab {limit} Tagen wird "
    "nichts mehr versandt",
    "doctor_source_stale_soon_mend": "Prüfen Sie, ob die Daten des Unternehmens noch eintreffen "
    "(config/sources.yaml)",
    "doctor_no_orders": "Es ist noch keine Bestellung eingelesen",
    "doctor_no_orders_mend": "Sagen Sie in config/sources.yaml, wo sie liegen, dann: stammkunde "
    "pull",
    "doctor_flow_fine": "{name} ({runs}): gut gegangen, Stand {at}",
    "doctor_flow_never": "{name} ({runs}): ist noch nie gelaufen",
    "doctor_flow_never_mend": "Es startet beim nächsten Mal; oder von Hand: stammkunde {command}",
    "doctor_flow_only_failed": "{name}: ist noch nie gut gegangen: {why}",
    "doctor_flow_only_failed_mend": "Beheben Sie, was dort steht, dann von Hand: stammkunde "
    "{command}",
    "doctor_flow_overdue": "{name} ({runs}): zuletzt gut gegangen mit Stand {at}, und seit {due} "
    "fällig",
    "doctor_flow_overdue_mend": "Läuft stammkunde up, oder ein Worker? Von Hand: stammkunde "
    "{command}",
    "doctor_flow_fails": "{name} ({runs}): zuletzt gut gegangen mit Stand {at}, und misslingt "
    "seither: {why}",
    "doctor_flow_fails_mend": "Beheben Sie, was dort steht; von Hand: stammkunde {command}",
    "doctor_lists_fine": "{outlet}: Wen SendGrid sperrt, wurde um {at} gelesen",
    "doctor_lists_never": "{outlet}: Wen SendGrid sperrt, wurde noch nie gelesen",
    "doctor_lists_never_mend": "stammkunde suppressions --all",
    "doctor_lists_long_ago": "{outlet}: Wen SendGrid sperrt, wurde zuletzt um {at} gelesen",
    "doctor_lists_long_ago_mend": "stammkunde suppressions; dann sehen Sie nach, warum es nicht "
    "stündlich läuft",
    "doctor_nothing_hangs": "Nichts hängt; {n} Nachrichten sind fällig",
    "doctor_abandoned": "{n} Nachrichten hatte ein Prozess genommen, den es nicht mehr gibt",
    "doctor_abandoned_mend": "stammkunde deliver klärt, was aus ihnen wurde; keine geht doppelt",
    "doctor_doubts_old": "{n} Nachrichten sind im Zweifel, die erste seit {since}",
    "doctor_doubts_old_mend": "stammkunde doubts zeigt sie; stammkunde doubts --resolve fragt "
    "noch einmal nach",
    "doctor_events_wait": "{n} Lieferungen von Ereignissen sind da und nicht verarbeitet, die "
    "erste seit {since}",
    "doctor_events_wait_mend": "stammkunde respond; dann sehen Sie nach, warum es nicht alle fünf "
    "Minuten läuft",
    "doctor_events_odd": "{n} Lieferungen von Ereignissen der letzten Woche waren nicht ganz "
    "lesbar",
    "doctor_events_odd_mend": "Der Bericht von respond sagt, warum; sie sind aufgehoben, wie sie "
    "kamen",
    "doctor_nothing_halted": "Nichts steht still",
    "doctor_halted": "Steht still seit {since}: {what} ({cause}). {why}",
    "doctor_halted_mend": "Wenn die Ursache behoben ist: {command}",
    "doctor_alert_address_missing": "alerts: {variable} ist nicht gesetzt oder enthält keine "
    "Adresse",
    "doctor_alert_address_missing_mend": "Legen Sie dort, wo Stammkunde gestartet wird, die "
    "Adresse des Webhooks hinein",
    "doctor_alert_stands": "Braucht seit {since} einen Menschen: {said}",
    "doctor_alert_stands_mend": "Es verschwindet von selbst, sobald die Ursache behoben ist",
    "doctor_nobody_told": "Niemand erfährt es, wenn ein Lauf misslingt oder der Versand von "
    "selbst stoppt",
    "doctor_nobody_told_mend": 'Schreiben Sie "alerts:" mit einer Adresse oder einem Webhook in '
    "config/settings.yaml, dann stammkunde deploy oder up neu starten",
    "doctor_nobody_told_yet": "Niemand erfährt per Mail oder Webhook, was schiefgeht; es verlässt "
    "auch nichts diesen Rechner",
    "doctor_alerts_fine": "Wer erfahren soll, was schiefgeht, erfährt es",
    "doctor_alerts_untold": "{n} Warnungen hat niemand erfahren, die erste seit {since}",
    "doctor_alerts_untold_mend": "Prüfen Sie alerts: in config/settings.yaml, und ob der "
    "Prefect-Server läuft, der sie weitergibt",
    "doctor_disk_fine": "{place}: {free} frei ({share})",
    "doctor_disk_little": "{place}: nur {free} frei ({share})",
    "doctor_disk_little_mend": "Schaffen Sie Platz; retention in config/policy.yaml löst alte "
    "Aufzeichnungen auf",
    "doctor_disk_full": "{place}: {free} frei ({share}), bald lässt sich nichts mehr schreiben",
    "doctor_disk_full_mend": "Schaffen Sie jetzt Platz; was nicht geschrieben wurde, holt der "
    "nächste Lauf nach",
    "doctor_store_outgrows": "Der Speicher hat {size}, und nur {free} sind frei: Eine Kopie oder "
    "ein neuer Stand passt womöglich nicht",
    "doctor_store_outgrows_mend": "Schaffen Sie Platz, oder ziehen Sie nach PostgreSQL um",
    "doctor_not_writable": "In {place} darf der Benutzer, unter dem dies läuft, nicht schreiben",
    "doctor_not_writable_mend": "Geben Sie es dem Benutzer, unter dem Stammkunde läuft (chown), "
    "und sehen Sie, wer es sonst startet",
    "doctor_history_fine": "Der Verlauf von Prefect hat {size}",
    "doctor_history_large": "Der Verlauf von Prefect hat {size} ({place})",
    "doctor_history_large_mend": "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED=events,flow_runs beim "
    "Server löst Läufe nach 90 Tagen auf",
}
