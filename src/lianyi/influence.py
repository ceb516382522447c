"""Whose word carries: reads of the tables `influence` and `influence_topics`, with names and a sentence for each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lianyi.errors import InputError, NotFound

if TYPE_CHECKING:
    from lianyi.workspace import Workspace

Row = dict[str, Any]
# What a topic does not change: it is of the person.
_OWN = (
    "coalesce(i.brought_people, 0) AS brought_people, coalesce(i.brought_days, 0) AS brought_days, "
    "coalesce(i.brought_decayed, 0) AS brought_decayed, coalesce(i.brought_revenue, 0) AS brought_revenue, "
    "coalesce(i.lately, 0) AS lately, coalesce(i.earlier, 0) AS earlier, coalesce(i.rising, FALSE) AS rising, "
    "i.last_brought_at"
)


def listed(ws: Workspace, *, topic: str = "", rising: bool = False, limit: int = 50, offset: int = 0) -> list[Row]:
    """People by expected reach, the most first; of one topic where it is named.

    One row = one person: name, place, reach with reach_low and reach_high, revenue (of all topics together), what was
    seen, why_en, why_zh. rising: only who brings more than before, who brought most lately first; `place` stays that
    of the whole list. InputError for a topic that is not there, NotFound before a refresh.
    """
    _needs(ws, "influence")
    if topic:
        _known(ws, topic)
    order = "lately DESC, place" if rising else "place"
    rows = _rows(
        ws,
        f"SELECT r.*, p.name FROM (SELECT * FROM ({_of_topic() if topic else _overall()}) "
        f"{'WHERE rising ' if rising else ''}ORDER BY {order}, person_id LIMIT ? OFFSET ?) AS r "
        f"LEFT JOIN people AS p ON p.person_id = r.person_id ORDER BY {order}, r.person_id",
        [*([topic] if topic else []), limit, offset],
    )
    return [_said(ws, row) for row in rows]


def of_person(ws: Workspace, person_id: str) -> Row | None:
    """The person's row of `listed`; None where nobody is expected or was seen to come through them, or before a
    refresh."""
    if "influence" not in ws.states():
        return None
    query = (
        f"SELECT r.*, p.name FROM ({_overall('WHERE i.person_id = ?')}) AS r LEFT JOIN people AS p USING (person_id)"
    )
    found = _rows(ws, query, [person_id])
    return _said(ws, found[0]) if found else None


def topics(ws: Workspace) -> list[Row]:
    """One row = one topic: how many people reach anybody, and how many the first reaches; the most people first."""
    if "influence_topics" not in ws.states():
        return []
    return _rows(
        ws,
        "SELECT topic, count(*) AS people, max(reach) AS most FROM influence_topics GROUP BY topic "
        "ORDER BY people DESC, topic",
    )


def totals(ws: Workspace) -> Row:
    """ranked: people in the list. rising: of these. brought: of these through whom somebody came."""
    _needs(ws, "influence")
    (found,) = _rows(
        ws,
        "SELECT count(*) AS ranked, count(*) FILTER (WHERE rising) AS rising, "
        "count(*) FILTER (WHERE brought_people > 0) AS brought FROM influence",
    )
    return found


def _overall(where: str = "") -> str:
    return (
        "SELECT CAST(NULL AS VARCHAR) AS topic, i.person_id, i.place, i.reach, i.reach_low, i.reach_high, i.revenue, "
        f"{_OWN} FROM influence AS i {where}"
    )


def _of_topic() -> str:
    return (
        "SELECT t.topic, t.person_id, t.place, t.reach, t.reach_low, t.reach_high, CAST(NULL AS DOUBLE) AS revenue, "
        f"{_OWN} FROM influence_topics AS t LEFT JOIN influence AS i ON i.person_id = t.person_id WHERE t.topic = ?"
    )


def _known(ws: Workspace, topic: str) -> None:
    there = [row["topic"] for row in topics(ws)]
    if topic not in there:
        known = f"there are {', '.join(there)}" if there else "no topic has been learned yet"
        raise InputError(f"topic = {topic!r}; {known}")


def _said(ws: Workspace, row: Row) -> Row:
    from lianyi.insight.ripples.influence.saying import sentence

    en, zh = sentence(row, currency=ws.settings.currency)
    return {**row, "why_en": en, "why_zh": zh}


def _needs(ws: Workspace, table: str) -> None:
    if table not in ws.states():
        raise NotFound(f"table {table} is not built yet; run: lianyi refresh")


def _rows(ws: Workspace, query: str, values: Sequence[Any] = ()) -> list[Row]:
    found: list[Row] = ws.sql(query, values).to_arrow_table().to_pylist()
    return found
