"""Whom to pass an item on to: MRR@5 on the last fifth of a log of shares, beside simple rules.

    python benchmarks/receivers.py [folder with share_sample.csv and item_info.csv]

Everything is learned before the cut; what happens after it changes no answer.
"""

from __future__ import annotations

import csv
import os
import sys
import time
from pathlib import Path

import numpy as np

from lianyi.insight.kernels import Doubles, Longs
from lianyi.insight.ripples.receivers import History, Knowledge, Ranked, ask, learn, rank

FOLDER = Path(os.environ.get("LIANYI_REAL_DATA", Path(__file__).parents[2] / "shared" / "data")) / "taobao_share"


def taobao(shares: Path, items: Path) -> History:
    """The log in order of time."""
    with items.open(encoding="utf-8") as file:
        kinds = {row["item_id"]: (row["cate_id"], row["cate_level1_id"]) for row in csv.DictReader(file)}
    with shares.open(encoding="utf-8") as file:
        rows = sorted(
            (row["timestamp"], row["inviter_id"], row["item_id"], row["voter_id"]) for row in csv.DictReader(file)
        )
    people = {who: number for number, who in enumerate(sorted({who for row in rows for who in (row[1], row[3])}))}
    pairs = [kinds.get(item, ("", "")) for _, _, item, _ in rows]
    return History(
        people=len(people), sharer=np.array([people[row[1]] for row in rows]),
        receiver=np.array([people[row[3]] for row in rows]), thing=_numbers([row[2] for row in rows]),
        kind=_numbers([kind for kind, _ in pairs]), group=_numbers([group for _, group in pairs]),
        day=np.array([row[0] for row in rows], dtype="datetime64[s]").astype(np.int64) / 86400,
    )  # fmt: skip


def _numbers(words: list[str]) -> Longs:
    return np.unique(words, return_inverse=True)[1].astype(np.int64)


def reciprocal_rank(found: Ranked, shares: History, later: Longs) -> Doubles:
    """Per question 1 / place of the true receiver among the five, 0 where it is none of them."""
    place = np.arange(len(found.row)) - np.searchsorted(found.row, found.row)
    hit = found.person == shares.receiver[later][found.row]
    ranks = np.zeros(len(later))
    ranks[found.row[hit]] = 1 / (place[hit] + 1)
    return ranks


def last_contact(known: History, shares: History, later: Longs, *, by_count: bool = False) -> Doubles:
    """The same for the sharer's receivers in order of the last time (or of how often)."""
    knowledge = Knowledge(known)
    row, person, _ = knowledge.candidates(shares.sharer[later])
    count, _, last = knowledge.pairs.of(shares.sharer[later][row] * shares.people + person)
    order = np.lexsort((-last, -count, row)) if by_count else np.lexsort((-last, row))
    order = order[count[order] > 0]
    found = Ranked(row=row[order], person=person[order], share=np.zeros(len(order)), x=np.zeros((len(order), 0)))
    place = np.arange(len(order)) - np.searchsorted(found.row, found.row)
    five = place < 5
    return reciprocal_rank(
        Ranked(row=found.row[five], person=found.person[five], share=found.share[five], x=found.x[five]), shares, later
    )


def main(folder: Path) -> None:
    """Print the table."""
    shares = taobao(folder / "share_sample.csv", folder / "item_info.csv")
    cut = int(len(shares.day) * 0.8)
    known, later = shares.until(cut), np.arange(cut, len(shares.day))
    seen = Knowledge(known).pairs.of(shares.sharer[later] * shares.people + shares.receiver[later])[0] > 0
    began = time.process_time()
    ours = reciprocal_rank(rank(Knowledge(known), ask(shares, later), learn(known)), shares, later)
    seconds = time.process_time() - began
    print(f"{len(later):,} shares after the cut, {seen.mean():.1%} of them to somebody this sharer reached before")
    print("MRR@5              all    seen  unseen")
    rows = (("Lianyi", ours), ("last contact", last_contact(known, shares, later)),
            ("most frequent", last_contact(known, shares, later, by_count=True)))  # fmt: skip
    for name, ranks in rows:
        print(f"{name:15} {ranks.mean():6.4f}  {ranks[seen].mean():6.4f}  {ranks[~seen].mean():6.4f}")
    base = rows[1][1].mean()
    print(f"ratio to last contact {ours.mean() / base:.2f}; {seconds:.1f} s of processor time to learn and answer")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
