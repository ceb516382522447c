"""Whose word carries: reads of the tables `influence` and `influence_topics`, with names and a sentence for each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lianyi.errors import InputError

if TYPE_CHECKING:
    from lianyi.workspace import Workspace

Row = dict[str, Any]
EXPECTED = "place, reach, reach_low, reach_high"
# What a topic does not change: it is of the person.
SEEN = (
    "brought_people", "brought_days", "brought_decayed", "brought_revenue", "lately", "earlier", "rising",
    "last_brought_at",
)  # fmt: skip
NOTHING: Row = {
    "brought_people": 0, "brought_days": 0, "brought_decayed": 0.0, "brought_revenue": 0.0, "lately": 0, "earlier": 0,
    "rising": False, "last_brought_at": None,
}  # fmt: skip


def listed(ws: Workspace, *, topic: str = "", rising: bool = False, limit: int = 50, offset: int = 0) -> list[Row]:
    """People by expected reach, the most first; of one topic where it is named.

    One row = one person: name, place, reach with reach_low and reach_high, revenue (of all topics together), what was
    seen, why_en, why_zh. rising: only who brings more than before, who brought most lately first; `place` stays that
    of the whole list. InputError for a topic that is not there, NotFound before a refresh.
    """
    ws.needs("influence")
    if topic:
        _known(ws, topic)
    query, values = _rising(topic) if rising else _placed(topic, limit, offset)
    rows = ws.rows(query, [*values, *([limit, offset] if rising else [])])
    people = [row["person_id"] for row in rows]
    seen = _of(ws, "influence", SEEN, people) if topic else {}
    names = _of(ws, "people", ("name",), people)
    unnamed = {"name": None}
    whole = [
        {**NOTHING, **row, **seen.get(row["person_id"], {}), **names.get(row["person_id"], unnamed)} for row in rows
    ]
    return [_said(ws, row) for row in whole]


def of_person(ws: Workspace, person_id: str) -> Row | None:
    """The person's row of `listed` without the name; None where nobody is expected or was seen to come through them,
    or before a refresh."""
    if "influence" not in ws.states():
        return None
    wanted = ["person_id", *EXPECTED.split(", "), "revenue", *SEEN]
    found = ws.look_up("influence", [person_id], columns=wanted).to_pylist()
    return _said(ws, {"topic": None, **found[0]}) if found else None


def topics(ws: Workspace) -> list[Row]:
    """One row = one topic: how many people reach anybody, and how many the first reaches; the most people first."""
    if "influence_topics" not in ws.states():
        return []
    return ws.rows(
        "SELECT topic, count(*) AS people, max(reach) AS most FROM influence_topics GROUP BY topic "
        "ORDER BY people DESC, topic",
    )


def totals(ws: Workspace) -> Row:
    """ranked: people in the list. rising: of these. brought: of these through whom somebody came. most: reach of the
    first (None in an empty list)."""
    ws.needs("influence")
    (found,) = ws.rows(
        "SELECT count(*) AS ranked, count(*) FILTER (WHERE rising) AS rising, "
        "count(*) FILTER (WHERE brought_people > 0) AS brought, max(reach) AS most FROM influence",
    )
    return found


def _placed(topic: str, limit: int, offset: int) -> tuple[str, list[Any]]:
    """A page of the list: places are numbers without gaps, so that none but the rows wanted is read."""
    window = "place > ? AND place <= ? ORDER BY place"
    if topic:
        own = f"SELECT topic, person_id, {EXPECTED}, CAST(NULL AS DOUBLE) AS revenue FROM influence_topics"
        return f"{own} WHERE topic = ? AND {window}", [topic, offset, offset + limit]
    own = f"SELECT CAST(NULL AS VARCHAR) AS topic, person_id, {EXPECTED}, revenue, {', '.join(SEEN)} FROM influence"
    return f"{own} WHERE {window}", [offset, offset + limit]


def _rising(topic: str) -> tuple[str, list[Any]]:
    """Who is rising; a limit and an offset are to follow."""
    if topic:
        places = ", ".join(f"t.{name}" for name in EXPECTED.split(", "))
        return (
            f"SELECT t.topic, t.person_id, {places}, CAST(NULL AS DOUBLE) AS revenue FROM influence_topics AS t "
            "JOIN influence AS i ON i.person_id = t.person_id WHERE t.topic = ? AND i.rising "
            "ORDER BY i.lately DESC, t.place, t.person_id LIMIT ? OFFSET ?"
        ), [topic]  # fmt: skip
    return (
        f"SELECT CAST(NULL AS VARCHAR) AS topic, person_id, {EXPECTED}, revenue, {', '.join(SEEN)} FROM influence "
        "WHERE rising ORDER BY lately DESC, place, person_id LIMIT ? OFFSET ?"
    ), []  # fmt: skip


def _of(ws: Workspace, table: str, columns: Sequence[str], people: Sequence[str]) -> dict[str, Row]:
    """These columns of a table by person. A list of ids lets whole blocks of the file be passed over."""
    marks = ", ".join("?" for _ in people) or "NULL"
    query = f"SELECT person_id, {', '.join(columns)} FROM {table} WHERE person_id IN ({marks})"
    return {row.pop("person_id"): row for row in ws.rows(query, people)}


def _known(ws: Workspace, topic: str) -> None:
    there = [row["topic"] for row in topics(ws)]
    if topic not in there:
        known = f"there are {', '.join(there)}" if there else "no topic has been learned yet"
        raise InputError(f"topic = {topic!r}; {known}")


def _said(ws: Workspace, row: Row) -> Row:
    from lianyi.insight.ripples.influence.saying import sentence

    en, zh = sentence(row, currency=ws.settings.currency)
    return {**row, "why_en": en, "why_zh": zh}
