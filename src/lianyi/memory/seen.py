"""Which event ids the log holds: a set of 128-bit salted hashes in sorted runs on disk.

A look-up of n ids in a set of m costs n searches in memory-mapped arrays, so a second's worth of live events is
checked against 50 M in milliseconds, with no more memory than the pages touched. The hash is salted per workspace
and keeps working as a tombstone after an erasure: what was erased does not come back by importing the file again.
The chance that a new id is taken for an old one is below 1e-20 at a billion events.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

U64 = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class Hashes:
    """Hashes of ids, one per row: two halves of 64 bits, in the order of the rows."""

    high: U64
    low: U64

    def __len__(self) -> int:
        return len(self.high)

    def take(self, index: npt.NDArray[np.int64] | npt.NDArray[np.bool_]) -> Hashes:
        """The hashes at these positions, or where the mask is true."""
        return Hashes(self.high[index], self.low[index])

    @cached_property
    def order(self) -> npt.NDArray[np.int64]:
        """Positions of the rows by rising high half, of equal ones in any order; found once for all who ask."""
        return np.argsort(self.high)

    def sorted(self) -> Hashes:
        """The same hashes by rising high half."""
        return self.take(self.order)


def joined(parts: Iterable[Hashes]) -> Hashes:
    """All hashes of the parts, one after the other."""
    parts = list(parts)
    if not parts:
        return Hashes(np.empty(0, np.uint64), np.empty(0, np.uint64))
    return Hashes(np.concatenate([part.high for part in parts]), np.concatenate([part.low for part in parts]))


def repeats(hashes: Hashes) -> npt.NDArray[np.bool_]:
    """True for each row whose hash stood in an earlier row of the same array."""
    mask = np.zeros(len(hashes), dtype=np.bool_)
    high = hashes.high[hashes.order]
    twin = high[1:] == high[:-1]
    if not twin.any():
        return mask
    doubtful = np.zeros(len(hashes), dtype=np.bool_)  # only rows that share half of their hash are looked at whole
    doubtful[1:] = twin
    doubtful[:-1] |= twin
    rows = np.sort(hashes.order[doubtful])
    few = hashes.take(rows)
    order = np.lexsort((few.low, few.high))
    few = few.take(order)
    same = (few.high[1:] == few.high[:-1]) & (few.low[1:] == few.low[:-1])
    mask[rows[order[1:][same]]] = True  # lexsort is stable: the first row of equal ones is the earliest
    return mask


# A merge of more hashes than this goes range by range through a file, so that memory stays small at any size.
IN_MEMORY = 2_000_000
RANGES = 64


def merged(parts: list[Hashes], path: Path | None) -> Hashes:
    """One sorted run of sorted parts: in memory while it is small, else written to `path` and memory-mapped.

    Hashes are spread evenly, so equal slices of the 64-bit range hold equal shares of every part.
    """
    total = sum(len(part) for part in parts)
    if path is None or total <= IN_MEMORY:
        return _merge(parts)
    bounds = [np.uint64(number * (2**64 // RANGES)) for number in range(1, RANGES)]
    cuts = [[0, *np.searchsorted(part.high, bounds).tolist(), len(part)] for part in parts]
    out = np.lib.format.open_memmap(path, mode="w+", dtype=np.uint64, shape=(2, total))
    done = 0
    for number in range(RANGES):
        slices = [
            Hashes(
                np.array(part.high[cut[number] : cut[number + 1]]), np.array(part.low[cut[number] : cut[number + 1]])
            )
            for part, cut in zip(parts, cuts, strict=True)
        ]
        piece = _merge(slices)
        out[0, done : done + len(piece)] = piece.high
        out[1, done : done + len(piece)] = piece.low
        done += len(piece)
    out.flush()
    del out
    return opened(path)


def _merge(parts: list[Hashes]) -> Hashes:
    """One run of few sorted ones; timsort merges them in linear time."""
    whole = joined(parts)
    return whole.take(np.argsort(whole.high, kind="stable"))


def opened(path: Path) -> Hashes:
    """A run on disk, memory-mapped."""
    array = np.load(path, mmap_mode="r")
    return Hashes(array[0], array[1])


class Runs:
    """A growing set of hashes: a few sorted runs, of which each is at least twice as long as the next.

    folder: where runs too long for memory are kept; without it all stay in memory.
    """

    def __init__(self, runs: Iterable[Hashes] = (), *, folder: Path | None = None) -> None:
        self.runs = list(runs)
        self._folder = folder

    def __len__(self) -> int:
        return sum(len(run) for run in self.runs)

    def contains(self, hashes: Hashes) -> npt.NDArray[np.bool_]:
        """True for each row whose hash is in the set."""
        found = np.zeros(len(hashes), dtype=np.bool_)
        if not len(hashes):
            return found
        order = hashes.order  # sorted questions walk the run in one direction: few cache misses
        high, low = hashes.high[order], hashes.low[order]
        for run in self.runs:
            place = np.minimum(np.searchsorted(run.high, high), len(run) - 1)
            same = np.flatnonzero(run.high[place] == high)
            found[order[same[run.low[place[same]] == low[same]]]] = True
        return found

    def add(self, hashes: Hashes) -> None:
        """Add hashes that the set does not hold yet."""
        if not len(hashes):
            return
        parts = [hashes.sorted()]
        while self.runs and len(self.runs[-1]) < 2 * sum(len(part) for part in parts):
            parts.append(self.runs.pop())
        path = self._folder / f"run-{secrets.token_hex(8)}.npy" if self._folder else None
        self.runs.append(merged(parts, path) if len(parts) > 1 else parts[0])


class SeenIds:
    """The set on disk: `index/run-*.npy` and `index/current.json`, which names the runs and the log's files covered."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._runs = Runs()
        self._names: list[str] = []
        self.covered: frozenset[str] = frozenset()
        folder.mkdir(parents=True, exist_ok=True)
        self.salt = self._salt()
        self.load()

    def __len__(self) -> int:
        return len(self._runs)

    def contains(self, hashes: Hashes) -> npt.NDArray[np.bool_]:
        """True for each row whose id is in the log."""
        return self._runs.contains(hashes)

    def load(self) -> None:
        """Read the current state again (another process may have written)."""
        manifest = self.folder / "current.json"
        if not manifest.exists():
            self._runs, self._names, self.covered = Runs(), [], frozenset()
            return
        state = json.loads(manifest.read_text(encoding="utf-8"))
        if state["runs"] != self._names:
            self._runs = Runs(opened(self.folder / name) for name in state["runs"])
            self._names = list(state["runs"])
        self.covered = frozenset(state["files"])

    def save(self, new: Sequence[Hashes], *, covered: Iterable[str]) -> None:
        """Add sorted runs of hashes of rows that the log now holds in the files `covered`; one atomic step."""
        parts = [run for run in new if len(run)]
        kept = list(zip(self._names, self._runs.runs, strict=True))
        while parts and kept and len(kept[-1][1]) < 2 * sum(len(part) for part in parts):
            parts.append(kept.pop()[1])
        if parts:
            name = f"run-{secrets.token_hex(8)}.npy"
            kept.append((name, self._write(parts, self.folder / name)))
        self.covered = frozenset(covered)
        names = [name for name, _run in kept]
        replace_text(self.folder / "current.json", json.dumps({"runs": names, "files": sorted(self.covered)}))
        for name in set(self._names) - set(names):
            (self.folder / name).unlink(missing_ok=True)
        self._names, self._runs = names, Runs(run for _name, run in kept)

    def _write(self, parts: list[Hashes], path: Path) -> Hashes:
        run = merged(parts, path)
        if not path.exists():
            np.save(path, np.stack([run.high, run.low]))
        with path.open("rb") as file:
            os.fsync(file.fileno())
        return opened(path)

    def _salt(self) -> str:
        path = self.folder / "salt"
        if not path.exists():
            replace_text(path, secrets.token_hex(16))
        return path.read_text(encoding="utf-8")


def replace_text(path: Path, text: str) -> None:
    """Write a file so that readers see the old or the new text, never a part, also after a power cut."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}.new")
    with draft.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
