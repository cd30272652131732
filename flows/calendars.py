"""Everybody's public holidays, and for each customer whose these are and what clocks they go by."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays
import numpy as np
import pandas as pd

from flows.places import country_code, known_states, region_of, zone_names, zone_of
from segments.journey.calendar import Region
from segments.operands import meant
from segments.policy import Policy

_BEFORE, _AHEAD = 1, 2
"""Years around this one whose public holidays are looked up."""


class Holidays(Mapping[str, Region]):
    """The days of rest of every region there is, looked up when somebody asks for them."""

    def __init__(self, first_year: int, last_year: int) -> None:
        self.years = (first_year, last_year)

    def __getitem__(self, name: str) -> Region:
        country, _, state = name.partition("-")
        if state not in {"", *known_states().get(country, ())} or country not in known_states():
            raise KeyError(name)
        return _region(country, state or None, *self.years)

    def __iter__(self) -> Iterator[str]:
        for country, states in known_states().items():
            yield country
            yield from (f"{country}-{state}" for state in sorted(states))

    def __len__(self) -> int:
        return sum(1 + len(states) for states in known_states().values())


def holidays_around(now: datetime, policy: Policy) -> Holidays:
    """Public holidays from last year to the year after next, for `Specs.regions`."""
    year = now.astimezone(ZoneInfo(policy.zone)).year
    return Holidays(year - _BEFORE, year + _AHEAD)


def region_fault(region: str) -> str | None:
    """What is wrong with a region as written in policy.yaml, and what to write; None if nothing."""
    known = Holidays(0, 0)
    if region in known:
        return None
    country, _, state = region.partition("-")
    code = country_code(country)
    likely = region_of(country, state or None)
    if likely is None and "-" in (state_alone := region_of("DE", region) or ""):
        likely = state_alone
    if likely is not None and (not state or likely != code):
        hint = f'. Did you mean "{likely}"?'
    elif likely is not None:
        states = [f"{code}-{state}" for state in sorted(known_states()[likely])]
        there = f". There are: {', '.join(states)}" if states else f'. Write "{code}"'
        hint = meant(region, states) or there
    else:
        hint = '. Write a country, or a country and a state: "AT", "DE-NI"'
    return f'there is no "{region}" whose public holidays are known{hint}'


def regions(countries: pd.Series, states: pd.Series, policy: Policy) -> pd.Series:
    """For each customer the region whose public holidays count; the policy's where none is known.

    Countries and states may be missing. Comes back as text with the index of `countries`.
    """

    def look_up(country: str | None, state: str | None) -> str:
        return region_of(country, state) or policy.calendar.region

    return _looked_up(look_up, countries, states)


def zones(own: pd.Series, countries: pd.Series, states: pd.Series, policy: Policy) -> pd.Series:
    """For each contact the zone they live in: their own, else the customer's country's, else ours.

    All may be missing; a zone that does not exist is as good as none.
    """

    def look_up(zone: str | None, country: str | None, state: str | None) -> str:
        return zone if zone in zone_names() else zone_of(country, state) or policy.zone

    return _looked_up(look_up, own, countries, states)


def _looked_up(look_up: Callable[..., str], *columns: pd.Series) -> pd.Series:
    """What `look_up` says of each row, asked once for rows that agree. Missing words are None."""
    code = np.zeros(len(columns[0]), dtype=np.int64)
    known: list[list[str | None]] = []
    for column in columns:
        codes, distinct = column.factorize()
        known.append([None, *map(str, distinct)])
        code = code * len(known[-1]) + codes + 1
    place, different = pd.factorize(code)
    sizes = [len(words) for words in known]
    found = [
        look_up(*(words[number] for words, number in zip(known, numbers, strict=True)))
        for numbers in zip(*np.unravel_index(different, sizes), strict=True)
    ]
    return pd.Series(pd.array(found, dtype="str").take(place), index=columns[0].index)


@lru_cache(maxsize=4096)
def _region(country: str, state: str | None, first_year: int, last_year: int) -> Region:
    rests = holidays.country_holidays(country, subdiv=state, years=range(first_year, last_year + 1))
    days = np.array(sorted(rests), dtype="datetime64[D]")
    return Region(days, tuple(sorted(rests.weekend)))
