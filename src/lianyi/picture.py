"""Funnel and ripple in one picture, for every door: a campaign or a month, stage by generation, with money, over time.

Reads `picture_cells`, `picture_money` and `picture_people` by key; a request costs the same at a million people.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from lianyi.errors import InputError, NotFound
from lianyi.insight.picture.people import CAMPAIGN, MONTH, REACHED

if TYPE_CHECKING:
    from lianyi.workspace import Workspace

PARTS = (CAMPAIGN, MONTH)
STEPS = 40
MOST = 1_000
LISTED = 200
TABLES = ("picture_cells", "picture_money", "picture_people")


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One row of the picture: its place on the way (0 = reached at all), name, and what it is called."""

    place: int
    stage: str
    zh: str
    en: str


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One generation × stage at one moment after the other (`Picture.days`). people: who stand there by the end of that
    day; moved: those of them who reached it after coming in."""

    generation: int
    place: int
    people: Sequence[int]
    moved: Sequence[int]


@dataclass(frozen=True, kw_only=True)
class Money:
    """What one generation (None: of no ripple) had earned and cost by the end of each day; None from the day on where
    an amount in it is unknown."""

    generation: int | None
    revenue: Sequence[Decimal | None]
    spent: Sequence[Decimal | None]


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A campaign or a month. days: up to STEPS moments from its first to its last day, oldest first; everything else
    has a value for each. as_of: of the tables."""

    part: str
    member: str
    days: Sequence[date]
    stages: Sequence[Stage]
    generations: Sequence[int]
    cells: Mapping[tuple[int, int], Cell]
    money: Mapping[int | None, Money]
    as_of: datetime

    def cell(self, generation: int, place: int) -> Cell:
        """One cell; nobody where the tables know none."""
        nobody = [0] * len(self.days)
        return self.cells.get(
            (generation, place), Cell(generation=generation, place=place, people=nobody, moved=nobody)
        )

    def step_of(self, day: date | None) -> int:
        """The index of the last moment that is not after a day; the last of all for None."""
        if day is None:
            return len(self.days) - 1
        return max((index for index, moment in enumerate(self.days) if moment <= day), default=0)

    def data(self, step: int = -1) -> dict[str, Any]:
        """One moment as plain data: a row for each cell, a row for each generation's money."""
        return {
            "of": self.part, "member": self.member, "as_of": self.as_of, "day": self.days[step],
            "first_day": self.days[0], "last_day": self.days[-1],
            "stages": [{"place": one.place, "stage": one.stage, "zh": one.zh, "en": one.en} for one in self.stages],
            "cells": [
                {"generation": generation, "place": stage.place, "stage": stage.stage,
                 "people": self.cell(generation, stage.place).people[step],
                 "moved": self.cell(generation, stage.place).moved[step]}
                for generation in self.generations for stage in self.stages
            ],
            "money": [{"generation": one.generation, "revenue": one.revenue[step], "spent": one.spent[step]}
                      for one in self.money.values()],
        }  # fmt: skip


def members(ws: Workspace, part: str) -> list[dict[str, Any]]:
    """Campaigns or months that have a picture, the latest first: member, people, generations, first and last day."""
    _part(part)
    ws.needs("picture_cells")
    return ws.rows(
        "SELECT member, CAST(sum(people) AS BIGINT) AS people, max(generation) + 1 AS generations, min(day) AS "
        "first_day, max(day) AS last_day FROM picture_cells WHERE part = ? AND place = 0 GROUP BY member "
        f"ORDER BY last_day DESC, member DESC LIMIT {LISTED:d}",
        [part],
    )


def picture(ws: Workspace, part: str, member: str) -> Picture:
    """The picture of one campaign or month. NotFound where nobody came into it, or before a refresh."""
    _part(part)
    for table in TABLES:
        ws.needs(table)
    found = ws.rows(
        "SELECT generation, place, stage, day, people, moved FROM picture_cells WHERE part = ? AND member = ? "
        "ORDER BY generation, place, day",
        [part, member],
    )
    if not found:
        raise NotFound(f"nobody came into {part} {member!r} yet; lianyi picture list {part} says who has one")
    booked = ws.rows(
        "SELECT generation, day, revenue, spent, revenue_unknown, spent_unknown FROM picture_money "
        "WHERE part = ? AND member = ? ORDER BY generation NULLS LAST, day",
        [part, member],
    )
    days = _days([row["day"] for row in (*found, *booked)])
    return Picture(
        part=part, member=member, days=days, stages=stages(ws),
        generations=list(range(max(row["generation"] for row in found) + 1)),
        cells={(cell.generation, cell.place): cell for cell in _cells(found, days)},
        money={one.generation: one for one in _money(booked, days)}, as_of=ws.states()["picture_cells"].as_of,
    )  # fmt: skip


def people(
    ws: Workspace, part: str, member: str, *, stage: str = REACHED, generation: int | None = None, later: bool = False,
    moved: bool = False, until: date | None = None, limit: int = 100, offset: int = 0,
) -> list[dict[str, Any]]:  # fmt: skip
    """Who stands in a cell: person_id, name, generation, day, moved; by generation, then id. generation None: in any;
    later: that one and those after it; moved: only who reached the stage after coming in; until: by the end of a day.
    """
    _part(part)
    for table in ("picture_people", "people"):
        ws.needs(table)
    if not 1 <= limit <= MOST or offset < 0:
        raise InputError(f"limit: {limit} is not from 1 to {MOST:,}, or offset {offset} is below 0")
    where, values = _cell(ws, stage, generation, later=later, moved=moved, until=until)
    return ws.rows(
        f"""SELECT c.*, p.name FROM (
            SELECT person_id, generation, day, moved FROM picture_people WHERE part = ? AND member = ? AND {where}
            ORDER BY generation, person_id LIMIT {limit:d} OFFSET {offset:d}
        ) AS c LEFT JOIN people p ON p.person_id = c.person_id ORDER BY c.generation, c.person_id""",
        [part, member, *values],
    )


def ids(
    ws: Workspace, part: str, member: str, *, stage: str = REACHED, generation: int | None = None, later: bool = False,
    moved: bool = False, until: date | None = None,
) -> list[str]:  # fmt: skip
    """The ids of everybody in a cell, to be kept as a list."""
    _part(part)
    ws.needs("picture_people")
    where, values = _cell(ws, stage, generation, later=later, moved=moved, until=until)
    found = ws.rows(
        f"SELECT DISTINCT person_id FROM picture_people WHERE part = ? AND member = ? AND {where} ORDER BY person_id",
        [part, member, *values],
    )
    return [row["person_id"] for row in found]


def _cell(
    ws: Workspace, stage: str, generation: int | None, *, later: bool, moved: bool, until: date | None
) -> tuple[str, list[Any]]:
    """SQL condition of one cell, and its parameters."""
    places = {one.stage: one.place for one in stages(ws)}
    if stage not in places:
        raise InputError(f"stage: {stage[:40]!r} is none of {', '.join(places)}")
    parts: list[tuple[str, Any]] = [("place = ?", places[stage])]
    if generation is not None:
        parts.append((f"generation {'>=' if later else '='} ?", generation))
    if until is not None:
        parts.append(("day <= ?", until))
    where = [sql for sql, _value in parts] + (["moved"] if moved else [])
    return " AND ".join(where), [value for _sql, value in parts]


def _part(part: str) -> None:
    if part not in PARTS:
        raise InputError(f"of: {part[:40]!r} is none of {', '.join(PARTS)}")


def stages(ws: Workspace) -> list[Stage]:
    """The rows of every picture, downwards: reached, then the stages of the brand."""
    ws.needs("stage_ways")
    found = ws.rows("SELECT place, stage, zh, en FROM stage_ways ORDER BY place", [])
    return [Stage(place=0, stage=REACHED, zh="触达", en="Reached"), *(Stage(**row) for row in found)]


def _days(days: Sequence[date]) -> list[date]:
    """At most STEPS days, evenly from the first to the last, both in it."""
    first, span = min(days), (max(days) - min(days)).days
    steps = min(span, STEPS)
    return [first + timedelta(days=round(span * step / steps)) for step in range(steps + 1)] if steps else [first]


def _cells(rows: Sequence[Mapping[str, Any]], days: Sequence[date]) -> list[Cell]:
    by_cell: dict[tuple[int, int], list[Mapping[str, Any]]] = {}
    for row in rows:
        by_cell.setdefault((row["generation"], row["place"]), []).append(row)
    return [
        Cell(generation=generation, place=place,
             people=[int(total) for total in _running(days, mine, "people")],
             moved=[int(total) for total in _running(days, mine, "moved")])
        for (generation, place), mine in by_cell.items()
    ]  # fmt: skip


def _money(rows: Sequence[Mapping[str, Any]], days: Sequence[date]) -> list[Money]:
    by_generation: dict[int | None, list[Mapping[str, Any]]] = {}
    for row in rows:
        by_generation.setdefault(row["generation"], []).append(row)

    def known(mine: Sequence[Mapping[str, Any]], name: str) -> list[Decimal | None]:
        amounts, unknown = _running(days, mine, name), _running(days, mine, f"{name}_unknown")
        return [None if missing else amount for amount, missing in zip(amounts, unknown, strict=True)]

    return [
        Money(generation=generation, revenue=known(mine, "revenue"), spent=known(mine, "spent"))
        for generation, mine in by_generation.items()
    ]


def _running(days: Sequence[date], rows: Sequence[Mapping[str, Any]], name: str) -> list[Decimal]:
    """Sum of a column up to the end of each day. rows: by day."""
    totals, total, place = [], Decimal(0), 0
    for day in days:
        while place < len(rows) and rows[place]["day"] <= day:
            total, place = total + rows[place][name], place + 1
        totals.append(total)
    return totals
