"""Will they meet in the next period? The product's own table against simple scores, on real networks with times.

At each split the tables are built as of then, by the same code as in a refresh; what happened in the period after is
compared with `strength`, and with counts, recency and Adamic–Adar. Brier scores of the simple scores are those of a
logistic curve fitted on the period before, so they too know nothing of the period that they are judged on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
from sklearn.linear_model import LogisticRegression

from lianyi.insight.kernels import Doubles
from lianyi.insight.tables import Build
from lianyi.insight.ties.checks import average_precision, brier, calibration_error
from lianyi.insight.ties.model import Yes
from lianyi.insight.ties.table import TIES
from lianyi.memory.duckdb import DuckDB
from lianyi.settings import Settings

BASELINES = ("counts", "recency", "adamic_adar")
ORIGIN = datetime(2024, 1, 1, tzinfo=UTC)
DAY, HOUR = 86_400.0, 3_600.0


@dataclass(frozen=True, kw_only=True)
class Contacts:
    """A network with times. source, target: numbers of people; seconds: after ORIGIN."""

    name: str
    source: np.ndarray[tuple[int], np.dtype[np.int64]]
    target: np.ndarray[tuple[int], np.dtype[np.int64]]
    seconds: Doubles


@dataclass(frozen=True, kw_only=True)
class Period:
    """One split: per tie the scores known then, and whether the two met in the period after."""

    scores: dict[str, Doubles]
    again: Yes


def read(name: str, path: Path, *, separator: str, columns: tuple[str, str, str]) -> Contacts:
    """A text file with one contact a row."""
    source, target, moment = columns
    with DuckDB(threads=1) as engine:
        rows = engine.table(
            f"SELECT {source} AS a, {target} AS b, {moment} AS t "
            f"FROM read_csv('{path}', delim='{separator}', header=true)"
        )
    seconds = rows["t"].to_numpy().astype(np.float64)
    a, b = (rows[side].to_numpy().astype(np.int64) for side in ("a", "b"))
    return Contacts(name=name, source=a, target=b, seconds=seconds - seconds.min())


def periods(contacts: Contacts, *, first: float, horizon: float, last: float, step: float = 0) -> Iterator[Period]:
    """Splits from `first` to `last` seconds, a horizon (or `step`) apart; those after which nobody met are left out."""
    with DuckDB(threads=1, memory_mb=1024) as engine:
        engine.register("log", _events(contacts))
        people = np.unique(np.concatenate([contacts.source, contacts.target]))
        keys = {"key": [f"user:{n}" for n in people], "person_id": [f"p{n:08}" for n in people]}
        engine.register("keys", pa.table(keys))
        engine.run("SELECT * FROM log", into="events")
        for split in np.arange(first, last + 1, step or horizon):
            period = _period(engine, contacts, float(split), horizon)
            if period.again.any():
                yield period


def _events(contacts: Contacts) -> pa.Table:
    count = len(contacts.source)
    at = pa.array([ORIGIN + timedelta(seconds=float(s)) for s in contacts.seconds], pa.timestamp("us", tz="UTC"))
    none = pa.nulls(count, pa.string())
    columns = {
        "id": [f"e{n}" for n in range(count)], "at": at, "kind": ["message"] * count,
        "actor_key": [f"user:{n}" for n in contacts.source], "target_key": [f"user:{n}" for n in contacts.target],
        "group_key": none, "object_key": none, "parent_id": none, "channel": none, "props": none,
    }  # fmt: skip
    return pa.table(columns)


def _period(engine: DuckDB, contacts: Contacts, split: float, horizon: float) -> Period:
    build = Build(
        engine=engine, as_of=ORIGIN + timedelta(seconds=split), settings=Settings(timezone="UTC"),
        parameters={"tie_horizon": round(horizon * 1e6)},
    )  # fmt: skip
    (sql,) = TIES.build(build)  # one range: there are few pairs
    engine.run(sql, into="made")
    rows = engine.table(
        "SELECT person_a, person_b, strength, closeness, coalesce(counts['message'], 0) AS counts, "
        "epoch_us(last_at) / 1e6 AS last FROM made ORDER BY person_a, person_b"
    )
    build.clear()
    after = (contacts.seconds > split) & (contacts.seconds <= split + horizon)
    met = {
        (min(a, b), max(a, b)) for a, b in zip(contacts.source[after], contacts.target[after], strict=True) if a != b
    }
    pairs = zip(rows["person_a"].to_pylist(), rows["person_b"].to_pylist(), strict=True)
    again = np.array([(int(a[1:]), int(b[1:])) in met for a, b in pairs], dtype=np.bool_)
    silence = ORIGIN.timestamp() + split - rows["last"].to_numpy().astype(np.float64)
    scores = {
        "strength": rows["strength"].to_numpy(),
        "counts": np.log1p(rows["counts"].to_numpy().astype(np.float64)),
        "recency": -np.log1p(silence / horizon * 100),
        "adamic_adar": np.log1p(rows["closeness"].to_numpy()),
    }
    return Period(scores=scores, again=again)


def judged(found: list[Period]) -> dict[str, dict[str, float]]:
    """Per score: mean average precision, mean Brier score, and calibration error over all periods together.

    The first period has no period before, so it only teaches the simple scores.
    """
    result: dict[str, dict[str, float]] = {}
    for name in ("strength", *BASELINES):
        chances = [_chance(name, before, now) for before, now in pairwise(found)]
        again = [period.again for period in found[1:]]
        result[name] = {
            "average_precision": _mean([average_precision(p.scores[name], p.again) for p in found[1:]]),
            "brier": _mean([brier(chance, seen) for chance, seen in zip(chances, again, strict=True)]),
            "calibration_error": calibration_error(np.concatenate(chances), np.concatenate(again)),
            "calibration_each": _mean([calibration_error(c, s) for c, s in zip(chances, again, strict=True)]),
        }
    return result


def _chance(name: str, before: Period, now: Period) -> Doubles:
    if name == "strength":
        return now.scores[name]
    curve = LogisticRegression().fit(before.scores[name][:, None], before.again)
    result: Doubles = curve.predict_proba(now.scores[name][:, None])[:, 1]
    return result


def _mean(values: list[float]) -> float:
    return float(np.mean(values))
