"""What is known of a pair at a moment: amounts with several half-lives, regularity, direction, and both people's lives.

All of it is SQL over SLOTS as they stood `ago` slots before as_of, so that the past is seen as it was seen then.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from lianyi.insight.kernels import Ints
from lianyi.insight.tables import Build
from lianyi.insight.ties.closeness import common
from lianyi.insight.ties.kinds import FAMILIES, HALF_LIVES
from lianyi.insight.ties.slots import SLOTS, Scale

PAIRS, LIVES, CIRCLES = "tie_pairs", "tie_lives", "tie_circles"
# Who spoke one after the other once, and never to each other, is not tied.
LISTED = "(times > 0 OR lasting > 0 OR turns > 1)"

# Name and SQL over the columns of PAIRS (p), LIVES of both (x, y) and CIRCLES (c). `per`: slots in a horizon.
# The transforms are logarithms: the tenth reply says less than the second.
FEATURES: dict[str, str] = {
    "talk_lately": "ln(1 + p.quick)",
    "talk": "ln(1 + p.talk)",
    "talk_ever": "ln(1 + p.slow)",
    "brought": "ln(1 + p.brought)",
    "met": "ln(1 + p.met)",
    "near": "ln(1 + p.near)",
    "lasting": "ln(1 + p.lasting)",
    "times": "ln(1 + p.times)",
    "silence": "ln(1 + p.newest * 24e0 / {per})",
    "age": "ln(1 + p.oldest * 24e0 / {per})",
    "rhythm": "ln((p.newest + 1e0) / (1e0 + (p.oldest - p.newest) / greatest(1e0, p.times - 1)))",
    "both_ways": "2e0 * least(p.forth, p.back) / greatest(1e0, p.forth + p.back)",
    "life_less": "ln(1 + least(x.lately, y.lately))",
    "life_more": "ln(1 + greatest(x.lately, y.lately))",
    "silent_longer": "ln(1 + greatest(x.newest, y.newest) * 24e0 / {per})",
    "silent_shorter": "ln(1 + least(x.newest, y.newest) * 24e0 / {per})",
    "circle_less": "ln(1 + least(x.others, y.others))",
    "circle_more": "ln(1 + greatest(x.others, y.others))",
    "share_of_life": "p.slow / greatest(1e-9, least(x.ever, y.ever))",
    "in_common": "ln(1 + c.rare)",
    "in_common_close": "ln(1 + c.heavy)",
}


def faded(family: str, per: int, age: str, *, faster: float = 1.0) -> str:
    """SQL: what a family's amount in a slot is still worth after `age` slots."""
    half_life = HALF_LIVES[family]
    if half_life is None:
        return family
    return f"{family} * power(0.5e0, {age} / {half_life * per * faster}e0)"


def pairs(scale: Scale, ago: int) -> str:
    """One row = one pair that had had contact `ago` slots before as_of, with amounts as of then."""
    per, age = scale.per, f"(slot - {ago})"
    direct = "(talk + brought + met)"
    fades = ", ".join(f"sum({faded(family, per, age)}) AS {family}" for family in FAMILIES)
    return f"""
    SELECT a, b, {fades},
        sum({direct} * power(0.5e0, {age} / {per * 0.2}e0)) AS quick,
        sum({direct} * power(0.5e0, {age} / {per * 5.0}e0)) AS slow,
        count(*) FILTER (WHERE direct) AS times, min(slot) - {ago} AS newest, max(slot) - {ago} AS oldest,
        sum(forth) AS forth, sum(back) AS back, count(*) FILTER (WHERE near > 0) AS turns
    FROM {SLOTS} WHERE slot >= {ago} GROUP BY a, b
    """


def lives(scale: Scale, ago: int) -> str:
    """One row = one person: contact with anybody lately and ever, silence, and with how many people."""
    per, age = scale.per, f"(slot - {ago})"
    amount = "(talk + brought + met)"
    sums = f"""sum({amount} * power(0.5e0, {age} / {per * 0.5}e0)) AS lately,
            sum({amount} * power(0.5e0, {age} / {per * 5.0}e0)) AS ever, min(slot) - {ago} AS newest,
            count(DISTINCT {{other}}) AS others"""
    return f"""
    SELECT person, sum(lately) AS lately, sum(ever) AS ever, min(newest) AS newest, sum(others) AS others FROM (
        SELECT a AS person, {sums.format(other="b")} FROM {SLOTS} WHERE slot >= {ago} GROUP BY a
        UNION ALL SELECT b AS person, {sums.format(other="a")} FROM {SLOTS} WHERE slot >= {ago} GROUP BY b
    ) AS sides GROUP BY person
    """


def make(build: Build, scale: Scale, ago: int, *, most: int | None = None) -> None:
    """Make PAIRS, LIVES and CIRCLES as of `ago` slots before as_of; CIRCLES for about `most` pairs."""
    build.make(PAIRS, pairs(scale, ago))
    build.make(LIVES, lives(scale, ago))
    count = build.engine.table(f"SELECT count(*) AS n FROM {PAIRS} WHERE {LISTED}")["n"][0].as_py()
    every = 1 if most is None else -(-count // most)
    # a and b are numbers without meaning; large primes spread them, so that the sample is not of certain people
    chosen = f"(a * CAST(1000003 AS BIGINT) + b * CAST(7919 AS BIGINT)) % {max(every, 1)} = 0"
    build.engine.register(CIRCLES, circles(build, f"{LISTED} AND {chosen}"))
    build.made.append(CIRCLES)


def circles(build: Build, asked: str) -> pa.Table:
    """One row = one pair of PAIRS for which the condition holds: acquaintances in common, Adamic–Adar index, the same
    in weights."""
    edges = build.engine.table(
        f"SELECT a, b, ln(1 + talk + brought + met + lasting) AS weight FROM {PAIRS} WHERE times > 0 OR lasting > 0"
    )
    pairs = build.engine.table(f"SELECT a, b FROM {PAIRS} WHERE {asked}")
    a, b, ask_a, ask_b = (_ints(rows[name]) for rows in (edges, pairs) for name in ("a", "b"))
    nodes = 1 + int(max(b.max(initial=0), ask_b.max(initial=0)))
    count, rare, heavy = common(nodes, a, b, edges["weight"].to_numpy().astype(np.float64), ask_a, ask_b)
    return pa.table({"a": ask_a, "b": ask_b, "common": count, "rare": rare, "heavy": heavy})


def matrix(scale: Scale, *, where: str = "TRUE", more: str = "") -> str:
    """One row = one pair of CIRCLES with all FEATURES, and with `more` columns."""
    columns = ", ".join(f"CAST({sql.format(per=scale.per)} AS DOUBLE) AS {name}" for name, sql in FEATURES.items())
    return f"""
    SELECT p.a, p.b{more}, {columns}
    FROM (SELECT * FROM {PAIRS} WHERE {where}) AS p
    JOIN (SELECT * FROM {CIRCLES} WHERE {where}) AS c ON c.a = p.a AND c.b = p.b
    JOIN {LIVES} x ON x.person = p.a JOIN {LIVES} y ON y.person = p.b
    """


def _ints(column: pa.ChunkedArray) -> Ints:
    result: Ints = column.to_numpy().astype(np.int32)
    return result
