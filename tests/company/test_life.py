"""The demo company from day to day."""

from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest

from flows.company.life import Company
from flows.company.project import EXPORTED, WRITTEN
from segments.names import Locale
from tests.company.conftest import FIRST_DAY, NOBODY, Tables, lived, moments, read, tables


def written_to(customers: list[str], message: str, day: int, first_send: int) -> pd.DataFrame:
    """Messages handed over in the morning of a day counted from the first."""
    at = pd.Timestamp(FIRST_DAY, tz="UTC") + pd.Timedelta(days=day, hours=7)
    return pd.DataFrame(
        {
            "send_id": range(first_send, first_send + len(customers)),
            "customer": customers,
            "contact": [f"{customer}-1" for customer in customers],
            "message": message,
            "journey": message,
            "sent_at": at.as_unit("us"),
        }
    )


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    for name, seed in {"one": 7, "two": 7, "other": 8}.items():
        company = Company.create(60, seed, FIRST_DAY, "de")
        company.write(tmp_path / name)
        lived(company, tmp_path / name, 5)
        company.live(
            FIRST_DAY + timedelta(days=5),
            tmp_path / name,
            written_to(["10001", "10002"], "newsletter", 4, 1),
        )
    for table in WRITTEN:
        one, two, other = (
            (tmp_path / name / f"{table}.csv").read_bytes() for name in ("one", "two", "other")
        )
        assert one == two
        assert table == "products" or one != other


def test_writing_again_starts_the_files_afresh(tmp_path: Path) -> None:
    company = Company.create(40, 7, FIRST_DAY, "de")
    company.write(tmp_path)
    before = (tmp_path / "orders.csv").read_bytes()
    lived(company, tmp_path, 4)
    assert (tmp_path / "orders.csv").read_bytes().startswith(before)
    company.write(tmp_path)
    assert (tmp_path / "orders.csv").read_bytes() == before


@pytest.mark.parametrize("seed", range(8))
def test_a_company_may_be_as_small_as_one_customer(tmp_path: Path, seed: int) -> None:
    company = Company.create(1, seed, FIRST_DAY, "en")
    company.write(tmp_path)
    lived(company, tmp_path, 3)
    assert len(read(tmp_path, "customers", "en")) >= 1


def test_a_company_without_customers_is_none() -> None:
    with pytest.raises(ValueError, match="at least one customer"):
        Company.create(0, 7, FIRST_DAY, "de")


def test_a_day_is_lived_once(tmp_path: Path) -> None:
    company = Company.create(20, 7, FIRST_DAY, "de")
    company.write(tmp_path)
    lived(company, tmp_path, 1)
    with pytest.raises(ValueError, match="lived already"):
        company.live(FIRST_DAY, tmp_path, NOBODY)


def test_a_day_left_out_loses_nothing(tmp_path: Path) -> None:
    company = Company.create(200, 7, FIRST_DAY, "de")
    company.write(tmp_path)
    open_before = read(tmp_path, "orders").query("delivered_at == '' and cancelled_at == ''")
    company.live(FIRST_DAY + timedelta(days=40), tmp_path, NOBODY)
    rows = tables(tmp_path).clean["orders"].set_index("order")
    known = open_before["order"][open_before["order"].isin(rows.query("kind == 'sale'").index)]
    assert len(known)
    assert not rows.loc[known].query("delivered_at == '' and cancelled_at == ''").size


def test_life_goes_on_as_before(grown: Tables) -> None:
    first = pd.Timestamp(FIRST_DAY)
    at = moments(grown.clean["orders"]["ordered_at"])
    lately = ((at >= first - pd.Timedelta(days=90)) & (at < first)).sum() / 3
    new = (at >= first).sum()
    assert 0.6 < new / lately < 1.5
    joined = moments(grown.clean["customers"]["since"])
    assert 8 <= (joined >= first).sum() <= 45
    assert at.max() < first + pd.Timedelta(days=30)


def test_what_was_open_is_settled_in_time(grown: Tables) -> None:
    early = pd.Timestamp(FIRST_DAY)
    sales = grown.clean["orders"].query("kind == 'sale' and cancelled_at == ''")
    earlier = sales[moments(sales["ordered_at"]) < early - pd.Timedelta(days=10)]
    assert earlier["delivered_at"].ne("").mean() > 0.99
    complaints = grown.clean["complaints"]
    settled = complaints[moments(complaints["opened_at"]) < early - pd.Timedelta(days=30)]
    assert settled["closed_at"].ne("").mean() > 0.9


def test_a_delivery_is_a_second_row_of_the_same_order(grown: Tables) -> None:
    rows = grown.raw["orders"]
    twice = rows[rows["order"].duplicated(keep=False) & rows["order"].str.len().gt(3)]
    first, last = (
        twice.drop_duplicates("order", keep=end).set_index("order").sort_index()
        for end in ("first", "last")
    )
    assert len(last) > 10
    assert (last["delivered_at"].ne("") | last["cancelled_at"].ne("")).all()
    changed = first != last
    assert set(changed.columns[changed.any()]) <= {
        "delivered_at",
        "cancelled_at",
        EXPORTED[Locale.DE],
    }


def test_new_customers_buy_on_the_day_they_join(grown: Tables) -> None:
    customers = grown.clean["customers"]
    new = customers[moments(customers["since"]) >= pd.Timestamp(FIRST_DAY)]
    firsts = grown.clean["orders"].drop_duplicates("customer").set_index("customer")
    assert (firsts.loc[new["customer"], "ordered_at"].to_numpy() == new["since"]).all()


def test_people_react_at_plausible_rates(tmp_path: Path) -> None:
    company = Company.create(20, 7, FIRST_DAY, "de")
    company.write(tmp_path)
    many = written_to(["10001", "10002", "10003", "10004"] * 5000, "newsletter", -1, 1)
    many["sent_at"] = many["sent_at"].dt.tz_convert("Europe/Berlin")
    events = pd.DataFrame(company.live(FIRST_DAY, tmp_path, many))
    share = events["kind"].value_counts() / len(many)
    assert 0.97 < share["delivered"] < 0.99
    assert 0.007 < share["bounce"] < 0.013
    assert 0.002 < share["unsubscribe"] < 0.004
    assert 0.016 < share["reply"] < 0.024
    assert 0.035 < share["click"] < 0.045
    assert share["complaint"] < 0.0012
    assert events["key"].is_unique
    assert events["send"].between(1, len(many)).all()
    at = pd.to_datetime(events["at"], format="%Y-%m-%dT%H:%M:%S%z")
    sent = pd.Timestamp(FIRST_DAY, tz="UTC") - pd.Timedelta(hours=17)
    assert at.between(sent, sent + pd.Timedelta(hours=12)).all()
    assert events.query("kind == 'bounce'")["detail"].map(lambda detail: detail["hard"]).all()
    bounced = set(events.query("kind == 'bounce'")["send"])
    assert not bounced & set(events.query("kind != 'bounce'")["send"])


def test_where_a_provider_tells_the_rest_only_replies_come_from_the_company(tmp_path: Path) -> None:
    company = Company.create(20, 7, FIRST_DAY, "de")
    company.write(tmp_path)
    many = written_to(["10001", "10002", "10003", "10004"] * 5000, "newsletter", -1, 1)
    events = pd.DataFrame(company.live(FIRST_DAY, tmp_path, many, only_replies=True))
    assert set(events["kind"]) == {"reply"}
    assert 0.016 < len(events) / len(many) < 0.024
    assert all(detail["text"] for detail in events["detail"])


def test_messages_to_people_the_company_does_not_know_do_no_harm(tmp_path: Path) -> None:
    company = Company.create(20, 7, FIRST_DAY, "de")
    company.write(tmp_path)
    events = company.live(FIRST_DAY, tmp_path, written_to(["4711"], "newsletter", -1, 1))
    assert [event["send"] for event in events][:1] == [1]


def test_customers_we_write_to_buy_more_and_the_others_do_not(tmp_path: Path) -> None:
    sold = {}
    for name in ("silent", "written"):
        company = Company.create(3000, 7, FIRST_DAY, "de")
        everybody = [str(number) for number in range(10_001, 13_001)]
        touched = [customer for customer in everybody if int(customer) % 2]
        for day in range(15):
            send = name == "written" and day == 0
            messages = written_to(touched, "win_back", -1, 1) if send else NOBODY
            company.live(FIRST_DAY + timedelta(days=day), tmp_path / name, messages)
        orders = read(tmp_path / name, "orders").query("kind == 'sale'")
        at = moments(orders["ordered_at"])
        orders = orders[at >= pd.Timestamp(FIRST_DAY)].drop_duplicates("order")
        odd = orders["customer"].isin(touched)
        known = orders["customer"].isin(everybody)
        sold[name] = (odd.sum(), (known & ~odd).sum())
    assert 1.2 < sold["written"][0] / sold["silent"][0] < 1.5
    assert sold["written"][1] == sold["silent"][1]


def test_the_effect_of_a_message_fades(tmp_path: Path) -> None:
    sold = {}
    for name in ("silent", "written"):
        company = Company.create(1500, 7, FIRST_DAY, "de")
        customers = [str(number) for number in range(10_001, 11_501)]
        messages = written_to(customers, "win_back", -1, 1) if name == "written" else NOBODY
        company.live(FIRST_DAY, tmp_path / name, messages)
        for day in range(33, 41):
            company.live(FIRST_DAY + timedelta(days=day), tmp_path / name, NOBODY)
        orders = read(tmp_path / name, "orders").query("kind == 'sale'")
        after = moments(orders["ordered_at"]) >= pd.Timestamp(FIRST_DAY) + pd.Timedelta(days=33)
        sold[name] = orders[after]["customer"].tolist()
    assert sold["written"] == sold["silent"]
