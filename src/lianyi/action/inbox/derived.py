"""What the tables know after a refresh: questions without an answer, complaints, sensitive words; and which of those
that wait here were answered, also where nothing says what is an answer to what. The tables are read by key, their state
is never copied: what was closed here stays closed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from lianyi.action.inbox import taking
from lianyi.action.inbox.duty import Rota
from lianyi.action.inbox.live import Around
from lianyi.action.inbox.models import Item
from lianyi.action.inbox.taking import Found, Kind
from lianyi.action.journeys.world import keys_of
from lianyi.action.paging import in_pages
from lianyi.workspace import Workspace

# What is older than this when a table first tells of it waits for nobody any more.
DAYS = 7
LATELY = timedelta(days=DAYS)
BURST = timedelta(days=1)
MOST = 500
TABLES = ("complaints", "threads", "flagged", "bursts")
# By kind: the table that knows of answers, its id, when it was said, minutes until the answer that counts, whose.
ANSWERED = {
    Kind.COMPLAINT: ("complaints", "message_id AS id, said_at AS since, staff_minutes AS minutes, '' AS by"),
    Kind.QUESTION: (
        "threads",
        "thread_id AS id, began_at AS since, first_answer_minutes AS minutes, answered_by AS by",
    ),
}
Row = Mapping[str, Any]


def version(ws: Workspace) -> str:
    """Which tables these are; "" while none is built."""
    states = ws.states()
    return " ".join(states[name].version for name in TABLES if name in states)


def take_in(ws: Workspace, known: Around, rota: Rota, *, now: datetime) -> None:
    """Keep what is open by the tables, and close what they know to be answered."""
    states = ws.states()
    found: dict[str, Found] = {}
    for table, open_ones in (("complaints", _complaints), ("threads", _questions), ("flagged", _sensitive)):
        if table in states:
            for one in open_ones(ws, states[table].as_of - LATELY):
                if one.group_key not in known.direct:
                    found.setdefault(one.ref, one)
    taking.take(_named(ws, list(found.values())), rota, now=now)
    if "bursts" in states:
        _bursts(ws, known, rota, since=states["bursts"].as_of - BURST, now=now)
    for kind, (table, columns) in ANSWERED.items():
        # Made before there was such a column: the next refresh makes it anew.
        if table in states and (kind != Kind.COMPLAINT or "staff_minutes" in ws.table(table).columns):
            _settle(ws, kind, f"SELECT {columns} FROM {table}", now=now)


def _questions(ws: Workspace, since: datetime) -> Iterable[Found]:
    rows = ws.rows(
        "SELECT thread_id AS id, group_key, began_at AS said_at, person_id, text FROM threads WHERE question AND "
        f"first_answer_minutes IS NULL AND NOT by_staff AND began_at > ? ORDER BY began_at DESC LIMIT {MOST}", [since],
    )  # fmt: skip
    return (_found(Kind.QUESTION, row) for row in rows)


def _complaints(ws: Workspace, since: datetime) -> Iterable[Found]:
    rows = ws.rows(
        "SELECT message_id AS id, group_key, said_at, person_id, text, review FROM complaints WHERE answered_by_staff "
        f"IS NOT TRUE AND said_at > ? ORDER BY said_at DESC LIMIT {MOST}", [since],
    )  # fmt: skip
    return (_found(Kind.COMPLAINT, row, review=row["review"]) for row in rows)


def _sensitive(ws: Workspace, since: datetime) -> Iterable[Found]:
    rows = ws.rows(
        "SELECT message_id AS id, group_key, said_at, person_id, text, word_list FROM flagged WHERE why = 'sensitive' "
        f"AND said_at > ? ORDER BY said_at DESC LIMIT {MOST}", [since],
    )  # fmt: skip
    ids = [row["id"] for row in rows]
    cases = set(Item.objects.filter(message_id__in=ids, case__isnull=False).values_list("message_id", flat=True))
    return (_found(Kind.SENSITIVE, row, list=row["word_list"]) for row in rows if row["id"] not in cases)


def _bursts(ws: Workspace, known: Around, rota: Rota, *, since: datetime, now: datetime) -> None:
    """Bursts of rooms in the last day; those that are over wait for nobody."""
    rows = ws.rows(
        "SELECT topic, began_at, found_at, running, messages, people, expected FROM bursts WHERE kind = 'group' AND "
        "found_at > ?", [since],
    )  # fmt: skip
    mine = [(f"burst:{row['topic']}/{row['began_at'].isoformat()}", row) for row in rows
            if row["topic"] not in known.direct]  # fmt: skip
    found = [
        Found(ref=ref, kind=Kind.BURST, said_at=row["found_at"], group_key=row["topic"],
              channel=row["topic"].partition(":")[2].partition("/")[0],
              facts={name: row[name] for name in ("messages", "people", "expected")})
        for ref, row in mine
    ]  # fmt: skip
    taking.take(found, rota, now=now)
    going = [ref for ref, row in mine if row["running"]]
    over = Item.objects.filter(kind=Kind.BURST, closed_at__isnull=True).exclude(ref__in=going)
    over.update(closed_at=now, how=Item.How.OVER)


def _found(kind: str, row: Row, **facts: Any) -> Found:
    group_key = row["group_key"] or ""
    return Found(
        ref=f"said:{row['id']}", kind=kind, said_at=row["said_at"], text=row["text"] or "", group_key=group_key,
        channel=group_key.partition(":")[2].partition("/")[0], person_id=row["person_id"] or "", message_id=row["id"],
        facts={name: value for name, value in facts.items() if value},
    )  # fmt: skip


def _named(ws: Workspace, found: Sequence[Found]) -> list[Found]:
    """With the key by which who said it speaks there, where it is known."""
    keys = keys_of(ws, [one.person_id for one in found if one.person_id]) if "people" in ws.states() else {}
    named = []
    for one in found:
        mine = [key for key in keys.get(one.person_id, ()) if key.startswith(f"{one.channel}:")]
        named.append(Found(**{**one.__dict__, "actor": mine[0] if len(mine) == 1 else ""}))
    return named


def _settle(ws: Workspace, kind: str, answered: str, *, now: datetime) -> None:
    waiting = Item.objects.filter(kind=kind, closed_at__isnull=True).exclude(message_id="")
    for page in in_pages(list(waiting.values_list("message_id", flat=True))):
        marks = ", ".join("?" for _one in page)
        for row in ws.rows(
            f"SELECT * FROM ({answered}) AS a WHERE minutes IS NOT NULL AND id IN ({marks})", list(page)
        ):
            at = row["since"] + timedelta(minutes=row["minutes"])
            taking.answered(waiting.filter(message_id=row["id"]), at=at, by=row["by"] or "", now=now)
