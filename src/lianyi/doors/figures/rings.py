"""Funnel and ripple in one drawing: stages downwards, generations outwards to the right, money on top.

A disc's area is how many stand in a cell; its inner disc those who moved there since they came in. Lines lead from the
last stage of a generation to the first of the next: who recommends makes the next ring.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from math import sqrt

MONEY = 96  # pixels of the part above
HEAD = 18
BASE = 52  # where the line between earned and spent lies
BARS = 26  # pixels of the longest bar
WORD = 17  # pixels below a disc for its number


@dataclass(frozen=True, kw_only=True)
class Disc:
    """One cell: people and moved at the moment shown; steps: both at each moment, for the play. address: where the link
    leads, says: what a pointer or screen reader is told."""

    people: int
    moved: int
    said: str
    address: str
    says: str
    steps: Sequence[tuple[int, int]] = ()


@dataclass(frozen=True, kw_only=True)
class Column:
    """One generation: its discs downwards, and its money (None: unknown) with what is said of it."""

    title: str
    discs: Sequence[Disc]
    revenue: float | None
    spent: float | None
    revenue_said: str
    spent_said: str
    says: str
    steps: Sequence[tuple[float | None, float | None]] = ()


@dataclass(frozen=True, kw_only=True)
class Rings:
    """What is drawn. rows: the titles of the stages, as many as each column has discs."""

    title: str
    rows: Sequence[str]
    columns: Sequence[Column]

    def svg(self, *, width: int, row: int, label: int) -> str:
        """The drawing. row: pixels of a stage, label: pixels for the stages' titles on the left."""
        across = (width - label) / max(len(self.columns), 1)
        largest = min(across / 2 - 4, (row - WORD) / 2 - 1)
        most = max((people for column in self.columns for disc in column.discs for people, _moved in _all(disc)),
                   default=0)  # fmt: skip
        unit = largest / sqrt(most) if most else 0.0
        richest = max((abs(amount) for column in self.columns for pair in _amounts(column) for amount in pair
                       if amount is not None), default=0.0)  # fmt: skip
        scale = BARS / richest if richest else 0.0
        parts: list[str] = [*self._lines(width, row, label)]
        for place, column in enumerate(self.columns):
            x = label + across * (place + 0.5)
            parts += _money(column, x, min(across / 2 - 4, 18), scale)
            if place + 1 < len(self.columns):
                parts.append(_onwards(x, x + across, self._y(0, row), self._y(len(self.rows) - 1, row), across))
        for place, column in enumerate(self.columns):
            x = label + across * (place + 0.5)
            drop = (row - WORD) / 2 + 11
            parts += [_disc(disc, x, self._y(index, row), unit, drop) for index, disc in enumerate(column.discs)]
        height = MONEY + HEAD + row * len(self.rows) + 4
        name = escape(self.title, quote=True)
        return (
            f'<svg viewBox="0 0 {width} {height}" role="group" aria-label="{name}" data-unit="{unit:.4f}" '
            f'data-scale="{scale:.8f}">{"".join(parts)}</svg>'
        )

    def _y(self, index: int, row: int) -> float:
        return MONEY + HEAD + row * index + (row - WORD) / 2

    def _lines(self, width: int, row: int, label: int) -> Iterator[str]:
        for index, title in enumerate(self.rows):
            y = MONEY + HEAD + row * index
            yield f'<line class="grid" x1="0" x2="{width}" y1="{y}" y2="{y}"/>'
            yield f'<text class="stage" x="0" y="{self._y(index, row) + 4:.1f}">{escape(title)}</text>'
        yield f'<line class="axis" x1="{label}" x2="{width}" y1="{BASE}" y2="{BASE}"/>'


def _all(disc: Disc) -> Sequence[tuple[int, int]]:
    return disc.steps or [(disc.people, disc.moved)]


def _amounts(column: Column) -> Sequence[tuple[float | None, float | None]]:
    return column.steps or [(column.revenue, column.spent)]


def _onwards(x: float, next_x: float, top: float, bottom: float, across: float) -> str:
    half = across / 2
    return (
        f'<path class="onwards" d="M{x:.1f} {bottom:.1f} C{x + half:.1f} {bottom:.1f} {x + half:.1f} {bottom:.1f} '
        f'{x + half:.1f} {(top + bottom) / 2:.1f} S{x + half:.1f} {top:.1f} {next_x:.1f} {top:.1f}"/>'
    )


def _money(column: Column, x: float, half: float, scale: float) -> Iterator[str]:
    steps = ";".join(f"{_plain(revenue)},{_plain(spent)}" for revenue, spent in column.steps)
    says = escape(column.says, quote=True)
    earned, spent = (column.revenue or 0.0) * scale, (column.spent or 0.0) * scale
    top = BASE - max(earned, 0.0)
    yield (
        f'<g class="money" data-money="{steps}" data-says="{says}" tabindex="0" role="img" aria-label="{says}">'
        f'<rect class="hit" x="{x - half:.1f}" y="{BASE - BARS}" width="{2 * half:.1f}" height="{2 * BARS}"/>'
        f'<rect class="earned" x="{x - half:.1f}" y="{top:.1f}" width="{2 * half:.1f}" height="{abs(earned):.1f}"/>'
        f'<rect class="spent" x="{x - half:.1f}" y="{BASE}" width="{2 * half:.1f}" height="{max(spent, 0.0):.1f}"/>'
        f'<text class="sum" x="{x:.1f}" y="{BASE - BARS - 8}" text-anchor="middle">{escape(column.revenue_said)}</text>'
        f'<text class="sum out" x="{x:.1f}" y="{BASE + BARS + 12}" text-anchor="middle">'
        f"{escape(column.spent_said)}</text>"
        f'</g><text class="head" x="{x:.1f}" y="{MONEY + 10}" text-anchor="middle">{escape(column.title)}</text>'
    )


def _plain(amount: float | None) -> str:
    return "" if amount is None else f"{amount:.2f}"


def _disc(disc: Disc, x: float, y: float, unit: float, drop: float) -> str:
    steps = ";".join(f"{people},{moved}" for people, moved in disc.steps)
    says, address = escape(disc.says, quote=True), escape(disc.address, quote=True)
    radius = max(unit * sqrt(disc.people), 1.5 if disc.people else 0.0)
    inner = min(max(unit * sqrt(disc.moved), 1.0 if disc.moved else 0.0), radius)
    return (
        f'<a class="cell" href="{address}" data-steps="{steps}"><title>{says}</title>'
        f'<rect class="hit" x="{x - drop:.1f}" y="{y - drop + 6:.1f}" width="{2 * drop:.1f}" height="{2 * drop:.1f}"/>'
        f'<circle class="all" cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}"/>'
        f'<circle class="moved" cx="{x:.1f}" cy="{y:.1f}" r="{inner:.1f}"/>'
        f'<text class="count" x="{x:.1f}" y="{y + drop:.1f}" text-anchor="middle">{escape(disc.said)}</text></a>'
    )
