"""Files and databases as people have them, good and bad."""

import gzip
import sqlite3
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from flows.errors import SourceError
from flows.intake.sources import Chunk, chunks
from flows.intake.spec import TableSource

HEAD = "order,customer,ordered_at,amount\n"


def read(folder: Path, content: str | bytes | None, **source: Any) -> Iterator[Chunk]:
    size = source.pop("size", 50_000)
    if content is not None:
        data = content if isinstance(content, bytes) else content.encode()
        (folder / "lines.csv").write_bytes(data)
    spec = TableSource(csv="lines.csv", **source)
    return chunks("order_lines", spec, folder, needed={"customer", "ordered_at"}, size=size)


def everything(found: Iterator[Chunk]) -> tuple[pd.DataFrame, list[tuple[int, str, str]]]:
    parts = list(found)
    frame = pd.concat([part.cells.to_pandas() for part in parts], ignore_index=True)
    return frame, [fault for part in parts for fault in part.faults]


def test_rows_come_in_chunks_with_the_line_they_stand_on(tmp_path: Path) -> None:
    lines = "".join(f"A{number:06},1,2026-01-01,1\n" for number in range(1000))

    parts = list(read(tmp_path, HEAD + lines, size=100))

    assert len(parts) > 2
    rows = pd.concat([part.cells.to_pandas() for part in parts])
    assert rows["row"].tolist() == list(range(2, 1002))
    assert rows["order"].iloc[-1] == "A000999"


def test_columns_are_mapped_and_unknown_ones_ignored(tmp_path: Path) -> None:
    text = "Nr,customer,Datum,amount,Farbe\nA1,7,2026-01-01,5,rot\n"

    frame, _ = everything(read(tmp_path, text, columns={"order": "Nr", "ordered_at": "Datum"}))

    assert frame.to_dict("records") == [
        {"row": 2, "order": "A1", "customer": "7", "ordered_at": "2026-01-01", "amount": "5"}
    ]


@pytest.mark.parametrize(
    ("content", "source"),
    [
        (HEAD + "A1,Müller,2026-01-01,1\n", {}),
        (b"\xef\xbb\xbf" + (HEAD + "A1,Müller,2026-01-01,1\n").encode(), {}),
        ((HEAD + "A1,Müller,2026-01-01,1\n").encode("cp1252"), {"encoding": "cp1252"}),
        (gzip.compress((HEAD + "A1,Müller,2026-01-01,1").encode()), {}),
        (HEAD.replace(",", ";") + "A1;Müller;2026-01-01;1\r\n", {"separator": ";"}),
        (HEAD.replace(",", "\t") + "A1\tMüller\t2026-01-01\t1\r", {"separator": "tab"}),
        (
            " " + HEAD.replace(",", "  ") + "\n A1 Müller  2026-01-01 1\n",
            {"separator": "whitespace"},
        ),
        (HEAD + '"A1","Müller",2026-01-01,1,,\n', {}),
    ],
    ids=["utf-8", "mark", "cp1252", "gzip", "semicolon", "tab", "whitespace", "trailing"],
)
def test_files_are_read_the_way_they_are_written(
    tmp_path: Path, content: str | bytes, source: dict[str, Any]
) -> None:
    frame, faults = everything(read(tmp_path, content, **source))
    assert frame["customer"].tolist() == ["Müller"]
    assert faults == []


def test_a_cell_may_hold_several_lines(tmp_path: Path) -> None:
    head = "order,customer,ordered_at,amount,product_name\n"
    text = head + 'A1,1,2026-01-01,1,"two\nlines"\nA2,1,2026-01-01,1,x\n'

    frame, faults = everything(read(tmp_path, text))

    assert frame["product_name"].tolist() == ["two\nlines", "x"]
    assert frame["row"].tolist() == [2, 4]
    assert faults == []


def test_lines_that_make_no_sense_are_named_and_the_rest_goes_on(tmp_path: Path) -> None:
    text = HEAD + "A1,1,2026-01-01,1\nA2,1\nA3,1,2026-01-01,1,9\n\n,,,\n"
    text += 'A4,1,2026-01-01,"1\nA5,1,2026-01-01,1\n'

    frame, faults = everything(read(tmp_path, text))

    assert frame[["row", "order"]].to_numpy().tolist() == [[2, "A1"], [8, "A5"]]
    assert [(row, value) for row, value, _ in faults] == [
        (3, "A2,1"),
        (4, "A3,1,2026-01-01,1,9"),
        (7, 'A4,1,2026-01-01,"1'),
    ]
    assert faults[0][2] == "2 cells where the first line names 4 columns"
    assert "quotation mark" in faults[2][2]


def test_a_quotation_mark_never_closed_costs_one_line_in_a_large_file(tmp_path: Path) -> None:
    line = "A1,1,2026-01-01,1\n"
    text = HEAD + line * 150_000 + '"A2,1,2026-01-01,1\n' + line * 150_000

    rows = faults = 0
    for chunk in read(tmp_path, text):
        rows += len(chunk.cells)
        faults += len(chunk.faults)

    assert (rows, faults) == (300_000, 1)


def test_a_line_of_ten_megabytes_is_one_reject(tmp_path: Path) -> None:
    text = HEAD + "A1,1,2026-01-01,1\nA2," + "x" * 10_000_000 + ",2026-01-01,1\nA3,1,2026-01-01,1\n"

    frame, faults = everything(read(tmp_path, text))

    assert frame[["row", "order"]].to_numpy().tolist() == [[2, "A1"], [4, "A3"]]
    assert [(row, len(value)) for row, value, _ in faults] == [(3, 200)]


@pytest.mark.parametrize(
    ("content", "source", "said"),
    [
        (None, {}, "lines.csv is not there"),
        ("", {}, "lines.csv is empty"),
        ("x" * 3_000_000, {}, "the first line is longer than 1,000,000 signs"),
        (HEAD.replace("customer", "kunde"), {}, '"customer" is missing. Write under columns'),
        (HEAD, {"columns": {"product": "artcle"}}, 'no column "artcle" for our "product"'),
        ("order,customer,ordered_at\n", {}, "there is no price"),
        ("order,customer,customer,ordered_at,amount\n", {}, 'two columns "customer"'),
        ((HEAD + "A1,Müller,2026-01-01,1\n").encode("cp1252"), {}, "encoding: cp1252"),
        (b"\xef\xbb\xbf" + HEAD.encode(), {"encoding": "cp1252"}, '"encoding: utf-8"'),
        (HEAD.encode("utf-16"), {}, "UTF-16"),
        (gzip.compress(HEAD.encode() * 9000)[:-20], {}, "damaged or cut off"),
    ],
    ids=[
        "missing",
        "empty",
        "huge",
        "column",
        "mapped",
        "price",
        "twice",
        "cp1252",
        "utf-8",
        "utf-16",
        "cut",
    ],
)
def test_a_file_that_cannot_be_used_says_so_plainly(
    tmp_path: Path, content: str | bytes | None, source: dict[str, Any], said: str
) -> None:
    with pytest.raises(SourceError, match=r"lines\.csv") as error:
        list(read(tmp_path, content, **source))
    assert said in str(error.value)


def test_a_file_with_a_header_alone_has_no_rows(tmp_path: Path) -> None:
    assert sum(chunk.rows for chunk in read(tmp_path, HEAD)) == 0


def test_parquet_keeps_numbers_and_dates_whatever_the_text_form_is(tmp_path: Path) -> None:
    pd.DataFrame(
        {
            "order": pd.Categorical(["A1", "A2"]),
            "customer": [17.0, None],
            "ordered_at": [datetime(2026, 1, 1, 8, tzinfo=UTC), None],
            "amount": [Decimal("1234.50"), Decimal("2.00")],
            "quantity": [1.5, float("nan")],
        }
    ).to_parquet(tmp_path / "lines.parquet")
    spec = TableSource(parquet="lines.parquet", decimal=",", dates="german")

    (chunk,) = chunks("order_lines", spec, tmp_path)

    assert chunk.cells.to_pandas().to_numpy().tolist() == [
        [1, "A1", "17", "2026-01-01 08:00:00.000000Z", "1.5", "1234.50"],
        [2, "A2", "", "", "", "2.00"],
    ]
    assert chunk.native == {"customer", "ordered_at", "amount", "quantity"}


@pytest.mark.parametrize("content", [None, b"no parquet"])
def test_an_unreadable_parquet_file_says_so(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "lines.parquet").write_bytes(content)
    with pytest.raises(SourceError, match=r"lines\.parquet"):
        list(chunks("order_lines", TableSource(parquet="lines.parquet"), tmp_path))


@pytest.fixture
def erp(tmp_path: Path) -> Path:
    """A project with a database to read from."""
    with sqlite3.connect(tmp_path / "erp.db") as connection:
        connection.execute("CREATE TABLE lines (nr TEXT, kunde INTEGER, am TEXT, summe REAL)")
        connection.executemany(
            "INSERT INTO lines VALUES (?, ?, ?, ?)",
            [("A1", 7, "2026-01-01", 5.5), ("A2", None, date(2026, 2, 1).isoformat(), 6)],
        )
    connection.close()
    (tmp_path / "config" / "sources").mkdir(parents=True)
    return tmp_path


def asked(project: Path, sql: str, since: str | None = None, url: str = "sqlite:///erp.db") -> Any:
    (project / "config" / "sources" / "lines.sql").write_text(sql, encoding="utf-8")
    spec = TableSource(
        url=url,
        sql="sources/lines.sql",
        columns={"order": "nr", "customer": "kunde", "ordered_at": "am", "amount": "summe"},
    )
    return list(chunks("order_lines", spec, project, since=since))


def test_a_database_is_asked_with_the_watermark(erp: Path) -> None:
    sql = "SELECT * FROM lines WHERE am >= :since ORDER BY nr;"

    (first,) = asked(erp, sql)
    (second,) = asked(erp, sql, since="2026-01-15 00:00:00")

    assert first.cells.to_pandas().to_numpy().tolist() == [
        [1, "A1", "7", "2026-01-01", "5.5"],
        [2, "A2", "", "2026-02-01", "6"],
    ]
    assert second.cells.to_pandas()["order"].tolist() == ["A2"]


@pytest.mark.parametrize(
    ("sql", "url", "said"),
    [
        ("SELECT * FROM lines", "ERP_ADDRESS", "names an environment variable that is not set"),
        ("SELECT * FROM lines", "sqlite:///nowhere.db", "there is no database nowhere.db"),
        ("SELECT * FROM lines", "oracel://x", "not an address this machine can use"),
        ("SELECT * FROM line", "sqlite:///erp.db", "no such table: line"),
        ("SELECT nr FROM lines", "sqlite:///erp.db", 'no column "kunde" for our "customer"'),
        ("SELECT :today", "sqlite:///erp.db", "only :since can be filled in"),
    ],
)
def test_a_database_that_cannot_be_used_says_so_plainly(
    erp: Path, sql: str, url: str, said: str
) -> None:
    with pytest.raises(SourceError) as error:
        asked(erp, sql, url=url)
    assert said in str(error.value)


def test_the_address_may_come_from_the_environment(
    erp: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ERP_ADDRESS", "sqlite:///erp.db")
    assert asked(erp, "SELECT * FROM lines", url="ERP_ADDRESS")[0].rows == 2
