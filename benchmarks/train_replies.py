"""Train the shipped trees that say which message answers which; writes shipped.npz and shipped.json of the room.

    python benchmarks/train_replies.py FOLDER      # FOLDER/train/*.annotation.txt and FOLDER/dev

FOLDER is the annotated corpus of Kummerfeld et al. 2019 (A Large-Scale Corpus for Conversation Disentanglement, ACL;
CC BY 4.0; github.com/jkkummerfeld/irc-disentanglement). Only its training part is learned from; its dev part is
measured once at the end, its test part is never opened. Needs lightgbm, which the product does not.

First look: trees on clues. Second look: trees on clues and on what first looks of logs that their trees had not seen
say of one another (two folds). Heat and the limit for a second link are fitted on a tenth of the logs kept aside.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import lightgbm as lgb
import numpy as np
from irc_logs import ANNOTATED_FROM, Log, logs
from numpy.typing import NDArray

from lianyi.insight.conversations.clues import Candidates, candidates
from lianyi.insight.conversations.structure import best, structure
from lianyi.insight.conversations.trees import Trees, write

ROOM = Path(__file__).parent.parent / "src/lianyi/insight/conversations"
CONTEXT = 300
SEED = 1
Booster = lgb.Booster


class Case:
    """One log: all candidates from CONTEXT messages before the first annotated one, and those of annotated ones."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self.first = next(place for place, line in enumerate(log.line) if line >= ANNOTATED_FROM)
        self.all = candidates(log.talk, max(0, self.first - CONTEXT), len(log.talk))
        skipped = self.first - self.all.first
        cut = self.all.begin[skipped]
        self.asked = Candidates(
            first=self.first, begin=self.all.begin[skipped:] - cut, earlier=self.all.earlier[cut:], x=self.all.x[cut:]
        )
        self.cut = cut
        owner = np.repeat(np.arange(len(self.asked.begin) - 1), np.diff(self.asked.begin)) + self.first
        line = log.line
        pairs = zip(owner.tolist(), self.asked.earlier.tolist(), strict=True)
        self.truth = np.array([line[c] in log.gold.get(line[i], ()) for i, c in pairs], dtype=np.int8)

    def second(self, trees: Trees) -> NDArray[np.float32]:
        """Features of the second look, the first look being by these trees."""
        chance = trees.chances(self.all.x, self.all.begin)
        begin = self.asked.begin
        asked = chance[self.cut :]
        parent = best(self.all, chance)
        more = structure(self.log.talk, parent, self.first, begin, self.asked.earlier, asked)
        return np.hstack([self.asked.x, more])


def fit(x: NDArray[np.float32], truth: NDArray[np.int8], groups: NDArray[np.int64], rounds: int, leaves: int) -> Trees:
    """Trees that rank the true candidates first (LambdaRank, Burges 2010)."""
    settings = {
        "objective": "lambdarank", "lambdarank_truncation_level": 4, "learning_rate": 14 / rounds, "num_leaves": leaves,
        "min_data_in_leaf": 60, "feature_fraction": 0.5, "data_sample_strategy": "goss", "max_bin": 63,
        "verbose": -1, "num_threads": 1, "seed": SEED, "deterministic": True, "force_row_wise": True,
    }  # fmt: skip
    return flat(lgb.train(settings, lgb.Dataset(x, truth, group=groups), rounds))


def flat(booster: Booster) -> Trees:
    """The trees as arrays."""
    node: list[list[float]] = []
    leaf: list[float] = []

    def walk(tree: dict[str, object]) -> int:
        if "split_index" not in tree:
            leaf.append(float(tree["leaf_value"]))  # type: ignore[arg-type]
            return -len(leaf)
        place = len(node)
        node.append([float(tree["split_feature"]), float(tree["threshold"]), 0, 0])  # type: ignore[arg-type]
        node[place][2] = walk(tree["left_child"])  # type: ignore[arg-type]
        node[place][3] = walk(tree["right_child"])  # type: ignore[arg-type]
        return place

    root = [walk(tree["tree_structure"]) for tree in booster.dump_model()["tree_info"]]
    table = np.array(node)
    return Trees(
        root=np.array(root, dtype=np.int64), feature=table[:, 0].astype(np.int16),
        threshold=table[:, 1].astype(np.float32), left=table[:, 2].astype(np.int32),
        right=table[:, 3].astype(np.int32), leaf=np.array(leaf, dtype=np.float32),
    )  # fmt: skip


def heated(trees: Trees, x: NDArray[np.float32], begin: NDArray[np.int64], truth: NDArray[np.int8]) -> Trees:
    """The same with the heat under which the truth is most probable."""
    scores = trees.scores(x)
    owner = np.repeat(np.arange(len(begin) - 1), np.diff(begin))
    best, heat = -np.inf, 1.0
    for tried in np.geomspace(0.1, 5, 60):
        weight = np.exp(np.clip(scores / tried - np.maximum.reduceat(scores / tried, begin[:-1])[owner], -60, 0))
        chance = np.bincount(owner, weight * truth) / np.bincount(owner, weight)
        told = float(np.log(np.maximum(chance, 1e-9))[np.bincount(owner, truth) > 0].mean())
        if told > best:
            best, heat = told, float(tried)
    return Trees(**{**trees.__dict__, "heat": heat})


def pooled(
    cases: list[Case], rows: list[NDArray[np.float32]]
) -> tuple[NDArray[np.float32], NDArray[np.int8], NDArray[np.int64]]:
    """Rows, truth and sizes of groups of several logs."""
    sizes = [np.diff(case.asked.begin) for case in cases]
    return np.concatenate(rows), np.concatenate([case.truth for case in cases]), np.concatenate(sizes)


def main() -> None:
    """Train, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=140)
    given = parser.parse_args()
    began = time.perf_counter()

    def say(what: str) -> None:
        print(f"{time.perf_counter() - began:6.0f} s  {what}", flush=True)

    cases = [Case(log) for log in logs(given.folder / "train")]
    order = np.random.default_rng(SEED).permutation(len(cases))
    aside = [cases[place] for place in order[: len(cases) // 10]]
    known = [cases[place] for place in order[len(cases) // 10 :]]
    halves = [known[0::2], known[1::2]]
    say(f"{len(cases)} logs, {sum(len(case.asked.begin) - 1 for case in cases):,} messages")
    clues = lambda some: pooled(some, [case.asked.x for case in some])  # noqa: E731
    folds = [fit(*clues(half), rounds=given.rounds // 2, leaves=31) for half in halves]
    say("folds of the first look")
    rows = [case.second(folds[1]) for case in halves[0]] + [case.second(folds[0]) for case in halves[1]]
    second = fit(*pooled(halves[0] + halves[1], rows), rounds=given.rounds, leaves=31)
    say("second look")
    first = fit(*clues(known), rounds=given.rounds // 2, leaves=31)
    say("first look")
    x, truth, sizes = clues(aside)
    first_heat = heated(first, x, np.concatenate([[0], np.cumsum(sizes)]), truth)
    x, truth, sizes = pooled(aside, [case.second(first) for case in aside])
    second = heated(second, x, np.concatenate([[0], np.cumsum(sizes)]), truth)
    del first_heat  # the second look was trained on first looks of heat 1
    with (ROOM / "shipped.npz").open("wb") as file:
        write(file, {"first": first, "second": second})
    (ROOM / "shipped.json").write_text(json.dumps(provenance(given.rounds, len(known), len(aside)), indent=1) + "\n")
    say("written")


def provenance(rounds: int, logs_known: int, logs_aside: int) -> dict[str, object]:
    """Where the trees come from."""
    return {
        "trained_by": "benchmarks/train_replies.py",
        "trained_on": "irc-disentanglement, training part (Ubuntu IRC 2004-2018), annotated by hand",
        "source": "Kummerfeld et al. 2019, A Large-Scale Corpus for Conversation Disentanglement, ACL "
        "(doi 10.18653/v1/P19-1374)",
        "licence": "CC BY 4.0",
        "logs": logs_known,
        "logs_kept_aside": logs_aside,
        "rounds": rounds,
        "seed": SEED,
    }


if __name__ == "__main__":
    main()
