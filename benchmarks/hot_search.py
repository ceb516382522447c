"""Hot lists: which titles stay three days? Told at the end of a title's first day, beside baselines of counts.

    python -m benchmarks.hot_search FOLDER       # FOLDER/hot_search/weibo_daily.parquet

Protocol. One row a day and title of a public hot-search list, six years. A title enters on a day on which it is
listed and was not in the 30 days before. It stays where it is listed on at least three of the seven days that begin
then. Told at the end of the entry day, from that day and the days before only. Learned: entries of the two years
before the last; limits are chosen on the last half year of these (best F1); asked: entries of the last year. Entry
days without all of their seven days in the data are left out.

Baselines, counts only: everybody; the best place on the entry day; how many days the title was listed before. Ours:
hashed grams of the title, with the place in steps and "listed before" as further places of the linear model.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score

from lianyi.insight.listening.grams import BITS, Grams, grams
from lianyi.insight.listening.linear import learn

GONE, SPAN, STAYS = 30, 7, 3
STEPS = np.array([3, 6, 10, 20, 35, 50, 100, 200])
Floats = NDArray[np.float64]


def entries(path: Path) -> dict[str, NDArray[np.generic]]:
    """Arrays per entry: title, day (number), place, earlier (days listed before), stays."""
    rows = pq.read_table(path, columns=["day", "pos", "title"]).to_pandas()
    rows["day"] = rows["day"].astype("datetime64[ns]").astype("int64") // 86_400_000_000_000
    rows = rows.groupby(["title", "day"], as_index=False)["pos"].min().sort_values(["title", "day"])
    title, day = rows["title"].to_numpy(), rows["day"].to_numpy()
    new = np.r_[True, title[1:] != title[:-1]]
    gap = np.r_[GONE + 1, np.diff(day)]
    enters = new | (gap > GONE)
    first = np.flatnonzero(new)[np.cumsum(new) - 1]
    at = np.flatnonzero(enters)
    last = np.r_[np.flatnonzero(new)[1:], len(day)][np.cumsum(new)[at] - 1]
    until = np.array([np.searchsorted(day[i:j], day[i] + SPAN) for i, j in zip(at, last, strict=True)])
    days = np.unique(day)
    whole = np.searchsorted(days, day[at] + SPAN) - np.searchsorted(days, day[at]) == SPAN
    kept = at[whole]
    return {
        "title": title[kept], "day": day[kept], "place": rows["pos"].to_numpy()[kept],
        "earlier": (kept - first[kept]), "stays": until[whole] >= STAYS,
    }  # fmt: skip


def with_places(found: Grams, place: NDArray[np.generic], earlier: NDArray[np.generic]) -> Grams:
    """The grams with one more place each for the step of the list and for having been listed before."""
    extra = np.stack([np.searchsorted(STEPS, place), len(STEPS) + 1 + (np.asarray(earlier) > 0)], axis=1) + (1 << BITS)
    counts = np.diff(found.begin)
    begin = np.concatenate([[0], np.cumsum(counts + 2)])
    places = np.empty(begin[-1], dtype=np.int32)
    owner = np.repeat(np.arange(len(counts)), counts)
    places[np.arange(len(found.places)) + 2 * owner] = found.places
    places[begin[1:] - 2], places[begin[1:] - 1] = extra[:, 0], extra[:, 1]
    return Grams(begin=begin, places=places)


def limit(score: Floats, truth: NDArray[np.bool_]) -> float:
    """The score from which on "stays" has the best F1."""
    order = np.argsort(-score, kind="stable")
    hits = np.cumsum(truth[order])
    f1 = 2 * hits / (np.arange(1, len(hits) + 1) + truth.sum())
    return float(score[order][int(np.argmax(f1))])


def main() -> None:
    """Learn, choose limits, ask once."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    found = entries(parser.parse_args().folder / "hot_search" / "weibo_daily.parquet")
    day, stays = found["day"], found["stays"].astype(bool)
    end = int(day.max())
    asked = day > end - 365
    known = (day <= end - 365 - SPAN) & (day > end - 3 * 365)
    aside = known & (day > end - 365 - SPAN - 182)
    taught = known & ~aside
    began = time.process_time()
    x = {name: with_places(grams(found["title"][rows].tolist()), found["place"][rows], found["earlier"][rows])
         for name, rows in (("taught", taught), ("aside", aside), ("asked", asked))}  # fmt: skip
    model = learn(x["taught"], stays[taught])
    seconds = time.process_time() - began
    scores = {
        "everybody": (np.ones(aside.sum()), np.ones(asked.sum())),
        "place": (-found["place"][aside].astype(float), -found["place"][asked].astype(float)),
        "days listed before": (found["earlier"][aside].astype(float), found["earlier"][asked].astype(float)),
        "ours": (model.scores(x["aside"]), model.scores(x["asked"])),
    }
    print(f"{taught.sum():,} entries learned from, {asked.sum():,} asked, {stays[asked].mean():.4f} of them stay; "
          f"{seconds:.0f} s of processor")  # fmt: skip
    for name, (before, now) in scores.items():
        told = now >= limit(before, stays[aside])
        hits = int((told & stays[asked]).sum())
        precision, recall = hits / max(1, told.sum()), hits / stays[asked].sum()
        f1 = 2 * precision * recall / max(1e-9, precision + recall)
        print(f"{name:20} precision {precision:.3f} recall {recall:.3f} F1 {f1:.3f} "
              f"average precision {average_precision_score(stays[asked], now):.3f}")  # fmt: skip


if __name__ == "__main__":
    main()
