"""What is looked for in the list of people, and who is found: masks over the roll of people, and an order of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.http import QueryDict

from lianyi import worth
from lianyi.doors.console.asked import whole
from lianyi.doors.console.conditions import matching
from lianyi.doors.console.pages.people.columns import COLUMNS, CONSUMPTION, SORTS
from lianyi.doors.console.tag_rules import rules
from lianyi.insight.roll import Mask, Roll, Rows, true_of
from lianyi.memory.keys import NAMESPACES, email_key, phone_key
from lianyi.persons import PERSON_ID
from lianyi.workspace import Workspace

PAGE = 50
AT_ONCE = 5_000
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


def read(query: QueryDict) -> Search:
    """The search in an address. What is not understood is left out, never an error: addresses get old."""
    sort = query.get("sort", "last_seen")
    return Search(
        text=query.get("q", "").strip()[:200],
        tags=tuple(dict.fromkeys(tag for tag in query.getlist("tag") if tag))[:10],
        consumption=query.get("consumption", "") if query.get("consumption") in CONSUMPTION else "",
        channel=query.get("channel", "")[:60],
        seen=seen if (seen := whole(query.get("seen", ""))) in SEEN_DAYS else 0,
        condition=query.get("condition", "").strip()[:2000],
        sort=sort if sort in SORTS else "last_seen",
        down=query.get("dir", "down") != "up",
        page=max(1, int(page)) if (page := query.get("page", "1")).isdecimal() and len(page) < 9 else 1,
    )


def in_order(ws: Workspace, search: Search) -> tuple[Roll, Rows]:
    """The roll of people, and its rows of who is found, in the order asked for; the id settles ties, so that pages
    never overlap. BadRule where the condition text can't be read."""
    roll = ws.roll()
    order = roll.order(search.sort, down=search.down)
    masks = _masks(ws, roll, search)
    return roll, order[np.logical_and.reduce(masks)[order]] if masks else order


def _masks(ws: Workspace, roll: Roll, search: Search) -> list[Mask]:
    """Who fulfils each part of the search."""
    masks = [_text(ws, roll, search.text)] if search.text else []
    masks += [roll.listing("tags", tag) for tag in search.tags]
    if search.consumption:
        masks.append(true_of(pc.equal(roll.column("consumption_level"), search.consumption)))
    if search.channel:
        masks.append(roll.listing("channels", search.channel))
    if search.seen:
        since = ws.states()["people"].as_of - timedelta(days=search.seen)
        masks.append(
            true_of(pc.greater_equal(roll.column("last_seen"), pa.scalar(since, roll.column("last_seen").type)))
        )
    if search.condition:
        masks.append(_fulfilling(ws, roll, matching(ws, search.condition, rules(ws.folder)).sql))
    return masks


def _fulfilling(ws: Workspace, roll: Roll, truth: str) -> Mask:
    rows = ws.sql(f"SELECT file_index, file_row_number FROM people_rows WHERE {truth}").to_arrow_table()
    return roll.numbered(rows["file_index"].to_numpy(), rows["file_row_number"].to_numpy())


def _text(ws: Workspace, roll: Roll, text: str) -> Mask:
    """A name that contains the text, or one of the keys that the text may stand for."""
    if PERSON_ID.match(text):
        older = ws.sql("SELECT person_id FROM keys WHERE key_id = ?", [text]).to_arrow_table()["person_id"]
        return roll.marked(list(roll.places({text, *older.to_pylist()}).values()))
    by_key = ws.look_up("keys", _possible_keys(text), columns=["person_id"])["person_id"].to_pylist()
    return roll.saying("name", text) | roll.marked(list(roll.places(set(by_key)).values()))


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
    """One page of people."""
    roll, order = in_order(ws, search)
    here = order[(search.page - 1) * PAGE : search.page * PAGE]
    return Page(rows=_with_beside(ws, roll, here, columns), total=len(order), number=search.page)


def found(ws: Workspace, search: Search, columns: Sequence[str]) -> Iterator[list[dict[str, Any]]]:
    """All people found with these columns, as the list sorts them, so many at a time."""
    roll, order = in_order(ws, search)
    for start in range(0, len(order), AT_ONCE):
        yield _with_beside(ws, roll, order[start : start + AT_ONCE], columns)


def _with_beside(ws: Workspace, roll: Roll, here: Rows, columns: Sequence[str]) -> list[dict[str, Any]]:
    """The columns of these rows: of the roll, and from the tables of value by the ids of the people."""
    beside = [name for name in columns if COLUMNS[name].beside]
    rows = roll.rows(here, ("person_id", "name", *(name for name in columns if name not in beside)))
    if beside:
        for row, told in zip(rows, worth.told(ws, [row["person_id"] for row in rows]), strict=True):
            row |= {name: told[name] for name in beside}
    return rows
