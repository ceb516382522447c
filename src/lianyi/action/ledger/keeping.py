"""Keeping the price book, and entering costs.

The book is `ledger.yaml` in the workspace, so that a refresh from Python, the command line or a job reads the same.
Costs are events, so that they outlast any rebuild and are never changed.
"""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from lianyi.action.team import audit
from lianyi.action.team.models import User
from lianyi.errors import InputError, NotFound
from lianyi.insight.ledger import book as books
from lianyi.insight.ledger.accounts import WHAT
from lianyi.insight.ledger.book import FILE_NAME, Book
from lianyi.memory.events import Event, check, money
from lianyi.workspace import Workspace

SOURCE = "entered"
KINDS = (*dict.fromkeys(WHAT), "other")
LABOUR = "labour"
MOST_MINUTES = 1_000_000
EMPTY = """\
# rates:   [{currency: USD, from: 2026-01-01, rate: "7.12"}]
# prices:  [{channel: sms, account: aliyun, price: "0.045", currency: CNY}, {channel: wecom, by: invoice}]
# wages:   [{member: "*", per_hour: "60", currency: CNY}]
# margins: [{category: "*", share: "0.42"}]
"""


@dataclass(frozen=True, kw_only=True)
class Kept:
    """The price book as it lies there: its text, what it says, and the mark by which an edit knows what it changes."""

    text: str
    book: Book

    @property
    def mark(self) -> str:
        """Changes with the text."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:16]


def current(folder: Path) -> Kept:
    """The book of a workspace; an empty one where there is none."""
    path = folder / FILE_NAME
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    return Kept(text=text, book=books.parsed(text))


def apply(folder: Path, text: str, *, by: User | str, instead_of: str = "") -> Kept:
    """Make this text the book; InputError names the line that can't be used, or says that somebody else was quicker
    (`instead_of`: the mark of what it was made from)."""
    made = Kept(text=text, book=books.parsed(text))
    if instead_of and instead_of != current(folder).mark:
        raise InputError("somebody changed the price book meanwhile; look at it, then apply yours again")
    draft = folder / f"{FILE_NAME}.{uuid.uuid4().hex[:8]}.new"
    draft.write_text(text, encoding="utf-8")
    draft.replace(folder / FILE_NAME)
    counts = {name: len(lines) for name, lines in books.plain(made.book).items()}
    audit.note(by, "ledger.book", FILE_NAME, **counts)
    return made


@dataclass(frozen=True, kw_only=True)
class Cost:
    """A cost as it is entered. amount: what was paid; None for labour, whose minutes the book prices. The rest says
    what it was for; a person is a key such as user:7."""

    what: str
    at: datetime
    amount: Decimal | None = None
    currency: str = ""
    minutes: Decimal | None = None
    member: str = ""
    campaign: str = ""
    journey: str = ""
    step: str = ""
    content: str = ""
    channel: str = ""
    group: str = ""
    community: str = ""
    category: str = ""
    person: str = ""
    note: str = ""


def enter(ws: Workspace, cost: Cost, *, by: User | str) -> Event:
    """Tell the log of a cost. InputError or BadEvent names the field that can't be used."""
    if cost.what not in KINDS:
        raise InputError(f"what: {cost.what[:40]!r} is none of {', '.join(KINDS)}")
    if cost.minutes is not None and not 0 < cost.minutes <= MOST_MINUTES:
        raise InputError(f"minutes: {cost.minutes} is not above 0 and at most {MOST_MINUTES:,}")
    if cost.amount is None and (cost.what != LABOUR or cost.minutes is None):
        raise InputError("amount: is missing; give what was paid, or for labour the minutes")
    if cost.amount == 0:
        raise InputError("amount: is 0; a cost is above 0, or below to take one back")
    name = by.name if isinstance(by, User) else by
    props = {
        "what": cost.what, "minutes": str(cost.minutes) if cost.minutes is not None else "", "member": cost.member,
        "journey": cost.journey, "step": cost.step, "community": cost.community, "note": cost.note[:500], "by": name,
    }  # fmt: skip
    event = Event(
        id=f"cost:{uuid.uuid4().hex}", at=cost.at, kind="cost", source=SOURCE,
        target_key=cost.person or None, group_key=cost.group or None, campaign=cost.campaign or None,
        channel=cost.channel or None, category=cost.category or None,
        object_key=f"content:{cost.content}" if cost.content else None,
        value=money(cost.amount) if cost.amount is not None else None,
        currency=(cost.currency or ws.settings.currency) if cost.amount is not None else None,
        props={key: value for key, value in props.items() if value},
    )  # fmt: skip
    now = ws.clock()
    ws.inbox.put_now([check(event, now=now)], received_at=now)
    audit.note(by, "ledger.enter", event.id, **_said(event))
    return event


def take_back(ws: Workspace, event_id: str, *, by: User | str, at: datetime) -> Event:
    """Undo an entered cost by its opposite, dated now: what was entered stays visible. NotFound where it is none of
    ours, InputError where it was taken back before."""
    found: list[dict[str, Any]] = (
        ws.sql("SELECT * FROM events WHERE id = ? AND kind = 'cost' AND source = ?", [event_id, SOURCE])
        .to_arrow_table()
        .to_pylist()
    )
    if not found:
        raise NotFound(
            f"there is no entered cost {event_id[:80]!r} in the log; one just entered gets there in a moment"
        )
    row = found[0]
    if row["value"] is None:
        raise InputError("labour by minutes has no amount of its own; enter the correction as a cost of its own")
    names = ("target_key", "group_key", "campaign", "channel", "category", "object_key", "currency")
    event = Event(
        id=f"{event_id}/back", at=at, kind="cost", source=SOURCE, value=-row["value"], parent_id=event_id,
        props=row["props"].encode() if row["props"] else None, **{name: row[name] for name in names},
    )  # fmt: skip
    if ws.sql("SELECT id FROM events WHERE id = ? LIMIT 1", [event.id]).fetchall():
        raise InputError(f"{event_id} was taken back before")
    now = ws.clock()
    ws.inbox.put_now([check(event, now=now)], received_at=now)
    audit.note(by, "ledger.take_back", event_id)
    return event


def _said(event: Event) -> dict[str, str]:
    said = {"value": str(event.value) if event.value is not None else "", "currency": event.currency or "",
            "campaign": event.campaign or ""}  # fmt: skip
    return {name: value for name, value in said.items() if value}
