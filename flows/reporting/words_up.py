"""What `stammkunde up` says, and what is said of runs that take too long, in both languages."""

EN = {
    "state_timed_out": "Timed out",
    "state_cancelled": "Cancelled",
    "run_cancelled": "Somebody cancelled this run. Nothing is lost: the next run completes the "
    "work",
    "limit_run": "Ended: it took longer than {file} lets {name} take (longest: {longest}). "
    "Nothing is lost: the next run completes the work",
    "limit_pull": "bringing the data in took longer than config/sources.yaml allows (longest: "
    "{longest}). Does a database or a file share hang? What came in before it is kept",
    "up_store_away": "the store cannot be opened now ({why}); runs try again",
    "up_starting": "Starting; the first time takes half a minute",
    "up_left_out": "left out: {fault}",
    "up_runs": "Runs:  {address}",
    "up_web": "Web:   {address}",
    "up_on": "On:    {names}",
    "up_nothing_on": "no schedule (config/deployments.yaml)",
    "up_logs": "Logs:  {folder}",
    "up_ready": "Ready after {seconds:.0f} s. Ctrl-C ends it",
    "up_again": "{name} has ended and is started again; see {log}",
    "up_stopped": "Stopped. Schedules stay on; stammkunde up goes on where it was",
    "up_does_not_start": "{name} does not start; see {log}",
    "up_ends_again": "{name} ends again and again; see {log}",
    "up_not_ready": "not ready after {seconds:.0f} s; see {log}",
    "up_taken": "port {port} is taken by another program ({why}). Say another {option} for {whose}",
    "up_same_port": "the web endpoint is to have port {port}, and so is Prefect's server. Say "
    "another --web-port or --server-port",
    "up_server": "Prefect's server",
    "up_endpoint": "the web endpoint",
}
DE = {
    "state_timed_out": "Zeit überschritten",
    "state_cancelled": "Abgebrochen",
    "run_cancelled": "Jemand hat diesen Lauf abgebrochen. Verloren ist nichts: Der nächste Lauf "
    "erledigt den Rest",
    "limit_run": "Beendet: Es dauerte länger, als {file} {name} erlaubt (longest: {longest}). "
    "Verloren ist nichts: Der nächste Lauf erledigt den Rest",
    "limit_pull": "Die Daten hereinzuholen dauerte länger, als config/sources.yaml erlaubt "
    "(longest: {longest}). Hängt eine Datenbank oder eine Dateifreigabe? Was vorher hereinkam, "
    "bleibt",
    "up_store_away": "der Speicher lässt sich gerade nicht öffnen ({why}); die Läufe versuchen es "
    "wieder",
    "up_starting": "Startet; beim ersten Mal dauert das eine halbe Minute",
    "up_left_out": "weggelassen: {fault}",
    "up_runs": "Läufe: {address}",
    "up_web": "Web:   {address}",
    "up_on": "An:    {names}",
    "up_nothing_on": "kein Zeitplan (config/deployments.yaml)",
    "up_logs": "Logs:  {folder}",
    "up_ready": "Bereit nach {seconds:.0f} s. Strg-C beendet es",
    "up_again": "{name} hat sich beendet und wird neu gestartet; siehe {log}",
    "up_stopped": "Beendet. Die Zeitpläne bleiben an; stammkunde up macht weiter, wo es war",
    "up_does_not_start": "{name} startet nicht; siehe {log}",
    "up_ends_again": "{name} beendet sich immer wieder; siehe {log}",
    "up_not_ready": "nach {seconds:.0f} s nicht bereit; siehe {log}",
    "up_taken": "Port {port} gehört schon einem anderen Programm ({why}). Nennen Sie für {whose} "
    "einen anderen: {option}",
    "up_same_port": "der Web-Endpunkt soll Port {port} bekommen, und der Prefect-Server auch. "
    "Nennen Sie einen anderen: --web-port oder --server-port",
    "up_server": "den Prefect-Server",
    "up_endpoint": "den Web-Endpunkt",
}
