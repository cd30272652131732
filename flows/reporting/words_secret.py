"""What is said about the keys of links, in English and German."""

EN = {
    "secret_rotated": "Links are made with the new key {mark} from now on; {n} older go on reading "
    "links of mails already sent. It stands on the first line of var/secret.key: copy that file "
    "to every other machine of this project before the next messages go out, and to where you "
    "keep it safe. Nothing has to be started again.",
    "secret_put_before": "{variable} holds {n} so far. Put this one before it, a space between "
    "them, and leave the others:\n\n{fresh}\n\nFirst where `stammkunde web` or `stammkunde up` "
    "runs, and start that again; then wherever messages are sent. No other place has it: keep it "
    "safe.",
    "secret_place": "Keys of links are read from {place}:",
    "secret_newest": "{mark}  makes links, and reads them",
    "secret_older": "{mark}  reads links of mails already sent",
}

DE = {
    "secret_rotated": "Links entstehen ab jetzt mit dem neuen Schlüssel {mark}; {n} ältere lesen "
    "weiter Links aus Mails, die schon unterwegs sind. Er steht in der ersten Zeile von "
    "var/secret.key: Kopieren Sie diese Datei vor dem nächsten Versand auf jeden anderen Rechner "
    "dieses Projekts und dorthin, wo Sie sie sicher aufbewahren. Neu zu starten ist nichts.",
    "secret_put_before": "{variable} enthält bisher {n}. Stellen Sie diesen voran, ein Leerzeichen "
    "dazwischen, und lassen Sie die anderen stehen:\n\n{fresh}\n\nZuerst dort, wo `stammkunde web` "
    "oder `stammkunde up` läuft, und starten Sie das neu; dann überall, wo gesendet wird. Er steht "
    "sonst nirgends: Bewahren Sie ihn sicher auf.",
    "secret_place": "Schlüssel der Links kommen aus {place}:",
    "secret_newest": "{mark}  macht Links und liest sie",
    "secret_older": "{mark}  liest Links aus Mails, die schon unterwegs sind",
}
