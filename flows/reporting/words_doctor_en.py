"""What `stammkunde doctor` says, and what mends it, in English."""

WORDS = {
    "doctor_grade_fine": "fine",
    "doctor_grade_look": "look",
    "doctor_grade_broken": "BROKEN",
    "doctor_grade_skipped": "–",
    "doctor_area_config": "Configuration",
    "doctor_area_versions": "Versions",
    "doctor_area_store": "Store",
    "doctor_area_keys": "Keys and passwords",
    "doctor_area_domains": "The sender's domain",
    "doctor_area_web": "Endpoint",
    "doctor_area_server": "Prefect's server",
    "doctor_area_schedules": "Schedules",
    "doctor_area_cluster": "Many machines",
    "doctor_area_data": "Data and runs",
    "doctor_area_sending": "Sending",
    "doctor_area_disk": "Disk",
    "doctor_sum": "{broken} broken, {look} worth a look, {fine} fine, {skipped} not looked at",
    "doctor_config_fine": "The configuration reads; the clock of the house is {zone}",
    "doctor_config_wrong": "{fault}",
    "doctor_config_wrong_mend": "Correct it in that line; stammkunde check names everything wrong "
    "at once",
    "doctor_left_out": "Left out, since it has a fault: {fault}",
    "doctor_left_out_mend": "Correct it; stammkunde check says more",
    "doctor_versions_fine": "Python {python} with {packages}: they go together",
    "doctor_python_old": "This is Python {python}; Stammkunde needs 3.11 or newer",
    "doctor_python_old_mend": "Install a newer Python, make a new environment with it, and "
    "install Stammkunde there",
    "doctor_package_missing": "The package {package} is not installed",
    "doctor_package_missing_mend": "pip install -c constraints.txt -e . installs the set of "
    "versions that was tested",
    "doctor_psycopg_missing": "The store is on PostgreSQL, and the package to speak to it is not "
    "installed",
    "doctor_psycopg_missing_mend": 'pip install "stammkunde[postgres]"',
    "doctor_dkimpy_missing": "The way out {outlet} is to sign messages, and the package for it is "
    "not installed",
    "doctor_dkimpy_missing_mend": 'pip install "stammkunde[dkim]"',
    "doctor_prefect_old": "Prefect {version} is older than 3.8.8, the first one that was tested",
    "doctor_prefect_old_mend": 'pip install "prefect>=3.8.8,<4"',
    "doctor_prefect_untested": "Prefect {version} is newer than what was tested",
    "doctor_prefect_untested_mend": 'If runs go wrong: pip install "prefect>=3.8.8,<4"',
    "doctor_sqlalchemy_schedules_nothing": "SQLAlchemy {version} does not go with Prefect "
    "{prefect}: its server runs, all looks well, and no scheduled run is ever made",
    "doctor_sqlalchemy_schedules_nothing_mend": 'pip install "sqlalchemy>=2.0.40,<2.1", then '
    "start Prefect's server again",
    "doctor_fastapi_no_server": "FastAPI {version} does not go with Prefect {prefect}: its server "
    "does not start",
    "doctor_fastapi_no_server_mend": 'pip install "fastapi<0.151"',
    "doctor_fastapi_untested": "FastAPI {version} was not tested with Prefect {prefect}",
    "doctor_fastapi_untested_mend": 'pip install "fastapi<0.151"',
    "doctor_store_current": "The store's tables are those this version works with ({store})",
    "doctor_store_empty": "The store has no tables yet; the first run makes them",
    "doctor_store_to_be_made": "There is no store yet; the first run makes it (stammkunde run)",
    "doctor_store_older": "The store is of an older Stammkunde (its tables are at {store}, this "
    "one needs {ours})",
    "doctor_store_older_mend": "Make a copy of it; the next run (stammkunde run) brings it up to "
    "date by itself",
    "doctor_store_newer": "The store was last used by a newer Stammkunde (its tables are at "
    "{store}, this one knows {ours})",
    "doctor_store_newer_mend": "Install that version on this machine as well, or go back to a "
    "copy of the store",
    "doctor_store_damaged": "{place} is no whole database any more ({why})",
    "doctor_store_damaged_mend": "Keep the file aside, and put a copy of it back",
    "doctor_store_away": "The store does not answer: {why}",
    "doctor_store_away_mend": 'Look whether the database runs, and at "store" in '
    "config/settings.yaml",
    "doctor_store_unknown": "{fault}",
    "doctor_store_unknown_mend": "Set the variable where Stammkunde is started, or write the "
    "address itself",
    "doctor_database_fine": "{name} {version}",
    "doctor_database_old": "{name} {version} is too old",
    "doctor_database_old_mend": "Bring it to {least} or newer",
    "doctor_clocks_fine": "Its clock and ours agree",
    "doctor_clocks_differ": "Its clock and ours differ by {seconds} s",
    "doctor_clocks_differ_mend": "Have both machines keep the time (NTP)",
    "doctor_clocks_apart": "Its clock and ours differ by {seconds} s: more than processes that "
    "share work can bear",
    "doctor_clocks_apart_mend": "Have both machines keep the time (NTP) before you send from "
    "several",
    "doctor_key_fine": "{whose}: {variable} is set and looks as it should",
    "doctor_key_missing": "{whose}: the environment variable {variable} is not set",
    "doctor_key_missing_mend": "Set it where Stammkunde is started; it does not belong into YAML",
    "doctor_key_quoted": "{whose}: what {variable} holds stands in quotation marks",
    "doctor_key_quoted_mend": "Set it without them: a file of variables takes them as part of the "
    "value",
    "doctor_sendgrid_key_odd": "{outlet}: {variable} does not look like a key of SendGrid (SG.….…)",
    "doctor_sendgrid_key_odd_mend": "Make one that may send mail (Settings, API Keys); SendGrid "
    "shows it only once",
    "doctor_signing_key_odd": "{outlet}: {variable} holds no private key that DKIM knows",
    "doctor_signing_key_odd_mend": 'Put the key itself into it, in PEM ("-----BEGIN PRIVATE '
    'KEY-----"), without a password',
    "doctor_public_keys_fine": "{setting}: {n} readable",
    "doctor_public_key_odd": "{setting}: not readable as a key: number {which}",
    "doctor_public_key_odd_mend": "Copy the verification key that SendGrid shows where the "
    "webhook is switched on (Signed Event Webhook)",
    "doctor_inbound_secret_short": "web: inbound: {variable} is not set, or holds less than "
    "{least} characters",
    "doctor_inbound_secret_short_mend": "Set it to a long random word, and put the same into the "
    "address SendGrid posts to",
    "doctor_events_unheard": "Messages go through SendGrid, and no event of it is let in: bounces "
    "and complaints stay unknown for hours",
    "doctor_events_unheard_mend": 'Switch on its Signed Event Webhook, and copy its key to "web: '
    'sendgrid_keys" in config/settings.yaml',
    "doctor_link_secret_kept": "Links are signed with the key in var/secret.key",
    "doctor_link_secret_to_be_made": "A key for links will be made in var/secret.key; on several "
    "machines set {variable} instead",
    "doctor_link_secret_short": "{variable} holds a word of less than {least} characters, which "
    "can be guessed",
    "doctor_link_secret_short_mend": "Put a long one before it; the old one goes on reading links "
    "in mails already sent",
    "doctor_link_secret_unreadable": "var/secret.key cannot be read",
    "doctor_link_secret_unreadable_mend": "Let the user who runs Stammkunde read it",
    "doctor_link_secret_empty": "var/secret.key is empty: no link in a mail can be made or checked",
    "doctor_link_secret_empty_mend": "Put a copy of it back; without one delete it, and links in "
    "mails already sent no longer work",
    "doctor_link_secret_open": "var/secret.key can be read by others on this machine",
    "doctor_link_secret_open_mend": "chmod 600 var/secret.key",
    "doctor_nothing_leaves": "Not looked at: messages become files here, and nothing leaves this "
    "machine",
    "doctor_no_resolver": "Not looked at: no resolver answers here",
    "doctor_domains_offline": "Not looked at, as asked (--offline)",
    "doctor_spf_fine": "SPF: {domain} says who may send in its name",
    "doctor_spf_missing": "SPF: {domain} does not say who may send in its name",
    "doctor_spf_missing_mend": 'Add a TXT record to {domain}: "v=spf1 … -all", with what your '
    'mail server or SendGrid names for "…"',
    "doctor_spf_twice": "SPF: {domain} has {n} records, and receivers then believe none",
    "doctor_spf_twice_mend": "Make one of them: a single TXT record that begins with v=spf1",
    "doctor_spf_everybody": "SPF: {domain} lets everybody send in its name (+all)",
    "doctor_spf_everybody_mend": "End the record with -all or ~all",
    "doctor_spf_long": "SPF: the record of {domain} needs more than {most} look-ups, and "
    "receivers stop there",
    "doctor_spf_long_mend": "Take out services you no longer send through",
    "doctor_spf_open_end": "SPF: the record of {domain} does not say what of all others",
    "doctor_spf_open_end_mend": "End it with ~all, or -all",
    "doctor_dkim_fine": "DKIM: {name} is published",
    "doctor_dkim_missing": "DKIM: there is no record {name}",
    "doctor_dkim_missing_mend": 'Publish the public key there as TXT: "v=DKIM1; k=rsa; p=…"',
    "doctor_dkim_revoked": "DKIM: {name} says that its key is withdrawn (p= is empty)",
    "doctor_dkim_revoked_mend": "Publish the current public key there, or choose another selector",
    "doctor_dkim_other_key": "DKIM: {name} publishes another key than the one messages are signed "
    "with: receivers take them for forged",
    "doctor_dkim_other_key_mend": "Publish the public key of the one you sign with, or sign with "
    "the one that is published",
    "doctor_dkim_by_server": "DKIM: messages through {outlet} are not signed by us, which is well "
    "if the mail server does it",
    "doctor_dkim_by_server_mend": 'Ask whoever runs the mail server; else write "dkim:" for '
    "{outlet} in config/settings.yaml",
    "doctor_dkim_sendgrid_missing": "DKIM: SendGrid's records are missing: {names}",
    "doctor_dkim_sendgrid_missing_mend": "Authenticate the domain at SendGrid (Settings, Sender "
    "Authentication), and add the CNAME records it names",
    "doctor_dmarc_fine": "DMARC: {domain} says {policy}",
    "doctor_dmarc_missing": "DMARC: {domain} says nothing; large mailbox providers refuse bulk "
    "mail without it",
    "doctor_dmarc_missing_mend": 'Add a TXT record _dmarc.{domain}: "v=DMARC1; p=none; '
    'rua=mailto:an-address-you-read"',
    "doctor_dmarc_twice": "DMARC: {domain} has several records, and receivers then believe none",
    "doctor_dmarc_twice_mend": "Leave one of them",
    "doctor_dmarc_odd": "DMARC: the record of {domain} has no p=none, quarantine or reject",
    "doctor_dmarc_odd_mend": "Write one of them right behind v=DMARC1;",
    "doctor_dmarc_unread": "DMARC: {domain} says none, and has nobody told what happens",
    "doctor_dmarc_unread_mend": "Add rua=mailto:… to hear who sends in your name; then go on to "
    "quarantine",
    "doctor_mx_fine": "MX: mail to {domain} goes to {server}",
    "doctor_mx_missing": "MX: nobody takes mail for {domain}: answers and requests to stop are "
    "lost",
    "doctor_mx_missing_mend": "Add an MX record, or write addresses of a domain that has one "
    "(senders.yaml, settings.yaml: unsubscribe)",
    "doctor_replies_elsewhere": "MX: answers go to {domain}, and its mail does not go to SendGrid",
    "doctor_replies_elsewhere_mend": "Point the MX record of {domain} to mx.sendgrid.net (Inbound "
    'Parse), or take out "replies"',
    "doctor_web_not_public": "Not looked at: nothing leaves this machine, and the endpoint has no "
    "public address",
    "doctor_web_no_address": "The endpoint has no public address: people can stop mail only by "
    "writing one, and nobody hears of bounces at once",
    "doctor_web_no_address_mend": "Put a proxy with HTTPS before stammkunde web, and write its "
    'address into config/settings.yaml ("web: address")',
    "doctor_web_unencrypted": "{address} is not encrypted: mail programs do not unsubscribe "
    "through it",
    "doctor_web_unencrypted_mend": "Use https:// with a certificate",
    "doctor_web_offline": "{address}: not looked at, as asked (--offline)",
    "doctor_web_fine": "{address} answers",
    "doctor_web_silent": "{address} does not answer from here: {why}",
    "doctor_web_silent_mend": "Look whether stammkunde web (or up) runs, and the proxy before it; "
    "some networks cannot reach their own public address",
    "doctor_web_elsewhere": "{address} leads elsewhere ({where}): what mail programs and SendGrid "
    "post gets lost",
    "doctor_web_elsewhere_mend": "Have the proxy hand everything on as it is, and write the "
    'address it leads to as "web: address"',
    "doctor_web_other": "{address} is answered by something else, or with an error ({status})",
    "doctor_web_other_mend": "Look where the proxy hands it on to; stammkunde web answers ok there",
    "doctor_certificate_fine": "The certificate of {host} holds for {days} days",
    "doctor_certificate_ends": "The certificate of {host} ends in {days} days ({day})",
    "doctor_certificate_ends_mend": "Renew it, and see why that did not happen by itself",
    "doctor_no_server": "No Prefect server is meant here, so nothing starts by itself",
    "doctor_no_server_mend": "stammkunde up runs everything on this machine; with a server of "
    "your own set PREFECT_API_URL, then stammkunde deploy",
    "doctor_nothing_scheduled": "Not looked at: config/deployments.yaml starts nothing by itself",
    "doctor_scale_needs_postgres": "scale: runner: {runner} has several processes write at the "
    "same time, and the store is a SQLite file, which takes one",
    "doctor_scale_needs_postgres_mend": "Put the store on PostgreSQL, or write runner: threads in "
    "config/settings.yaml",
    "doctor_dask_not_installed": "runner: dask needs prefect-dask, which is not installed here",
    "doctor_dask_not_installed_mend": 'pip install "stammkunde[dask]", on every worker, too',
    "doctor_dask_silent": "No Dask scheduler answers at {address}: {why}",
    "doctor_dask_silent_mend": "Start it (dask scheduler) and its workers (dask worker {address}), "
    "or correct scale: dask in config/settings.yaml",
    "doctor_dask_no_workers": "The Dask scheduler at {address} has no workers",
    "doctor_dask_no_workers_mend": "Start some: dask worker {address}",
    "doctor_dask_stuck": "The Dask scheduler at {address} answers, but not every one of its {n} "
    "workers",
    "doctor_dask_stuck_mend": "See whether their machines can be reached and are not overloaded; "
    "start the worker again that is silent",
    "doctor_dask_strange_worker": "The worker {worker} does not know Stammkunde, or is not well: "
    "{why}",
    "doctor_dask_strange_worker_mend": 'There: pip install "stammkunde[dask]", then start the '
    "worker again",
    "doctor_dask_other_versions": "{where} has other versions than this machine (whose are in "
    "brackets): {told}",
    "doctor_dask_other_versions_mend": "Install the same everywhere, best with constraints.txt",
    "doctor_dask_fine": "The Dask cluster has {n} workers with {threads} threads; the same is "
    "installed everywhere",
    "doctor_server_no_address": 'PREFECT_API_URL: "{api}" is no address',
    "doctor_server_no_address_mend": "Write one like http://127.0.0.1:4200/api; on one machine "
    "unset it, and stammkunde up is enough",
    "doctor_server_silent": "No Prefect server answers at {api}: {why}",
    "doctor_server_silent_mend": "Start it (prefect server start), or correct PREFECT_API_URL; on "
    "one machine stammkunde up is enough",
    "doctor_server_not_let_in": "The Prefect server at {api} does not let us in ({status})",
    "doctor_server_not_let_in_mend": "Set PREFECT_API_AUTH_STRING (user:password), or "
    "PREFECT_API_KEY for Prefect Cloud",
    "doctor_server_strange": "What answers at {api} is no Prefect server, or it is not well "
    "({status})",
    "doctor_server_strange_mend": "Look whether PREFECT_API_URL ends in /api, and at the server's "
    "log",
    "doctor_server_same_version": "Prefect's server answers, and is as new as Prefect here "
    "({server})",
    "doctor_server_other_patch": "Prefect is {client} here and {server} on its server",
    "doctor_server_other_patch_mend": "Bring both to the same version when there is time",
    "doctor_server_other_version": "Prefect is {client} here and {server} on its server: they may "
    "not understand one another",
    "doctor_server_other_version_mend": "Bring both to the same version: pip install "
    '"prefect==…", there or here',
    "doctor_automations_fine": "The server shows runs as crashed whose machine died",
    "doctor_automations_missing": "The server does not do by itself: {names}",
    "doctor_automations_missing_mend": "stammkunde up or stammkunde deploy registers it",
    "doctor_pool_fine": "Work pool {pool}: {n} workers look into it",
    "doctor_pool_missing": "There is no work pool {pool}, so runs wait in vain",
    "doctor_pool_missing_mend": "stammkunde deploy makes it",
    "doctor_pool_paused": "The work pool {pool} is paused: no run begins",
    "doctor_pool_paused_mend": "Resume it: prefect work-pool resume {pool}",
    "doctor_pool_without_workers": "No worker looks into the work pool {pool}: no run begins",
    "doctor_pool_without_workers_mend": "On each machine that is to work, in the folder with "
    "config/: prefect worker start --pool {pool}",
    "doctor_not_registered": "Not registered on the server: {names}",
    "doctor_not_registered_mend": "stammkunde deploy, or start stammkunde up again",
    "doctor_registered_unknown": "Registered on the server, and in no file: {names}",
    "doctor_registered_unknown_mend": "stammkunde deploy, or a new start of stammkunde up, "
    "removes them",
    "doctor_by_hand_only": "{name}: registered, by hand only",
    "doctor_switched_off": "{name}: switched off, as config/deployments.yaml says",
    "doctor_on_though_off": "{name}: starts by itself, though config/deployments.yaml does not "
    "say so",
    "doctor_on_though_off_mend": "stammkunde deploy, or start stammkunde up again",
    "doctor_paused_there": "{name}: paused in Prefect's pages, so it does not start",
    "doctor_paused_there_mend": "Switch it on there; off for good is enabled: false in "
    "config/deployments.yaml",
    "doctor_other_time_there": "{name}: the server has another time or clock than "
    "config/deployments.yaml",
    "doctor_other_time_there_mend": "stammkunde deploy, or start stammkunde up again",
    "doctor_nobody_serves": "{name}: nobody comes for its runs",
    "doctor_nobody_serves_mend": "stammkunde up serves it; with workers: stammkunde deploy",
    "doctor_never_fires": "{name}: was due at {due}, and has never produced a run",
    "doctor_never_fires_mend": "The server makes none: start it again, look at its log, and at "
    "the versions above",
    "doctor_did_not_fire": "{name}: was due at {due}, and there is no run of that time",
    "doctor_did_not_fire_mend": "Was the server off then? It makes up for nothing it never noted: "
    "stammkunde run",
    "doctor_no_run_ahead": "{name}: no run is made for the next time",
    "doctor_no_run_ahead_mend": "The server's scheduler does not work: start the server again, "
    "look at its log, and at the versions above",
    "doctor_late": "{name}: the run of {due} waits, and nobody begins it",
    "doctor_late_mend": "Is another one under way that it waits for? Else start stammkunde up, or "
    "a worker, again",
    "doctor_last_went_wrong": "{name}: the last run ({at}) ended as {state}: {said}",
    "doctor_last_went_wrong_mend": "Its page in Prefect says more; the next run completes the work",
    "doctor_not_due_yet": "{name}: not due yet, next at {next}",
    "doctor_fires": "{name}: ran when it was due ({at}), next at {next}",
    "doctor_source_fine": "The newest order is of {at}",
    "doctor_source_stale": "The newest order is of {at}, older than {limit} days: nothing is sent",
    "doctor_source_stale_mend": "Bring newer data (stammkunde pull); if this is usual for you, "
    "raise max_age in config/sources.yaml",
    "doctor_source_stale_soon": "The newest order is of {at}; at {limit} days nothing is sent any "
    "more",
    "doctor_source_stale_soon_mend": "Look whether the company's data still comes in "
    "(config/sources.yaml)",
    "doctor_no_orders": "No order has come in yet",
    "doctor_no_orders_mend": "Say in config/sources.yaml where they are, then: stammkunde pull",
    "doctor_flow_fine": "{name} ({runs}): went well as of {at}",
    "doctor_flow_never": "{name} ({runs}): has never run",
    "doctor_flow_never_mend": "It starts with the next time; or by hand: stammkunde {command}",
    "doctor_flow_only_failed": "{name}: has never gone well: {why}",
    "doctor_flow_only_failed_mend": "Mend what that says, then run it by hand: stammkunde "
    "{command}",
    "doctor_flow_overdue": "{name} ({runs}): last went well as of {at}, and was due since {due}",
    "doctor_flow_overdue_mend": "Does stammkunde up run, or a worker? By hand: stammkunde "
    "{command}",
    "doctor_flow_fails": "{name} ({runs}): last went well as of {at}, and fails since: {why}",
    "doctor_flow_fails_mend": "Mend what that says; by hand: stammkunde {command}",
    "doctor_lists_fine": "{outlet}: whom SendGrid holds back was read at {at}",
    "doctor_lists_never": "{outlet}: whom SendGrid holds back was never read",
    "doctor_lists_never_mend": "stammkunde suppressions --all",
    "doctor_lists_long_ago": "{outlet}: whom SendGrid holds back was last read at {at}",
    "doctor_lists_long_ago_mend": "stammkunde suppressions; then see why it does not run hourly",
    "doctor_nothing_hangs": "Nothing hangs; {n} messages are due",
    "doctor_abandoned": "{n} messages were taken by a process that is gone",
    "doctor_abandoned_mend": "stammkunde deliver finds out what became of them; none goes twice",
    "doctor_doubts_old": "{n} messages are in doubt, the first since {since}",
    "doctor_doubts_old_mend": "stammkunde doubts shows them; stammkunde doubts --resolve asks "
    "once more",
    "doctor_events_wait": "{n} batches of events came in and are not worked through, the first "
    "since {since}",
    "doctor_events_wait_mend": "stammkunde respond; then see why it does not run every five "
    "minutes",
    "doctor_events_odd": "{n} batches of events of the last week could not be read in full",
    "doctor_events_odd_mend": "The report of respond says why; they are kept as they came",
    "doctor_nothing_halted": "Nothing stands still",
    "doctor_halted": "Stands still since {since}: {what} ({cause}). {why}",
    "doctor_halted_mend": "When the cause is mended: {command}",
    "doctor_alert_address_missing": "alerts: {variable} is not set, or holds no address",
    "doctor_alert_address_missing_mend": "Put the address of the webhook into it where Stammkunde "
    "is started",
    "doctor_alert_stands": "Needs a person since {since}: {said}",
    "doctor_alert_stands_mend": "It goes away by itself once its cause is mended",
    "doctor_nobody_told": "Nobody is told when a run fails or sending stops by itself",
    "doctor_nobody_told_mend": 'Write "alerts:" with an address or a webhook into '
    "config/settings.yaml, then stammkunde deploy or up again",
    "doctor_nobody_told_yet": "Nobody is told by mail or webhook of what goes wrong; nothing "
    "leaves this machine anyway",
    "doctor_alerts_fine": "Whoever is to be told of what goes wrong is told",
    "doctor_alerts_untold": "{n} alerts were told to nobody, the first since {since}",
    "doctor_alerts_untold_mend": "Look at alerts: in config/settings.yaml, and whether Prefect's "
    "server runs, which tells them",
    "doctor_disk_fine": "{place}: {free} free ({share})",
    "doctor_disk_little": "{place}: only {free} free ({share})",
    "doctor_disk_little_mend": "Make room; retention in config/policy.yaml lets go of old records",
    "doctor_disk_full": "{place}: {free} free ({share}), soon nothing can be written any more",
    "doctor_disk_full_mend": "Make room now; what was not written is done by the next run",
    "doctor_store_outgrows": "The store has {size} and only {free} are free: a copy or an upgrade "
    "of it may not fit",
    "doctor_store_outgrows_mend": "Make room, or move to PostgreSQL",
    "doctor_not_writable": "{place} may not be written to by the user who runs this",
    "doctor_not_writable_mend": "Give it to the user who runs Stammkunde (chown), and look who "
    "else runs it",
    "doctor_history_fine": "Prefect's history has {size}",
    "doctor_history_large": "Prefect's history has {size} ({place})",
    "doctor_history_large_mend": "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED=events,flow_runs for "
    "the server lets go of runs after 90 days",
}
