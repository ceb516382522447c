"""The tree of a ripple as a drawing: columns are generations, a person is as high as the people behind.

What is too small to be seen is drawn together as "n more", so a tree of a million people reads like one of a hundred.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any

LEAST = 3.0  # pixels
WORD = 13.0  # pixels that a name needs
GAP = 2.0
Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Words:
    """What the drawing says: of one person, of those drawn together, of a generation."""

    person: Callable[[Row], str]
    more: Callable[[int], str]
    column: Callable[[int], str]
    label: str


@dataclass(frozen=True, kw_only=True)
class Box:
    """A rectangle: of one person (row) or of `more` people. at: when it began to be."""

    column: int
    y: float
    height: float
    row: Row | None = None
    more: int = 0


def boxes(rows: Sequence[Row], total: int, height: float, columns: int) -> list[Box]:
    """All rectangles. rows: see Ripples.branches; total: all people of the ripple."""
    below: dict[str | None, list[Row]] = defaultdict(list)
    for row in rows:
        below[row["parent_person_id"]].append(row)
    unit = height / max(total, 1)
    made: list[Box] = []
    waiting: list[tuple[str | None, int, float, int]] = [(None, 0, 0.0, total)]
    while waiting:
        parent, column, y, left = waiting.pop()
        if column >= columns:
            continue
        for row in below[parent]:
            weight = row["reach"] + 1
            if weight * unit < LEAST:
                break  # they come in order of weight
            made.append(Box(column=column, y=y, height=weight * unit, row=row))
            waiting.append((row["person_id"], column + 1, y, row["reach"]))
            y, left = y + weight * unit, left - weight
        if left > 0:
            made.append(Box(column=column, y=y, height=left * unit, more=left))
    return made


def draw(
    rows: Sequence[Row], *, total: int, depth: int, words: Words, width: int, height: int, until: datetime | None,
    columns: int = 12,
) -> str:  # fmt: skip
    """The SVG. Classes g0 … g5 by generation; `later` for who came after `until`; data-at: seconds, for the play."""
    shown = min(depth + 1, columns)
    across = width / max(shown, 1)
    body = "".join(part for box in boxes(rows, total, height, shown) for part in _drawn(box, across, words, until))
    heads = "".join(
        f'<text class="head" x="{column * across + 4:.1f}" y="12">{escape(words.column(column))}</text>'
        for column in range(shown)
    )
    return (
        f'<svg viewBox="0 0 {width} {height + 20}" role="group" aria-label="{escape(words.label, quote=True)}">{heads}'
        f'<g transform="translate(0 20)">{body}</g></svg>'
    )


def _drawn(box: Box, across: float, words: Words, until: datetime | None) -> Iterator[str]:
    x, wide = box.column * across, across - GAP
    high = max(box.height - (1 if box.height > 4 else 0.4), 0.6)
    place = f'x="{x:.1f}" y="{box.y:.1f}" width="{wide:.1f}" height="{high:.1f}" rx="2"'
    if box.row is None:
        yield f'<rect class="more" {place} data-says="{escape(words.more(box.more), quote=True)}"/>'
        if box.height >= WORD:
            yield _text(words.more(box.more), x, box.y, box.height, wide, "soft")
        return
    row = box.row
    later = " later" if until is not None and row["at"] > until else ""
    says = escape(words.person(row), quote=True)
    guess = " guess" if row["how"] == "estimate" else ""
    yield (
        f'<a href="/people/{escape(row["person_id"], quote=True)}"><rect class="g{min(box.column, 5)}{guess}{later}" '
        f'{place} data-at="{int(row["at"].timestamp())}" data-says="{says}"><title>{says}</title></rect>'
    )
    if box.height >= WORD:
        yield _text(row["name"] or row["person_id"][:7], x, box.y, box.height, wide, "name")
    yield "</a>"


def _text(text: str, x: float, y: float, height: float, wide: float, kind: str) -> str:
    """A name as far as there is room: Chinese letters are twice as wide."""
    room, kept = wide - 8, ""
    for letter in text:
        room -= 12 if ord(letter) > 0x2E80 else 6.6
        if room < 0:
            kept = kept[:-1] + "…"
            break
        kept += letter
    return f'<text class="{kind}" x="{x + 4:.1f}" y="{y + min(height / 2, 40) + 4:.1f}">{escape(kept)}</text>'
