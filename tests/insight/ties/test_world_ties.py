"""Bands against the true meeting rates of a simulated world, beside an oracle that sees those rates at work."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray
from sklearn.metrics import f1_score

from lianyi import world
from lianyi.insight.tables import Build
from lianyi.insight.ties.bands import BANDS
from lianyi.insight.ties.table import TIES
from lianyi.memory.duckdb import DuckDB
from lianyi.settings import Settings

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
SEEN_DAYS = 60


def built(seed: int) -> tuple[Floats, Ints, Ints, Floats]:
    """Of all true ties whose two are there, share a room and had contact: strength, our band, true band, true rate."""
    made = world.generate(world.WorldSettings(people=1500, seed=seed))
    with DuckDB(threads=1, memory_mb=1024) as engine:
        engine.register("events", pa.concat_tables(made.events()))
        truth = made.truth()
        keys = truth.keys.filter(pa.compute.not_equal(truth.keys["kind"], "mistyped"))
        owner = keys.group_by("key").aggregate([("person", "min")])
        ids = pa.array([f"p{number:016}" for number in owner["person_min"].to_pylist()])
        engine.register("keys", pa.table({"key": owner["key"], "person_id": ids}))
        build = Build(engine=engine, as_of=made.settings.end - timedelta(seconds=1), settings=Settings())
        for sql in TIES.build(build):
            engine.run(sql, into="made")
        engine.register("ties", truth.ties)
        engine.register("people", truth.people)
        rows = engine.table(
            "SELECT m.strength, m.band AS ours, t.band AS truth, t.rate FROM ties t "
            "JOIN made m ON CAST(substr(m.person_a, 2) AS BIGINT) = t.a "
            "AND CAST(substr(m.person_b, 2) AS BIGINT) = t.b "
            'JOIN people x ON x.person = t.a AND x."left" IS NULL JOIN people y ON y.person = t.b AND y."left" IS NULL '
            "WHERE t.visible AND t.until IS NULL ORDER BY t.a, t.b"
        )
        build.clear()
    ours, true = (np.array([BANDS.index(band) for band in rows[name].to_pylist()]) for name in ("ours", "truth"))
    return rows["strength"].to_numpy(), ours, true, rows["rate"].to_numpy().astype(np.float64)


def best_cut(score: Floats, true: Ints) -> float:
    """The macro-F1 of the best two borders on a score, chosen by the truth."""
    edges = np.unique(np.quantile(score, np.linspace(0.02, 0.98, 40)))
    return max(macro_f1(true, np.digitize(score, pair)) for pair in itertools.combinations(edges, 2))


def macro_f1(true: Ints, found: Any) -> float:
    return float(f1_score(true, found, average="macro"))


@pytest.mark.slow
def test_bands_are_nearly_as_true_as_an_oracle_could_tell() -> None:
    strength, ours, true, rate = built(seed=23)
    # The oracle sees as many meetings as the true rate gives in SEEN_DAYS days, unmixed with noise, and is given the
    # best borders by the truth. Meetings are chance: even it can't tell all bands.
    oracle = best_cut(np.random.default_rng(1).poisson(rate * SEEN_DAYS).astype(np.float64), true)
    found = macro_f1(true, ours)
    assert len(true) > 500
    assert found >= 0.85 * oracle, (found, oracle)
    # the borders, drawn without the truth, against the best ones for our strength
    assert found >= 0.93 * best_cut(strength, true), (found, best_cut(strength, true))
    assert np.corrcoef(np.log(rate), np.log(strength / (1 - strength)))[0, 1] > 0.6
