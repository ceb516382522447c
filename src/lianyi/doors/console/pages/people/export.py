"""People as CSV, in pieces, safe to open in a spreadsheet program."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import datetime
from typing import Any

from asgiref.sync import sync_to_async
from django.utils import timezone

from lianyi.doors.console.pages.people.search import Search, found
from lianyi.workspace import Workspace

# A cell that begins so may be run as a formula (OWASP "CSV injection"); an apostrophe in front makes it text.
RISKY = ("=", "+", "-", "@", "\t", "\r")


def cell(value: Any) -> Any:
    """A value as it is written: lists joined, times in the brand's zone, texts that look like formulas made
    harmless."""
    if isinstance(value, list):
        value = "; ".join(map(str, value))
    if isinstance(value, datetime):
        return timezone.localtime(value).isoformat(timespec="seconds")
    if isinstance(value, str) and value.startswith(RISKY):
        return "'" + value
    return value


def lines(ws: Workspace, search: Search, columns: Sequence[str]) -> Iterator[bytes]:
    """The file, piece by piece: a mark that says UTF-8 (for Excel), the header, then rows as the list sorts them."""
    names = ("person_id", "name", *columns)
    people = found(ws, search, columns)
    yield b"\xef\xbb\xbf" + written([names])
    for rows in people:
        yield written([[cell(row[name]) for name in names] for row in rows])


def written(rows: Sequence[Sequence[Any]]) -> bytes:
    """Rows as lines of a CSV."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerows(rows)
    return buffer.getvalue().encode()


async def streamed(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    """The pieces as an asynchronous stream, so that the server sends each as it is made and holds none of the rest."""
    zone = timezone.get_current_timezone()

    def step() -> bytes | None:
        with timezone.override(zone):  # the page's own override ends when its answer begins
            return next(pieces, None)

    while (piece := await sync_to_async(step, thread_sensitive=False)()) is not None:
        yield piece
