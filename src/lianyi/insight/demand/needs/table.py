"""Table `needs`: how likely each person is to buy of each category within 30 days, and why we think so.

The chance is a logistic regression on the features, fitted to what was bought in the last 30 days by people as they
were before (features are taken at as_of − 30 days); then asked about people as they are now. Where too few bought, the
shipped coefficients are used.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lianyi.insight.demand.needs import features
from lianyi.insight.demand.needs.features import FEATURES
from lianyi.insight.ranges import ranges, within
from lianyi.insight.scope import Scope
from lianyi.insight.tables import EVENTS, LOOKED_INTO, Build, Column, Table

Doubles = NDArray[np.float64]
AHEAD = 30  # days
SAMPLE, FITTED = 200_000, 50_000  # rows that are fitted, and people of whom they are
LEAST_BUYERS = 100  # purchases within AHEAD, below which the shipped coefficients stand
BANDS = (("strong", 0.2), ("medium", 0.08), ("weak", 0.02))  # chance from which; below the last: no need is stated
# A judgement, not a measurement: they only say what usually says more.
SHIPPED = (-1.0, 1.0, 0.3, 1.5, 0.2, 0.5, 0.3, 0.5, 0.8)
STEPS = ("need_recent", "need_shares", "need_known", "need_said", "need_around", "need_tied", "need_ever",
         "need_pairs", "need_similar")  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Model:
    """intercept and coefficients in the order of FEATURES; how it did on people kept aside (None: not learned here).
    auc: chance that who bought stands above who did not. promised, bought: sums on the people kept aside."""

    weights: tuple[float, ...]
    auc: float | None = None
    promised: float | None = None
    bought: float | None = None
    rows: int = 0


def fit(x: Doubles, y: Doubles, *, precision: float = 1.0) -> Doubles:
    """Logistic regression by Newton's method, normal prior around 0 but for the intercept (first column of ones)."""
    design = np.column_stack([np.ones(len(x)), x])
    prior = np.full(design.shape[1], precision)
    prior[0] = 1e-6
    weights = np.zeros(design.shape[1])
    for _ in range(30):
        chance = 1 / (1 + np.exp(-np.clip(design @ weights, -30, 30)))
        gradient = design.T @ (y - chance) - prior * weights
        hessian = (design * (chance * (1 - chance))[:, None]).T @ design + np.diag(prior)
        step = np.linalg.solve(hessian, gradient)
        weights = weights + step
        if np.abs(step).max() < 1e-6:
            break
    return np.asarray(weights, dtype=np.float64)


def auc(score: Doubles, y: Doubles) -> float:
    """Chance that a random 1 scores above a random 0, ties half (Mann–Whitney)."""
    _, place, count = np.unique(score, return_inverse=True, return_counts=True)
    upto = np.cumsum(count)
    rank = (upto - (count - 1) / 2)[place]
    ones = y.sum()
    return float((rank[y == 1].sum() - ones * (ones + 1) / 2) / (ones * (len(y) - ones)))


def learn(x: Doubles, y: Doubles, aside: NDArray[np.bool_]) -> Model:
    """Fit on some, judge on those `aside`; then fit on all. Shipped where too few bought."""
    if y[~aside].sum() < LEAST_BUYERS or y[aside].sum() in {0, aside.sum()}:
        return Model(weights=SHIPPED)
    weights = fit(x[~aside], y[~aside])
    score = weights[0] + x[aside] @ weights[1:]
    chance = 1 / (1 + np.exp(-score))
    return Model(
        weights=tuple(float(weight) for weight in fit(x, y)), auc=auc(score, y[aside]), promised=float(chance.sum()),
        bought=float(y[aside].sum()), rows=len(y),
    )  # fmt: skip


def _prepare(build: Build, scope: Scope) -> None:
    for name, sql in (
        ("need_people", features.numbered()), (features.NUMBERED, features.numbered_keys()),
        ("need_named", features.named(scope)), ("need_acts", features.acts(scope)),
        ("need_categories", features.categories()),
        ("need_words", features.words(scope, scope.today - AHEAD - features.HEARD_DAYS)),
        ("need_main", features.main()), ("need_near", features.near()), ("need_cycles", features.cycles()),
    ):  # fmt: skip
        build.make(name, sql)
    build.drop(features.NUMBERED)


def _at(build: Build, day: int, among: str) -> None:
    """Relations that know what was known up to a day. among: SQL condition on a.person, of those asked about."""
    queries = (features.recent(day), features.shares(), features.known(day, among), features.said(day),
               features.around(), features.tied(among), features.ever(day), features.pairs(),
               features.similar())  # fmt: skip
    for name, sql in zip(STEPS, queries, strict=True):
        build.make(name, sql)


def _learned(build: Build, scope: Scope) -> Model:
    day, sample = scope.today - AHEAD, "IN (SELECT person FROM need_sample)"
    # those who are fitted are drawn before anything is worked out for them; by another hash than those kept aside
    drawn = f"SELECT person_id, person FROM need_people ORDER BY md5(concat(person_id, '?')) LIMIT {FITTED}"
    build.make("need_sample", drawn)
    _at(build, day, f"a.person {sample}")
    rows = build.engine.table(
        f"SELECT f.{', f.'.join(FEATURES)}, a.person IS NOT NULL AS came_true, md5(p.person_id) < '5' AS aside FROM "
        f"({features.whole(day, f'k.person {sample}')}) AS f JOIN need_sample AS p ON p.person = f.person "
        f"JOIN need_categories AS c ON c.category = f.category LEFT JOIN (SELECT DISTINCT person, category "
        f"FROM need_acts WHERE bought = 1 AND day > {day}) AS a ON a.person = f.person AND a.category = f.category "
        f"ORDER BY md5(concat(p.person_id, c.name)) LIMIT {SAMPLE}"
    )
    x = np.column_stack([rows[name].to_numpy() for name in FEATURES]).astype(np.float64)
    bought, aside = (rows[name].to_numpy(zero_copy_only=False) for name in ("came_true", "aside"))
    return learn(x, bought.astype(np.float64), aside.astype(bool))


def chance(model: Model) -> str:
    """SQL: the chance of a row of features `f`."""
    terms = " + ".join(f"{weight!r} * f.{name}" for name, weight in zip(FEATURES, model.weights[1:], strict=True))
    return f"1 / (1 + exp(-({model.weights[0]!r} + {terms})))"


def _evidence(model: Model) -> str:
    """SQL: which way speaks most for the need, among those that a sentence can say."""
    parts = {"due": "due", "bought": "bought", "looked": "looked", "said": "said", "ties": "ties",
             "community": "community", "beside": "beside"}  # fmt: skip
    weight = dict(zip(FEATURES, model.weights[1:], strict=True))
    least = {name: max(value, 0.01) for name, value in weight.items()}
    holds = {name: f"f.{name} > 0" for name in parts}
    holds |= {"due": "f.due > 0.5", "bought": "f.orders > 0", "looked": "f.looked > 0 AND NOT f.latent"}
    said = {name: f"(CASE WHEN {holds[name]} THEN {least[name]!r} * f.{name} + 1e-9 ELSE 0 END)" for name in parts}
    most = f"greatest({', '.join(said.values())})"
    branches = " ".join(f"WHEN {said[name]} >= {most} THEN '{name}'" for name in parts)
    return f"CASE WHEN {most} <= 0 THEN 'popular' {branches} END"


def needs(build: Build) -> Iterator[str]:
    """Learn on the past, then state needs range by range."""
    scope = replace(Scope.of(build), keys=features.NUMBERED)
    _prepare(build, scope)
    model = Model(weights=SHIPPED)
    if build.engine.table("SELECT count(*) AS n FROM need_categories")["n"][0].as_py():
        build.say("learning")
        model = _learned(build, scope)
    _at(build, scope.today, "TRUE")
    build.drop("need_acts", "need_words", "need_near", "need_ever", "need_recent")
    people = build.engine.table("SELECT count(*) AS n FROM profiles")["n"][0].as_py()
    bands = " ".join(f"WHEN chance >= {least} THEN '{name}'" for name, least in BANDS)
    for borders in ranges(people):
        mine = f"k.person IN (SELECT person FROM need_people AS p WHERE {within('p.person_id', borders)})"
        yield f"""
        SELECT p.person_id, c.name AS category, n.chance, CASE {bands} END AS band, n.latent, n.evidence, n.orders,
            {scope.date("n.last_day")} AS last_on, n.cycle, n.tied, n.buyers, o.name AS other, n.mentions,
            {_number(model.auc)} AS auc
        FROM (
            SELECT f.*, {chance(model)} AS chance, {_evidence(model)} AS evidence
            FROM ({features.whole(scope.today, mine)}) AS f
        ) AS n JOIN need_people AS p ON p.person = n.person JOIN need_categories AS c ON c.category = n.category
        LEFT JOIN need_categories AS o ON o.category = n.other WHERE n.chance >= {BANDS[-1][1]}
        """


def _number(value: float | None) -> str:
    return "CAST(NULL AS DOUBLE)" if value is None else f"CAST({value!r} AS DOUBLE)"


def _bought(row: Any) -> tuple[str, str]:
    if not row["orders"]:
        return "", ""
    return (f" Bought it on {row['orders']:,} days, last on {row['last_on']}.",
            f"曾在 {row['orders']:,} 天购买，最近一次 {row['last_on']}。")  # fmt: skip


def sentence(row: Any) -> tuple[str, str]:
    """(English, Chinese) for a row of the table: what speaks for the need."""
    category, cycle = row["category"], row["cycle"]
    said = {
        "due": (f"Bought it on {row['last_on']}; people buy {category} again after about {cycle or 0:,.0f} days.",
                f"{row['last_on']} 买过；{category}通常约 {cycle or 0:,.0f} 天后复购。"),
        "bought": (f"Bought it on {row['orders']:,} days, last on {row['last_on']}.",
                   f"曾在 {row['orders']:,} 天购买，最近一次 {row['last_on']}。"),
        "looked": (f"Looked at it, searched for it or put it into the cart lately.{_bought(row)[0]}",
                   f"近期浏览、搜索或加购过。{_bought(row)[1]}"),
        "said": (f"Spoke of it on {row['mentions']:,} of the last 60 days.",
                 f"近 60 天内有 {row['mentions']:,} 天提到。"),
        "ties": (f"{row['tied']:,} people tied to them bought it in 90 days.",
                 f"90 天内有 {row['tied']:,} 位好友购买。"),
        "community": (f"{row['buyers']:,} people of their community bought it in 90 days, more than elsewhere.",
                      f"其社群 90 天内有 {row['buyers']:,} 人购买，高于别处。"),
        "beside": (f"People who buy {row['other']}, as they do, buy {category} too.",
                   f"与其一样购买{row['other']}的人也买{category}。"),
        "popular": (f"Many buy {category}.", f"很多人购买{category}。"),
    }  # fmt: skip
    en, zh = said[row["evidence"]]
    return (f"Never shown by themselves. {en}", f"本人尚未表露。{zh}") if row["latent"] else (en, zh)


TABLE = Table(
    name="needs",
    en=f"One row = one person and one category that they are likely to buy within {AHEAD} days, shown or latent.",
    zh=f"每行 = 一个人在 {AHEAD} 天内可能购买的一个类目（已表露或潜在）。",
    inputs=(EVENTS, "keys", "profiles", "memberships", "person_ties"),
    key=("person_id", "category"),
    order=("person_id", "chance DESC", "category"),
    row_group=LOOKED_INTO,
    columns={
        "person_id": Column(en="the person", zh="用户"),
        "category": Column(en="the category", zh="类目"),
        "chance": Column(en=f"chance of buying it within {AHEAD} days", zh=f"{AHEAD} 天内购买的概率"),
        "band": Column(en="; ".join(f"{name} from {least:.0%}" for name, least in BANDS),
                       zh="；".join(f"{name} ≥ {least:.0%}" for name, least in BANDS)),
        "latent": Column(en="the person never bought it, and neither looked at it lately nor spoke of it",
                         zh="潜在需求：本人从未购买，近期也未浏览或提及"),
        "evidence": Column(en="what speaks most for it: due, bought, looked, said, ties, community, beside (similar "
                           "people), popular",
                           zh="主要依据：due 复购周期、bought 购买、looked 浏览、said 提及、ties 好友、"
                           "community 社群、beside 相似人群、popular 热门"),
        "orders": Column(en="days on which they bought it", zh="购买天数", unit="days"),
        "last_on": Column(en="day of the last purchase", zh="最近购买日"),
        "cycle": Column(en="median days between two purchases of it by one person", zh="复购周期中位数", unit="days"),
        "tied": Column(en="people tied to them who bought it in 90 days", zh="90 天内购买的好友数", unit="people"),
        "buyers": Column(en="people of their community who bought it in 90 days",
                         zh="90 天内社群购买人数", unit="people"),
        "other": Column(en="the category of theirs whose buyers also buy this one", zh="相关的已购类目"),
        "mentions": Column(en="days in 60 on which they spoke of it", zh="60 天内提及天数", unit="days"),
        "auc": Column(en="how well the chance told buyers from others on people kept aside, 0.5 = not at all; the same "
                      "in all rows; empty where it was not learned here", zh="概率在留出样本上的区分度 AUC，各行相同"),
    },
    build=needs,
)  # fmt: skip
