"""Tables for the terminal."""

from hypothesis import given, settings
from hypothesis import strategies as st

from flows.reporting import brought
from flows.reporting.terminal import table
from segments.names import Locale
from tests.reporting.cases import FULL


def test_numbers_stand_to_the_right_and_words_to_the_left():
    rows = [{"Reason": "shadow", "Number": 7}, {"Reason": "no address", "Number": 1200}]
    assert table(rows).splitlines() == [
        "Reason      Number",
        "──────────  ──────",
        "shadow           7",
        "no address    1200",
    ]


def test_columns_are_picked_and_ordered_and_may_be_missing():
    rows = [{"a": 1, "b": "x"}, {"b": None, "c": 2}]
    assert table(rows, ["b", "a"]).split("\n") == ["b  a", "─  ─", "x  1", ""]


def test_the_widest_column_gives_way_to_the_window():
    rows = [{"journey": "a", "why": "no permission for this kind of message"}]
    assert table(rows, width=24).splitlines()[-1] == "a        no permission…"


def test_headings_may_be_folded_instead_of_cut():
    rows = [{"Mit der Zeit davor": "460,35 €", "An jedem Tag": 7}]
    assert table(rows, width=19, folded=True).splitlines() == [
        "Mit der      An",
        "Zeit      jedem",
        "davor       Tag",
        "────────  ─────",
        "460,35 €      7",
    ]


def test_no_rows_leave_the_headings_and_no_columns_nothing():
    assert table([], ["a", "b"]).splitlines() == ["a  b", "─  ─"]
    assert table([]) == ""


def test_wide_signs_take_two_places():
    lines = table([{"a": "東京", "b": "x"}, {"a": "Köln", "b": "y"}]).splitlines()
    assert lines[2:] == ["東京  x", "Köln  y"]


def test_text_cannot_move_the_cursor():
    assert table([{"a": "x\x1b[2J\ny"}]).splitlines()[-1] == "x [2J y"


def test_effects_fit_a_usual_window():
    shown = table(brought.effects(FULL, Locale.DE), width=120)
    assert all(len(line) <= 120 for line in shown.splitlines())
    assert "Nach dem" in shown


@settings(max_examples=40, deadline=None)
@given(
    rows=st.lists(
        st.fixed_dictionaries({"a": st.text(max_size=40), "b": st.integers()}), max_size=4
    ),
    width=st.integers(20, 80),
)
def test_no_line_is_wider_than_the_window(rows, width):
    shown = table(rows, ["a", "b"], width)
    assert all(len(line) <= width for line in shown.split("\n"))
    assert len(shown.split("\n")) == len(rows) + 2
