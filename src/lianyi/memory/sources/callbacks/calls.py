"""One callback as plain values: its XML read without entities, and an id that a repeated call has again."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from lianyi.memory.sources.wechat.xml import BadXml, Node, parse

LONGEST_VALUE = 2_000
MOST_VALUES = 100
# Never kept: a welcome code is good for one message, a ticket for the picture of a code.
SECRET = frozenset({"WelcomeCode", "Ticket", "Encrypt"})
AHEAD = timedelta(hours=1)
_SPLIT = re.compile(r"[,，\s]+")


class BadCallback(ValueError):
    """A callback that came from the platform but can't be read."""


@dataclass(frozen=True)
class Call:
    """root: the element <xml>. at: when it happened by the platform's clock. id: of what it says; whoever sends it
    again says the same."""

    root: Node
    at: datetime
    id: str

    def value(self, tag: str) -> str:
        """The text directly below <xml>; "" where there is none."""
        return next((child.text.strip() for child in self.root.children if child.tag == tag), "")

    def number(self, tag: str) -> int | None:
        """A whole number; None where there is none."""
        text = self.value(tag)
        return int(text) if re.fullmatch(r"-?[0-9]{1,18}", text) else None

    def members(self, tag: str) -> list[str]:
        """A list in any of the three forms that are seen: joined by commas, nested <Item>, or not there at all."""
        found = next((child for child in self.root.children if child.tag == tag), None)
        if found is None:
            return []
        items = [item.text for item in found.all("Item")] or _SPLIT.split(found.text)
        return list(dict.fromkeys(item.strip() for item in items if item.strip()))

    def rest(self) -> dict[str, str]:
        """Everything that was said, for events that we do not know: path → text, without secrets."""
        leaves = [pair for pair in _leaves(self.root) if pair[0] not in SECRET][:MOST_VALUES]
        return {path: text[:LONGEST_VALUE] for path, text in leaves}


def read(body: bytes | str, *, now: datetime) -> Call:
    """The decrypted text of a callback. BadCallback where it is no XML, or has a document type or entities."""
    try:
        root = parse(body.decode() if isinstance(body, bytes) else body)
    except (BadXml, UnicodeDecodeError) as error:
        raise BadCallback(str(error)) from None
    said = "\x1f".join(f"{path}\x1e{text}" for path, text in _leaves(root) if path not in SECRET)
    call = Call(root, now, hashlib.sha256(said.encode()).hexdigest()[:24])
    return Call(root, _moment(call.number("CreateTime"), now), call.id)


def sealed_in(body: bytes) -> str:
    """The encrypted text of an envelope. BadCallback where there is none."""
    try:
        root = parse(body.decode())
    except (BadXml, UnicodeDecodeError) as error:
        raise BadCallback(str(error)) from None
    found = next((child.text.strip() for child in root.children if child.tag == "Encrypt"), "")
    if not found:
        raise BadCallback("no <Encrypt>: choose the safe mode (安全模式) on the platform")
    return found


def tidy(props: Mapping[str, Any]) -> dict[str, Any]:
    """Props without what was not said."""
    return {name: value for name, value in props.items() if value not in ("", None, [], {})}


def _moment(seconds: int | None, now: datetime) -> datetime:
    """When it happened; now where the platform does not say, or says what can't be."""
    if seconds is None or not 0 < seconds < 1 << 33:
        return now
    at = datetime.fromtimestamp(seconds, UTC)
    return at if at <= now + AHEAD else now


def _leaves(node: Node, path: str = "") -> Iterator[tuple[str, str]]:
    for child in node.children:
        here = f"{path}/{child.tag}" if path else child.tag
        if child.children:
            yield from _leaves(child, here)
        elif child.text.strip():
            yield here, child.text.strip()
