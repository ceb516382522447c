"""Real purchases as days: CDNOW and Online Retail, cut in two, with what came after and what was known before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lianyi.insight.value.checks import judged
from lianyi.insight.value.clocks import rows
from lianyi.insight.value.fitting import candidates, likeliest
from lianyi.insight.value.scoring import Doubles
from lianyi.insight.value.spend import fit as fit_spend
from lianyi.insight.value.values import worth
from lianyi.memory.duckdb import DuckDB
from tests.real_data import real

Longs = NDArray[np.int64]
LEVELS = (0.05, 0.95)


@dataclass(frozen=True, kw_only=True, eq=False)
class Days:
    """One entry = one person × day with an order, sorted: person (number), day (number), spend."""

    person: Longs
    day: Longs
    spend: Doubles

    def until(self, cut: int) -> Days:
        """What was known then."""
        kept = self.day <= cut
        return Days(person=self.person[kept], day=self.day[kept], spend=self.spend[kept])

    def facts(self, cut: int) -> dict[str, Doubles]:
        """Per person with an order up to then: x, t_x, T, days with spend and their mean."""
        known = self.until(cut)
        people, start, count = np.unique(known.person, return_index=True, return_counts=True)
        first, last = known.day[start], known.day[start + count - 1]
        paid = np.bincount(known.person, known.spend > 0)[people]
        money = np.bincount(known.person, np.maximum(known.spend, 0))[people]
        return {
            "person": people.astype(np.float64), "repeats": count - 1.0, "last": (last - first).astype(np.float64),
            "age": (cut - first).astype(np.float64), "paid": paid, "each": money / np.maximum(paid, 1),
            "recency": (cut - last).astype(np.float64),
        }  # fmt: skip

    def summed(self, people: Doubles, low: int, high: int, *, money: bool = False) -> Doubles:
        """Per person: order days (or spend) after `low` up to `high`."""
        inside = (self.day > low) & (self.day <= high)
        weights = np.where(inside, self.spend if money else 1.0, 0.0)
        return np.asarray(np.bincount(self.person, weights, int(self.person.max()) + 1)[people.astype(np.int64)])

    def log_gaps(self, cut: int) -> float:
        """Sum of the logarithms of gaps."""
        known = self.until(cut)
        same = np.diff(known.person) == 0
        return float(np.log(np.diff(known.day)[same]).sum())


def read(sql: str) -> Days:
    """Days from a query with the columns id, day (number), spend."""
    with DuckDB(threads=1) as engine:
        found = engine.table(
            f"SELECT dense_rank() OVER (ORDER BY id) - 1 AS person, day, CAST(sum(spend) AS DOUBLE) AS spend "
            f"FROM ({sql}) AS s GROUP BY id, day ORDER BY 1, 2"
        )
    return Days(person=found["person"].to_numpy(), day=found["day"].to_numpy(), spend=found["spend"].to_numpy())


def cdnow_days() -> Days:
    """The tenth of CDNOW that the papers use: 2,357 customers."""
    file = real("cdnow/cdnow.parquet")
    return read(f"SELECT Id AS id, CAST(Date - DATE '1970-01-01' AS BIGINT) AS day, Price AS spend FROM '{file}'")


def cdnow_all() -> Days:
    """All 23,570 customers of CDNOW."""
    file = real("cdnow/CDNOW_master.txt")
    return read(
        f"SELECT id, CAST(strptime(day, '%Y%m%d')::DATE - DATE '1970-01-01' AS BIGINT) AS day, spend FROM ("
        f"SELECT regexp_extract_all(line, '\\S+')[1] AS id, regexp_extract_all(line, '\\S+')[2] AS day, "
        f"CAST(regexp_extract_all(line, '\\S+')[4] AS DOUBLE) AS spend FROM read_csv('{file}', "
        f"columns={{'line': 'VARCHAR'}}, delim='\t', header=true)) AS l"
    )


def online_retail() -> Days:
    """Online Retail: invoices of known customers, less what was cancelled later (on the day of cancelling)."""
    file = real("online_retail/onlineretail.parquet")
    return read(
        f"SELECT CustomerID AS id, CAST(CAST(InvoiceDate AS DATE) - DATE '1970-01-01' AS BIGINT) AS day, "
        f"Quantity * UnitPrice AS spend FROM '{file}' WHERE CustomerID IS NOT NULL AND InvoiceNo NOT LIKE 'C%'"
    )


def cdnow_sample() -> dict[str, Any]:
    """As in the paper: 39 weeks to learn, 39 weeks after; in days."""
    days = cdnow_days()
    cut = int(days.day.min()) + 272  # 30 September 1997
    facts = days.facts(cut)
    came = days.summed(facts["person"], cut, cut + 273)
    repeat = days.summed(facts["person"], 0, cut, money=True)
    return {
        "x": facts["repeats"], "last": facts["last"], "age": facts["age"], "came": came,
        "log_gaps": days.log_gaps(cut), "spend": repeat,
    }  # fmt: skip


def looked_back(days: Days, horizon: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """What tables clock_checks and clock_bins would say, for this horizon."""
    cut = int(days.day.max()) - horizon
    facts, earlier = days.facts(cut), days.facts(cut - horizon)
    people = facts["person"]
    columns = {name: facts[name] for name in ("repeats", "last", "age", "recency")}
    columns["came"] = days.summed(people, cut, cut + horizon)
    columns["lately"] = days.summed(people, cut - horizon, cut)
    columns["then_lately"] = days.summed(people, cut - 2 * horizon, cut - horizon)
    then = np.full(int(people.max()) + 1, np.nan)
    then[earlier["person"].astype(np.int64)] = earlier["recency"]
    columns["then_recency"] = then[people.astype(np.int64)]
    return judged(columns, days=horizon, log_gaps=days.log_gaps(cut))


def worth_judged(days: Days, horizon: int) -> dict[str, dict[str, float]]:
    """Worth of the next period: the model beside naive forecasts; interval = Winkler's score of the 90 % range."""
    cut = int(days.day.max()) - horizon
    facts = days.facts(cut)
    people = facts["person"]
    came = days.summed(people, cut, cut + horizon, money=True)
    lately = days.summed(people, cut - horizon, cut, money=True)
    known = np.isin(people, days.facts(cut - horizon)["person"])
    then = days.summed(people, cut - 2 * horizon, cut - horizon, money=True)
    recency_then = np.zeros(int(people.max()) + 1)
    earlier = days.facts(cut - horizon)
    recency_then[earlier["person"].astype(np.int64)] = earlier["recency"]
    edges = np.quantile(earlier["recency"], np.linspace(0, 1, 11)[1:-1])

    def by(classes: Callable[[Doubles], Longs], before: Doubles, now: Doubles) -> tuple[Doubles, Doubles, Doubles]:
        return by_class(classes(before[known]), lately[known], classes(now))

    def amount(values: Doubles) -> Longs:
        positive = then[known][then[known] > 0]
        cuts = np.quantile(positive, np.linspace(0, 1, 9)[:-1]) if len(positive) else np.zeros(1)
        return np.searchsorted(cuts, values, side="right")

    told = {
        "lianyi": model_worth(days, facts, cut, horizon),
        "as last period": by(amount, then, lately),
        "by recency": by(
            lambda values: np.searchsorted(edges, values), recency_then[people.astype(np.int64)], facts["recency"]
        ),
        "same worth again": (lately, lately, lately),
    }
    return {name: judge(came, *values) for name, values in told.items()}


def model_worth(days: Days, facts: dict[str, Doubles], cut: int, horizon: int) -> tuple[Doubles, Doubles, Doubles]:
    """Mean, low, high of the worth by clock and spend."""
    learnt = rows(facts["repeats"], facts["last"], facts["age"], log_gaps=days.log_gaps(cut))
    clock = likeliest(candidates(learnt))
    paid = facts["paid"] > 0
    spend = fit_spend(facts["paid"][paid], facts["each"][paid])
    names = ("repeats", "last", "age", "paid")
    table = pa.table({name: facts[name].astype(np.int64) for name in names} | {"people": np.ones(len(paid))})
    made = worth(clock, spend, table, (horizon,))
    scale = spend.v + facts["paid"] * facts["each"]
    mean = made[f"orders_{horizon}"].to_numpy() * spend.mean(facts["paid"], facts["each"])
    return mean, made[f"low_{horizon}"].to_numpy() * scale, made[f"high_{horizon}"].to_numpy() * scale


def by_class(then: Longs, outcome: Doubles, now: Longs) -> tuple[Doubles, Doubles, Doubles]:
    """Mean and 90 % range of what people of each class did the period before."""
    classes = int(max(then.max(), now.max())) + 1
    found = np.zeros((classes, 3))
    for one in range(classes):
        mine = outcome[then == one] if (then == one).any() else outcome
        found[one] = mine.mean(), *np.quantile(mine, LEVELS)
    return found[now, 0], found[now, 1], found[now, 2]


def judge(came: Doubles, mean: Doubles, low: Doubles, high: Doubles) -> dict[str, float]:
    """Errors of the mean; Winkler's score (width, and 20 for each unit outside a 90 % range) and share inside."""
    error = mean - came
    outside = np.maximum(low - came, 0) + np.maximum(came - high, 0)
    return {
        "mae": float(np.abs(error).mean()), "rmse": float(np.sqrt((error**2).mean())),
        "correlation": float(np.corrcoef(mean, came)[0, 1]), "total": float(mean.sum() / came.sum()),
        "interval": float((high - low + 20 * outside).mean()), "covered": float((outside <= 1e-9).mean()),
    }  # fmt: skip
