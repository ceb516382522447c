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
    """Person id -> name, None for people without one. An id written out is found in the sorted file; a join would read
    the names of all people."""
    if not people:
        return {}
    marks = ", ".join("?" for _ in people)
    found = _rows(ws, f"SELECT person_id, name FROM people WHERE person_id IN ({marks})", sorted(people))
    return {row["person_id"]: row["name"] for row in found}


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
    return _rows(
        ws,
        "SELECT o.*, p.name AS name, q.name AS other_name, v.name AS via_name FROM ("
        f"SELECT * FROM tie_opportunities {where}ORDER BY {order} LIMIT ? OFFSET ?) AS o "
        "LEFT JOIN people p ON p.person_id = o.person_id LEFT JOIN people q ON q.person_id = o.other_id "
        f"LEFT JOIN people v ON v.person_id = o.via_id ORDER BY o.{order.replace(', ', ', o.')}",
        [*(value for value in (person_id, kind) if value), limit, offset],
    )


def _rows(ws: Workspace, query: str, values: Sequence[Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ws.sql(query, values).to_arrow_table().to_pylist(maps_as_pydicts="strict")
    return found
