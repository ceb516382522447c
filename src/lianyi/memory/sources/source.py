"""What a source is: a format declared as data, recognised from the head of a file, read into batches of events.

A source lives in a folder of its own (`memory/sources/<name>/`) whose `__init__` declares `SOURCES`, a tuple of
`Source`. The registry finds it by walking the folders; nothing else has to be changed to add a format. The
`__init__` must be light: `sniff` and `read` import what is heavy when they are called.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from lianyi.memory.sources.encoding import Encoding, check_encoding, detect
from lianyi.memory.sources.source_names import check_source_name

if TYPE_CHECKING:
    # mapping and table head are parts of the table sources, which import this module
    from lianyi.memory.sources.tabular.grid import Grid
    from lianyi.memory.sources.tabular.mapping import Mapping as TableMapping

HEAD_BYTES = 256 * 1024


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the user may say about a file, and what the reader must be told.

    received_at: the clock; times later than tomorrow by it are refused. label: tells two shops of one platform
    apart. timezone: IANA name for times that name none. currency: ISO code for amounts that name none. encoding:
    a Python codec name; None = detect. room: name of the chat where the file does not say. me: key or name of the
    account that exported a chat, where the file says only "you". file_date: the day of a log whose lines give only
    the time. file_name: the file's own name (inside an archive, too). sheet: of a workbook. mapping: of a table.
    """

    received_at: datetime
    label: str | None = None
    timezone: str = "Asia/Shanghai"
    currency: str = "CNY"
    encoding: str | None = None
    room: str | None = None
    me: str | None = None
    file_date: date | None = None
    file_name: str = ""
    sheet: str | None = None
    mapping: TableMapping | None = None

    def __post_init__(self) -> None:
        if self.label:
            check_source_name(self.label, what="label")
        if self.encoding is not None:
            check_encoding(self.encoding)

    def source(self, name: str) -> str:
        """The value of the events' `source` field: `<format>` or `<format>/<label>`."""
        return f"{name}/{self.label}" if self.label else name

    def aware(self, moment: datetime) -> datetime:
        """The moment in UTC; where it has no zone it is taken as local time of `timezone`."""
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=ZoneInfo(self.timezone))
        return moment.astimezone(UTC)

    def evolve(self, **changes: Any) -> Options:
        """A copy with some fields changed."""
        return replace(self, **changes)


@dataclass(frozen=True, kw_only=True)
class Reject:
    """One row that could not be used: where it stands, which value is wrong and why, and the row itself.

    line: physical line, the first is 1 (of a workbook: the row; of JSON and Parquet: the number of the record).
    column: name of the column or field, "" where the whole row is meant. row: its cells by column.
    """

    line: int
    column: str
    value: str
    reason: str
    row: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Batch:
    """A part of a file, read: valid events (SCHEMA, `received_at` may be absent) and rows that could not be used.

    rows: rows (lines, messages, records) of the file that the batch covers. bytes_done: how far into the file it
    reaches, for progress. number_duplicates: these rows have no ids of their own, so that equal rows are told apart by
    counting (see Landing.add).
    """

    events: pa.Table
    rejects: Sequence[Reject] = ()
    rows: int = 0
    bytes_done: int = 0
    number_duplicates: bool = False


@dataclass(frozen=True, kw_only=True)
class Guess:
    """How sure a source is that a file is of its format, 0..1, and why (a sentence for people).

    1.0 = carries the format's own mark; 0.9 = header fits in all that matters; 0.5 = a table that would need a
    look at its mapping; 0 = not at all.
    """

    confidence: float
    why: str


NO = Guess(confidence=0.0, why="")


@dataclass(frozen=True)
class Head:
    """What a source may look at to recognise a file. Everything but the first bytes is worked out when asked for."""

    path: Path
    name: str
    mappings: Sequence[TableMapping] = ()
    encoding_given: str | None = None

    @property
    def suffix(self) -> str:
        """The file's ending in small letters, with the dot."""
        return Path(self.name).suffix.lower()

    @cached_property
    def size(self) -> int:
        """Bytes of the whole file."""
        return self.path.stat().st_size

    @cached_property
    def start(self) -> bytes:
        """The first bytes of the file, at most HEAD_BYTES."""
        with self.path.open("rb") as file:
            return file.read(HEAD_BYTES)

    @cached_property
    def encoding(self) -> Encoding | None:
        """The encoding of a text file; None where the file is binary."""
        return detect(self.path, given=self.encoding_given)

    @cached_property
    def text(self) -> str:
        """The first bytes as text, without byte order mark; "" where the file is binary."""
        return self.encoding.text(self.start) if self.encoding else ""

    @cached_property
    def lines(self) -> list[str]:
        """The first lines, without their ends; the last one may be cut."""
        return self.text.splitlines()

    @cached_property
    def grid(self) -> Grid | None:
        """The file as a table: header and sample rows of CSV, TSV, XLSX, JSONL or Parquet; None where it is none."""
        from lianyi.memory.sources.tabular.grid import grid_of

        return grid_of(self)


@dataclass(frozen=True, kw_only=True)
class Source:
    """A format, declared. `name` becomes the events' source; `yields` are the kinds of events it can give.

    suffixes: endings (small, with dot) that such files have. sniff looks at the head only. read gives the batches
    of a whole file in its order, with bounded memory. fields: what the format holds, name -> meaning in English and
    Chinese, for the documentation and the console.
    """

    name: str
    en: str
    zh: str
    suffixes: tuple[str, ...]
    yields: tuple[str, ...]
    sniff: Callable[[Head], Guess]
    read: Callable[[Path, Options], Iterator[Batch]]
    fields: Mapping[str, tuple[str, str]] = field(default_factory=dict)
