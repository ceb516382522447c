"""Tables `influence` and `influence_topics`: whose word carries. Volume counts for nothing, people who came count.

The rank is by expected reach on learned chances (table `spread`): they come from who really arrived, set apart bots,
bursts, rings and self-referral, and are drawn to the middle where little was seen. Beside it stands what was seen.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from lianyi.insight.ripples.planning.request import Request
from lianyi.insight.scope import Scope
from lianyi.insight.tables import LOOKED_INTO, Build, Column, Table

HALF_LIFE = 90  # days after which somebody whom one brought counts half
RECENT, BEFORE = 28, 112  # days: brought lately, and the time before to which it is compared
RISING_PEOPLE = 3  # at least so many distinct people lately
RISING_TIMES = 2.0  # and so many times as many per day as before, one added to both
SURE = 0.5  # an estimated parent counts from this probability
TOPICS = 12  # with most arrivals
INPUTS = ("people", "spread", "spread_factors", "arrivals")


def brought(scope: Scope) -> str:
    """One row = one person who brought others: distinct people and days, all by now, decayed, lately and before."""
    d = scope.dialect
    ago = f"({scope.today} - {scope.day('a.moment')})"
    return f"""
    SELECT parent_person_id AS person_id, count(DISTINCT person_id) AS people, count(DISTINCT ago) AS days,
        sum(power(0.5, ago / {HALF_LIFE}.0)) AS decayed, count(DISTINCT CASE WHEN ago < {RECENT} THEN person_id END)
        AS lately, count(DISTINCT CASE WHEN ago >= {RECENT} AND ago < {BEFORE} THEN person_id END) AS earlier,
        max(moment) AS last_at, sum(revenue) AS revenue
    FROM (
        SELECT parent_person_id, person_id, min({ago}) AS ago, max(moment) AS moment, sum(revenue) AS revenue
        FROM (
            SELECT r.parent_person_id, r.person_id, r."at" AS moment, CAST(coalesce(r.revenue, 0) AS DOUBLE) AS revenue
            FROM arrivals AS r
            WHERE r.parent_person_id IS NOT NULL AND r.parent_person_id <> r.person_id AND r.probability >= {SURE}
                AND coalesce({d.size("r.flags")}, 0) = 0 AND r."at" <= {d.time(scope.as_of)}
        ) AS a GROUP BY parent_person_id, person_id
    ) AS b GROUP BY parent_person_id
    """


def influence(build: Build) -> Iterator[str]:
    """Reach and revenue by sampling, joined with what was seen."""
    from lianyi.insight.ripples.influence.reach import reaches
    from lianyi.insight.ripples.planning.crowd import read_crowd
    from lianyi.insight.ripples.planning.network import number_people, read_network

    scope = Scope.of(build)
    tables = frozenset({"people", "spread", "spread_factors"})
    number_people(build.engine)
    network = read_network(build.engine, tables)
    threads = build.settings.threads or 2
    build.say("reach")
    people = reaches(network.graph, threads=threads)
    bought = build.engine.table("SELECT count(*) AS n FROM people WHERE orders > 0")["n"][0].as_py()
    money: Any = np.full(len(network.people), np.nan)
    if bought:
        build.say("revenue")
        request = Request(people=1, goal="revenue", active_days=None)
        crowd = read_crowd(build.engine, tables, request, network.people, today=scope.today)
        money = reaches(network.graph, worth=crowd.worth, threads=threads).reach
    rows = {"person_id": network.people, "reach": people.reach, "reach_error": people.error,
            "revenue": pa.array(money, from_pandas=True)}  # fmt: skip
    build.engine.register("influence_reach", pa.table(rows))
    build.make("influence_brought", brought(scope))
    build.make("influence_rows", "SELECT * FROM influence_reach")
    build.drop("influence_reach", "plan_people")
    yield f"""
    SELECT r.person_id, row_number() OVER (ORDER BY r.reach DESC, r.person_id) AS place, r.reach,
        greatest(0, r.reach - r.reach_error) AS reach_low, r.reach + r.reach_error AS reach_high,
        r.revenue, coalesce(b.people, 0) AS brought_people, coalesce(b.days, 0) AS brought_days,
        coalesce(b.decayed, 0) AS brought_decayed, coalesce(b.revenue, 0) AS brought_revenue,
        coalesce(b.lately, 0) AS lately, coalesce(b.earlier, 0) AS earlier,
        coalesce(b.lately >= {RISING_PEOPLE} AND (b.lately + 1.0) / {RECENT}
            >= {RISING_TIMES} * (b.earlier + 1.0) / {BEFORE - RECENT}, FALSE) AS rising, b.last_at AS last_brought_at
    FROM influence_rows AS r LEFT JOIN influence_brought AS b ON b.person_id = r.person_id
    WHERE r.reach > 0 OR b.people > 0
    """


def topics(build: Build) -> Iterator[str]:
    """Reach by topic: the chances of those who care for it are higher."""
    from lianyi.insight.ripples.influence.reach import reaches
    from lianyi.insight.ripples.planning.network import number_people, read_network

    tables = frozenset({"people", "spread", "spread_factors"})
    number_people(build.engine)
    named = build.engine.table(
        f"SELECT name FROM spread_factors WHERE kind = 'topic' AND name <> '' "
        f"ORDER BY arrivals DESC NULLS LAST, name LIMIT {TOPICS}"
    )["name"].to_pylist()
    parts = [pa.table({"topic": pa.array([], pa.string()), "person_id": pa.array([], pa.string()),
                       "reach": pa.array([], pa.float64()), "reach_error": pa.array([], pa.float64())})]  # fmt: skip
    for topic in named:
        build.say(topic)
        network = read_network(build.engine, tables, topic=topic)
        found = reaches(network.graph, threads=build.settings.threads or 2)
        kept = np.flatnonzero(found.reach > found.error)  # the rest can't be told from 0
        people = network.people.take(pa.array(kept))
        name = pa.array([topic] * len(kept), pa.string())
        rows = {"topic": name, "person_id": people, "reach": found.reach[kept], "reach_error": found.error[kept]}
        parts.append(pa.table(rows))
    build.engine.register("influence_by_topic", pa.concat_tables(parts))
    build.make("influence_topic_rows", "SELECT * FROM influence_by_topic")
    build.drop("influence_by_topic", "plan_people")
    yield """
    SELECT topic, person_id, row_number() OVER (PARTITION BY topic ORDER BY reach DESC, person_id) AS place, reach,
        reach - reach_error AS reach_low, reach + reach_error AS reach_high
    FROM influence_topic_rows
    """


INFLUENCE = Table(
    name="influence",
    en="One row = one person through whom others come: what is to be expected of them, and what was seen.",
    zh="每行 = 一位能带来他人的用户：预期影响与已见成果。",
    rows_from=("arrivals", "spread"),
    inputs=INPUTS,
    key=("person_id",),
    order=("person_id",),  # as people are looked up; the list goes by place
    row_group=LOOKED_INTO,
    columns={
        "person_id": Column(en="the person", zh="用户"),
        "place": Column(en="rank by reach, 1 = the most", zh="按触达排名，1 为最高"),
        "reach": Column(en="people who are expected to come through them if they share something, at any distance",
                        zh="其分享一次预期带来的人数（含各代）", unit="people"),
        "reach_low": Column(en="95 % interval of sampling, lower end", zh="抽样 95% 区间下限", unit="people"),
        "reach_high": Column(en="upper end", zh="抽样 95% 区间上限", unit="people"),
        "revenue": Column(en="the same in expected revenue; empty without orders", zh="预期收入；无订单时为空",
                          unit="currency"),
        "brought_people": Column(en="distinct people who came through them so far; bots, bursts, rings and "
                                 "self-referral not counted", zh="已带来的不同人数（不计机器人、刷量、闭环、自荐）",
                                 unit="people"),
        "brought_days": Column(en="distinct days on which somebody came", zh="有人到达的天数", unit="days"),
        "brought_decayed": Column(en=f"these people, each half after {HALF_LIFE} days",
                                  zh=f"上述人数按 {HALF_LIFE} 天半衰期折算"),
        "brought_revenue": Column(en="net value of their orders that followed", zh="其后订单净额", unit="currency"),
        "lately": Column(en=f"distinct people in the last {RECENT} days", zh=f"近 {RECENT} 天带来人数", unit="people"),
        "earlier": Column(en=f"distinct people in the {BEFORE - RECENT} days before",
                          zh=f"此前 {BEFORE - RECENT} 天带来人数", unit="people"),
        "rising": Column(en=f"at least {RISING_PEOPLE} people lately, and {RISING_TIMES:g} times as many a day as "
                         "before (one added to both)", zh="上升中：近期至少 3 人，且日均达此前两倍（两边各加一）"),
        "last_brought_at": Column(en="when somebody last came through them", zh="最近一次带来他人的时间"),
    },
    build=influence,
)  # fmt: skip

TOPIC_TABLE = Table(
    name="influence_topics",
    en="One row = one person for one topic: how many would come for it through them.",
    zh="每行 = 一人在一个话题上的预期影响。",
    rows_from=("spread",),
    inputs=("people", "spread", "spread_factors"),
    key=("topic", "person_id"),
    order=("topic", "place"),
    columns={
        "topic": Column(en="the category", zh="话题（类目）"),
        "person_id": Column(en="the person", zh="用户"),
        "place": Column(en="rank within the topic", zh="话题内排名"),
        "reach": Column(en="expected people through them, if they share something of the topic",
                        zh="其分享该话题内容预期带来的人数", unit="people"),
        "reach_low": Column(en="95 % interval of sampling, lower end", zh="抽样 95% 区间下限", unit="people"),
        "reach_high": Column(en="upper end", zh="抽样 95% 区间上限", unit="people"),
    },
    build=topics,
)  # fmt: skip
TABLES = (INFLUENCE, TOPIC_TABLE)
