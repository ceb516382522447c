"""The circle of one person as SVG: the strongest ties closest, lines between those who know each other too."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

BANDS = ("strong", "medium", "weak")
# How far from the middle a band stands, as a share of the half width and height.
RINGS: Mapping[str, float] = {"strong": 0.42, "medium": 0.7, "weak": 0.97}
EDGE = 30
_LETTERS = 9


@dataclass(frozen=True, kw_only=True)
class Known:
    """One person around the middle. says: what a pointer or screen reader is told. address: where the link leads."""

    id: str
    name: str
    band: str
    strength: float
    address: str
    says: str = ""


@dataclass(frozen=True, kw_only=True)
class Circle:
    """What is drawn. people: the strongest first. between: pairs of ids who are tied to each other as well."""

    title: str
    middle: str
    people: Sequence[Known]
    between: Sequence[tuple[str, str]] = ()

    def svg(self, *, width: int, height: int, most: int) -> str:
        """The drawing of the `most` strongest ties: links in the order of strength, so that the keyboard walks it."""
        places = _places(self.people[:most], width, height)
        x, y = width / 2, height / 2
        lines = [
            f'<line class="tie {one.band}" x1="{x:.0f}" y1="{y:.0f}" x2="{places[one.id][0]:.0f}" '
            f'y2="{places[one.id][1]:.0f}" stroke-width="{1 + 4 * one.strength:.1f}"/>'
            for one in self.people[:most]
        ]
        others = [
            f'<line class="between" x1="{places[a][0]:.0f}" y1="{places[a][1]:.0f}" x2="{places[b][0]:.0f}" '
            f'y2="{places[b][1]:.0f}"/>'
            for a, b in self.between
            if a in places and b in places
        ]
        spots = [_spot(one, *places[one.id]) for one in self.people[:most]]
        middle = (
            f'<circle class="middle" cx="{x:.0f}" cy="{y:.0f}" r="13"/>'
            f'<text class="name me" x="{x:.0f}" y="{y + 29:.0f}" text-anchor="middle">'
            f"{escape(_short(self.middle))}</text>"
        )
        # Rings are seldom full: what is empty above and below is not drawn.
        top = min([y, *(place[1] for place in places.values())]) - 20
        bottom = max([y + 29, *(place[1] + 21 for place in places.values())]) + 12
        label = escape(self.title, quote=True)
        body = "".join((*others, *lines, middle, *spots))
        return f'<svg viewBox="0 {top:.0f} {width} {bottom - top:.0f}" role="group" aria-label="{label}">{body}</svg>'


def _places(people: Sequence[Known], width: int, height: int) -> dict[str, tuple[float, float]]:
    """Each band evenly on an ellipse of its own, turned against the one inside, so that names stand apart."""
    places: dict[str, tuple[float, float]] = {}
    widest = max((RINGS[one.band] for one in people), default=1.0)  # no empty ring takes room
    for turn, band in enumerate(BANDS):
        ring = [one for one in people if one.band == band]
        far = RINGS[band] / widest
        for place, one in enumerate(ring):
            angle = 2 * math.pi * (place + 0.5 * (turn % 2)) / len(ring) - math.pi / 2 + 0.35 * turn
            places[one.id] = (
                width / 2 + far * (width / 2 - EDGE) * math.cos(angle),
                height / 2 + far * (height / 2 - EDGE) * math.sin(angle),
            )
    return places


def _spot(one: Known, x: float, y: float) -> str:
    return (
        f'<a href="{escape(one.address, quote=True)}" class="known {one.band}"><title>{escape(one.says)}</title>'
        f'<circle cx="{x:.0f}" cy="{y:.0f}" r="8"/>'
        f'<text class="name" x="{x:.0f}" y="{y + 21:.0f}" text-anchor="middle">{escape(_short(one.name))}</text></a>'
    )


def _short(name: str) -> str:
    return name if len(name) <= _LETTERS else name[: _LETTERS - 1] + "…"
