"""Where on earth a customer is: countries and states as companies write them, and their clocks."""

import unicodedata
import zoneinfo
from functools import cache, lru_cache
from importlib.resources import files

import holidays
from babel import Locale
from babel.core import get_global

from segments import names

_ALSO_CALLED = {
    "GB": ["Great Britain", "England", "Scotland", "Wales", "Northern Ireland", "Großbritannien"],
    "US": ["U.S.", "United States of America", "Vereinigte Staaten von Amerika", "Amerika"],
    "NL": ["Holland", "The Netherlands"],
    "DE": ["D", "BRD", "Bundesrepublik Deutschland", "Federal Republic of Germany"],
    "AT": ["A"],
    "CH": ["Schweizerische Eidgenossenschaft"],
    "BE": ["B"],
    "ES": ["E"],
    "FR": ["F"],
    "IT": ["I"],
    "LU": ["L"],
    "LI": ["FL"],
    "SE": ["S"],
    "CZ": ["Czech Republic", "Tschechische Republik"],
    "SK": ["Slovak Republic", "Slowakische Republik"],
    "RU": ["Russian Federation", "Russische Föderation"],
    "IE": ["EIRE", "Republic of Ireland"],
    "ZA": ["RSA"],
    "KR": ["Korea"],
    "AE": ["UAE", "VAE"],
    "JE": ["Channel Islands", "Kanalinseln"],
    "HK": ["Hong Kong", "Hongkong"],
    "TR": ["Turkey"],
}
"""What Unicode does not call them: short names, and signs of cars, which many ledgers hold."""

_STATES_ALSO_CALLED = {
    "DE": {
        "BW": ["BaWü"],
        "BY": ["Bavaria"],
        "HE": ["Hesse"],
        "MV": ["Mecklenburg-Western Pomerania"],
        "NI": ["Lower Saxony", "NDS"],
        "NW": ["North Rhine-Westphalia", "NRW"],
        "RP": ["Rhineland-Palatinate", "RLP"],
        "SN": ["Saxony"],
        "ST": ["Saxony-Anhalt"],
        "TH": ["Thuringia"],
    },
    "AT": {
        "2": ["Carinthia"],
        "3": ["Lower Austria"],
        "4": ["Upper Austria"],
        "6": ["Styria"],
        "7": ["Tyrol"],
        "9": ["Vienna"],
    },
    "CH": {"GE": ["Geneva", "Genf"], "LU": ["Lucerne"], "SG": ["St. Gallen"], "TI": ["Tessin"]},
}

_MOST_PEOPLE = {
    "AU": "Australia/Sydney",
    "BR": "America/Sao_Paulo",
    "CA": "America/Toronto",
    "RU": "Europe/Moscow",
    "UA": "Europe/Kyiv",
}
"""Where most people of a country live by other clocks than the first that zone.tab names."""

_STATE_CLOCKS = {
    "America/Chicago": "US: AL AR IA IL KS LA MN MO MS ND NE OK SD TN TX WI",
    "America/Denver": "US: CO ID MT NM UT WY",
    "America/Phoenix": "US: AZ",
    "America/Los_Angeles": "US: CA NV OR WA",
    "America/Anchorage": "US: AK",
    "Pacific/Honolulu": "US: HI",
    "America/St_Johns": "CA: NL",
    "America/Halifax": "CA: NB NS PE",
    "America/Winnipeg": "CA: MB",
    "America/Regina": "CA: SK",
    "America/Edmonton": "CA: AB NT",
    "America/Vancouver": "CA: BC",
    "America/Whitehorse": "CA: YT",
    "Australia/Brisbane": "AU: QLD",
    "Australia/Adelaide": "AU: SA",
    "Australia/Darwin": "AU: NT",
    "Australia/Perth": "AU: WA",
}
"""States that live by other clocks than most of their country, as most of the state does."""


@lru_cache(maxsize=10_000)
def country_code(written: str) -> str | None:
    """Two letters for a country, whether a company writes "DE", "DEU", "Germany" or "D"."""
    return _countries().get(_plain(written))


@lru_cache(maxsize=10_000)
def region_of(country: str | None, state: str | None) -> str | None:
    """Whose public holidays are theirs: "DE-NW", "DE" where the state is not known, or nobody's."""
    code = country_code(country) if country else None
    if code is None or code not in known_states():
        return None
    found = _state(code, state) if state else None
    return f"{code}-{found}" if found else code


@lru_cache(maxsize=10_000)
def zone_of(country: str | None, state: str | None) -> str | None:
    """The clocks of a state, or of most people in a country; None where nobody knows it."""
    code = country_code(country) if country else None
    if code is None:
        return None
    own = _state_zones().get(region_of(country, state) or "")
    return own or _MOST_PEOPLE.get(code) or _country_zones().get(code)


@cache
def known_states() -> dict[str, frozenset[str]]:
    """Countries whose public holidays are known, with those of their states that have their own."""
    supported = holidays.list_supported_countries(include_aliases=False)
    return {country: frozenset(states) for country, states in supported.items()}


@cache
def zone_names() -> frozenset[str]:
    """Every zone there is."""
    return frozenset(zoneinfo.available_timezones())


@cache
def _countries() -> dict[str, str]:
    found: dict[str, str] = {}
    for alias, codes in get_global("territory_aliases").items():
        if len(codes) == 1:
            found[_plain(alias)] = codes[0]
    for locale in names.Locale:
        for code, name in Locale.parse(locale.value).territories.items():
            if len(code) == 2 and code.isalpha():
                found |= dict.fromkeys([_plain(code), *_spellings(str(name))], str(code))
    for code, others in _ALSO_CALLED.items():
        found |= {spelling: code for name in others for spelling in _spellings(name)}
    return found


def _state(country: str, written: str) -> str | None:
    text = written.strip()
    if text.upper().startswith(f"{country}-"):
        text = text[len(country) + 1 :]
    return _states(country).get(_plain(text))


@cache
def _states(country: str) -> dict[str, str]:
    aliases = holidays.country_holidays(country).get_subdivision_aliases()
    also = _STATES_ALSO_CALLED.get(country, {})
    found: dict[str, str] = {}
    for state in known_states()[country]:
        for name in [*aliases.get(state, []), *also.get(state, []), state]:
            found |= dict.fromkeys(_spellings(name), state)
    return found | {_plain(state): state for state in known_states()[country]}


@cache
def _country_zones() -> dict[str, str]:
    """The first zone of each country."""
    table = files("tzdata").joinpath("zoneinfo", "zone.tab").read_text(encoding="utf-8")
    found: dict[str, str] = {}
    for line in table.splitlines():
        if line and not line.startswith("#"):
            country, _, zone = line.split("\t")[:3]
            found.setdefault(country, zone)
    return found


@cache
def _state_zones() -> dict[str, str]:
    found: dict[str, str] = {}
    for zone, text in _STATE_CLOCKS.items():
        country, states = text.split(": ")
        found |= {f"{country}-{state}": zone for state in states.split()}
    return found


def _plain(text: str) -> str:
    """Letters and digits only, without accents: "Baden-Württemberg" is "badenwurttemberg"."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(sign for sign in apart if sign.isalnum())


def _spellings(name: str) -> list[str]:
    """With plain vowels, and with an e behind them: "badenwuerttemberg"."""
    spelt = name.casefold()
    for umlaut, letters in (("ä", "ae"), ("ö", "oe"), ("ü", "ue")):
        spelt = spelt.replace(umlaut, letters)
    return [_plain(name), _plain(spelt)]
