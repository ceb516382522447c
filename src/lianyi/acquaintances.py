"""Whom a person knows, who of them know each other, and which ties are worth a push: reads of the tables of ties."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from lianyi.errors import InputError

if TYPE_CHECKING:
    from lianyi.workspace import Workspace

OPPORTUNITIES = ("warming", "introduction", "first_purchase")
# Who has more ties than this is a hub; the strongest of them say enough.
MOST = 500
NAMED = ("name", "other_name", "via_name")


def ties(ws: Workspace, person_id: str, *, limit: int = MOST) -> list[dict[str, Any]]:
    """Rows of `person_ties` of a person with the other's name, the strongest first; none while nothing is built."""
    if "person_ties" not in ws.states():
        return []
    mine = ws.look_up("person_ties", [person_id])
    found = mine.sort_by([("strength", "descending"), ("other_id", "ascending")]).slice(0, limit)
    rows = found.to_pylist(maps_as_pydicts="strict")
    known = names(ws, {row["other_id"] for row in rows})
    return [{**row, "other_name": known.get(row["other_id"])} for row in rows]


def names(ws: Workspace, people: Collection[str]) -> dict[str, str | None]:
    """Person id -> name of the people that there are, None for those without one."""
    if not people:
        return {}
    roll = ws.roll()
    places = roll.places(people)
    rows = roll.rows(list(places.values()), ("person_id", "name"))
    return {row["person_id"]: row["name"] for row in rows}


def among(ws: Workspace, people: Sequence[str]) -> list[dict[str, Any]]:
    """Ties between these people: person_id < other_id, band, strength."""
    if not people or "person_ties" not in ws.states():
        return []
    marks = ", ".join("?" for _ in people)
    return _rows(
        ws,
        f"SELECT person_id, other_id, band, strength FROM person_ties WHERE person_id IN ({marks}) "
        f"AND other_id IN ({marks}) AND person_id < other_id ORDER BY person_id, other_id",
        [*people, *people],
    )


def opportunities(
    ws: Workspace, person_id: str = "", *, kind: str = "", limit: int = 100, offset: int = 0
) -> list[dict[str, Any]]:
    """Rows of `tie_opportunities` with all names, the largest gain first; of one person where one is named.

    Without a person, what stands on both sides (warming ties, introductions) is given once.
    """
    if kind and kind not in OPPORTUNITIES:
        raise InputError(f"kind = {kind!r}; there are {', '.join(OPPORTUNITIES)}")
    if "tie_opportunities" not in ws.states():
        return []
    conditions = [condition for condition, given in (("person_id = ?", person_id), ("kind = ?", kind)) if given]
    if not person_id:
        conditions.append("(kind = 'first_purchase' OR person_id < other_id)")
    where = f"WHERE {' AND '.join(conditions)} "
    order = "gain DESC, person_id, other_id, kind"
    values = [*(value for value in (person_id, kind) if value), limit, offset]
    found = _rows(ws, f"SELECT * FROM tie_opportunities {where}ORDER BY {order} LIMIT ? OFFSET ?", values)
    sides = ("person_id", "other_id", "via_id")
    known = names(ws, {row[side] for row in found for side in sides if row[side]})
    return [{**row, **{name: known.get(row[side]) for side, name in zip(sides, NAMED, strict=True)}} for row in found]


def _rows(ws: Workspace, query: str, values: Sequence[Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ws.sql(query, values).to_arrow_table().to_pylist(maps_as_pydicts="strict")
    return found
