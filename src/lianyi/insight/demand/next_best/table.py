"""Table `next_best`: what to do about each person now, with what it is worth where that is known; nothing is an option.

Options: nothing; show (tell them of the best object, in their channel, at their hour); connect (ask somebody to bring
two people together: no message, no cost). What showing is worth is margin: the orders that a message adds among people
like them (see uplift), times what an order of theirs is worth (table `values`, else the usual one), times the part that
goods leave of it, less what the message costs (both from the price book). Where one of these is not known, neither is
what it is worth; what it would take to pay for the message is said where cost and margin are known. The option whose
expected margin is the largest is taken, and nothing where none is known to be above 0. Whether a message may be sent is
decided by the contact policy when it is about to be; a refused consent and a missing channel rule it out here already.

Where the brand explores (see exploring), options are drawn; the chance of the one taken is kept (propensity), so that
`offpolicy.evaluate` can say what another policy would have brought.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, timedelta

import numpy as np
import pyarrow as pa

from lianyi.insight.demand.next_best import money
from lianyi.insight.demand.next_best.exploring import OFF, Exploring, chances, dice, draw
from lianyi.insight.demand.next_best.uplift import DAYS, HALF, Effect, Z, measured
from lianyi.insight.ledger.book import Book, shares
from lianyi.insight.scope import MOMENT, Scope
from lianyi.insight.tables import EVENTS, LOOKED_INTO, Build, Column, Table

OPTIONS = ("nothing", "show", "connect")
PRIOR = 10  # messages of the channel's usual rate that each person's rate of opening is drawn to


def by_key(scope: Scope, side: str, where: str, *more: str) -> str:
    """One row = one person × channel (and more columns): events. Counted by key before it is asked whose key it is:
    the log is long, and joining is what costs."""
    names = ", ".join(["channel", *(column.rsplit(" ", 1)[-1] for column in more)])
    return f"""
    SELECT k.person_id, {names}, sum(acts) AS acts FROM (
        SELECT {side} AS side, {names}, count(*) AS acts FROM (
            SELECT e.{side}{"".join(f", {column}" for column in ("e.channel", *more))} FROM {scope.events} AS e
            WHERE {scope.happened()} AND e.channel IS NOT NULL AND e.{side} IS NOT NULL AND {where}
        ) AS e GROUP BY {side}, {names}
    ) AS n JOIN {scope.keys} AS k ON k.key = n.side GROUP BY k.person_id, {names}
    """


def opened(scope: Scope) -> str:
    """One row = one person × channel × local hour in which they opened or clicked something: how often."""
    found = by_key(scope, "actor_key", "e.kind IN ('opened', 'click')", MOMENT)
    return f"""
    SELECT person_id, channel, {scope.hour("moment")} AS hour, sum(acts) AS acts FROM ({found}) AS o
    GROUP BY 1, 2, 3
    """


def channels() -> str:
    """One row = one person: the channel in which they open most of what is sent, drawn to the channel's usual rate; of
    those never written to the channel used most. rate: NULL where nothing was ever sent to them. Reads `next_sent`,
    `next_opened`, `next_used`."""
    return f"""
    SELECT p.person_id, coalesce(b.channel, u.channel) AS channel, b.rate, b.sent FROM profiles AS p
    LEFT JOIN (
        SELECT person_id, max_by(channel, rate) AS channel, max(rate) AS rate, max_by(sent, rate) AS sent FROM (
            SELECT s.person_id, s.channel, s.acts AS sent,
                (least(coalesce(o.acts, 0), s.acts) + {PRIOR} * w.rate) / (s.acts + {PRIOR}) AS rate
            FROM next_sent AS s
            LEFT JOIN (
                SELECT person_id, channel, sum(acts) AS acts FROM next_opened GROUP BY person_id, channel
            ) AS o ON o.person_id = s.person_id AND o.channel = s.channel
            JOIN (
                SELECT s.channel, least(coalesce(max(o.acts), 0) / max(s.acts), 1.0) AS rate
                FROM (SELECT channel, sum(acts) AS acts FROM next_sent GROUP BY channel) AS s
                LEFT JOIN (SELECT channel, sum(acts) AS acts FROM next_opened GROUP BY channel) AS o
                    ON o.channel = s.channel GROUP BY s.channel
            ) AS w ON w.channel = s.channel
        ) AS r GROUP BY person_id
    ) AS b ON b.person_id = p.person_id
    LEFT JOIN (
        SELECT person_id, max_by(channel, acts) AS channel FROM next_used GROUP BY person_id
    ) AS u ON u.person_id = p.person_id
    """


def hours() -> str:
    """One row = one person: the hour in which they opened or clicked most of what was sent, from three on."""
    return """
    SELECT person_id, max_by(hour, acts) AS hour FROM (
        SELECT person_id, hour, sum(acts) AS acts FROM next_opened GROUP BY person_id, hour
    ) AS h GROUP BY person_id HAVING sum(acts) >= 3
    """


def people(scope: Scope) -> str:
    """One row = one person: strongest need, best object of its category (else the best of all), channel, hour, best
    connection, what a further order is worth, what they did lately, and whether and why showing is ruled out."""
    d = scope.dialect
    refused = d.only("p.consents", "c", f"c.purpose = {d.text('marketing')} AND NOT c.granted")
    bought = f"p.last_order >= {d.time(scope.as_of - timedelta(days=DAYS))}"
    active = f"{d.day_number('p.last_active')} > {scope.today - HALF}"
    return f"""
    SELECT p.person_id, n.category, n.chance, n.latent, coalesce(r.object_key, f.object_key) AS object_key, c.channel,
        c.rate, coalesce(h.hour, p.preferred_hour) AS hour, t.other_id, t.gain AS tie_gain,
        coalesce(CAST(v.order_value AS DOUBLE), w.usual) AS order_value,
        CASE WHEN {bought} THEN 'bought' WHEN {active} THEN 'active' ELSE 'quiet' END AS lately,
        CASE WHEN coalesce({d.size(refused)}, 0) > 0 THEN 'refused' WHEN c.channel IS NULL THEN 'no_channel'
            WHEN coalesce(r.object_key, f.object_key) IS NULL THEN 'no_object' END AS ruled_out
    FROM profiles AS p
    CROSS JOIN (SELECT avg(CAST(order_value AS DOUBLE)) AS usual FROM "values") AS w
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


def weighed(scope: Scope, effects: Mapping[str, Effect] | None, book: Book, currency: str) -> str:
    """One row = one person with what showing adds, costs and is worth. gain: NULL where any part of it is unknown."""
    d, day = scope.dialect, scope.as_of.astimezone(UTC).date()

    def effect(sides: Mapping[str, float]) -> str:
        return money.by_name(d, "p.lately", sides)

    ends = {"uplift": 0.0, "uplift_low": -Z, "uplift_high": Z}
    columns = ", ".join(
        f"{effect({name: e.mean + reach * e.error for name, e in (effects or {}).items()})} AS {column}"
        for column, reach in ends.items()
    )
    return f"""
    SELECT *, uplift * order_value * margin - cost AS gain, uplift_low * order_value * margin - cost AS gain_low,
        uplift_high * order_value * margin - cost AS gain_high,
        CASE WHEN order_value * margin > 0 THEN cost / (order_value * margin) END AS break_even
    FROM (
        SELECT p.*, {columns}, {money.by_name(d, "p.category", shares(book, day))} AS margin,
            {money.by_name(d, "p.channel", money.costs(book, currency, day))} AS cost
        FROM next_people AS p
    ) AS w
    """


def drawn(build: Build, exploring: Exploring, today: int) -> None:
    """Relation `next_drawn`: one row = one person with the place of the option taken and the chances of all."""
    who = build.engine.table(
        "SELECT person_id, ruled_out IS NULL AS show, other_id IS NOT NULL AS connect, gain FROM next_weighed "
        "ORDER BY person_id"
    )
    count = who.num_rows
    gains = np.full((count, len(OPTIONS)), np.nan)
    gains[:, 0] = 0.0
    gains[:, 1] = who["gain"].to_numpy().astype(np.float64)
    allowed = np.column_stack(
        [np.ones(count, bool), *(who[name].to_numpy(zero_copy_only=False).astype(bool) for name in OPTIONS[1:])]
    )
    each = chances(gains, allowed, exploring)
    taken, _ = draw(each, dice(who["person_id"].to_pylist(), today))
    made = {"person_id": who["person_id"], "taken": taken}
    made |= {f"chance_{option}": each[:, place] for place, option in enumerate(OPTIONS)}
    build.engine.register("next_drawn", pa.table(made))
    build.made.append("next_drawn")


def taken() -> str:
    """The same where nothing is explored: the best is taken for certain."""
    best = "CASE WHEN ruled_out IS NULL AND coalesce(gain, 0) > 0 THEN 1 ELSE 0 END"
    return f"""
    SELECT person_id, taken, CAST(1 - taken AS DOUBLE) AS chance_nothing, CAST(taken AS DOUBLE) AS chance_show,
        CAST(0 AS DOUBLE) AS chance_connect
    FROM (SELECT person_id, {best} AS taken FROM next_weighed) AS t
    """


def next_best(build: Build) -> Iterator[str]:
    """Gather, weigh, draw; three rows per person."""
    scope = Scope.of(build)
    build.make("next_sent", by_key(scope, "target_key", "e.kind = 'sent'"))
    build.make("next_opened", opened(scope))
    build.make("next_used", by_key(scope, "actor_key", scope.alive))
    build.make("next_channels", channels())
    build.make("next_hours", hours())
    build.make("next_people", people(scope))
    book = build.parameters.get("ledger") or Book()
    build.make("next_weighed", weighed(scope, measured(build), book, build.settings.currency))
    exploring = build.parameters.get("next_best") or Exploring()
    if exploring.explore == OFF:
        build.make("next_drawn", taken())
    else:
        drawn(build, exploring, scope.today)
    yield _rows()


SHOWN = ("category", "chance", "latent", "object_key", "channel", "rate", "hour", "order_value", "lately", "uplift",
         "uplift_low", "uplift_high", "margin", "cost", "break_even")  # fmt: skip


def _rows() -> str:
    """Three rows per person: what belongs to an option stands in its row only."""
    listed = " UNION ALL ".join(
        f"SELECT {place} AS place, '{option}' AS option" for place, option in enumerate(OPTIONS)
    )
    shown = ", ".join(f"CASE WHEN o.place = 1 THEN p.{name} END AS {name}" for name in SHOWN)
    gains = ", ".join(
        f"CASE o.place WHEN 0 THEN 0.0 WHEN 1 THEN p.{name} END AS {name}" for name in ("gain", "gain_low", "gain_high")
    )
    return f"""
    SELECT p.person_id, o.option,
        CASE o.place WHEN 0 THEN TRUE WHEN 1 THEN p.ruled_out IS NULL ELSE p.other_id IS NOT NULL END AS allowed,
        d.taken = o.place AS chosen,
        CASE o.place WHEN 0 THEN d.chance_nothing WHEN 1 THEN d.chance_show ELSE d.chance_connect END AS propensity,
        {shown}, CASE WHEN o.place = 2 THEN p.other_id END AS other_id,
        CASE WHEN o.place = 2 THEN p.tie_gain END AS tie_gain, {gains},
        CASE WHEN o.place = 1 THEN p.ruled_out WHEN o.place = 2 AND p.other_id IS NULL THEN 'nobody' END AS ruled_out
    FROM next_weighed AS p JOIN next_drawn AS d ON d.person_id = p.person_id CROSS JOIN ({listed}) AS o
    """


TABLE = Table(
    name="next_best",
    en="One row = one person and one thing that could be done now (nothing, show, connect), and which one is taken.",
    zh="每行 = 一个人当前可做的一件事（不打扰、展示、牵线），以及选中的是哪一件。",
    inputs=(EVENTS, "keys", "profiles", "needs", "recommendations", "objects", "tie_opportunities", "values",
            "effects", "effect_people"),
    parameters=("ledger", "next_best"),
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
        "propensity": Column(en="chance with which it was taken; 1 or 0 unless the brand explores",
                             zh="选中的概率；未开启探索时为 1 或 0"),
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
        "order_value": Column(en="show: what a further order of theirs is worth; of who never ordered the usual one",
                              zh="展示：后续订单价值；从未下单者取平均值", unit="currency"),
        "lately": Column(en=f"show: bought within {DAYS} days, active within {HALF}, or quiet: experiments tell these "
                         "apart", zh=f"展示：bought {DAYS} 天内购买、active {HALF} 天内活跃、quiet 安静；实验据此区分"),
        "uplift": Column(en="show: orders that a message adds per person of their kind, as experiments found; empty: "
                         "unknown, none has told", zh="展示：同类人群人均增量订单（实验所得）；空为未知",
                         unit="orders"),
        "uplift_low": Column(en="95 % interval, lower end", zh="95% 区间下限", unit="orders"),
        "uplift_high": Column(en="upper end", zh="区间上限", unit="orders"),
        "margin": Column(en="show: part of an order that is left when its goods are paid, by the price book; empty: "
                         "unknown", zh="展示：毛利率（价目表）；空为未知"),
        "cost": Column(en="show: what one more message on the channel costs, by the price book; empty: unknown",
                       zh="展示：该渠道单条成本（价目表）；空为未知", unit="currency"),
        "break_even": Column(en="show: orders per person that a message must add to pay for itself",
                             zh="展示：人均需增量多少订单才回本", unit="orders"),
        "other_id": Column(en="connect: with whom", zh="牵线：对方"),
        "tie_gain": Column(en="connect: what the tie is expected to gain, see tie_opportunities",
                           zh="牵线：关系预期增益"),
        "gain": Column(en="expected margin beyond doing nothing: uplift × order_value × margin − cost; empty: unknown",
                       zh="相对不打扰的预期毛利：uplift × order_value × margin − cost；空为未知", unit="currency"),
        "gain_low": Column(en="its lower end where uplift is at its own (95 %)", zh="95% 区间下限（来自 uplift）",
                           unit="currency"),
        "gain_high": Column(en="upper end", zh="区间上限", unit="currency"),
        "ruled_out": Column(en="why it is not allowed: refused, no_channel, no_object, nobody",
                            zh="不可选的原因：refused 已拒绝、no_channel 无渠道、no_object 无对象、nobody 无人可牵线"),
    },
    build=next_best,
)  # fmt: skip
