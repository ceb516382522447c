"""Files into the log: recognise, read, land. Interrupted or damaged, nothing is half landed; twice is once."""

from __future__ import annotations

import hashlib
import logging
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from lianyi.errors import InputError, Interrupted
from lianyi.memory.lake import Lake
from lianyi.memory.landing import Landing
from lianyi.memory.sources.recognising import Chosen, choose
from lianyi.memory.sources.rejects import RejectFile
from lianyi.memory.sources.source import Batch, Options
from lianyi.memory.sources.tabular import mapping as mapping_file
from lianyi.memory.sources.unpacking import Found, found_files

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far the import of one file is. bytes_total: of the file; the rest counts what was read so far."""

    file: str
    bytes_done: int
    bytes_total: int
    rows: int
    events: int
    rejects: int


@dataclass(kw_only=True)
class ImportReport:
    """What came of one file.

    rows: of the file. new, duplicates: events landed, and events that the log held already. rejects: rows that could
    not be used; they are in rejects_file. kinds: events by kind, duplicates included. problem: why the file could not
    be read, or not to its end (what was read before has landed). already_landed: the very same file was added before.
    dry_run: nothing has landed, the counts are what would have been.
    """

    file: str
    format: str = ""
    confidence: float = 0.0
    why: str = ""
    source: str = ""
    rows: int = 0
    new: int = 0
    duplicates: int = 0
    rejects: int = 0
    kinds: dict[str, int] = field(default_factory=dict)
    first_at: datetime | None = None
    last_at: datetime | None = None
    seconds: float = 0.0
    rejects_file: Path | None = None
    mapping_file: Path | None = None
    problem: str | None = None
    already_landed: bool = False
    dry_run: bool = False

    @property
    def events(self) -> int:
        """All events of the file, new or not."""
        return self.new + self.duplicates

    def to_data(self) -> dict[str, Any]:
        """The report as plain data, for JSON."""
        return msgspec.to_builtins(asdict(self), enc_hook=str)  # type: ignore[no-any-return]


def import_files(
    lake: Lake,
    paths: Sequence[Path],
    *,
    mappings: Path,
    rejects: Path,
    now: datetime,
    timezone: str = "Asia/Shanghai",
    currency: str = "CNY",
    format: str | None = None,  # noqa: A002
    mapping: Path | mapping_file.Mapping | None = None,
    label: str | None = None,
    dry_run: bool = False,
    progress: Callable[[Progress], None] | None = None,
    encoding: str | None = None,
    room: str | None = None,
    me: str | None = None,
    file_date: date | None = None,
    sheet: str | None = None,
) -> list[ImportReport]:
    """Import files, folders and archives; one report per file, each file in one transaction of its own.

    A file named by the user that can't be used raises (UnknownFormat, BadMapping, InputError); one found in a folder or
    archive gives a report with its `problem`. Interrupted by Ctrl-C: files before it have landed, the one at hand not
    at all. Mappings are looked for, and remembered, in the folder `mappings`; rejected rows go to the folder `rejects`.
    """
    given = mapping_file.read(mapping) if isinstance(mapping, Path) else mapping
    options = Options(
        received_at=now, label=label, timezone=timezone, currency=currency, encoding=encoding, room=room, me=me,
        file_date=file_date, sheet=sheet, mapping=given,
    )  # fmt: skip
    job = _Job(
        lake=lake, mappings=mappings, rejects=rejects, options=options, format=format, dry_run=dry_run,
        progress=progress or (lambda _progress: None),
    )  # fmt: skip
    with found_files(paths, staging=lake.folder / "staging") as files:
        return [job.report(found) for found in files]


@dataclass(kw_only=True)
class _Job:
    """What is the same for all files of one call."""

    lake: Lake
    mappings: Path
    rejects: Path
    options: Options
    format: str | None
    dry_run: bool
    progress: Callable[[Progress], None]

    def report(self, found: Found) -> ImportReport:
        """Import one file."""
        started = time.monotonic()
        report = ImportReport(file=found.name, dry_run=self.dry_run, problem=found.problem)
        try:
            self._import(found, report)
        except InputError as error:
            if found.named:
                raise
            report.problem = found.problem or str(error)
        except KeyboardInterrupt:
            raise Interrupted(f"stopped while reading {found.name}; nothing of this file has landed") from None
        report.seconds = round(time.monotonic() - started, 3)
        log.info(
            "imported %s as %s: %d rows, %d new events, %d rejects", found.name, report.format, report.rows, report.new,
            report.rejects, extra={"action": "import", **report.to_data()},
        )  # fmt: skip
        return report

    def _import(self, found: Found, report: ImportReport) -> None:
        path = found.path
        if path is None:
            raise InputError(f"{found.name}: {found.problem}")
        chosen = choose(path, found.name, self.options, format=self.format, mappings=self.mappings)
        report.format, report.confidence, report.why = chosen.source.name, chosen.guess.confidence, chosen.guess.why
        report.source = chosen.source_name
        name = transaction_name(path, chosen)
        rejects = RejectFile(self.rejects / f"{name}.csv")
        with rejects as rejected, suppress(_NothingLandsError), self._landing(name) as landing:
            report.already_landed = landing.already_landed
            self._land(path, chosen, landing, rejected, report)
        report.rejects = rejects.count
        report.rejects_file = rejects.path if rejects.count else None
        if chosen.mapping is not None and not chosen.mapping.ids_as_given and not self.dry_run:
            report.mapping_file = self.mappings / f"{chosen.mapping.source}.yaml"
            mapping_file.write(report.mapping_file, chosen.mapping)

    @contextmanager
    def _landing(self, name: str) -> Iterator[Landing]:
        with self.lake.landing(received_at=self.options.received_at, transaction=(name, 1)) as landing:
            yield landing
            if self.dry_run:
                raise _NothingLandsError

    def _land(self, path: Path, chosen: Chosen, landing: Landing, rejected: RejectFile, report: ImportReport) -> None:
        kinds: Counter[str] = Counter()
        size = path.stat().st_size
        for batch in ahead(self._batches(chosen, report, path)):
            landed = landing.add(batch.events, number_duplicates=batch.number_duplicates)
            rejected.add(batch.rejects)
            report.rows += batch.rows
            report.new += landed.new
            report.duplicates += landed.duplicate
            kinds.update(_kinds(batch.events))
            _widen(report, batch.events)
            self.progress(
                Progress(
                    file=report.file,
                    bytes_done=min(batch.bytes_done, size),
                    bytes_total=size,
                    rows=report.rows,
                    events=report.events,
                    rejects=rejected.count,
                )
            )
        report.kinds = dict(kinds.most_common())

    def _batches(self, chosen: Chosen, report: ImportReport, path: Path) -> Generator[Batch]:
        """The batches up to the file's end, or to where it is damaged: what came before shall land."""
        some = False
        try:
            for batch in chosen.source.read(path, chosen.options):
                yield batch
                some = some or bool(batch.rows)
        except InputError as error:
            if not some:
                raise
            report.problem = str(error)


def ahead(batches: Generator[Batch]) -> Iterator[Batch]:
    """The same batches, each read by another thread while the one before is landing."""
    with closing(batches), ThreadPoolExecutor(1, thread_name_prefix="reading") as reader:
        coming = reader.submit(next, batches, None)
        while (batch := coming.result()) is not None:
            coming = reader.submit(next, batches, None)
            yield batch


class _NothingLandsError(Exception):
    """Leaves a landing so that it lands nothing."""


def transaction_name(path: Path, chosen: Chosen) -> str:
    """A name that the same content, read in the same way, has again."""
    digest = hashlib.blake2b(digest_size=16)
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    digest.update("\0".join([chosen.source.name, chosen.source_name, repr(chosen.reading)]).encode())
    return f"import-{digest.hexdigest()}"


def _kinds(events: pa.Table) -> dict[str, int]:
    if not events.num_rows:
        return {}
    return {item["values"]: item["counts"] for item in pc.value_counts(events["kind"]).to_pylist()}


def _widen(report: ImportReport, events: pa.Table) -> None:
    if events.num_rows:
        span = pc.min_max(events["at"]).as_py()
        report.first_at = min(filter(None, (report.first_at, span["min"])))
        report.last_at = max(filter(None, (report.last_at, span["max"])))
