"""The shipped configuration in the demo company's language."""

from segments.names import Locale

_ENGLISH = {
    "locale: de\n": "locale: en\n",
    "Nach dem Kauf: gut entschieden": "After the purchase: a good decision",
    "Vom ersten zum zweiten Auftrag": "From the first to the second order",
    "Wir vermissen Sie": "We miss you",
    "Monatsbrief": "Monthly letter",
    "Wie zufrieden sind Sie?": "How content are you?",
    "Reklamation: wir bringen das in Ordnung": "Complaint: we put it right",
    "Reklamation: anhören, Lösung und Termin zusagen": "Complaint: listen, promise a way and a day",
    "Begeistert? Dann gern weitersagen": "Delighted? Then tell others",
    "Antwort auf die Bitte um eine Referenz besprechen": "Talk about the answer on the reference",
    "Unzufrieden: nachfragen, bevor jemand geht": "Not content: ask before they leave",
    "Schlechte Bewertung: nachfragen, was fehlt": "Bad score: ask what is missing",
    "Ist alles gut angekommen?": "Did everything arrive well?",
    "Erstkunde ohne Folgeauftrag: nach dem Bedarf fragen": "First buyer with no second order: ask",
    "Guter Kunde bestellt nicht mehr: was fehlt?": "Good customer has stopped ordering: why?",
    "Leitung Kundenbetreuung": "Head of Customer Care",
    "Kundenberaterin Süd": "Account Manager South",
    "Kundenberater Nord": "Account Manager North",
    "Nordholz Büromöbel\n": "Nordholz Office Furniture\n",
    "Schreibtische: [Schreibtische, Zubehör]": "Desks: [Desks, Accessories]",
    "Bürostühle: [Bürostühle, Zubehör]": "Office chairs: [Office chairs, Accessories]",
    "Konferenz: [Konferenz, Bürostühle]": "Meeting rooms: [Meeting rooms, Office chairs]",
    "Lounge: [Lounge, Bürostühle]": "Lounge: [Lounge, Office chairs]",
}


def translated(text: str, locale: Locale) -> str:
    """A shipped YAML file, its German words in the language of the demo."""
    if locale == Locale.EN:
        for german, english in _ENGLISH.items():
            text = text.replace(german, english)
    return text
