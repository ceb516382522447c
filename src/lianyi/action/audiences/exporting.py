"""Taking an audience out: a CSV for people, and match files for advertising platforms.

A match file holds nothing but SHA-256 of normalised phone numbers or e-mail addresses, as Meta, Google and Ocean
Engine take them, of people who have consented to the purpose. Whoever exports says which purpose it is, and that is
kept in the log of acts with the counts. A hash of a phone number is personal data still: phone numbers are few.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import pyarrow as pa
import pyarrow.compute as pc

from lianyi.action.audiences import members
from lianyi.action.audiences.models import Audience
from lianyi.errors import InputError

if TYPE_CHECKING:
    from lianyi.workspace import Workspace

Platform = Literal["meta", "google", "oceanengine"]
Contact = Literal["phone", "email"]
# How a platform writes a phone number before it is hashed: digits with the country's number, with + before, without 86.
PLATFORMS: tuple[Platform, ...] = ("meta", "google", "oceanengine")
AT_ONCE = 5_000
COLUMNS = ("person_id", "name", "keys", "orders", "net_spend", "last_seen", "channels", "tags")


def rows(ws: Workspace, ids: pa.Array, columns: Sequence[str] = COLUMNS) -> Iterator[list[dict[str, Any]]]:
    """The rows of table `people` of these members, so many at a time, in the order of their ids. Whom the tables do
    not know yet has an id alone."""
    known = ws.tables()["people"].columns
    unknown = [name for name in columns if name not in known]
    if unknown:
        raise InputError(f"no column {unknown[0]!r} of people; there are {', '.join(known)}")
    for start in range(0, len(ids), AT_ONCE):
        some = ids.slice(start, AT_ONCE).to_pylist()
        found = {
            row["person_id"]: row for row in ws.look_up("people", some, columns=["person_id", *columns]).to_pylist()
        }
        yield [found.get(one, dict.fromkeys(columns) | {"person_id": one}) for one in some]


@dataclass(frozen=True, kw_only=True)
class Match:
    """A match file: sorted hashes, each once. members: in the audience; consented: of these, to the purpose; people:
    of these, with such a contact."""

    hashes: tuple[str, ...]
    members: int
    consented: int
    people: int


def match(ws: Workspace, audience: Audience, *, platform: Platform, contact: Contact, purpose: str) -> Match:
    """Hashes of the phone numbers or e-mail addresses of the members who have consented to the purpose."""
    purpose = purpose.strip()
    if not purpose:
        raise InputError("say for what purpose; only people who have consented to that are in the file")
    if platform not in PLATFORMS or contact not in {"phone", "email"}:
        raise InputError(f"platform is one of {', '.join(PLATFORMS)}; contact is phone or email")
    there = members.of(ws, audience).ids()
    may = consented(ws, there, purpose)
    hashes: set[str] = set()
    people = 0
    for start in range(0, len(may), AT_ONCE):
        some = may.slice(start, AT_ONCE).to_pylist()
        for row in ws.look_up("people", some, columns=["keys"]).to_pylist():
            mine = [key for key in row["keys"] or () if key.startswith(f"{contact}:")]
            hashes.update(hashed(key, platform) for key in mine)
            people += bool(mine)
    return Match(hashes=tuple(sorted(hashes)), members=len(there), consented=len(may), people=people)


def consented(ws: Workspace, ids: pa.Array, purpose: str) -> pa.Array:
    """Those of these people whose last word on the purpose is yes on some channel, and on no channel no."""
    from lianyi.insight.conditions import syntax as s

    now = ws.clock()
    present = ws.present(now)
    said = present.chosen(s.Consents(purpose), now)
    refused = present.refusing(purpose)
    return ids.filter(pc.and_(pc.is_in(ids, value_set=said), pc.invert(pc.is_in(ids, value_set=refused))))


def hashed(key: str, platform: Platform) -> str:
    """SHA-256 in hex of a `phone:` or `email:` key as the platform normalises it."""
    kind, _, value = key.partition(":")
    if kind == "phone":
        value = {"meta": value, "google": f"+{value}", "oceanengine": value.removeprefix("86")}[platform]
    elif platform == "google":
        value = _gmail(value)
    return hashlib.sha256(value.encode()).hexdigest()


def _gmail(address: str) -> str:
    """Google leaves out dots, and all after a plus, before @gmail.com and @googlemail.com."""
    name, _, domain = address.partition("@")
    if domain not in {"gmail.com", "googlemail.com"}:
        return address
    return f"{name.split('+')[0].replace('.', '')}@{domain}"
