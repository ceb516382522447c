"""Table `tie_opportunities`: which ties are worth a push now, what may come of it, and why.

warming: a weak or medium tie that is used more than before. introduction: two who do not know each other and have a
strong tie to the same person. first_purchase: somebody who knows buyers well and has not bought.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

from lianyi.insight.ranges import ranges, within
from lianyi.insight.scope import Scope
from lianyi.insight.tables import LOOKED_INTO, Build, Column, Table
from lianyi.insight.ties.model import Model
from lianyi.insight.ties.past_rates import (
    BEST,
    BOUGHT_RATES,
    MET_RATES,
    MOST,
    PAST_FRIENDS,
    bought_rates,
    met_rates,
    past_friends,
    wilson,
)  # fmt: skip

KINDS = ("warming", "introduction", "first_purchase")
FRIENDS, KNOWN_BUYERS = "tie_friends", "tie_known_buyers"
# Per person and kind; more would be a list that nobody reads.
EACH = 3
# Of this many people and more, friends of friends in the past are counted for a sixteenth.
_MANY = 100_000
_PERCENT = "concat(CAST(CAST(round(100 * ({}), 1) AS DECIMAL(5, 1)) AS STRING), '%')"


def friends() -> str:
    """One row = a person and one of the BEST strongest people of theirs, weak ties left out."""
    return f"""
    SELECT person_id, other_id, strength, band FROM (
        SELECT person_id, other_id, strength, band,
            row_number() OVER (PARTITION BY person_id ORDER BY strength DESC, other_id) AS place
        FROM person_ties WHERE band <> 'weak'
    ) AS best WHERE place <= {BEST}
    """


def known_buyers() -> str:
    """One row = somebody who never bought and is tied, not weakly, to buyers: how many, and the closest of them."""
    return """
    SELECT t.person_id, count(*) AS buyers, max_by(t.other_id, t.strength) AS other_id, max(t.strength) AS strength
    FROM person_ties t JOIN people p ON p.person_id = t.person_id JOIN people o ON o.person_id = t.other_id
    WHERE t.band <> 'weak' AND p.orders = 0 AND o.orders > 0 GROUP BY t.person_id
    """


def warming(pairs: float, error: float, here: str) -> str:
    """One row = one warming tie that is not strong. gain: that the two interact again; its interval is that of a tenth
    of the pairs on which the model was checked, and the model's error of calibration."""
    half = f"({error!r}e0 + 1.96e0 * sqrt(strength * (1 - strength) / {max(pairs / 10, 1.0)!r}e0))"
    said = _PERCENT.format("strength")
    return f"""
    SELECT person_id, other_id, 'warming' AS kind, strength AS gain, greatest(0e0, strength - {half}) AS gain_low,
        least(1e0, strength + {half}) AS gain_high, CAST(NULL AS DOUBLE) AS otherwise, CAST(NULL AS STRING) AS via_id,
        concat('In touch more often than before: ', evidence_en, '. Chance of contact within ', {_days()}, ' days ',
            {said}, '.') AS why_en,
        concat('互动比以前频繁：', evidence_zh, '。', {_days()}, ' 天内再次互动的概率 ', {said}, '。') AS why_zh,
        horizon_days,
        row_number() OVER (PARTITION BY person_id ORDER BY strength DESC, other_id) AS place
    FROM person_ties WHERE trend = 'warming' AND band <> 'strong' AND {here}
    """


def introductions(horizon: float, here: str) -> str:
    """One row = two people without a tie who share a close acquaintance, from one's side. gain: that they come into
    contact, as such pairs did before."""
    rate, base = _PERCENT.format("hits * 1e0 / tries"), "CAST(NULL AS DOUBLE)"
    days = _whole(horizon)
    shared = "CAST(o.shared AS STRING)"
    people = f"CASE WHEN o.shared = 1 THEN '1 close acquaintance' ELSE concat({shared}, ' close acquaintances') END"
    return f"""
    SELECT o.person_id, o.other_id, 'introduction' AS kind, hits * 1e0 / tries AS gain,
        {wilson("hits", "tries", "-")} AS gain_low, {wilson("hits", "tries", "+")} AS gain_high, {base} AS otherwise,
        o.via_id,
        concat('Do not know each other but have ', {people}, ' in common; of such pairs ', {rate},
            ' came into contact within {days} days by themselves.') AS why_en,
        concat('互不相识，但有 ', {shared}, ' 位共同的亲近好友；这样的两人 {days} 天内自行互动的比例为 ', {rate}, '。')
            AS why_zh,
        {horizon!r}e0 AS horizon_days,
        row_number() OVER (PARTITION BY o.person_id ORDER BY o.shared DESC, o.least_strength DESC, o.other_id) AS place
    FROM (
        SELECT x.person_id, y.other_id, count(*) AS shared,
            max_by(x.other_id, x.strength * y.strength) AS via_id, max(x.strength * y.strength) AS least_strength
        FROM (SELECT * FROM {FRIENDS} WHERE {here}) AS x
        JOIN {FRIENDS} y ON y.person_id = x.other_id AND y.other_id <> x.person_id
        WHERE x.band = 'strong' GROUP BY x.person_id, y.other_id
    ) AS o JOIN {MET_RATES} r ON r.shared = least(o.shared, {MOST})
    LEFT JOIN (SELECT person_id, other_id FROM person_ties WHERE {here}) AS t
        ON t.person_id = o.person_id AND t.other_id = o.other_id
    WHERE t.person_id IS NULL
    """


def first_purchases(horizon: float, here: str) -> str:
    """One row = somebody who knows buyers and has not bought, with the closest of them. gain: that they buy, as such
    people did before; given only where they did so more often than who knew no buyer (`otherwise`)."""
    rate, none = _PERCENT.format("r.hits * 1e0 / r.tries"), _PERCENT.format("z.hits * 1e0 / z.tries")
    days = _whole(horizon)
    number = "CAST(k.buyers AS STRING)"
    known = f"CASE WHEN k.buyers = 1 THEN '1 buyer' ELSE concat({number}, ' buyers') END"
    return f"""
    SELECT k.person_id, k.other_id, 'first_purchase' AS kind, r.hits * 1e0 / r.tries AS gain,
        {wilson("r.hits", "r.tries", "-")} AS gain_low, {wilson("r.hits", "r.tries", "+")} AS gain_high,
        z.hits * 1e0 / z.tries AS otherwise, CAST(NULL AS STRING) AS via_id,
        concat('Knows ', {known}, ' well and has not bought; of such people ', {rate}, ' bought within {days} days, ',
            'of those who know no buyer ', {none}, '.') AS why_en,
        concat('与 ', {number}, ' 位买家较熟但尚未购买；这样的人 {days} 天内首购比例为 ', {rate}, '，不认识买家的人为 ',
            {none}, '。') AS why_zh,
        {horizon!r}e0 AS horizon_days, CAST(1 AS BIGINT) AS place
    FROM (SELECT * FROM {KNOWN_BUYERS} WHERE {here}) AS k
    JOIN {BOUGHT_RATES} r ON r.buyers = least(k.buyers, {MOST})
    JOIN {BOUGHT_RATES} z ON z.buyers = 0 WHERE r.hits * z.tries > z.hits * r.tries
    """


def _days() -> str:
    return "CAST(CAST(ceil(horizon_days) AS INTEGER) AS STRING)"


def _whole(horizon: float) -> str:
    return str(int(-(-horizon // 1)))


def _build(build: Build) -> Iterator[str]:
    scope = Scope.of(build)
    found = build.engine.table("SELECT model, horizon_days FROM ties LIMIT 1").to_pylist()
    horizon = float(found[0]["horizon_days"]) if found else 30.0
    checks = Model(**json.loads(found[0]["model"])).checks if found else {}
    then = scope.dialect.time(build.as_of - timedelta(days=horizon))
    count = build.engine.table("SELECT count(*) AS n FROM people")["n"][0].as_py()
    sample = "substr(person_id, 2, 1) = '7'" if count > _MANY else "TRUE"
    build.make(PAST_FRIENDS, past_friends(then))
    build.make(MET_RATES, met_rates(then, sample))
    build.drop(PAST_FRIENDS)
    build.make(BOUGHT_RATES, bought_rates(then))
    build.make(FRIENDS, friends())
    build.make(KNOWN_BUYERS, known_buyers())
    columns = ", ".join(TABLE.columns)
    pairs, error = checks.get("pairs", 0.0), checks.get("calibration_error", 0.0)
    for borders in ranges(count):
        here = within("person_id", borders)
        parts = (warming(pairs, error, here), introductions(horizon, here), first_purchases(horizon, here))
        yield f"SELECT {columns} FROM ({' UNION ALL '.join(parts)}) AS every WHERE place <= {EACH}"


TABLE = Table(
    name="tie_opportunities",
    en="One row = something to do about one person and another: a warming tie, an introduction, a first purchase.",
    zh="每行 = 一个人与另一人之间的一个机会：升温的关系、可引荐的人、缺信任的首购。",
    rows_from=("ties",),
    inputs=("ties", "person_ties", "people"),
    key=("person_id", "other_id", "kind"),
    order=("person_id", "kind", "other_id"),
    row_group=LOOKED_INTO,
    columns={
        "person_id": Column(en="the person", zh="用户"),
        "other_id": Column(en="the other of the two", zh="对方"),
        "kind": Column(en="warming, introduction or first_purchase", zh="类型：升温、引荐或首购"),
        "gain": Column(
            en="probability within the horizon: of contact (warming, introduction) or of a first purchase",
            zh="预测期内的概率：互动（升温、引荐）或首购",
        ),
        "gain_low": Column(en="lower end of its 95 % interval", zh="95% 区间下限"),
        "gain_high": Column(en="upper end of its 95 % interval", zh="95% 区间上限"),
        "otherwise": Column(
            en="the same for people who know no buyer; empty for other kinds", zh="不认识买家者的首购概率"
        ),
        "via_id": Column(en="who could introduce the two", zh="可引荐的人"),
        "why_en": Column(en="why, in English", zh="依据（英文）"),
        "why_zh": Column(en="why, in Chinese", zh="依据（中文）"),
        "horizon_days": Column(en="for how many days ahead gain speaks", zh="预测期天数", unit="days"),
    },
    build=_build,
)
