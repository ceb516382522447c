"""One group at a time: its health week by week, its people, its conversations, what to fix first."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from lianyi.errors import InputError, NotFound

if TYPE_CHECKING:
    from lianyi.workspace import Workspace

Row = dict[str, Any]
# By what groups can be sorted: what an operator looks for first, then plain figures.
SORTS: Mapping[str, str] = {
    "fix": "weight * greatest(active, 1) DESC",
    "members": "members DESC",
    "messages": "messages DESC",
    "unanswered": "unanswered DESC NULLS LAST",
    "value": "value DESC NULLS LAST",
    "churn": "churn DESC NULLS LAST",
}
VERDICTS = ("community", "crowd", "unknown")
PEOPLE, THREADS, COMPARED = 50, 50, 6


@dataclass(frozen=True, kw_only=True)
class Group:
    """One group as the tables know it. row: of table `groups`. parts: of the verdict. fixes: what falls short, the
    heaviest first. health: its weeks, newest first. people: the most active ones. roles: people by role. open: its
    newest questions that nobody answered. as_of: the moment for which all of it speaks."""

    row: Row
    parts: Sequence[Row]
    fixes: Sequence[Row]
    health: Sequence[Row]
    people: Sequence[Row]
    roles: Mapping[str, int]
    open: Sequence[Row]
    as_of: datetime


def built(ws: Workspace) -> None:
    """NotFound while the tables are not built."""
    if "groups" not in ws.states():
        raise NotFound("the tables of groups are not built yet; run: lianyi refresh")


def listed(ws: Workspace, *, sort: str = "fix", verdict: str = "", limit: int = 100, offset: int = 0) -> list[Row]:
    """Rows of `groups`; sort: one of SORTS, by default what there is to fix by how many people it concerns."""
    built(ws)
    if sort not in SORTS:
        raise InputError(f"sort = {sort!r}; write one of {', '.join(SORTS)}")
    if verdict and verdict not in VERDICTS:
        raise InputError(f"verdict = {verdict!r}; write one of {', '.join(VERDICTS)}")
    where, values = ("WHERE verdict = ?", [verdict]) if verdict else ("", [])
    order = f"{SORTS[sort]}, messages DESC, group_key"
    return ws.rows(f"SELECT * FROM groups {where} ORDER BY {order} LIMIT {int(limit)} OFFSET {int(offset)}", values)


def compared(ws: Workspace, keys: Sequence[str]) -> list[Row]:
    """Some groups side by side, in the order given, at most COMPARED."""
    built(ws)
    asked = list(dict.fromkeys(keys))[:COMPARED]
    if not asked:
        return []
    marks = ", ".join("?" for _ in asked)
    found = {row["group_key"]: row for row in ws.rows(f"SELECT * FROM groups WHERE group_key IN ({marks})", asked)}
    return [found[key] for key in asked if key in found]


def group(ws: Workspace, group_key: str) -> Group:
    """Everything the tables know of one group; NotFound where there is none of this key."""
    built(ws)
    key = (group_key,)
    found = ws.rows("SELECT * FROM groups WHERE group_key = ?", key)
    if not found:
        raise NotFound(f"no group {group_key!r}; `lianyi groups` lists them")
    roles = ws.rows(
        "SELECT role, count(*) AS people FROM group_people WHERE group_key = ? GROUP BY role "
        "ORDER BY people DESC, role", key,
    )  # fmt: skip
    return Group(
        row=found[0],
        parts=json.loads(found[0]["verdict_parts"]),
        fixes=json.loads(found[0]["fixes"]),
        health=ws.rows("SELECT * FROM group_health WHERE group_key = ? AND week >= 0 ORDER BY week", key),
        people=people(ws, group_key),
        roles={row["role"]: row["people"] for row in roles},
        open=threads(ws, group_key, unanswered=True, limit=10),
        as_of=ws.states()["groups"].as_of,
    )


def people(ws: Workspace, group_key: str, *, role: str = "", offset: int = 0, limit: int = PEOPLE) -> list[Row]:
    """Rows of `group_people`, the most active first; only those of a role where one is given."""
    narrowed, values = (" AND role = ?", (group_key, role)) if role else ("", (group_key,))
    return ws.rows(
        f"SELECT * FROM group_people WHERE group_key = ?{narrowed} ORDER BY said DESC, answers DESC, person_id "
        f"LIMIT {int(limit)} OFFSET {int(offset)}", values,
    )  # fmt: skip


def threads(
    ws: Workspace, group_key: str = "", *, unanswered: bool = False, offset: int = 0, limit: int = THREADS
) -> list[Row]:
    """Rows of `threads`, newest first; of all groups where none is named. unanswered: questions without an answer."""
    if "threads" not in ws.states():
        raise NotFound("the tables of conversations are not built yet; run: lianyi refresh")
    where = ["TRUE", *(["t.group_key = ?"] if group_key else [])]
    if unanswered:
        where.append("t.question AND t.first_answer_minutes IS NULL AND NOT t.by_staff")
    return ws.rows(
        "SELECT t.*, p.name FROM threads t LEFT JOIN profiles p ON p.person_id = t.person_id "
        f"WHERE {' AND '.join(where)} ORDER BY t.began_at DESC, t.thread_id LIMIT {int(limit)} OFFSET {int(offset)}",
        [group_key] if group_key else [],
    )  # fmt: skip


def conversation(ws: Workspace, group_key: str, thread_id: str, *, limit: int = 200) -> list[Row]:
    """The messages of one thread in order of time, each with what it answers and how sure that is."""
    row = ws.rows("SELECT began_at, last_at FROM threads WHERE group_key = ? AND thread_id = ?", (group_key, thread_id))
    if not row:
        raise NotFound(f"no thread {thread_id!r} in {group_key!r}; `lianyi threads {group_key}` lists them")
    said = ws.rows(
        'SELECT l.*, p.name FROM reply_links l LEFT JOIN profiles p ON p.person_id = l.person_id '
        'WHERE l.group_key = ? AND l."at" BETWEEN ? AND ? ORDER BY l."at", l.message_id',
        (group_key, row[0]["began_at"], row[0]["last_at"]),
    )  # fmt: skip
    inside = {thread_id}
    found: list[Row] = []
    for message in said:
        if message["message_id"] == thread_id or message["answers_id"] in inside:
            inside.add(message["message_id"])
            found.append(message)
    return found[:limit]
