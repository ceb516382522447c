"""Learn the shipped model of strength anew; writes src/lianyi/insight/ties/shipped.json.

Three simulated worlds of 1,500 people and different seeds, a year each; in each the splits of `learning` are taken as
they are, pooled, and fitted around zero. The checks in the file are figures on a fourth world.
"""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa

from lianyi import world
from lianyi.insight.scope import Scope
from lianyi.insight.tables import Build
from lianyi.insight.ties import contacts, learning, slots
from lianyi.insight.ties.features import FEATURES
from lianyi.insight.ties.model import Model, fit
from lianyi.insight.ties.slots import DAY, Scale
from lianyi.memory.duckdb import DuckDB
from lianyi.settings import Settings

FILE = Path(__file__).parent.parent / "src/lianyi/insight/ties/shipped.json"
LEARNED, CHECKED = (11, 12, 13), 14
SCALE = Scale.of(30 * DAY)


def splits_of(seed: int) -> list[learning.Split]:
    """All splits of one world, newest first; its keys are resolved by the truth."""
    made = world.generate(world.WorldSettings(people=1500, seed=seed))
    with DuckDB() as engine:
        engine.register("events", pa.concat_tables(made.events()))
        truth = made.truth()
        keys = truth.keys.group_by("key").aggregate([("person", "min")])
        ids = pa.array([f"p{number:016x}" for number in keys["person_min"].to_pylist()])
        engine.register("keys", pa.table({"key": keys["key"], "person_id": ids}))
        build = Build(engine=engine, as_of=made.settings.end - timedelta(seconds=1), settings=Settings())
        contacts.make(build, Scope.of(build))
        slots.make(build, Scope.of(build), SCALE)
        return list(learning.splits(build, SCALE))


def main() -> None:
    """Fit, check, write."""
    zero = Model(intercept=0.0, coefficients=dict.fromkeys(FEATURES, 0.0))
    pool = [split for seed in LEARNED for split in splits_of(seed)]
    model = fit(
        np.concatenate([split.features for split in pool]),
        np.concatenate([split.again for split in pool]),
        around=zero,
        precision=1.0,
    )
    checks = learning.calibrated(model, splits_of(CHECKED)).checks
    shipped = replace(model, origin="shipped", checks=checks)
    rounded = {name: round(value, 6) for name, value in shipped.coefficients.items()}
    shipped = replace(shipped, coefficients=rounded, intercept=round(shipped.intercept, 6))
    FILE.write_text(json.dumps(asdict(shipped), indent=1) + "\n", encoding="utf-8")
    print(json.dumps(checks, indent=1))


if __name__ == "__main__":
    main()
