"""What has just come in, judged without waiting for a refresh: questions, complaints, sensitive words in groups; what
is written to the brand alone; answers that say what they answer."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lianyi.action.channels.matrix import listening as matrix
from lianyi.action.channels.models import Account
from lianyi.action.inbox import taking
from lianyi.action.inbox.duty import Rota
from lianyi.action.inbox.models import Item
from lianyi.action.inbox.taking import Found, Kind
from lianyi.action.operation import measures, rules
from lianyi.action.operation.models import Case
from lianyi.action.paging import in_pages
from lianyi.insight.listening.at_once import judge
from lianyi.insight.listening.words import read_words
from lianyi.workspace import Workspace

# A past that is imported is no news; a refresh tells of it what still matters.
FRESH = timedelta(days=1)
SAYS = ("message", "reply")
KINDS = (*SAYS, "recall")
COLUMNS = ("id", "at", "kind", "source", "actor_key", "group_key", "parent_id", "channel", "text")
MOST = 20_000
Row = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Around:
    """What is known of where things are said. direct: rooms of one person with us, by key, with the account. staff:
    keys of people of the brand. accounts: of official accounts, by their app id."""

    direct: Mapping[str, str]
    staff: Collection[str]
    accounts: Mapping[str, str]


def around(ws: Workspace) -> Around:
    """As it is now."""
    direct: dict[str, str] = {}
    by_app: dict[str, str] = {}
    for account in Account.objects.filter(kind__in=["matrix", "wechat_service"]):
        if account.kind == "matrix":
            rooms = matrix.load(ws.folder, account.name).rooms
            direct |= {f"group:matrix/{key}": account.name for key, room in rooms.items() if room.direct}
        else:
            by_app[str(account.settings.get("app_id", ""))] = account.name
    return Around(direct=direct, staff=measures.known_staff(ws), accounts=by_app)


def rows_of(files: Sequence[str], *, since: datetime) -> list[Row]:
    """What was said or taken back in these files of the log after a moment, in order of time, the newest MOST."""
    parts = []
    for file in files:
        if Path(file).exists():
            condition = (pc.field("at") > pa.scalar(since, pa.timestamp("us", tz="UTC"))) & pc.field("kind").isin(KINDS)
            parts.append(pq.read_table(file, columns=list(COLUMNS), filters=condition))
    if not parts:
        return []
    found: list[Row] = pa.concat_tables(parts).sort_by([("at", "ascending"), ("id", "ascending")]).to_pylist()
    return found[-MOST:]


def rows_since(ws: Workspace, since: datetime) -> list[Row]:
    """The same out of the whole log: for who has not looked for so long that its journal has forgotten."""
    names, kinds = ", ".join(f'"{name}"' for name in COLUMNS), ", ".join(f"'{kind}'" for kind in KINDS)
    asked = f'SELECT {names} FROM events WHERE kind IN ({kinds}) AND "at" > ? AND received_at > ?'
    found = ws.rows(f'{asked} ORDER BY "at" DESC, id DESC LIMIT {MOST}', [since, since])
    return list(reversed(found))


def take_in(ws: Workspace, rows: Sequence[Row], known: Around, rota: Rota, *, now: datetime) -> None:
    """Keep what of these needs a person, and close what they answer or take back."""
    alone = [_alone(row, known) for row in rows if row["kind"] in SAYS]
    taking.said([one for one in alone if one], rota, now=now)
    said = [row for row in rows if _in_group(row, known)]
    taking.take(_heard(ws, said), rota, now=now)
    _answers(rows, known, now=now)
    taking.gone([row["parent_id"] for row in rows if row["kind"] == "recall" and row["parent_id"]], now=now)


def _alone(row: Row, known: Around) -> Found | None:
    """A message to the brand alone."""
    actor, group_key = row["actor_key"] or "", row["group_key"] or ""
    if not actor or actor in known.staff or (group_key and group_key not in known.direct):
        return None
    name = known.direct.get(group_key, "")
    if not group_key:
        kind, _, rest = str(row["source"]).partition(":")
        name = rest if kind == "channel" else known.accounts.get(str(row["id"]).partition(":")[2].partition("/")[0], "")
    return Found(
        ref=f"direct:{row['id']}", kind=Kind.MESSAGE, said_at=row["at"], text=row["text"] or "", direct=True,
        channel=row["channel"] or "", account=name, group_key=group_key, actor=actor, message_id=row["id"],
    )  # fmt: skip


def _in_group(row: Row, known: Around) -> bool:
    said = row["kind"] in SAYS and row["group_key"] and row["actor_key"] and row["text"]
    return bool(said) and row["group_key"] not in known.direct and row["actor_key"] not in known.staff


def _heard(ws: Workspace, said: Sequence[Row]) -> Iterator[Found]:
    """Of what has a case of moderation already, that is enough."""
    ids = [row["id"] for row in said]
    judged: set[str] = set()
    for page in in_pages(ids):
        judged |= set(Case.objects.filter(message_id__in=page).values_list("message_id", flat=True))
    ruled: dict[str, bool] = {}
    for row, what in zip(said, judge([row["text"] for row in said], read_words(ws.folder)), strict=True):
        key = row["group_key"]
        ruled[key] = ruled[key] if key in ruled else rules.current(key) is not None
        # An answer that asks back is no question that waits; with rules, sensitive words are cases.
        kind = (
            Kind.COMPLAINT if what.complaint
            else Kind.QUESTION if what.question and row["kind"] == "message"
            else Kind.SENSITIVE if what.sensitive and not ruled[key] else None
        )  # fmt: skip
        if kind and row["id"] not in judged:
            facts = {"list": what.sensitive} if kind == Kind.SENSITIVE else {}
            yield Found(
                ref=f"said:{row['id']}", kind=kind, said_at=row["at"], text=row["text"], channel=row["channel"] or "",
                group_key=key, actor=row["actor_key"], message_id=row["id"], facts=facts,
            )  # fmt: skip


def _answers(rows: Sequence[Row], known: Around, *, now: datetime) -> None:
    """Replies that say to what: anybody else's to a question, the team's to a complaint."""
    replies: dict[str, list[Row]] = {}
    for row in rows:
        if row["kind"] == "reply" and row["parent_id"] and row["actor_key"]:
            replies.setdefault(row["parent_id"], []).append(row)
    for page in in_pages(list(replies)):
        open_ones = Item.objects.filter(message_id__in=page, closed_at__isnull=True, direct=False)
        for item in open_ones.filter(kind__in=[Kind.QUESTION, Kind.COMPLAINT]):
            others = [row for row in replies[item.message_id] if row["actor_key"] != item.actor]
            counts = [row for row in others if item.kind == Kind.QUESTION or row["actor_key"] in known.staff]
            if counts:
                mine = Item.objects.filter(pk=item.pk)
                taking.answered(mine, at=counts[0]["at"], by=counts[0]["actor_key"], now=now)
