"""A figure as data: kind, positions, series. How it looks is the drawing's affair."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal

Kind = Literal["lines", "areas", "bars", "stacked"]
Value = int | float | Decimal | None


@dataclass(frozen=True, kw_only=True)
class Series:
    """One row of values, as many as the figure has positions. None = not known: a gap, never 0.

    colour: 1 to 6, a colour of the tokens; 0 = by the place of the series in the figure. down: drawn below zero.
    """

    name: str
    values: Sequence[Value]
    colour: int = 0
    down: bool = False


def plain(value: Value) -> str:
    """1234.5 → 1,234.5; unknown → —."""
    if value is None:
        return "—"
    return f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"


DAY = re.compile(r"\d{4}-\d\d-\d\d")


def day(position: date | str) -> str:
    """A day as 2026-11-23; text as it is."""
    return position if isinstance(position, str) else position.isoformat()


def short_day(position: date | str) -> str:
    """A day as 11-23; text as it is, unless it is such a day."""
    said = day(position)
    return said[5:] if DAY.fullmatch(said) else said


@dataclass(frozen=True, kw_only=True)
class Words:
    """How a figure says its values and positions, so that it speaks the reader's language."""

    value: Callable[[Value], str] = plain
    tick: Callable[[float], str] = plain
    position: Callable[[date | str], str] = day
    tick_position: Callable[[date | str], str] = short_day


@dataclass(frozen=True, kw_only=True)
class Figure:
    """What is drawn. x: the positions, days or names, from left to right. title: says what is shown, for screen
    readers.

    `lines` and `areas` for what is measured at moments, `bars` beside and `stacked` on each other for what is counted.
    """

    kind: Kind
    x: Sequence[date | str]
    series: Sequence[Series]
    title: str = ""
    words: Words = field(default_factory=Words)

    def __post_init__(self) -> None:
        for series in self.series:
            if len(series.values) != len(self.x):
                raise ValueError(f"series {series.name!r} has {len(series.values)} values for {len(self.x)} positions")

    @property
    def empty(self) -> bool:
        """True where not one value is known."""
        return all(value is None for series in self.series for value in series.values)

    def colour(self, series: Series) -> int:
        """The number of the colour of a series, 1 to 6."""
        return series.colour or list(self.series).index(series) % 6 + 1

    def rows(self) -> list[tuple[str, list[str]]]:
        """The same as a table: position and the values of all series, in words."""
        said = self.words
        return [
            (said.position(position), [said.value(series.values[index]) for series in self.series])
            for index, position in enumerate(self.x)
        ]

    def svg(self, *, width: int = 720, height: int = 220) -> str:
        """The drawing, coloured by classes c1 … c6 and the style sheet around it."""
        from lianyi.doors.figures.drawing import draw

        return draw(self, width=width, height=height)

    def _repr_html_(self) -> str:
        """In a notebook: the drawing with colours of its own and a legend."""
        from lianyi.doors.figures.drawing import in_notebook

        return in_notebook(self)
