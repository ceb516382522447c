"""Compaction: many small files become few sorted ones, and these become ranges, so that a timeline is cheap to read.

Two levels. Loose files are merged into sorted ones of up to FULL_FILE rows, under the log's lock: that takes seconds.
Such files hold everybody, so a person would lie in all of them; where there are RUNS of like size they are merged into
a *run*: files of which each holds a range of people that no other file of the run has. A person's events then lie in
one file of each run, and there are few runs, each at least a quarter as large as all smaller ones together: an event
is rewritten about once for every fourfold of the log (as in log-structured merge trees; O'Neil et al., Acta
Informatica 1996). That takes minutes, so it is done beside the landings, and only its end takes the log's lock.

Old files stay for an hour for readers that still hold them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from lianyi.memory.datafile import new_name, new_run, run_of
from lianyi.memory.engine import literal
from lianyi.memory.lake import DataFile, Lake
from lianyi.memory.lookup import Part

log = logging.getLogger(__name__)

# A sorted file holds at most about this many rows: the sort stays within memory, a timeline within a few files.
FULL_FILE = 8_000_000
# Fewer loose files than this are not worth a compaction.
LOOSE_FILES = 8
# So many runs of like size become one.
RUNS = 4
Say = Callable[[str], None]
Sized = TypeVar("Sized", "DataFile", "Run")


@dataclass(frozen=True, kw_only=True)
class Run:
    """Files that share no person with each other."""

    files: tuple[DataFile, ...]

    @property
    def rows(self) -> int:
        """Of all its files."""
        return sum(file.rows for file in self.files)


def compact(lake: Lake, *, all_files: bool = False, say: Say = lambda _message: None) -> int:
    """Merge loose files, then runs; returns how many files went.

    Loose files are merged when there are at least LOOSE_FILES of like size, or with all_files at once; a file much
    larger than the others together waits until they have grown, so that each event is rewritten only a few times. Busy
    while somebody else merges, or writes to the log for long.
    """
    with lake.merging():
        gone = _merge_loose(lake, all_files=all_files, say=say)
        gone += _merge_runs(lake, all_files=all_files, say=say)
    if gone:
        log.info("compacted %d files", gone, extra={"action": "lake.compact", "files": gone})
    return gone


def runs(files: Sequence[DataFile]) -> list[Run]:
    """The runs of these files; a file of none is one by itself."""
    found: dict[str, list[DataFile]] = {}
    for file in files:
        found.setdefault(run_of(file.path) or file.path, []).append(file)
    return [Run(files=tuple(mine)) for mine in found.values()]


def _merge_loose(lake: Lake, *, all_files: bool, say: Say) -> int:
    with lake.lock():
        loose = [file for file in lake.data_files() if file.rows < FULL_FILE // 2 and not run_of(file.path)]
        if not all_files:
            loose = _alike(loose)
        if len(loose) < (2 if all_files else LOOSE_FILES):
            return 0
        gone = 0
        for batch in _batches(loose, FULL_FILE):
            say(f"compacting {len(batch)} files, {sum(file.rows for file in batch):,} events")
            merged = lake.sorted_copy([str(lake.path / file.path) for file in batch], name=new_name())
            _replace(lake, added=[merged], removed=batch)
            gone += len(batch)
        lake.sweep(hours=1)
    return gone


def _merge_runs(lake: Lake, *, all_files: bool, say: Say) -> int:
    full = [run for run in runs(lake.data_files()) if run.rows >= FULL_FILE // 2]
    alike = full if all_files else _alike(full)
    if len(alike) < (2 if all_files else RUNS):
        return 0
    batch = [file for run in alike for file in run.files]
    paths = [str(lake.path / file.path) for file in batch]
    name, made = new_run(), list[tuple[str, int]]()
    try:
        for number, where in enumerate(_ranges(paths, sum(file.rows for file in batch)), 1):
            say(f"sorting {len(batch)} files by person, part {number}")
            made.append(lake.sorted_copy(paths, name=new_name(name), where=where))
        with lake.lock():
            _replace(lake, added=[piece for piece in made if piece[1]], removed=batch)
            lake.sweep(hours=1)
    except BaseException:
        kept = {file.path for file in lake.data_files()}
        for path in lake.path.glob(f"{name}-*"):
            if path.name not in kept:
                path.unlink()
        raise
    return len(batch)


def _replace(lake: Lake, *, added: Sequence[tuple[str, int]], removed: Sequence[DataFile]) -> None:
    """Commit files that hold the same events as others, under the log's lock."""
    seen = lake.seen()
    lake.commit(added=added, removed=removed)
    seen.save([], covered=frozenset(file.path for file in lake.data_files()))


def _ranges(paths: Sequence[str], rows: int) -> Iterator[str]:
    """SQL conditions that part the people into ranges of about as many events, at most about FULL_FILE; the last has
    nobody's too. Borders are taken from footers, where each row group tells its first person."""
    parts = [Part.read(path, "actor_key") for path in paths]
    starts = np.concatenate([part.least for part in parts])
    weights = np.concatenate([[part.footer.row_group(int(group)).num_rows for group in part.groups] for part in parts])
    order = np.argsort(starts, kind="stable")
    reached = np.cumsum(weights[order])
    pieces = -(-rows // FULL_FILE)
    wanted = reached[-1] * np.arange(1, pieces) / pieces if len(reached) else []
    borders = sorted(set(starts[order][np.searchsorted(reached, wanted)].tolist())) if len(reached) else []
    marks = [literal(border) for border in borders]
    for low, high in zip([None, *marks], [*marks, None], strict=True):
        conditions = ([f"actor_key >= {low}"] if low else []) + ([f"actor_key < {high}"] if high else [])
        if high is None:
            known = " AND ".join(conditions) or "TRUE"
            yield f"({known} OR actor_key IS NULL)"
        else:
            yield " AND ".join(conditions)


def _alike(files: Sequence[Sized]) -> list[Sized]:
    """The smallest, up to the first that has more than four times the rows of all before it."""
    chosen: list[Sized] = []
    total = 0
    for file in sorted(files, key=lambda file: file.rows):
        if total and file.rows > 4 * total:
            break
        chosen.append(file)
        total += file.rows
    return chosen


def _batches(files: Sequence[DataFile], rows: int) -> Iterator[list[DataFile]]:
    """Files in groups of at most `rows` rows, smallest first; groups of one are left out."""
    batch: list[DataFile] = []
    for file in sorted(files, key=lambda file: file.rows):
        if batch and sum(other.rows for other in batch) + file.rows > rows:
            if len(batch) > 1:
                yield batch
            batch = []
        batch.append(file)
    if len(batch) > 1:
        yield batch
