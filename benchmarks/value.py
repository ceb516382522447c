"""Value: purchase clocks beside their peers and beside what needs no model.

    python benchmarks/value.py cdnow --peer PYTHON   # published fit, then 39 weeks foretold, beside lifetimes
    python benchmarks/value.py fit --peer PYTHON     # time of one fit on 1,000,000 generated customers, same rows
    python benchmarks/value.py real                  # CDNOW and Online Retail: orders and worth against naive forecasts

What the tables cost at 50 M events: benchmarks/people_50m.py --tables order_days,category_days,clock_models,….
PYTHON is an interpreter that has `lifetimes` (0.11.3, needs setuptools < 80) or, by --library pymc, pymc-marketing.
Run from the root of the repository. Lower scores are better; processor seconds stand beside seconds.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
PUBLISHED = (0.243, 4.414, 0.793, 2.426)  # Fader, Hardie, Lee 2005, table 2


def peer(library: str, given: str, result: str) -> None:
    """Runs in the peer's interpreter: fits the rows, foretells the horizon, writes parameters, times, expectations."""
    data = np.load(given)
    x, last, age = data["x"], data["last"], data["age"]
    began = time.perf_counter(), time.process_time()
    if library == "lifetimes":
        from lifetimes import BetaGeoFitter

        model = BetaGeoFitter(penalizer_coef=0.0).fit(x, last, age)
        took = time.perf_counter() - began[0], time.process_time() - began[1]
        parameters = [float(model.params_[name]) for name in ("r", "alpha", "a", "b")]
        told = model.conditional_expected_number_of_purchases_up_to_time(float(data["horizon"]), x, last, age)
        expected = np.asarray(told)
    else:
        import pandas as pd
        from pymc_marketing.clv import BetaGeoModel

        frame = pd.DataFrame(
            {"customer_id": np.arange(len(x)), "frequency": x, "recency": last, "T": age}
        )  # fmt: skip
        model = BetaGeoModel(data=frame)
        model.fit(method="map")
        took = time.perf_counter() - began[0], time.process_time() - began[1]
        found = model.fit_result
        parameters = [float(found[name].values.reshape(-1)[0]) for name in ("r", "alpha", "a", "b")]
        told = model.expected_purchases(data=frame, future_t=float(data["horizon"]))
        expected = np.asarray(told.mean(("chain", "draw")))
    Path(result).write_text(json.dumps({"took": took, "parameters": parameters, "expected": expected.tolist()}))


def ask_peer(python: str, library: str, **data: Any) -> dict[str, Any]:
    """Parameters, times and expectations of the peer for these rows."""
    with tempfile.TemporaryDirectory() as folder:
        given, result = Path(folder) / "rows.npz", Path(folder) / "told.json"
        np.savez(given, **data)
        subprocess.run([python, __file__, "peer", library, str(given), str(result)], check=True, cwd=folder)
        found: dict[str, Any] = json.loads(result.read_text())
        return found


def cdnow(python: str, library: str) -> None:
    """The published fit, and the 39 weeks after it."""
    from tests.insight.value.purchases import cdnow_sample

    from lianyi.insight.value.clocks import Rows, rows
    from lianyi.insight.value.fitting import candidates, fit
    from lianyi.insight.value.foretelling import foretell

    data = cdnow_sample()
    x, last, age, came = data["x"], data["last"] / 7, data["age"] / 7, data["came"]
    began = time.perf_counter(), time.process_time()
    learnt = rows(x, last, age, log_gaps=data["log_gaps"] - x.sum() * np.log(7))
    clock = fit(learnt)
    took = time.perf_counter() - began[0], time.process_time() - began[1]
    everybody = Rows(repeats=x, last=last, age=age, people=np.ones(len(x)))
    told = {
        "published": (PUBLISHED, None, None),
        "lianyi BG/NBD": (clock.parameters, took, foretell(clock, everybody, (39,))),
    }
    best = max(candidates(learnt), key=lambda one: one.log_likelihood)
    told[f"lianyi {best.name}"] = (best.parameters, None, foretell(best, everybody, (39,)))
    print(f"CDNOW, {len(x):,} customers, 39 weeks of {came.sum():.0f} order days; log-L {clock.log_likelihood:.2f}")
    print(
        f"{'':18}{'r':>9}{'alpha':>9}{'a':>9}{'b':>9}{'s':>8}{'cpu s':>8}{'MAE':>8}{'RMSE':>8}{'corr':>8}{'total':>8}"
    )
    for name, (parameters, seconds, said) in told.items():
        show(name, parameters, seconds, None if said is None else said.expected[:, 0], came)
    if python:
        found = ask_peer(python, library, x=x, last=last, age=age, horizon=39.0)
        show(library, found["parameters"], found["took"], np.array(found["expected"]), came)
    show("rate so far", None, None, x / age * 39, came)
    show("nobody orders", None, None, np.zeros(len(x)), came)


def show(name: str, parameters: Any, seconds: Any, expected: Any, came: Any) -> None:
    """One line of `cdnow`."""
    line = f"{name:18}" + ("".join(f"{value:9.4f}" for value in parameters) if parameters is not None else " " * 36)
    line += "".join(f"{value:8.3f}" for value in seconds) if seconds is not None else " " * 16
    if expected is not None:
        error = expected - came
        corr = np.corrcoef(expected, came)[0, 1] if expected.std() else np.nan
        line += (
            f"{np.abs(error).mean():8.4f}{np.sqrt((error**2).mean()):8.3f}{corr:8.3f}{expected.sum() / came.sum():8.3f}"
        )
    print(line)


def generated(people: int, seed: int = 0) -> dict[str, Any]:
    """Customers of a BG/NBD world with CDNOW's parameters, in weeks, by day."""
    dice = np.random.default_rng(seed)
    r, alpha, a, b = PUBLISHED
    age = dice.integers(27 * 7, 39 * 7, people) / 7
    rate, leaving = dice.gamma(r, 1 / alpha, people), dice.beta(a, b, people)
    x, last, now, alive = np.zeros(people), np.zeros(people), np.zeros(people), np.ones(people, bool)
    while alive.any():
        now = now + np.where(alive, dice.exponential(1 / np.maximum(rate, 1e-300)), np.inf)
        alive = alive & (now < age)
        x[alive] += 1
        last[alive] = np.round(now[alive] * 7) / 7
        alive = alive & (dice.random(people) > leaving)
    return {"x": x, "last": np.minimum(last, age), "age": age}


def fit_speed(python: str, library: str, people: int) -> None:
    """One fit of the same rows by both, in one run."""
    from lianyi.insight.value.clocks import rows
    from lianyi.insight.value.fitting import fit

    data = generated(people)
    began = time.perf_counter(), time.process_time()
    learnt = rows(data["x"], data["last"], data["age"])
    collapsed = time.perf_counter() - began[0]
    clock = fit(learnt)
    took = time.perf_counter() - began[0], time.process_time() - began[1]
    print(f"{people:,} customers, {len(learnt.people):,} different rows")
    print(
        f"lianyi     {took[0]:8.2f} s ({collapsed:.2f} s to make rows) {took[1]:8.2f} processor s  "
        f"{clock.parameters.round(4)}"
    )
    if python:
        found = ask_peer(python, library, **data, horizon=39.0)
        other = found["took"]
        print(f"{library:10} {other[0]:8.2f} s {'':25}{other[1]:8.2f} processor s  {np.round(found['parameters'], 4)}")
        print(f"ratio      {other[0] / took[0]:8.1f} in seconds {'':15}{other[1] / took[1]:8.1f} in processor seconds")


def real() -> None:
    """Orders and worth of the next period on real logs, against forecasts that need no model."""
    from tests.insight.value.purchases import cdnow_all, looked_back, online_retail, worth_judged

    for name, days in (("CDNOW, all", cdnow_all()), ("Online Retail", online_retail())):
        for horizon in (30, 90, 180):
            checks, parts = looked_back(days, horizon)
            print(f"\n{name}: {horizon} days foretold, {checks[0]['people']:,} people")
            print(f"{'method':20}{'log score':>11}{'CRPS':>9}{'Brier':>9}{'MAE':>9}{'RMSE':>9}{'corr':>8}{'total':>8}")
            for row in checks:
                figures = "".join(f"{row[key]:9.4f}" for key in ("crps", "brier", "mae", "rmse"))
                print(
                    f"{row['method']:20}{row['log_score']:11.4f}{figures}{row['correlation']:8.3f}{row['total']:8.3f}"
                )
            print("calibration  " + "  ".join(f"{row['chance']:.2f}→{row['came']:.2f}" for row in parts))
            print(f"{'worth':20}{'MAE':>11}{'RMSE':>11}{'corr':>9}{'total':>9}{'interval':>11}{'in 90 %':>9}")
            for method, row in worth_judged(days, horizon).items():
                print(
                    f"{method:20}{row['mae']:11.2f}{row['rmse']:11.2f}{row['correlation']:9.3f}{row['total']:9.3f}"
                    f"{row['interval']:11.2f}{row['covered']:9.3f}"
                )


def main() -> None:
    """Read the arguments."""
    if sys.argv[1:2] == ["peer"]:
        peer(*sys.argv[2:])
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("cdnow", "fit", "real"))
    parser.add_argument("--peer", default="", help="interpreter with the peer's library")
    parser.add_argument("--library", default="lifetimes", choices=("lifetimes", "pymc"))
    parser.add_argument("--people", type=int, default=1_000_000)
    chosen = parser.parse_args()
    if chosen.what == "cdnow":
        cdnow(chosen.peer, chosen.library)
    elif chosen.what == "fit":
        fit_speed(chosen.peer, chosen.library, chosen.people)
    else:
        real()


if __name__ == "__main__":
    main()
