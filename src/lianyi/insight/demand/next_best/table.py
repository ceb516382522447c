"""Table `next_best`: what to do about each person now, with what it is worth where that is known; nothing is an option.

Options: nothing; show (tell them of the best object, in their channel, at their hour); connect (ask somebody to bring
two people together: no message, no cost). What showing brings is the revenue per person that experiments with people
held out have found, pooled over experiments (random effects, DerSimonian and Laird 1986); without any experiment it is
not known, and nothing is done by this policy but for exploration. Whether a message may be sent is decided by the
contact policy when it is about to be; a refused consent and a missing channel rule it out here already.

Exploration: a small share of people get any allowed option at equal chances. The chance of the option taken is kept
(propensity), so that `offpolicy.evaluate` can say what another policy would have brought.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lianyi.insight.demand.next_best.offpolicy import draw, explore
from lianyi.insight.scope import MOMENT, Scope
from lianyi.insight.tables import EVENTS, LOOKED_INTO, Build, Column, Table

OPTIONS = ("nothing", "show", "connect")
EXPLORED = 0.1  # share of people for whom an option is drawn at equal chances
PRIOR = 10  # messages of the channel's usual rate that each person's rate of opening is drawn to
Z = 1.959964


def channels(scope: Scope) -> str:
    """One row = one person: the channel in which they open most of what is sent, drawn to the channel's usual rate; of
    those never written to the channel used most. rate: NULL where nothing was ever sent to them."""
    sent = scope.received("e.channel", where="e.kind = 'sent' AND e.channel IS NOT NULL")
    opened = scope.done("e.channel", where="e.kind IN ('opened', 'click') AND e.channel IS NOT NULL")
    used = scope.done("e.channel", where=f"{scope.alive} AND e.channel IS NOT NULL")
    return f"""
    SELECT p.person_id, coalesce(b.channel, u.channel) AS channel, b.rate, b.sent FROM profiles AS p
    LEFT JOIN (
        SELECT person_id, max_by(channel, rate) AS channel, max(rate) AS rate, max_by(sent, rate) AS sent FROM (
            SELECT s.person_id, s.channel, s.sent,
                (least(coalesce(o.opened, 0), s.sent) + {PRIOR} * w.rate) / (s.sent + {PRIOR}) AS rate
            FROM (SELECT person_id, channel, count(*) AS sent FROM {sent} AS s GROUP BY person_id, channel) AS s
            LEFT JOIN (
                SELECT person_id, channel, count(*) AS opened FROM {opened} AS o GROUP BY person_id, channel
            ) AS o ON o.person_id = s.person_id AND o.channel = s.channel
            JOIN (
                SELECT s.channel, least(coalesce(max(o.opened), 0) / max(s.sent), 1.0) AS rate
                FROM (SELECT channel, count(*) AS sent FROM {sent} AS s GROUP BY channel) AS s
                LEFT JOIN (SELECT channel, count(*) AS opened FROM {opened} AS o GROUP BY channel) AS o
                    ON o.channel = s.channel GROUP BY s.channel
            ) AS w ON w.channel = s.channel
        ) AS r GROUP BY person_id
    ) AS b ON b.person_id = p.person_id
    LEFT JOIN (
        SELECT person_id, max_by(channel, acts) AS channel FROM (
            SELECT person_id, channel, count(*) AS acts FROM {used} AS u GROUP BY person_id, channel
        ) AS c GROUP BY person_id
    ) AS u ON u.person_id = p.person_id
    """


def hours(scope: Scope) -> str:
    """One row = one person: the hour in which they opened or clicked most of what was sent, from three on."""
    opened = scope.done(MOMENT, where="e.kind IN ('opened', 'click')")
    return f"""
    SELECT person_id, max_by(hour, acts) AS hour, sum(acts) AS opened FROM (
        SELECT person_id, {scope.hour("moment")} AS hour, count(*) AS acts FROM {opened} AS o GROUP BY 1, 2
    ) AS h GROUP BY person_id HAVING sum(acts) >= 3
    """


def people(scope: Scope) -> str:
    """One row = one person: strongest need, best object of its category (else the best of all), channel, hour, best
    connection, what a further order is worth, and whether and why showing is ruled out."""
    d = scope.dialect
    refused = d.only("p.consents", "c", f"c.purpose = {d.text('marketing')} AND NOT c.granted")
    return f"""
    SELECT p.person_id, n.category, n.chance, n.latent, coalesce(r.object_key, f.object_key) AS object_key, c.channel,
        c.rate, coalesce(h.hour, p.preferred_hour) AS hour, t.other_id, t.gain AS tie_gain,
        CAST(v.order_value AS DOUBLE) AS order_value,
        CASE WHEN coalesce({d.size(refused)}, 0) > 0 THEN 'refused' WHEN c.channel IS NULL THEN 'no_channel'
            WHEN coalesce(r.object_key, f.object_key) IS NULL THEN 'no_object' END AS ruled_out
    FROM profiles AS p
    LEFT JOIN (
        SELECT person_id, max_by(category, chance) AS category, max(chance) AS chance, max_by(latent, chance) AS latent
        FROM needs GROUP BY person_id
    ) AS n ON n.person_id = p.person_id
    LEFT JOIN (
        SELECT r.person_id, o.category, min_by(r.object_key, r.place) AS object_key FROM recommendations AS r
        JOIN objects AS o ON o.object_key = r.object_key GROUP BY r.person_id, o.category
    ) AS r ON r.person_id = p.person_id AND r.category = n.category
    LEFT JOIN recommendations AS f ON f.person_id = p.person_id AND f.place = 1
    LEFT JOIN next_channels AS c ON c.person_id = p.person_id
    LEFT JOIN next_hours AS h ON h.person_id = p.person_id
    LEFT JOIN (
        SELECT person_id, max_by(other_id, gain) AS other_id, max(gain) AS gain FROM tie_opportunities
        GROUP BY person_id
    ) AS t ON t.person_id = p.person_id
    LEFT JOIN "values" AS v ON v.person_id = p.person_id
    """


def pooled(estimates: NDArray[np.float64], errors: NDArray[np.float64]) -> tuple[float, float] | None:
    """(mean, standard error) over experiments that may differ (DerSimonian and Laird 1986); None without any."""
    if not len(estimates):
        return None
    weight = 1 / errors**2
    mean = float((weight * estimates).sum() / weight.sum())
    excess = float((weight * (estimates - mean) ** 2).sum()) - (len(estimates) - 1)
    spread = weight.sum() - (weight**2).sum() / weight.sum()
    between = max(excess / spread, 0.0) if spread > 0 else 0.0
    weight = 1 / (errors**2 + between)
    return float((weight * estimates).sum() / weight.sum()), float(1 / np.sqrt(weight.sum()))


def uplift(build: Build) -> tuple[float, float] | None:
    """Revenue per person and experiment that would not have come without it, with its standard error; None: unknown."""
    rows = build.engine.table(
        "SELECT estimate, se FROM effects WHERE metric = 'revenue' AND main AND se > 0 AND estimate IS NOT NULL "
        "ORDER BY experiment"
    )
    columns = (rows[name].to_numpy().astype(np.float64) for name in ("estimate", "se"))
    return pooled(*columns)


def dice(people: list[str], day: int) -> NDArray[np.float64]:
    """A number in [0, 1) per person and day that is the same whenever it is asked for: exploration is not drawn anew
    at each refresh of a day."""
    return np.array(
        [int.from_bytes(hashlib.blake2b(f"{day} {one}".encode(), digest_size=6).digest(), "big") for one in people]
    ) / float(1 << 48)  # fmt: skip


def next_best(build: Build) -> Iterator[str]:
    """Gather, weigh, draw; three rows per person."""
    scope = Scope.of(build)
    build.make("next_channels", channels(scope))
    build.make("next_hours", hours(scope))
    build.make("next_people", people(scope))
    who = build.engine.table("SELECT person_id, ruled_out IS NULL AS show, other_id IS NOT NULL AS connect "
                             "FROM next_people ORDER BY person_id")  # fmt: skip
    known, count = uplift(build), who.num_rows
    gains = np.zeros((count, len(OPTIONS)))
    gains[:, 1:] = np.nan
    if known is not None:
        gains[:, 1] = known[0]
    allowed = np.column_stack(
        [np.ones(count, bool), *(who[name].to_numpy(zero_copy_only=False).astype(bool) for name in OPTIONS[1:])]
    )
    chances = explore(gains, allowed, EXPLORED)
    taken, _ = draw(chances, dice(who["person_id"].to_pylist(), scope.today))
    place = np.tile(np.arange(len(OPTIONS)), count)
    drawn = pa.table(
        {
            "person_id": who["person_id"].combine_chunks().take(pa.array(np.repeat(np.arange(count), len(OPTIONS)))),
            "option": pa.array(OPTIONS).take(pa.array(place)), "allowed": allowed.ravel(),
            "propensity": chances.ravel(), "chosen": (taken[:, None] == np.arange(len(OPTIONS))[None, :]).ravel(),
        }
    )  # fmt: skip
    build.engine.register("next_drawn", drawn)
    build.made.append("next_drawn")
    gain, low, high = _gain(known)
    yield f"""
    SELECT d.person_id, d.option, d.allowed, d.chosen, d.propensity,
        CASE WHEN d.option = 'show' THEN p.category END AS category,
        CASE WHEN d.option = 'show' THEN p.chance END AS chance,
        CASE WHEN d.option = 'show' THEN p.latent END AS latent,
        CASE WHEN d.option = 'show' THEN p.object_key END AS object_key,
        CASE WHEN d.option = 'show' THEN p.channel END AS channel, CASE WHEN d.option = 'show' THEN p.rate END AS rate,
        CASE WHEN d.option = 'show' THEN p.hour END AS hour,
        CASE WHEN d.option = 'show' THEN p.order_value END AS order_value,
        CASE WHEN d.option = 'connect' THEN p.other_id END AS other_id,
        CASE WHEN d.option = 'connect' THEN p.tie_gain END AS tie_gain,
        CASE d.option WHEN 'nothing' THEN 0.0 WHEN 'show' THEN {gain} END AS gain,
        CASE d.option WHEN 'nothing' THEN 0.0 WHEN 'show' THEN {low} END AS gain_low,
        CASE d.option WHEN 'nothing' THEN 0.0 WHEN 'show' THEN {high} END AS gain_high,
        CASE WHEN d.option = 'show' THEN p.ruled_out WHEN d.option = 'connect' AND NOT d.allowed THEN 'nobody' END
            AS ruled_out
    FROM next_drawn AS d JOIN next_people AS p ON p.person_id = d.person_id
    """


def _gain(known: tuple[float, float] | None) -> tuple[str, str, str]:
    if known is None:
        return ("CAST(NULL AS DOUBLE)",) * 3
    mean, error = known
    return tuple(f"CAST({value!r} AS DOUBLE)" for value in (mean, mean - Z * error, mean + Z * error))  # type: ignore[return-value]


TABLE = Table(
    name="next_best",
    en="One row = one person and one thing that could be done now (nothing, show, connect), and which one is taken.",
    zh="每行 = 一个人当前可做的一件事（不打扰、展示、牵线），以及选中的是哪一件。",
    inputs=(EVENTS, "keys", "profiles", "needs", "recommendations", "objects", "tie_opportunities", "values",
            "effects"),
    key=("person_id", "option"),
    order=("person_id", "option"),
    row_group=LOOKED_INTO,
    columns={
        "person_id": Column(en="the person", zh="用户"),
        "option": Column(en="nothing; show: tell them of an object; connect: have them brought together with somebody",
                         zh="nothing 不打扰；show 展示一件商品或内容；connect 牵线"),
        "allowed": Column(en="nothing known here rules it out; the contact policy decides when it is sent",
                          zh="目前无已知禁止因素；发送时由触达规则决定"),
        "chosen": Column(en="this one is taken", zh="选中"),
        "propensity": Column(en=f"chance with which it was taken; {EXPLORED:.0%} of people explore",
                             zh=f"选中的概率；{EXPLORED:.0%} 的人用于探索"),
        "category": Column(en="show: their strongest need", zh="展示：最强需求类目"),
        "chance": Column(en="show: chance that they buy of it within 30 days, shown or not",
                         zh="展示：30 天内购买该类目的概率（无论是否展示）"),
        "latent": Column(en="show: the need is latent", zh="展示：是否潜在需求"),
        "object_key": Column(en="show: what", zh="展示：对象"),
        "channel": Column(en="show: where they open most, else the channel they use most", zh="展示：渠道"),
        "rate": Column(en="show: share of messages there that they open, drawn to the usual; empty: never written to",
                       zh="展示：该渠道打开率（收缩）；从未发送为空"),
        "hour": Column(en="show: hour in which they open most, else in which they are active most", zh="展示：时段",
                       unit="hour"),
        "order_value": Column(en="show: what a further order of theirs is worth", zh="展示：后续订单价值",
                              unit="currency"),
        "other_id": Column(en="connect: with whom", zh="牵线：对方"),
        "tie_gain": Column(en="connect: what the tie is expected to gain, see tie_opportunities",
                           zh="牵线：关系预期增益"),
        "gain": Column(en="revenue beyond that of doing nothing, before cost, as experiments found on average; empty: "
                       "unknown, no experiment has told", zh="相对不打扰的增量收入（未扣成本），取自实验均值；空为未知",
                       unit="currency"),
        "gain_low": Column(en="95 % interval, lower end", zh="95% 区间下限", unit="currency"),
        "gain_high": Column(en="upper end", zh="区间上限", unit="currency"),
        "ruled_out": Column(en="why it is not allowed: refused, no_channel, no_object, nobody",
                            zh="不可选的原因：refused 已拒绝、no_channel 无渠道、no_object 无对象、nobody 无人可牵线"),
    },
    build=next_best,
)  # fmt: skip
