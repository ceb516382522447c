"""Whom it helps: our learners beside scikit-uplift's and econml's on a real experiment, in one run.

    python benchmarks/uplift.py ../shared/data/hillstrom/hillstrom.csv [--halves 5] [--forest]

Each of several random halves teaches every learner, the other half judges its order: Qini coefficient (ours; equal to
scikit-uplift's `qini_auc_score`, which is checked on the first half) and AUUC. The peers are taken where they are
installed (`pip install scikit-uplift econml`, into an environment of their own) and named as missing where not.
--forest: also econml's CausalForestDML, which takes minutes. The last lines: our default against the best peer, with
the spread of the difference over the halves (these overlap, so it is a yardstick and no standard error).
"""

from __future__ import annotations

import argparse
import csv
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

from lianyi.insight.effects.estimates import Bools, Floats
from lianyi.insight.effects.uplift.curves import auuc, qini
from lianyi.insight.effects.uplift.learners import Ways, fit_uplift, sample

Score = Callable[[Floats, Bools, Floats, Floats], Floats]  # y, treated, features; features to score
OURS = {
    "ours dr (default)": Ways(kind="dr"), "ours dr boosted": Ways(kind="dr", last="boosted"),
    "ours x": Ways(kind="x"), "ours s": Ways(kind="s"), "ours t": Ways(kind="t"),
    "ours t ridge": Ways(kind="t", learner="ridge"),
}  # fmt: skip
DEFAULT = "ours dr (default)"


def read(path: Path) -> dict[str, Any]:
    """The columns of the file as texts."""
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def features_of(mails: dict[str, Any]) -> Floats:
    """What was known of people before the mail."""
    columns = [mails[name].astype(float) for name in ("recency", "history", "mens", "womens", "newbie")]
    columns += [(mails["zip_code"] == place).astype(float) for place in ("Rural", "Urban")]
    columns += [(mails["channel"] == way).astype(float) for way in ("Web", "Phone")]
    return np.stack(columns, axis=1)


def trees() -> Any:
    """The trees that all learners of the peers get: those of ours."""
    return HistGradientBoostingClassifier(
        max_iter=80, learning_rate=0.08, max_leaf_nodes=8, min_samples_leaf=100, l2_regularization=5.0, random_state=0
    )


def ours(ways: Ways) -> Score:
    """One of our learners."""

    def score(y: Floats, treated: Bools, features: Floats, others: Floats) -> Floats:
        return fit_uplift(sample(y, treated, features, chance=float(treated.mean())), ways)(others)

    return score


def peers(*, forest: bool) -> dict[str, Score]:
    """The peers that are installed."""
    found: dict[str, Score] = {}
    try:
        from sklift.models import ClassTransformation, SoloModel, TwoModels

        for name, make in (("sklift solo", lambda: SoloModel(trees())),
                           ("sklift two", lambda: TwoModels(trees(), trees())),
                           ("sklift transformed", lambda: ClassTransformation(trees()))):  # fmt: skip
            found[name] = _sklift(make)
    except ImportError as error:
        print(f"scikit-uplift is missing: {error}")
    try:
        from econml.dml import CausalForestDML
        from econml.dr import LinearDRLearner
        from sklearn.dummy import DummyClassifier
        from sklearn.ensemble import HistGradientBoostingRegressor

        def linear() -> Any:
            return LinearDRLearner(model_propensity=DummyClassifier(strategy="prior"),
                                   model_regression=HistGradientBoostingRegressor(max_iter=80, max_leaf_nodes=8),
                                   random_state=0)  # fmt: skip

        found["econml linear dr"] = _econml(linear)
        if forest:
            found["econml forest"] = _econml(
                lambda: CausalForestDML(discrete_treatment=True, n_estimators=200, random_state=0, n_jobs=1)
            )
    except ImportError as error:
        print(f"econml is missing: {error}")
    return found


def _sklift(make: Callable[[], Any]) -> Score:
    return lambda y, treated, features, others: np.asarray(make().fit(features, y, treated.astype(int)).predict(others))


def _econml(make: Callable[[], Any]) -> Score:
    def score(y: Floats, treated: Bools, features: Floats, others: Floats) -> Floats:
        return np.asarray(make().fit(y, treated.astype(int), X=features).effect(others))

    return score


def same(mine: tuple[float, float], y: Floats, order: Floats, treated: Bools) -> None:
    """That our coefficients are those of scikit-uplift."""
    from sklift.metrics import qini_auc_score, uplift_auc_score

    theirs = (qini_auc_score(y, order, treated.astype(int)), uplift_auc_score(y, order, treated.astype(int)))
    if not np.allclose(mine, theirs):
        raise SystemExit(f"Qini and AUUC differ: {mine} against {theirs}")


def judge(name: str, mails: dict[str, Any], chosen: Bools, treated: Bools, *, halves: int, forest: bool) -> None:
    """All learners on one comparison."""
    y, arm, features = mails["visit"].astype(float)[chosen], treated[chosen], features_of(mails)[chosen]
    learners = {**{one: ours(ways) for one, ways in OURS.items()}, **peers(forest=forest)}
    found: dict[str, list[tuple[float, float]]] = {one: [] for one in learners}
    spent = dict.fromkeys(learners, 0.0)
    for half in range(halves):
        teach = np.random.default_rng(half).random(len(y)) < 0.5
        for one, score in learners.items():
            begin = time.process_time()
            order = score(y[teach], arm[teach], features[teach], features[~teach])
            spent[one] += time.process_time() - begin
            found[one].append((qini(y[~teach], order, arm[~teach]), auuc(y[~teach], order, arm[~teach])))
            if one.startswith("sklift") and half == 0:
                same(found[one][0], y[~teach], order, arm[~teach])
    print(
        f"\n{name}: {len(y):,} people, {halves} halves; Qini and AUUC, mean ± deviation over halves, processor s a half"
    )
    for one, pairs in sorted(found.items(), key=lambda item: -np.mean([q for q, _a in item[1]])):
        q, a = np.array(pairs).T
        print(f"  {one:20s} {q.mean():.4f} ± {q.std(ddof=1):.4f}   {a.mean():.4f} ± {a.std(ddof=1):.4f}"
              f"   {spent[one] / halves:6.2f}")  # fmt: skip
    others = [one for one in learners if not one.startswith("ours")]
    if others:
        best = max(others, key=lambda one: float(np.mean(found[one], axis=0)[0]))
        apart = np.array([mine[0] - theirs[0] for mine, theirs in zip(found[DEFAULT], found[best], strict=True)])
        print(f"  {DEFAULT} - {best}: {apart.mean():+.4f} ± {apart.std(ddof=1):.4f}; "
              f"ratio of processor time {spent[DEFAULT] / max(spent[best], 1e-9):.2f}")  # fmt: skip


def main() -> None:
    """Women's mail, men's mail, any mail, each against none."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--halves", type=int, default=5)
    parser.add_argument("--forest", action="store_true")
    options = parser.parse_args()
    mails = read(options.file)
    none = mails["segment"] == "No E-Mail"
    for name, treated in (("women's mail", mails["segment"] == "Womens E-Mail"),
                          ("men's mail", mails["segment"] == "Mens E-Mail"), ("any mail", ~none)):  # fmt: skip
        judge(name, mails, treated | none, treated, halves=options.halves, forest=options.forest)


if __name__ == "__main__":
    main()
