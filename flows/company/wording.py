"""What is written down about customers: proofs, complaints, notes of calls and visits."""

from segments.names import Locale, Mood

FORM, FORM_VERSION = "www.nordholz.example/newsletter", "V3"
CONSENT = {
    Locale.DE: "Double-Opt-in, Protokoll N",
    Locale.EN: "double opt-in, record N",
}
NOTICE = {Locale.DE: "Auftragsformular V7", Locale.EN: "order form V7"}
EXISTING = {
    Locale.DE: "Adresse beim Kauf erhalten, Widerspruchshinweis im Auftragsformular",
    Locale.EN: "address received with a purchase, right to object named in the order form",
}
OBJECTION = {
    Locale.DE: "Widerspruch am Telefon, von der Kundenbetreuung vermerkt",
    Locale.EN: "objected on the phone, noted by customer care",
}

LATE = {Locale.DE: "Lieferung kommt zu spät", Locale.EN: "delivery is late"}
DAMAGED = {
    Locale.DE: "Ware beschädigt angekommen",
    Locale.EN: "goods arrived damaged",
}
OTHER_TROUBLE = {
    Locale.DE: {"Teile fehlen": 4, "falscher Artikel geliefert": 3, "Rechnung stimmt nicht": 3},
    Locale.EN: {"parts are missing": 4, "wrong article delivered": 3, "invoice is wrong": 3},
}

SETTLED = {Locale.DE: "Beschwerde geklärt", Locale.EN: "complaint settled"}
CALLED_ABOUT = {Locale.DE: "Beschwerde: {about}", Locale.EN: "complaint: {about}"}

NOTES = {
    Locale.DE: {
        Mood.DELIGHTED: ("begeistert von den Stühlen", "empfiehlt uns weiter"),
        Mood.CONTENT: ("alles gut angekommen", "zufrieden, keine Fragen", "Angebot gewünscht"),
        Mood.NEUTRAL: ("kein Bedarf zurzeit", "Preisliste geschickt", "meldet sich im Herbst"),
        Mood.ANNOYED: ("lange auf Rückruf gewartet", "findet uns teuer"),
        Mood.ANGRY: ("will nur noch schriftlich",),
    },
    Locale.EN: {
        Mood.DELIGHTED: ("loves the chairs", "recommends us to others"),
        Mood.CONTENT: ("all arrived well", "content, no questions", "wants an offer"),
        Mood.NEUTRAL: ("no need at present", "sent the price list", "will call in autumn"),
        Mood.ANNOYED: ("waited long for a call back", "finds us expensive"),
        Mood.ANGRY: ("wants letters only",),
    },
}

REPLIES = {
    Locale.DE: ("Danke, alles bestens!", "Bitte rufen Sie mich an.", "Wir melden uns im Quartal."),
    Locale.EN: ("Thank you, all is well!", "Please give me a ring.", "We will be in touch."),
}
