"""Public holidays, and the clocks customers live by."""

import pickle
import zoneinfo
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from flows.calendars import Holidays, holidays_around, region_fault, regions, zones
from flows.places import country_code, known_states, region_of, zone_of
from segments.journey.calendar import Calendar
from segments.policy import Policy
from segments.spans import parse_span

POLICY = Policy.model_validate({"calendar": {"region": "DE-NI"}})


@pytest.mark.parametrize(
    ("country", "state", "region", "zone"),
    [
        ("DE", "NI", "DE-NI", "Europe/Berlin"),
        ("Deutschland", "Niedersachsen", "DE-NI", "Europe/Berlin"),
        ("germany", "Lower Saxony", "DE-NI", "Europe/Berlin"),
        (" DEU ", "DE-BW", "DE-BW", "Europe/Berlin"),
        ("D", "Baden-Wuerttemberg", "DE-BW", "Europe/Berlin"),
        ("Germany", None, "DE", "Europe/Berlin"),
        ("Germany", "Atlantis", "DE", "Europe/Berlin"),
        ("Oesterreich", "Wien", "AT-9", "Europe/Vienna"),
        ("Schweiz", "Zürich", "CH-ZH", "Europe/Zurich"),
        ("EIRE", None, "IE", "Europe/Dublin"),
        ("UK", "Scotland", "GB-SCT", "Europe/London"),
        ("RSA", None, "ZA", "Africa/Johannesburg"),
        ("Czech Republic", None, "CZ", "Europe/Prague"),
        ("USA", None, "US", "America/New_York"),
        ("U.S.A.", "California", "US-CA", "America/Los_Angeles"),
        ("Canada", "BC", "CA-BC", "America/Vancouver"),
        ("Australia", None, "AU", "Australia/Sydney"),
        ("Brasilien", None, "BR", "America/Sao_Paulo"),
        ("Unspecified", None, None, None),
        ("European Community", "Bayern", None, None),
        (None, "Bayern", None, None),
    ],
)
def test_countries_and_states_are_known_as_companies_write_them(country, state, region, zone):
    assert region_of(country, state) == region
    assert zone_of(country, state) == zone


def test_every_country_with_public_holidays_has_a_clock():
    # Two islands where nobody lives, and Kosovo, which the table does not know yet.
    without = {country for country in known_states() if zone_of(country, None) is None}
    assert without <= {"BV", "HM", "XK"}
    assert {zone_of(country, None) for country in known_states()} - {None} <= (
        zoneinfo.available_timezones()
    )
    assert all(country_code(country) == country for country in known_states())


def test_nobody_is_without_a_region_and_a_zone():
    rows = pd.DataFrame(
        [
            ("Germany", "Bayern", "Europe/Vienna"),
            ("Germany", None, None),
            ("Atlantis", "Bayern", None),
            (None, None, "Mars/Olympus"),
            (None, "Wien", "America/Denver"),
            ("Austria", "Wien", "Mars/Olympus"),
        ],
        columns=["country", "state", "zone"],
        index=[5, 4, 3, 2, 1, 0],
        dtype="str",
    )
    found = regions(rows["country"], rows["state"], POLICY)
    assert found.to_dict() == {5: "DE-BY", 4: "DE", 3: "DE-NI", 2: "DE-NI", 1: "DE-NI", 0: "AT-9"}
    clocks = zones(rows["zone"], rows["country"], rows["state"], POLICY)
    berlin = "Europe/Berlin"
    assert clocks.to_dict() == {
        **{5: "Europe/Vienna", 4: berlin, 3: berlin, 2: berlin},
        **{1: "America/Denver", 0: "Europe/Vienna"},
    }
    assert found.dtype == clocks.dtype == "str"


@pytest.mark.parametrize("dtype", ["str", "object"])
def test_nobody_at_all_has_a_region_too(dtype):
    nobody = pd.Series([], dtype=dtype)
    unsaid = pd.Series([None, None], dtype=dtype)
    assert zones(nobody, nobody, nobody, POLICY).tolist() == []
    assert regions(unsaid, unsaid, POLICY).tolist() == ["DE-NI", "DE-NI"]


def test_public_holidays_differ_by_state_and_weekends_by_country():
    around = holidays_around(datetime(2026, 12, 31, 23, 30, tzinfo=UTC), POLICY)
    assert around.years == (2026, 2029)
    reformation, corpus_christi = (
        np.array([day], dtype="datetime64[D]") for day in ("2026-10-31", "2026-06-04")
    )
    assert np.isin(reformation, around["DE-NI"].holidays)
    assert not np.isin(corpus_christi, around["DE-NI"].holidays)
    assert np.isin(corpus_christi, around["DE-NW"].holidays)
    assert not np.isin(reformation, around["DE"].holidays)
    assert around["SA"].weekend == (4, 5)
    for region in ("DE-NI", "US-CA"):
        assert (np.diff(around[region].holidays) > np.timedelta64(0, "D")).all()


def test_regions_are_looked_up_when_asked_for():
    around = holidays_around(datetime(2026, 5, 1, tzinfo=UTC), POLICY)
    assert "DE-NI" in around
    assert "DE-XX" not in around
    assert "ATLANTIS" not in around
    assert len(list(around)) == len(around) == len(set(around))
    assert {"DE", "DE-NI", "US-CA"} <= set(around)
    sent = pickle.loads(pickle.dumps(around))  # noqa: S301
    assert (sent["AT"].holidays == around["AT"].holidays).all()


def test_business_days_of_a_state_skip_its_public_holidays():
    calendar = Calendar(POLICY, holidays_around(datetime(2026, 5, 1, tzinfo=UTC), POLICY))
    before = pd.Series(pd.to_datetime(["2026-06-03T10:00Z"] * 3, utc=True)).dt.as_unit("us")
    found = calendar.later(
        before, parse_span("1 business day"), np.array(["DE-NI", "DE-NW", "XX"], dtype=object)
    )
    assert [str(day) for day in calendar.days(found)] == ["2026-06-04", "2026-06-05", "2026-06-04"]


@pytest.mark.parametrize(
    ("region", "hint"),
    [
        ("de-ni", 'Did you mean "DE-NI"?'),
        ("DE-NII", 'Did you mean "DE-NI"?'),
        ("Niedersachsen", 'Did you mean "DE-NI"?'),
        ("Germany", 'Did you mean "DE"?'),
        ("DE-Bayern", 'Did you mean "DE-BY"?'),
        ("Austria-Wien", 'Did you mean "AT-9"?'),
        ("CH-1234567", "There are: CH-AG, CH-AI"),
        ("FR-1234567", "FR-"),
        ("LU-7", 'Write "LU"'),
        ("Atlantis", 'Write a country, or a country and a state: "AT", "DE-NI"'),
        ("", "Write a country"),
    ],
)
def test_an_unknown_region_is_refused_with_what_was_meant(region, hint):
    said = region_fault(region)
    assert said is not None
    assert said.startswith(f'there is no "{region}" whose public holidays are known. ')
    assert hint in said


@pytest.mark.parametrize("region", ["DE", "DE-NI", "AT-9", "US-CA"])
def test_a_known_region_is_fine(region):
    assert region_fault(region) is None
    assert region in Holidays(2026, 2026)
