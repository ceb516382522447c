"""What people talk about: topics with their tone, complaints that wait for an answer, noise; one topic at a time."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import sqrt
from typing import TYPE_CHECKING, Any

from lianyi.errors import InputError, NotFound
from lianyi.insight.communities.naming import room_name
from lianyi.insight.listening.bursts import HOURS_BEFORE
from lianyi.insight.listening.words import read_words

if TYPE_CHECKING:
    from lianyi.workspace import Workspace

Row = dict[str, Any]
KINDS = ("theme", "category", "good", "word")
BURSTS = ("group", "theme", "good", "word")
WHYS = ("advert", "copied", "flood", "sensitive")
SORTS: Mapping[str, str] = {
    "messages": "messages DESC",
    "people": "people DESC",
    "bad": "bad DESC",
    "complaints": "complaints DESC",
    "rising": "messages / CAST(before + 5 AS DOUBLE) DESC",
    "diverse": "communities DESC NULLS LAST",
}
LIST, PEOPLE, SHOWN = 100, 50, 30
NORMAL = 1.96  # of a 95 % interval


@dataclass(frozen=True, kw_only=True)
class Topic:
    """One topic. row: of table `topics`, with titles. days: of `listening`, oldest first. people: who talks most of it.
    complaints: its newest ones of the last 28 days. as_of: the moment for which all of it speaks."""

    row: Row
    days: Sequence[Row]
    people: Sequence[Row]
    complaints: Sequence[Row]
    as_of: datetime


def built(ws: Workspace) -> None:
    """NotFound while the tables are not built."""
    if "complaints" not in ws.states():
        raise NotFound("the tables of listening are not built yet; run: lianyi refresh")


def whole(ws: Workspace) -> Row:
    """Everything that was said in 28 days, as one row of `topics`; {} where nothing was."""
    built(ws)
    found = ws.rows("SELECT * FROM topics WHERE kind = 'all'")
    return _shares(found[0]) if found else {}


def topics(ws: Workspace, *, kind: str = "", sort: str = "messages", limit: int = LIST, offset: int = 0) -> list[Row]:
    """Rows of `topics` with titles in both languages and the share of bad tone with its 95 % interval (Wilson)."""
    built(ws)
    if kind and kind not in KINDS:
        raise InputError(f"kind = {kind!r}; write one of {', '.join(KINDS)}")
    if sort not in SORTS:
        raise InputError(f"sort = {sort!r}; write one of {', '.join(SORTS)}")
    where, values = ("kind = ?", [kind]) if kind else ("kind <> 'all'", [])
    found = ws.rows(
        f"SELECT * FROM topics WHERE {where} ORDER BY {SORTS[sort]}, kind, topic LIMIT {int(limit)} OFFSET "
        f"{int(offset)}", values,
    )  # fmt: skip
    return [_shares(row) for row in titled(ws, found)]


def topic(ws: Workspace, kind: str, name: str) -> Topic:
    """Everything the tables know of one topic; NotFound where nobody talked of it in 28 days."""
    built(ws)
    key = (kind, name)
    found = ws.rows("SELECT * FROM topics WHERE kind = ? AND topic = ?", key)
    if not found:
        raise NotFound(f"nobody talked of {kind} {name!r} in the last 28 days; `lianyi topics` lists what they talk of")
    (row,) = titled(ws, found)
    about = "theme" if kind == "theme" else "object_key"
    complained = complaints(ws, unanswered=False, where=f"c.{about} = ?", values=(name,), limit=SHOWN)
    return Topic(
        row=_shares(row),
        days=ws.rows('SELECT * FROM listening WHERE kind = ? AND topic = ? ORDER BY "day"', key),
        people=people(ws, kind, name),
        complaints=complained if kind in {"theme", "good"} else [],
        as_of=ws.states()["topics"].as_of,
    )


def people(ws: Workspace, kind: str, name: str, *, limit: int = PEOPLE, offset: int = 0) -> list[Row]:
    """Rows of `topic_people`, those who say most first."""
    built(ws)
    return ws.rows(
        "SELECT t.*, p.name FROM topic_people t LEFT JOIN profiles p ON p.person_id = t.person_id "
        f"WHERE t.kind = ? AND t.topic = ? ORDER BY t.messages DESC, t.person_id LIMIT {int(limit)} "
        f"OFFSET {int(offset)}", (kind, name),
    )  # fmt: skip


def complaints(
    ws: Workspace, *, unanswered: bool = True, where: str = "TRUE", values: Sequence[Any] = (), limit: int = LIST,
    offset: int = 0,
) -> list[Row]:  # fmt: skip
    """Rows of `complaints`, newest first. unanswered: only those that staff have not answered, as far as is known."""
    built(ws)
    waits = " AND c.answered_by_staff IS NOT TRUE" if unanswered else ""
    found = ws.rows(
        f"SELECT c.*, p.name FROM complaints c LEFT JOIN profiles p ON p.person_id = c.person_id WHERE {where}{waits} "
        f"ORDER BY c.said_at DESC, c.message_id LIMIT {int(limit)} OFFSET {int(offset)}", values,
    )  # fmt: skip
    names = _theme_titles(ws)
    return [{**row, "theme_en": names.get(row["theme"], (row["theme"],) * 2)[0],
             "theme_zh": names.get(row["theme"], (row["theme"],) * 2)[1]} for row in found]  # fmt: skip


def flagged(ws: Workspace, *, why: str = "", group_key: str = "", limit: int = LIST, offset: int = 0) -> list[Row]:
    """Rows of `flagged`, newest first; only one reason or one room where these are given."""
    built(ws)
    if why and why not in WHYS:
        raise InputError(f"why = {why!r}; write one of {', '.join(WHYS)}")
    where = ["TRUE", *(["f.why = ?"] if why else []), *(["f.group_key = ?"] if group_key else [])]
    return ws.rows(
        "SELECT f.*, p.name FROM flagged f LEFT JOIN profiles p ON p.person_id = f.person_id "
        f"WHERE {' AND '.join(where)} ORDER BY f.said_at DESC, f.message_id, f.why LIMIT {int(limit)} OFFSET "
        f"{int(offset)}", [one for one in (why, group_key) if one],
    )  # fmt: skip


def bursts(ws: Workspace, *, kind: str = "", limit: int = LIST, offset: int = 0) -> list[Row]:
    """Rows of `bursts`, newest first, with titles, hours as pairs (hour, messages), minutes until it was found."""
    _bursts_built(ws)
    if kind and kind not in BURSTS:
        raise InputError(f"kind = {kind!r}; write one of {', '.join(BURSTS)}")
    where, values = ("WHERE kind = ?", [kind]) if kind else ("", [])
    found = ws.rows(
        f"SELECT * FROM bursts {where} ORDER BY began_at DESC, kind, topic LIMIT {int(limit)} OFFSET {int(offset)}",
        values,
    )
    return [_burst(row) for row in titled(ws, found)]


def burst(ws: Workspace, kind: str, name: str, began_at: datetime) -> Row:
    """One burst; NotFound where none began then."""
    _bursts_built(ws)
    found = ws.rows("SELECT * FROM bursts WHERE kind = ? AND topic = ? AND began_at = ?", (kind, name, began_at))
    if not found:
        raise NotFound(f"no burst of {kind} {name!r} began at {began_at.isoformat()}; `lianyi bursts` lists them")
    return _burst(titled(ws, found)[0])


def words_of(ws: Workspace, kind: str, name: str) -> list[str]:
    """The words by which people who talk of a topic are found: those of a theme, the name of a good, else itself."""
    if kind == "theme":
        return [word for one in read_words(ws.folder).themes if one.name == name for word in one.words][:10]
    (row,) = titled(ws, [{"kind": kind, "topic": name}])
    return [row["zh"]]


def _bursts_built(ws: Workspace) -> None:
    if "bursts" not in ws.states():
        raise NotFound("the table of bursts is not built yet; run: lianyi refresh")


def _burst(row: Row) -> Row:
    first = row["began_at"].replace(minute=0, second=0, microsecond=0) - timedelta(hours=HOURS_BEFORE)
    hours = [(first + timedelta(hours=place), count) for place, count in enumerate(json.loads(row["hours"]))]
    minutes = (row["found_at"] - row["began_at"]).total_seconds() / 60
    return {**row, "hours": hours, "found_minutes": minutes}


def of_group(ws: Workspace, group_key: str) -> Row | None:
    """The row of `group_themes` of one group with the 95 % intervals of noise and fit; None where nothing was said in
    28 days, or the table is not built yet."""
    if "group_themes" not in ws.states():
        return None
    found = ws.rows("SELECT * FROM group_themes WHERE group_key = ?", (group_key,))
    if not found:
        return None
    (row,) = found
    noise = wilson(row["flagged"], row["messages"]) if row["noise"] is not None else (None, None)
    fit = wilson(row["theme_named"], row["named"]) if row["fit"] is not None else (None, None)
    return {**row, "noise_low": noise[0], "noise_high": noise[1], "fit_low": fit[0], "fit_high": fit[1]}


def counts(ws: Workspace) -> Row:
    """How many complaints wait for staff, and how many messages are flagged, by reason."""
    built(ws)
    (row,) = ws.rows(
        "SELECT count(*) AS complaints, count(*) FILTER (WHERE answered_by_staff IS NOT TRUE) AS waiting, "
        "count(*) FILTER (WHERE answered) AS answered FROM complaints"
    )
    flags = ws.rows("SELECT why, count(*) AS n FROM flagged GROUP BY why")
    return {**row, "flagged": sum(one["n"] for one in flags), "why": {one["why"]: one["n"] for one in flags}}


def titled(ws: Workspace, rows: Sequence[Row]) -> list[Row]:
    """The rows with en and zh: what each topic is called."""
    themes = _theme_titles(ws)
    keys = [row["topic"] for row in rows if row["kind"] == "good"]
    goods: dict[str, str] = {}
    if keys:
        marks = ", ".join("?" for _ in keys)
        found = ws.rows(f"SELECT object_key, title FROM objects WHERE object_key IN ({marks})", keys)
        goods = {row["object_key"]: row["title"] for row in found if row["title"]}
    named = {"theme": themes, "good": {key: (title, title) for key, title in goods.items()}}
    shown = []
    for row in rows:
        plain = room_name(row["topic"]) if row["kind"] == "group" else row["topic"]
        en, zh = named.get(row["kind"], {}).get(row["topic"], (plain, plain))
        shown.append({**row, "en": en, "zh": zh})
    return shown


def _theme_titles(ws: Workspace) -> dict[str, tuple[str, str]]:
    return {one.name: (one.en, one.zh) for one in read_words(ws.folder).themes}


def _shares(row: Row) -> Row:
    low, high = wilson(row["bad"], row["messages"])
    return {**row, "bad_share": row["bad"] / row["messages"], "bad_low": low, "bad_high": high}


def wilson(hits: int, tries: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927)."""
    if not tries:
        return 0.0, 1.0
    share, spread = hits / tries, NORMAL**2 / tries
    middle = (share + spread / 2) / (1 + spread)
    half = NORMAL * sqrt(share * (1 - share) / tries + spread / (4 * tries)) / (1 + spread)
    return max(0.0, middle - half), min(1.0, middle + half)
