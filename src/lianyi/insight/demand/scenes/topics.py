"""What people buy in the days after the talk of a group of theirs turned to a topic: each is compared with themselves.

Time-stratified case-crossover (Lumley and Levy, Environmetrics 2000; Janes, Sheppard, Lumley, Epidemiology 2005): a
purchase of a category is set beside the other days of the same person in the same four weeks. Without a lift it falls
on a day after such talk with a chance that is known: the share of these days in what everybody bought of the category
in these weeks. So who is in which group, who buys much, seasons, festivals and weekdays have no say. What is left that
lifts everything (people who hear much talk are about more) is taken out by what the other categories did.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import scipy
from numpy.typing import NDArray

from lianyi.insight.demand.scenes.counting import AFTER
from lianyi.insight.demand.scenes.finding import Found, Z, codes, shrunk, weak_lift
from lianyi.insight.demand.scenes.fitting import EXPECTED, LEAST, Bools, Doubles, Q, benjamini_hochberg, spread
from lianyi.insight.scope import Scope

BLOCK = 28  # days that are compared with each other
_ROUNDS = 10
PRIOR = 10.0  # purchases by which what others did is drawn to no lift


def exposures(scope: Scope) -> str:
    """One row = one person × topic × block of days: a number whose bit d says that day d of the block lies within AFTER
    days after a day on which the talk of a group of theirs turned to the topic."""
    d = scope.dialect
    after = " UNION ALL ".join(f"SELECT {number} AS step" for number in range(1, AFTER + 1))
    return f"""
    SELECT p.person_id, t.scene, t.block, bit_or(t.bit) AS days FROM (
        SELECT person_id, {d.explode("groups")} AS group_key FROM profiles
    ) AS p JOIN (
        SELECT group_key, scene, {_block(scope, "day")} AS block, bit_or({d.power_of_two(_place(scope, "day"))}) AS bit
        FROM (
            SELECT g.group_key, concat(g.kind, ':', g.topic) AS scene, {d.day_number('g."day"')} + a.step AS day
            FROM group_topics AS g CROSS JOIN ({after}) AS a
        ) AS e WHERE day <= {scope.today} GROUP BY 1, 2, 3
    ) AS t ON t.group_key = p.group_key GROUP BY 1, 2, 3
    """


def counted(scope: Scope) -> str:
    """One row = one scene × category × block × set of days: purchases of people to whom these days came after such
    talk, and how many of them fell on these days; the same of people whose need was weak."""
    d = scope.dialect
    hit = f"(x.days & {d.power_of_two('p.place')}) <> 0"
    return f"""
    SELECT x.scene, p.category, x.block, x.days, count(*) AS bought, count(*) FILTER (WHERE {hit}) AS inside,
        count(*) FILTER (WHERE p.weak) AS weak, count(*) FILTER (WHERE p.weak AND {hit}) AS weak_inside
    FROM (
        SELECT person_id, category, weak, {_block(scope, "day")} AS block, {_place(scope, "day")} AS place
        FROM scene_purchases
    ) AS p JOIN scene_exposed AS x ON x.person_id = p.person_id AND x.block = p.block GROUP BY 1, 2, 3, 4
    """


def profile(scope: Scope) -> str:
    """One row = one category × block × day of it: purchases by everybody."""
    return f"""
    SELECT category, {_block(scope, "day")} AS block, {_place(scope, "day")} AS place, count(*) AS bought
    FROM scene_purchases WHERE day > {scope.today - 8 * BLOCK} GROUP BY 1, 2, 3
    """


def turned() -> str:
    """One row = one scene: on how many days of groups talk turned to it."""
    return "SELECT concat(kind, ':', topic) AS scene, count(*) AS times FROM group_topics GROUP BY 1"


def _back(scope: Scope, day: str) -> str:
    return f"({scope.today} - {day})"


def _block(scope: Scope, day: str) -> str:
    return scope.dialect.quotient(_back(scope, day), BLOCK)


def _place(scope: Scope, day: str) -> str:
    return f"({_back(scope, day)} % {BLOCK})"


def find(rows: pa.Table, bought: pa.Table, times: Mapping[str, int]) -> Iterator[Found]:
    """rows: of `counted`. bought: of `profile`. times: of `turned`."""
    if not rows.num_rows:
        return
    scenes, scene = codes(rows["scene"])
    categories, category = codes(rows["category"])
    chance = chances(rows, bought)
    told = (chance > 0) & (chance < 1)
    cells = _Cells(
        shape=(len(scenes), len(categories)), place=(scene * len(categories) + category)[told], chance=chance[told]
    )

    def column(name: str) -> Doubles:
        return np.asarray(rows[name].to_numpy(), dtype=np.float64)[told]

    observed, plain = cells.sum(column("inside")), cells.sum(column("bought") * cells.chance)
    weak, weak_plain = cells.sum(column("weak_inside")), cells.sum(column("weak") * cells.chance)
    noise = 1 / np.maximum(cells.sum(column("bought") * cells.chance * (1 - cells.chance)), 1e-9)
    lift = cells.lift(column("bought"), observed)
    tried = _tested(lift, observed, plain, noise)
    for number, (row, place) in enumerate(np.argwhere(tried.tested)):
        few = float(weak[row, place]), float(weak_plain[row, place] * tried.yardstick[row, place])
        names = scenes[row], categories[place]
        yield _found(tried, number, (row, place), names, times=times.get(scenes[row], 0), few=few)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Cells:
    """Rows that belong to cells (scene × category): place of each row's, and chance of a purchase to lie inside."""

    shape: tuple[int, int]
    place: NDArray[np.int64]
    chance: Doubles

    def sum(self, values: Doubles) -> Doubles:
        """By cell."""
        return np.bincount(self.place, values, self.shape[0] * self.shape[1]).reshape(self.shape).astype(np.float64)

    def lift(self, bought: Doubles, observed: Doubles) -> Doubles:
        """By cell the lift under which as many purchases as were seen are expected inside (maximum likelihood)."""
        whole = self.sum(bought)
        wanted = np.clip(observed, 0.5, np.maximum(whole - 0.5, 0.5))
        low, high = np.full(self.shape, -6.0), np.full(self.shape, 6.0)
        for _ in range(40):
            middle = (low + high) / 2
            odds = np.exp(middle).reshape(-1)[self.place] * self.chance / (1 - self.chance)
            less = self.sum(bought * odds / (1 + odds)) < wanted
            low, high = np.where(less, middle, low), np.where(less, high, middle)
        return np.asarray(np.exp((low + high) / 2))


@dataclass(frozen=True, kw_only=True, eq=False)
class _Tried:
    """Arrays by scene × category; mean and deviation (shrunk) of those that were tested, in their order."""

    observed: Doubles
    expected: Doubles
    yardstick: Doubles
    log_lift: Doubles
    tested: Bools
    found: Bools
    p: Doubles
    q: Doubles
    mean: Doubles
    deviation: Doubles


def _tested(lift: Doubles, observed: Doubles, plain: Doubles, noise: Doubles) -> _Tried:
    """The test of the other scenes (see fitting), for lifts beyond what the other categories did: chosen by noise
    alone, then those that do not stand out from the empirical null are dropped. What is chosen is no yardstick."""
    chosen = np.zeros(plain.shape, dtype=bool)
    for _ in range(_ROUNDS):
        tried = _against(chosen, lift, observed, plain, noise, beyond=False)
        if (tried.found <= chosen).all():
            break
        chosen |= tried.found
    while True:
        tried = _against(chosen, lift, observed, plain, noise, beyond=True)
        if (chosen <= tried.found).all():
            return tried
        chosen &= tried.found


def _against(
    chosen: Bools, lift: Doubles, observed: Doubles, plain: Doubles, noise: Doubles, *, beyond: bool
) -> _Tried:
    """beyond: with the spread of the empirical null; found are then chosen ones only."""
    tested = plain >= EXPECTED
    yardstick, doubt = _others(observed, plain, chosen)
    log_lift = np.where(tested, np.log(lift / yardstick), 0.0)
    whole, others = noise + doubt, tested & ~chosen
    error = np.sqrt(whole + (spread(log_lift[others], whole[others]) if beyond else 0.0))
    p = np.where(tested, scipy.special.ndtr(-(log_lift - np.log(LEAST)) / error), 1.0)
    q = np.ones_like(p)
    q[tested] = benjamini_hochberg(p[tested])
    found = tested & (q <= Q) & (chosen | (not beyond))
    mean, deviation = shrunk(log_lift[tested], error[tested], found[tested])
    return _Tried(
        observed=observed, expected=plain * yardstick, yardstick=yardstick, log_lift=log_lift, tested=tested,
        found=found, p=p, q=q, mean=mean, deviation=deviation,
    )  # fmt: skip


def _others(observed: Doubles, plain: Doubles, found: Bools) -> tuple[Doubles, Doubles]:
    """What the other categories did after the same talk: purchases ÷ expected, drawn to 1, and its squared error."""
    seen, said = np.where(found, 0.0, observed), np.where(found, 0.0, plain)
    others, due = seen.sum(axis=1, keepdims=True) - seen, said.sum(axis=1, keepdims=True) - said
    return (others + PRIOR) / (due + PRIOR), 1 / (others + PRIOR)


def _found(
    tried: _Tried, number: int, cell: tuple[int, int], names: tuple[str, str], *, times: int, few: tuple[float, float]
) -> Found:
    """A cell as a row; number: its place among those tested."""
    found, mean, deviation = bool(tried.found[cell]), tried.mean[number], tried.deviation[number]
    return Found(
        category=names[1], kind="topic", scene=names[0], slices=(names[0],),
        purchases=int(tried.observed[cell]), expected=float(tried.expected[cell]), times=times,
        raw_lift=float(np.exp(tried.log_lift[cell])), lift=float(np.exp(mean)),
        low=float(np.exp(mean - Z * deviation)), high=float(np.exp(mean + Z * deviation)),
        p=float(tried.p[cell]), q=float(tried.q[cell]), found=found, weak_purchases=int(few[0]),
        **weak_lift(*few, found=found),
    )  # fmt: skip


def chances(rows: pa.Table, bought: pa.Table) -> Doubles:
    """Of each row the share of its days in what everybody bought of the category in the block."""
    days: dict[tuple[str, int], Doubles] = defaultdict(lambda: np.zeros(BLOCK))
    for category, block, place, count in zip(*(bought[name].to_pylist() for name in bought.column_names), strict=True):
        days[category, block][place] += count
    bits = np.arange(BLOCK)
    inside = (rows["days"].to_numpy().astype(np.int64)[:, None] >> bits) & 1
    weights = np.stack([
        days[key] for key in zip(rows["category"].to_pylist(), rows["block"].to_pylist(), strict=True)
    ])  # fmt: skip
    return np.asarray((inside * weights).sum(axis=1) / np.maximum(weights.sum(axis=1), 1e-9))
