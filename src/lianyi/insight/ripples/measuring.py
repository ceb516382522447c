"""R of generations and ripples from their sums and from the ages of those who came lately."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from lianyi.insight.kernels import Doubles, Longs
from lianyi.insight.ripples.rates import Timing, dispersion, interval
from lianyi.memory.engine import Engine

EXACT = "SELECT interval_hours FROM arrivals WHERE how IN ({}) AND interval_hours >= 0"
ENOUGH = 50  # codes from which on lines, which often bear the time of the share, are not asked


def generation_rates(engine: Engine) -> pa.Table:
    """One row = one row of `generation_sums`: complete (share of what its people will bring that is to be seen by
    now), r, r_low, r_high."""
    sums = engine.table("SELECT people, brought, squares FROM generation_sums ORDER BY number")
    people, brought, squares = (sums[name].to_numpy() for name in ("people", "brought", "squares"))
    number, age, _ = _late(engine, "generation_late")
    exposure = _exposure(people, number, 1 - _timing(engine).done(age))
    rate, low, high = interval(brought, exposure, dispersion(people, brought, squares))
    return pa.table(
        {
            "number": np.arange(len(people)), "complete": _known(exposure / np.maximum(people, 1)),
            "r": _known(rate), "r_low": _known(low), "r_high": _known(high),
        }
    )  # fmt: skip


def ripple_rates(engine: Engine) -> pa.Table:
    """One row = one row of `ripple_sums`: r, r_low, r_high over its life; r_now and its interval; trend: growing or
    fading where the interval says so, over where nothing more is to come, else open."""
    sums = engine.table("SELECT people, brought, squares, led FROM ripple_sums ORDER BY number")
    people, brought, squares, led = (sums[name].to_numpy() for name in ("people", "brought", "squares", "led"))
    timing = _timing(engine)
    number, age, through = _late(engine, "ripple_late")
    phi = dispersion(people, brought, squares)
    to_come = 1 - timing.done(age)
    exposure = _exposure(people, number, to_come)
    rate, low, high = interval(led, exposure, phi)
    pressure = np.bincount(number, timing.done(age) - timing.done(age - timing.window), len(people))
    lately = np.bincount(number, (through == 1) & (age < timing.window), len(people)).astype(np.int64)
    now, now_low, now_high = interval(lately, np.where(pressure > 0.05, pressure, 0.0), phi)
    waiting = np.bincount(number, to_come, len(people))
    trend = np.select(
        [now_low > 1, now_high < 1, (waiting < 0.05) & (lately == 0)], ["growing", "fading", "over"], "open"
    )
    return pa.table(
        {
            "number": np.arange(len(people)), "r": _known(rate), "r_low": _known(low), "r_high": _known(high),
            "r_now": _known(now), "r_now_low": _known(now_low), "r_now_high": _known(now_high), "trend": trend,
        }
    )  # fmt: skip


def _timing(engine: Engine) -> Timing:
    coded = engine.table(EXACT.format("'code'"))["interval_hours"].to_numpy()
    if len(coded) >= ENOUGH:
        return Timing(coded)
    return Timing(engine.table(EXACT.format("'code', 'line'"))["interval_hours"].to_numpy())


def _late(engine: Engine, name: str) -> tuple[Longs, Doubles, Longs]:
    found = engine.table(f"SELECT number, age, led FROM {name}")
    return (
        found["number"].to_numpy().astype(np.int64),
        found["age"].to_numpy(),
        found["led"].to_numpy().astype(np.int64),
    )


def _exposure(people: Longs, number: Longs, missing: Doubles) -> Doubles:
    """The sum of F over the people of each group: one each, less what is still to come."""
    return np.asarray(people - np.bincount(number, missing, len(people)), dtype=np.float64)


def _known(values: Doubles) -> pa.Array:
    return pa.array(values, from_pandas=True)
