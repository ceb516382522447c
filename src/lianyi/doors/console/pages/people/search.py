"""What is looked for in the list of people, and the SQL that finds it. Values are always bound, never written in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict

from lianyi.doors.console.conditions import matching
from lianyi.doors.console.pages.people.columns import CONSUMPTION, SORTS
from lianyi.doors.console.tag_rules import rules
from lianyi.memory.duckdb import Relation
from lianyi.memory.keys import NAMESPACES, email_key, phone_key
from lianyi.persons import PERSON_ID
from lianyi.workspace import Workspace

PAGE = 50
SEEN_DAYS = (1, 7, 30, 90)


@dataclass(frozen=True, kw_only=True)
class Search:
    """One search. text: name or key. tags: all must be there. seen: active within so many days before the as-of
    time."""

    text: str = ""
    tags: tuple[str, ...] = ()
    consumption: str = ""
    channel: str = ""
    seen: int = 0
    condition: str = ""
    sort: str = "last_seen"
    down: bool = True
    page: int = 1

    @property
    def narrowed(self) -> bool:
        """Whether it leaves anybody out."""
        return bool(self.text or self.tags or self.consumption or self.channel or self.seen or self.condition)

    @property
    def filters(self) -> int:
        """How many filters are set, the text apart."""
        return len(self.tags) + sum(map(bool, (self.consumption, self.channel, self.seen, self.condition)))

    @property
    def noted(self) -> dict[str, Any]:
        """The search as the log of acts may keep it, which is for ever: without the text, for that is a name or a
        number of somebody who may want to be erased."""
        kept = {
            "tags": self.tags, "consumption": self.consumption, "channel": self.channel, "seen": self.seen,
            "condition": self.condition,
        }  # fmt: skip
        return {"by_text": bool(self.text), **{name: value for name, value in kept.items() if value}}


@dataclass(frozen=True, kw_only=True)
class Clause:
    """A piece of SQL after WHERE, with the values bound to it."""

    sql: str
    values: tuple[Any, ...] = ()


def read(query: QueryDict) -> Search:
    """The search in an address. What is not understood is left out, never an error: addresses get old."""
    sort = query.get("sort", "last_seen")
    return Search(
        text=query.get("q", "").strip()[:200],
        tags=tuple(dict.fromkeys(tag for tag in query.getlist("tag") if tag))[:10],
        consumption=query.get("consumption", "") if query.get("consumption") in CONSUMPTION else "",
        channel=query.get("channel", "")[:60],
        seen=int(seen) if (seen := query.get("seen", "")).isdecimal() and int(seen) in SEEN_DAYS else 0,
        condition=query.get("condition", "").strip()[:2000],
        sort=sort if sort in SORTS else "last_seen",
        down=query.get("dir", "down") != "up",
        page=max(1, int(page)) if (page := query.get("page", "1")).isdecimal() and len(page) < 9 else 1,
    )


def where(ws: Workspace, search: Search) -> Clause:
    """All conditions of a search, joined. BadRule where the condition text can't be read."""
    clauses = [_text(search.text)] if search.text else []
    clauses += [Clause(sql="list_contains(tags, ?)", values=(tag,)) for tag in search.tags]
    if search.consumption:
        clauses.append(Clause(sql="consumption_level = ?", values=(search.consumption,)))
    if search.channel:
        clauses.append(Clause(sql="list_contains(channels, ?)", values=(search.channel,)))
    if search.seen:
        as_of = ws.states()["people"].as_of
        clauses.append(Clause(sql="last_seen >= ? - to_days(?)", values=(as_of, search.seen)))
    if search.condition:
        clauses.append(Clause(sql=matching(ws, search.condition, rules(ws.folder)).sql))
    sql = " AND ".join(f"({clause.sql})" for clause in clauses)
    return Clause(sql=sql or "TRUE", values=tuple(value for clause in clauses for value in clause.values))


def _text(text: str) -> Clause:
    """A name that contains the text, or one of the keys that the text may stand for."""
    if PERSON_ID.match(text):
        return Clause(
            sql="person_id = ? OR person_id IN (SELECT person_id FROM keys WHERE key_id = ?)", values=(text, text)
        )
    keys = _possible_keys(text)
    marks = ", ".join("?" for _ in keys)
    by_key = f"person_id IN (SELECT person_id FROM keys WHERE key IN ({marks}))"
    return Clause(sql=f"contains(lower(name), ?) OR {by_key}", values=(text.lower(), *keys))


def _possible_keys(text: str) -> list[str]:
    if text.partition(":")[0] in NAMESPACES and ":" in text:
        return [text]
    own = [key for key in (email_key(text), phone_key(text)) if key]
    return own + [f"{name}:{text}" for name in NAMESPACES if name not in {"email", "phone"}]


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page of the list: rows, how many people there are in all, and whether more follow."""

    rows: Sequence[dict[str, Any]]
    total: int
    number: int

    @property
    def first(self) -> int:
        """Place of the first row, counted from 1; 0 where there is none."""
        return (self.number - 1) * PAGE + 1 if self.rows else 0

    @property
    def last(self) -> int:
        """Place of the last row."""
        return (self.number - 1) * PAGE + len(self.rows)

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.total // PAGE))


def find(ws: Workspace, search: Search, columns: Sequence[str]) -> Page:
    """One page of people. Reads the sort column of all and the shown columns of one page only. Pages behind the middle
    are looked for from the end, for the nearer a page is to where the order begins, the less must be sorted."""
    clause = where(ws, search)
    total = ws.states()["people"].rows
    if search.narrowed:
        total = (
            ws.sql(f"SELECT count(*) AS n FROM people WHERE {clause.sql}", clause.values)
            .to_arrow_table()["n"][0]
            .as_py()
        )
    return Page(rows=_shown(ws, _ids(ws, search, clause, total), columns), total=total, number=search.page)


def _ids(ws: Workspace, search: Search, clause: Clause, total: int) -> list[str]:
    """The ids of the people on the page, in its order."""
    first = (search.page - 1) * PAGE
    count = min(PAGE, total - first)
    if count <= 0:
        return []
    behind = total - first - count
    backwards = behind < first
    found = ws.sql(
        f"SELECT person_id FROM people WHERE {clause.sql} {order(search, backwards=backwards)} "
        f"LIMIT {count} OFFSET {behind if backwards else first}",
        clause.values,
    )
    ids: list[str] = found.to_arrow_table()["person_id"].to_pylist()
    return ids[::-1] if backwards else ids


def _shown(ws: Workspace, ids: Sequence[str], columns: Sequence[str]) -> list[dict[str, Any]]:
    """The shown columns of these people, in this order."""
    if not ids:
        return []
    marks = ", ".join("?" for _ in ids)
    found = ws.sql(f"SELECT {_names(columns)} FROM people WHERE person_id IN ({marks})", ids)
    by_id = {row["person_id"]: row for row in found.to_arrow_table().to_pylist()}
    return [by_id[person_id] for person_id in ids]


def found(ws: Workspace, search: Search, columns: Sequence[str]) -> Relation:
    """All people found with these columns, as the list sorts them."""
    clause = where(ws, search)
    return ws.sql(f"SELECT {_names(columns)} FROM people WHERE {clause.sql} {order(search)}", clause.values)


def _names(columns: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in ("person_id", "name", *columns))


def order(search: Search, *, backwards: bool = False) -> str:
    """ORDER BY; the id settles ties, so that pages never overlap. backwards: the same order from its end."""
    down = "DESC" if search.down != backwards else "ASC"
    return f'ORDER BY "{search.sort}" {down} {"NULLS FIRST, person_id DESC" if backwards else "NULLS LAST, person_id"}'
