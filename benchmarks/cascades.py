"""Who is next in a cascade, and how large it becomes, on real cascades; baselines in the same run.

    python benchmarks/cascades.py --data ../shared/data [--only next|size]

next: cascades_android (the single file of MS-HGAT's repository, its own protocol: cascades of 2 to 500 people, in order
of time, 80/10/10, cut to 200, the end of a cascade counted as a target; learned on the first 80 % only). Also without
the end, and with strict time: at each test cascade only what had begun before it is known.
size: cascades_memetracker, people within 7 days of the first; the last fifth by time in six blocks, each forecast from
ripples whose seven days were over before the block began, as a refresh would. MSLE is in log2.
"""

from __future__ import annotations

import argparse
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from lianyi.insight.ripples.forecasting.growth import POINTS, growth
from lianyi.insight.ripples.forecasting.learning import learn_forecaster, look
from lianyi.insight.ripples.next_people import Next, learn_next
from lianyi.insight.ripples.next_people.scoring import BUCKETS, NAMES, walk

TOPS = (10, 50, 100)
LONGEST = 200
WINDOW = 7 * 24.0
PUBLISHED = "MS-HGAT (from memory of the paper, unverified)   10.4  20.3  27.6"
Laid = tuple[Any, Any]


def android(folder: Path) -> list[list[str]]:
    """Cascades in order of their first time; the root has the time of the first who followed."""
    found = []
    for line in (folder / "cascades_timestamped.txt").read_text().splitlines():
        people: list[str] = []
        times: list[float] = []
        for chunk in line.strip().split(","):
            *who, at = chunk.split() or [""]
            people += who
            times += [float(at)] * len(who) if who else []
        if 1 < len(people) <= 500:
            found.append((times, people))
    return [people for _, people in sorted(found)]


def laid(cascades: list[list[str]], number: dict[str, int]) -> Laid:
    """(start, person)."""
    start = np.concatenate([[0], np.cumsum([len(people) for people in cascades])]).astype(np.int64)
    return start, np.array([number[one] for people in cascades for one in people], dtype=np.int32)


def show(name: str, rank: Any, end: Any) -> None:
    """Hits and MAP in percent, with the end as a target and without."""
    for what, ranks in (("with end", rank), ("people only", rank[~end])):
        hits = "  ".join(f"{100 * (ranks <= top).mean():4.1f}" for top in TOPS)
        mean = "  ".join(f"{100 * np.where(ranks <= top, 1 / ranks, 0).mean():4.1f}" for top in TOPS)
        print(f"{name:34} {what:12} Hits@10/50/100 {hits}   MAP {mean}   n {len(ranks)}")


def ends(start: Any) -> Any:
    """Which steps are ends."""
    size = np.minimum(np.diff(start), LONGEST)
    parts = [np.r_[np.zeros(n - 1, bool), np.ones(int(full < LONGEST), bool)]
             for n, full in zip(size, np.diff(start), strict=True)]  # fmt: skip
    return np.concatenate(parts)


def ranks(model: Next, test: Laid, *, stopping: Any) -> Any:
    """Ranks of what came next."""
    return walk(model.counts, *test, model.mixtures, stopping, longest=LONGEST)[1]


def next_people(folder: Path) -> None:
    """Popularity, counts without and with the graph; then strict time."""
    cascades = android(folder)
    number: dict[str, int] = {}
    for people in cascades:
        for one in people:
            number.setdefault(one, len(number))
    cut, test_from = int(0.8 * len(cascades)), int(0.9 * len(cascades))
    pairs = [line.split(",") for line in (folder / "edges_mshgat.txt").read_text().split()]
    known = np.array([(number[a], number[b]) for a, b in pairs if a in number and b in number])
    train, test = laid(cascades[:cut], number), laid(cascades[test_from:], number)
    end = ends(test[0])
    print(f"{len(cascades)} cascades, {len(number)} people, {len(known)} arcs; {PUBLISHED}")
    for name, ties in (("counts", None), ("counts and graph", (known[:, 0], known[:, 1]))):
        began = time.process_time()
        model = learn_next(*train, len(number), ties=ties)
        took = time.process_time() - began
        if ties is None:
            popular = np.tile(np.eye(len(NAMES))[NAMES.index("popular inf")], (len(BUCKETS), 1))
            only = Next(counts=model.counts, mixtures=popular, stopping=np.zeros(1))
            show("popularity", ranks(only, test, stopping=model.stopping), end)
        show(f"{name} ({took:.1f} s CPU)", ranks(model, test, stopping=model.stopping), end)
    strict = []
    for place in range(test_from, len(cascades), 10):
        model = learn_next(*laid(cascades[:place], number), len(number))
        block = laid(cascades[place : place + 10], number)
        strict.append(ranks(model, block, stopping=model.stopping))
    show("counts, relearned every 10", np.concatenate(strict), end)


def size(folder: Path) -> None:
    """Final size after each point, with baselines."""
    found: list[list[tuple[float, int]]] = []
    for part in ("cascade", "cascadevalid", "cascadetest"):
        lines = (folder / f"memetracker_forest_{part}.txt").read_text().splitlines()
        found += [[(float(at), int(who)) for who, at in (one.split(",") for one in line.split())] for line in lines]
    last = max(cascade[-1][0] for cascade in found)
    found = sorted(cascade for cascade in found if cascade[0][0] + WINDOW <= last)
    rows = [(ripple, at, who) for ripple, cascade in enumerate(found) for at, who in cascade
            if at <= cascade[0][0] + WINDOW]  # fmt: skip
    columns = [np.array(column) for column in zip(*rows, strict=True)]
    grown = growth(ripple=columns[0], at=columns[1], person=columns[2])
    blocks = np.quantile(grown.began, np.linspace(0.8, 1.0, 7))
    for point in POINTS:
        began, parts = time.process_time(), []
        seen = look(grown, point)
        final, start = grown.size[seen.ripple].astype(np.float64), grown.began[seen.ripple]
        for low, high in pairwise(blocks):
            past, now = start + WINDOW <= low, (start > low) & (start <= high)
            made = learn_forecaster(seen.only(past), final[past])
            if made is None:
                raise SystemExit(f"too few cascades before {low}")
            mean = np.mean(np.log2(final[past] / seen.people[past]))
            ranges = made.forecast(seen.only(now))
            parts.append((*ranges, final[now], seen.people[now], seen.people[now] * 2.0**mean))
        low, middle, high, came, still, usual = (np.concatenate(column) for column in zip(*parts, strict=True))
        error = {name: np.mean((np.log2(told) - np.log2(came)) ** 2)
                 for name, told in (("ours", middle), ("last known", still), ("mean growth", usual))}  # fmt: skip
        inside = np.mean((low <= came) & (came <= high))
        said = ", ".join(f"{name} {value:.3f}" for name, value in error.items())
        took = time.process_time() - began
        print(f"{point.name:10} MSLE {said}; in range {100 * inside:.1f} %; n {len(came)}; {took:.1f} s CPU")


def main() -> None:
    """Print all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--only", choices=("next", "size"))
    chosen = parser.parse_args()
    if chosen.only != "size":
        next_people(chosen.data / "cascades_android")
    if chosen.only != "next":
        size(chosen.data / "cascades_memetracker")


if __name__ == "__main__":
    main()
