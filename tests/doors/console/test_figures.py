"""Figures: true to their numbers, safe, the same as a table."""

from __future__ import annotations

import re
from datetime import date, timedelta
from xml.etree import ElementTree as ET

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lianyi.doors.figures import Figure, Series
from lianyi.doors.figures.figure import Kind

DAY = date(2026, 1, 1)
KINDS: tuple[Kind, ...] = ("lines", "areas", "bars", "stacked")
values = st.lists(st.one_of(st.none(), st.integers(0, 10**9), st.floats(0, 1e6)), min_size=1, max_size=60)


def figure(kind: Kind, *rows: list[float | None], down: bool = False) -> Figure:
    x = [DAY + timedelta(days=number) for number in range(len(rows[0]))]
    series = [Series(name=f"s{n}", values=row, down=down and n == 1) for n, row in enumerate(rows)]
    return Figure(kind=kind, x=x, series=series, title='a "title" & <more>')


@example(kind="lines", row=[5e-324], width=350)  # a span with which one can't reckon
@given(kind=st.sampled_from(KINDS), row=values, width=st.sampled_from([350, 760]))
def test_any_figure_is_well_formed_and_stays_in_its_frame(kind: Kind, row: list[float | None], width: int) -> None:
    svg = ET.fromstring(figure(kind, row, row, down=True).svg(width=width, height=200))
    assert svg.get("aria-label") == 'a "title" & <more>'
    for rect in svg.iter("rect"):
        assert float(rect.get("height", 0)) >= 0
        assert -0.11 <= float(rect.get("y", 0)) <= 200
        assert 0 <= float(rect.get("x", 0)) <= width
    for path in svg.iter("path"):
        assert all(-0.11 <= float(number) <= max(width, 200) for number in re.findall(r"-?\d+\.\d+", path.get("d", "")))


def test_bars_are_as_high_as_their_values() -> None:
    svg = ET.fromstring(figure("bars", [10.0, 20.0, None, 5.0]).svg(width=760, height=200))
    heights = [float(rect.get("height", 0)) for rect in svg.iter("rect") if rect.get("class", "").startswith("bar")]
    assert len(heights) == 3, "what is unknown has no bar"
    assert [round(height / heights[2], 1) for height in heights] == [2.0, 4.0, 1.0]


def test_a_gap_stays_a_gap() -> None:
    svg = ET.fromstring(figure("lines", [1.0, 2.0, None, 3.0, 4.0]).svg())
    assert sum(path.get("class", "").startswith("line") for path in svg.iter("path")) == 2


def test_the_table_holds_every_value() -> None:
    assert figure("lines", [1234.0, None, 0.5]).rows() == [
        ("2026-01-01", ["1,234"]),
        ("2026-01-02", ["—"]),
        ("2026-01-03", ["0.50"]),
    ]


def test_names_are_text_never_markup() -> None:
    drawn = Figure(kind="bars", x=["<b>"], series=[Series(name='"><script>', values=[1])]).svg()
    assert "<script" not in drawn
    assert "<b>" not in drawn


def test_a_drawing_has_no_style_attributes() -> None:
    assert " style=" not in figure("stacked", [1.0], [2.0], down=True).svg()


def test_a_notebook_gets_drawing_and_legend() -> None:
    html = figure("areas", [1.0, 2.0])._repr_html_()
    assert "<svg" in html
    assert "s0" in html


def test_series_and_positions_must_agree() -> None:
    with pytest.raises(ValueError, match="2 values for 1 positions"):
        Figure(kind="bars", x=["a"], series=[Series(name="s", values=[1, 2])])


def test_what_is_below_nought_says_so_unless_it_is_drawn_down() -> None:
    below = Figure(kind="lines", x=["a", "b"], series=[Series(name="effect", values=[-200.0, 100.0])])
    assert 'text-anchor="end">-' in below.svg()
    down = Figure(kind="bars", x=["a", "b"], series=[Series(name="left", values=[200.0, 100.0], down=True)])
    assert 'text-anchor="end">-' not in down.svg()


def test_shares_of_a_whole_end_at_the_whole() -> None:
    series = [Series(name="a", values=[0.5]), Series(name="b", values=[0.5 + 1e-12])]
    shares = Figure(kind="stacked", x=[DAY], series=series, title="Shares")
    marks = [text.text or "" for text in ET.fromstring(shares.svg(width=760, height=200)).iter("text")]
    assert max(float(mark) for mark in marks if re.fullmatch(r"[\d.]+", mark)) == 1


def test_names_under_a_chart_are_whole_and_days_are_short() -> None:
    names = Figure(kind="bars", x=["Attention", "2026-01-02"], series=[Series(name="a", values=[1, 2])], title="Stages")
    svg = names.svg(width=760, height=200)
    assert ">Attention<" in svg
    assert ">01-02<" in svg
