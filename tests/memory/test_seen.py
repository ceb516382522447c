"""Laws of the set of ids seen: it says yes to what was added and to nothing else, also after a restart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lianyi.memory.seen import Hashes, Runs, SeenIds, joined, merged, repeats

# Few distinct high halves, so that equal high with different low occurs all the time.
hashes = st.lists(st.tuples(st.integers(0, 2**64 - 1), st.integers(0, 3)), max_size=60)


def as_hashes(pairs: list[tuple[int, int]]) -> Hashes:
    return Hashes(
        np.array([high for high, _ in pairs], dtype=np.uint64), np.array([low for _, low in pairs], dtype=np.uint64)
    )


@given(st.lists(hashes, max_size=8), hashes)
def test_a_set_of_runs_is_a_set(parts: list[list[tuple[int, int]]], asked: list[tuple[int, int]]) -> None:
    runs = Runs()
    truth: set[tuple[int, int]] = set()
    for part in parts:
        new = list(dict.fromkeys(pair for pair in part if pair not in truth and pair[0] not in {p[0] for p in truth}))
        new = [pair for i, pair in enumerate(new) if pair[0] not in {p[0] for p in new[:i]}]
        runs.add(as_hashes(new))
        truth |= set(new)
    asked = asked + sorted(truth)[:5]
    assert runs.contains(as_hashes(asked)).tolist() == [pair in truth for pair in asked]
    assert len(runs) == len(truth)


@given(hashes)
def test_repeats_marks_all_but_the_first(pairs: list[tuple[int, int]]) -> None:
    seen: set[tuple[int, int]] = set()
    expected = []
    for pair in pairs:
        expected.append(pair in seen)
        seen.add(pair)
    assert repeats(as_hashes(pairs)).tolist() == expected


@settings(max_examples=20)
@given(st.lists(st.integers(1, 300), min_size=1, max_size=12))
def test_runs_stay_few(sizes: list[int]) -> None:
    runs, start = Runs(), 0
    for size in sizes:
        runs.add(as_hashes([(number, 0) for number in range(start, start + size)]))
        start += size
    assert len(runs) == start
    assert all(len(a) >= 2 * len(b) for a, b in zip(runs.runs, runs.runs[1:], strict=False))


def test_it_is_there_after_a_restart_and_old_runs_are_gone(tmp_path: Path) -> None:
    seen = SeenIds(tmp_path)
    for start in range(0, 1000, 100):
        run = as_hashes([(number, number) for number in range(start, start + 100)])
        seen.save([run], covered=[f"file-{start}"])
    again = SeenIds(tmp_path)
    assert len(again) == 1000
    assert again.contains(as_hashes([(5, 5), (999, 999), (999, 1), (5000, 5)])).tolist() == [True, True, False, False]
    assert again.covered == frozenset({"file-900"})
    assert again.salt == seen.salt
    assert len(list(tmp_path.glob("run-*.npy"))) == len(again._runs.runs)


def test_a_merge_through_a_file_equals_one_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lianyi.memory.seen.IN_MEMORY", 100)
    draw = np.random.default_rng(5)
    parts = [
        Hashes(draw.integers(0, 2**64, n, dtype=np.uint64), draw.integers(0, 2**64, n, dtype=np.uint64)).sorted()
        for n in (500, 1, 3000, 70)
    ]
    on_disk, in_memory = merged(parts, tmp_path / "run.npy"), joined(parts).sorted()
    assert (on_disk.high == in_memory.high).all()
    assert (on_disk.low == in_memory.low).all()


def test_joining_nothing_is_empty() -> None:
    assert len(joined([])) == 0
