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
from collections.abc import Iterable
from dataclasses import dataclass
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

    def sorted(self) -> Hashes:
        """The same hashes by rising high half (timsort: merging sorted runs is linear)."""
        return self.take(np.argsort(self.high, kind="stable"))


def joined(parts: Iterable[Hashes]) -> Hashes:
    """All hashes of the parts, one after the other."""
    parts = list(parts)
    if not parts:
        return Hashes(np.empty(0, np.uint64), np.empty(0, np.uint64))
    return Hashes(np.concatenate([part.high for part in parts]), np.concatenate([part.low for part in parts]))


def repeats(hashes: Hashes) -> npt.NDArray[np.bool_]:
    """True for each row whose hash stood in an earlier row of the same array."""
    order = np.lexsort((hashes.low, hashes.high))
    high, low = hashes.high[order], hashes.low[order]
    same = np.zeros(len(order), dtype=np.bool_)
    same[1:] = (high[1:] == high[:-1]) & (low[1:] == low[:-1])
    mask = np.zeros(len(order), dtype=np.bool_)
    mask[order] = same  # lexsort is stable: the first row of equal ones is the earliest
    return mask


class Runs:
    """A growing set of hashes: a few sorted runs, of which each is at least twice as long as the next."""

    def __init__(self, runs: Iterable[Hashes] = ()) -> None:
        self.runs = list(runs)

    def __len__(self) -> int:
        return sum(len(run) for run in self.runs)

    def contains(self, hashes: Hashes) -> npt.NDArray[np.bool_]:
        """True for each row whose hash is in the set."""
        found = np.zeros(len(hashes), dtype=np.bool_)
        if not len(hashes):
            return found
        order = np.argsort(hashes.high)  # sorted questions walk the run in one direction: few cache misses
        high, low = hashes.high[order], hashes.low[order]
        for run in self.runs:
            place = np.minimum(np.searchsorted(run.high, high), len(run) - 1)
            found[order] |= (run.high[place] == high) & (run.low[place] == low)
        return found

    def add(self, hashes: Hashes) -> None:
        """Add hashes that the set does not hold yet."""
        if not len(hashes):
            return
        self.runs.append(hashes.sorted())
        while len(self.runs) > 1 and len(self.runs[-2]) < 2 * len(self.runs[-1]):
            last, before = self.runs.pop(), self.runs.pop()
            self.runs.append(joined([before, last]).sorted())


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
            arrays = [np.load(self.folder / name, mmap_mode="r") for name in state["runs"]]
            self._runs = Runs(Hashes(array[0], array[1]) for array in arrays)
            self._names = list(state["runs"])
        self.covered = frozenset(state["files"])

    def save(self, new: Hashes, *, covered: Iterable[str]) -> None:
        """Add the hashes of rows that the log now holds in the files `covered`; one atomic step."""
        old = list(self._runs.runs)  # held until the end, so that no new run gets the identity of a freed one
        before = {id(run): name for run, name in zip(old, self._names, strict=True)}
        self._runs.add(new)
        names = [before.get(id(run)) or self._write(run) for run in self._runs.runs]
        self.covered = frozenset(covered)
        replace_text(self.folder / "current.json", json.dumps({"runs": names, "files": sorted(self.covered)}))
        for name in set(self._names) - set(names):
            (self.folder / name).unlink(missing_ok=True)
        self._names = names

    def _write(self, run: Hashes) -> str:
        name = f"run-{secrets.token_hex(8)}.npy"
        with (self.folder / name).open("wb") as file:
            np.save(file, np.stack([run.high, run.low]))
            file.flush()
            os.fsync(file.fileno())
        return name

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
