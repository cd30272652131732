"""What the company sells, and the words its customers, towns and people are made of."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from segments.names import Locale

_PRODUCTS = Path(__file__).with_name("products.csv")


@dataclass(frozen=True)
class Market:
    """Where the company sells and in which words."""

    locale: Locale
    countries: dict[str, float]
    german_speaking: tuple[str, ...]


MARKETS = {
    Locale.DE: Market(
        Locale.DE,
        {"DE": 82, "AT": 8, "CH": 5, "NL": 3, "BE": 0.8, "FR": 0.7, "DK": 0.5},
        ("DE", "AT", "CH"),
    ),
    Locale.EN: Market(
        Locale.EN,
        {"GB": 58, "IE": 14, "NL": 9, "DE": 9, "SE": 4, "DK": 3, "US": 3},
        ("DE", "AT", "CH"),
    ),
}


def products(locale: Locale) -> pd.DataFrame:
    """The price list, with popularity and bulk (how the quantity grows with the customer)."""
    table = pd.read_csv(_PRODUCTS, sep=";", encoding="utf-8", dtype_backend="numpy_nullable")
    return pd.DataFrame(
        {
            "product": table["product"].astype(object),
            "name": table[f"name_{locale}"].astype(object),
            "category": table[f"category_{locale}"].astype(object),
            "list_price": table["list_price"].astype("float64"),
            "unit_cost": table["unit_cost"].astype("float64"),
            "fact": table[f"fact_{locale}"].astype(object),
            "popularity": table["popularity"].astype("float64"),
            "bulk": table["bulk"].astype("float64"),
        }
    )


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.replace("_", " ") for word in text.split())


MS = {
    Locale.DE: _words(
        "Anna Katrin Sabine Julia Petra Susanne Claudia Andrea Nicole Stefanie Monika Birgit Heike "
        "Melanie Sandra Christine Martina Nadine Ulrike Karin Lena Laura Sophie Marie Johanna "
        "Ayşe Elif Agnieszka Franziska Friederike Gesa Wiebke"
    ),
    Locale.EN: _words(
        "Emma Olivia Charlotte Sarah Claire Rachel Helen Fiona Aoife Grace Lucy Alice Hannah Amy "
        "Rebecca Victoria Priya Megan Siobhan Eleanor Ruth Judith Nicola Karen"
    ),
}
MR = {
    Locale.DE: _words(
        "Thomas Michael Andreas Stefan Markus Christian Frank Jürgen Uwe Matthias Jan Jonas Lukas "
        "Tobias Sebastian Florian Daniel Martin Peter Klaus Wolfgang Bernd Dirk Holger Henning "
        "Mehmet Emre Piotr Björn Sören Jörg Hauke"
    ),
    Locale.EN: _words(
        "James Oliver William George Henry Thomas Daniel Andrew Simon Patrick Sean Liam Ravi "
        "Callum Stephen Graham Neil Hugh Edward Robert Alan Duncan Marcus Philip"
    ),
}
LAST = {
    Locale.DE: _words(
        "Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Koch Richter "
        "Klein Wolf Schröder Neumann Schwarz Zimmermann Braun Krüger Hartmann Lange Werner Krause "
        "Lehmann Köhler Maier Jansen Vogel Friedrich Keller Günther Frank Berger Winkler Roth Beck "
        "Lorenz Baumann Franke Albrecht Schuster Simon Ludwig Böhm Kraus Schumacher Brinkmann "
        "Petersen Hansen Thiele Yıldız Kaya Nowak Kowalski Großmann Weiß von_Bargen"
    ),
    Locale.EN: _words(
        "Smith Jones Taylor Brown Williams Wilson Johnson Davies Robinson Wright Thompson Evans "
        "Walker White Roberts Green Hall Wood Jackson Clarke Patel Murphy Kelly O'Brien Byrne Ryan "
        "Campbell Stewart Fraser Hughes Edwards Turner Hill Cooper Ward Morris Moore King Baker"
    ),
}
TOWNS = {
    Locale.DE: _words(
        "Celle Hannover Hamburg Bremen Lüneburg Göttingen Kassel Dortmund Essen Köln Düsseldorf "
        "Münster Bielefeld Frankfurt Mainz Mannheim Stuttgart Karlsruhe Freiburg Ulm Augsburg "
        "München Nürnberg Regensburg Würzburg Erfurt Leipzig Dresden Magdeburg Berlin Potsdam "
        "Rostock Kiel Lübeck Flensburg Oldenburg Osnabrück Braunschweig Wolfsburg Hildesheim"
    ),
    Locale.EN: _words(
        "London Manchester Leeds Bristol Edinburgh Glasgow Cardiff York Norwich Oxford Cambridge "
        "Dublin Cork Galway Limerick Utrecht Leiden Exeter Bath Durham Chester Lincoln Derby Perth"
    ),
}
FIRMS = {
    Locale.DE: {
        "Steuerberatung": ("Steuerberatung {last} & Partner", "Kanzlei {last} Steuerberater"),
        "Rechtsberatung": ("{last} Rechtsanwälte", "Kanzlei {last} & {other}"),
        "Software": ("{last} Software GmbH", "{last}Soft GmbH", "{town} Digital GmbH"),
        "Maschinenbau": ("{last} Maschinenbau GmbH", "{last} & Söhne KG", "{last} Technik AG"),
        "Gesundheit": ("Praxis Dr. {last}", "Klinikum {town}", "MVZ {last} {town}"),
        "Bildung": ("Akademie {town}", "{last} Sprachschule", "Bildungswerk {town} e. V."),
        "Handel": ("{last} Großhandel GmbH", "Autohaus {last}", "{last} & {other} OHG"),
        "Bau": ("{last} Architekten", "{last} Bau GmbH", "Ingenieurbüro {last}"),
        "Verwaltung": ("Stadtwerke {town}", "Zweckverband {town}", "Wohnbau {town} eG"),
        "Medien": ("Agentur {last}", "{last} Verlag", "Studio {last} {other}"),
    },
    Locale.EN: {
        "Accounting": ("{last} & {other} Accountants", "{last} Tax Advisers Ltd"),
        "Law": ("{last} {other} Solicitors", "{last} Chambers"),
        "Software": ("{last} Software Ltd", "{town} Digital Ltd", "{last}Works Ltd"),
        "Engineering": ("{last} Engineering Ltd", "{last} & Sons", "{town} Instruments plc"),
        "Health": ("{last} Dental Practice", "{town} Clinic", "{last} Care Ltd"),
        "Education": ("{town} College", "{last} Language School", "{town} Training Trust"),
        "Retail": ("{last} Wholesale Ltd", "{last} Motors", "{last} & {other} Ltd"),
        "Building": ("{last} Architects", "{last} Construction Ltd", "{last} Surveyors"),
        "Public": ("{town} Council Services", "{town} Housing Association"),
        "Media": ("{last} Agency", "{last} Press", "Studio {last} {other}"),
    },
}
SHARED_MAILBOXES: dict[Locale, tuple[str, ...]] = {
    Locale.DE: ("info", "einkauf", "buero", "zentrale"),
    Locale.EN: ("info", "purchasing", "office", "hello"),
}
