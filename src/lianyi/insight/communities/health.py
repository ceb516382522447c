"""Table `community_health`: how a community lives, period by period. Each figure is a share or a count that can be
counted again by hand; what there is no data for is NULL, never 0. Formulas: docs/methods/communities-life.md."""

from __future__ import annotations

from lianyi.insight.communities import acts
from lianyi.insight.communities.acts import MEMBERS, PERIOD_DAYS, PLACED
from lianyi.insight.orders import order_lines, refunds
from lianyi.insight.scope import Scope
from lianyi.insight.tables import EVENTS, Build, Column, Table

STAFF, PAIRS, PERSONS, FIRSTS, MONEY = "health_staff", "health_pairs", "health_persons", "health_firsts", "health_money"
# Period −1 is the last three periods together: the ground of verdicts.
WHOLE, WHOLE_PERIODS = -1, 3
# Fewer acting people or pairs than this say nothing about shares among them.
LEAST = 3
WAYS = 3


def twice(whole: int = WHOLE_PERIODS) -> str:
    """One row = one act in its period, and once more as part of the whole: so many periods."""
    return f"""
    SELECT * FROM {PLACED} UNION ALL
    SELECT community_id, person_id, other_id, kind, moment, CAST({WHOLE} AS INTEGER) AS period, group_key, inner_act,
        answered
    FROM {PLACED} WHERE period < {whole}
    """


def pairs() -> str:
    """One row = two members who turned to one another in a period: both ways or one."""
    return """
    SELECT community_id, period, least(person_id, other_id) AS a, greatest(person_id, other_id) AS b,
        count(DISTINCT person_id) = 2 AS both_ways, CAST(count(*) AS BIGINT) AS acts
    FROM health_acts WHERE inner_act GROUP BY 1, 2, 3, 4
    """


def persons() -> str:
    """One row = one member who acted in a period: acts, partners in either direction, rank by acts."""
    return f"""
    SELECT a.community_id, a.period, a.person_id, a.acts, coalesce(p.partners, 0) AS partners,
        row_number() OVER (PARTITION BY a.community_id, a.period ORDER BY a.acts, a.person_id) AS place
    FROM (
        SELECT community_id, period, person_id, CAST(count(*) AS BIGINT) AS acts FROM health_acts GROUP BY 1, 2, 3
    ) AS a LEFT JOIN (
        SELECT community_id, period, person_id, count(*) AS partners FROM (
            SELECT community_id, period, a AS person_id FROM {PAIRS}
            UNION ALL SELECT community_id, period, b AS person_id FROM {PAIRS}
        ) AS ends GROUP BY 1, 2, 3
    ) AS p ON p.community_id = a.community_id AND p.period = a.period AND p.person_id = a.person_id
    """


def firsts(scope: Scope) -> str:
    """One row = one newcomer: the first thing a member ever said in a room of the community, its period, and hours
    until somebody first turned to him there (NULL: nobody did)."""
    d = scope.dialect
    return f"""
    SELECT f.community_id, f.person_id, f.period,
        min({d.micros("a.moment")} - {d.micros("f.moment")}) / 3600000000.0 AS hours
    FROM (
        SELECT p.community_id, p.person_id, min(p.moment) AS moment, max(p.period) AS period, min(p.group_key) AS g
        FROM {PLACED} p WHERE p.kind IN ('message', 'reply') GROUP BY 1, 2
    ) AS f LEFT JOIN {PLACED} AS a ON a.community_id = f.community_id AND a.other_id = f.person_id
        AND a.person_id <> f.person_id AND a.moment > f.moment
    GROUP BY f.community_id, f.person_id, f.period
    """


def money(scope: Scope, days: int = PERIOD_DAYS) -> str:
    """One row = one community × period: net spend of its members in the brand's currency, and who bought."""
    mine = f"currency = {scope.dialect.text(scope.currency)} AND person_id IS NOT NULL"
    age = scope.dialect.quotient(f"({scope.today} - {scope.day('moment')})", days)
    return f"""
    SELECT m.community_id, s.period, CAST(sum(s.value) AS DECIMAL(18, 4)) AS value,
        count(DISTINCT CASE WHEN s.bought THEN s.person_id END) AS buyers
    FROM (
        SELECT person_id, value, CAST({age} AS INTEGER) AS period, TRUE AS bought FROM order_lines
        WHERE {mine}
        UNION ALL
        SELECT person_id, -value, CAST({age} AS INTEGER) AS period, FALSE AS bought FROM refunds
        WHERE {mine}
    ) AS s JOIN {MEMBERS} m ON m.person_id = s.person_id
    GROUP BY m.community_id, s.period
    """


def health(scope: Scope, days: int = PERIOD_DAYS, whole: int = WHOLE_PERIODS) -> str:
    """One row = one community × period in which somebody acted or bought. days: of a period; whole: periods of the
    whole."""
    end = scope.date(f"({scope.today} - {days} * greatest(b.period, 0))")
    enough = f"b.active >= {LEAST}"
    gini = "(2.0 * b.ranked / (b.active * b.acts) - (b.active + 1.0) / b.active)"
    return f"""
    WITH base AS (
        SELECT community_id, period, count(*) AS active, CAST(sum(acts) AS BIGINT) AS acts, max(acts) AS top,
            CAST(sum(place * acts) AS DOUBLE) AS ranked, count(*) FILTER (WHERE partners >= {WAYS}) AS many
        FROM {PERSONS} GROUP BY 1, 2
    ), paired AS (
        SELECT community_id, period, count(*) AS pairs, count(*) FILTER (WHERE both_ways) AS mutual,
            CAST(sum(acts) AS BIGINT) AS acts
        FROM {PAIRS} GROUP BY 1, 2
    ), words AS (
        SELECT h.community_id, h.period, count(*) FILTER (WHERE h.kind IN ('message', 'reply')) AS messages,
            count(*) FILTER (WHERE h.kind = 'message') AS started,
            count(*) FILTER (WHERE h.kind = 'message' AND h.answered) AS started_answered,
            count(*) FILTER (WHERE h.kind = 'reply' AND h.other_id <> h.person_id) AS answers,
            count(*) FILTER (WHERE h.kind = 'reply' AND h.other_id <> h.person_id AND s.person_id IS NULL) AS own,
            count(*) FILTER (WHERE s.person_id IS NULL) AS own_acts
        FROM health_acts h LEFT JOIN {STAFF} s ON s.person_id = h.person_id GROUP BY 1, 2
    ), newcomers AS (
        SELECT community_id, period, count(*) AS newcomers, count(hours) FILTER (WHERE hours <= 168) AS heard,
            percentile_cont(0.5) WITHIN GROUP (ORDER BY hours) AS hours
        FROM (
            SELECT * FROM {FIRSTS}
            UNION ALL SELECT community_id, person_id, CAST({WHOLE} AS INTEGER), hours FROM {FIRSTS}
            WHERE period < {whole}
        ) AS f GROUP BY 1, 2
    ), spent AS (
        SELECT * FROM {MONEY} UNION ALL
        SELECT community_id, CAST({WHOLE} AS INTEGER), CAST(sum(value) AS DECIMAL(18, 4)), max(buyers) FROM {MONEY}
        WHERE period < {whole} GROUP BY 1
    )
    SELECT b.community_id, b.period, {end} AS until, b.active, w.messages, coalesce(p.acts, 0) AS interactions,
        CASE WHEN {enough} THEN b.many / CAST(b.active AS DOUBLE) END AS many_way,
        CASE WHEN p.pairs >= {LEAST} THEN p.mutual / CAST(p.pairs AS DOUBLE) END AS reciprocity,
        CASE WHEN {enough} THEN {gini} END AS gini,
        CASE WHEN {enough} THEN b.top / CAST(b.acts AS DOUBLE) END AS top_share,
        CASE WHEN w.answers >= {LEAST} THEN w.own / CAST(w.answers AS DOUBLE) END AS self_answers,
        w.own_acts / CAST(b.acts AS DOUBLE) AS self_content,
        CASE WHEN w.started >= {LEAST} THEN w.started_answered / CAST(w.started AS DOUBLE) END AS answered,
        CASE WHEN w.started >= {LEAST} THEN 1 - w.started_answered / CAST(w.started AS DOUBLE) END AS noise,
        coalesce(n.newcomers, 0) AS newcomers,
        CASE WHEN n.newcomers >= {LEAST} THEN n.heard / CAST(n.newcomers AS DOUBLE) END AS newcomers_heard,
        CAST(n.hours AS DOUBLE) AS first_answer_hours, coalesce(m.buyers, 0) AS buyers,
        coalesce(m.value, CAST(0 AS DECIMAL(18, 4))) AS value
    FROM base b JOIN words w ON w.community_id = b.community_id AND w.period = b.period
    LEFT JOIN paired p ON p.community_id = b.community_id AND p.period = b.period
    LEFT JOIN newcomers n ON n.community_id = b.community_id AND n.period = b.period
    LEFT JOIN spent m ON m.community_id = b.community_id AND m.period = b.period
    """


def build(build: Build) -> str:
    """Make the steps, give the rows."""
    scope = Scope.of(build)
    acts.make(build, scope)
    for name, sql in (
        ("health_acts", twice()),
        (STAFF, acts.staff()),
        (PAIRS, pairs()),
        (PERSONS, persons()),
        (FIRSTS, firsts(scope)),
        ("order_lines", order_lines(scope)),
        ("refunds", refunds(scope)),
        (MONEY, money(scope)),
    ):
        build.make(name, sql)
    return health(scope)


TABLE = Table(
    name="community_health",
    en="One row = one community in one period of 28 days (−1: the last 84 days) with somebody acting in its rooms.",
    zh="每行 = 一个社群的一个 28 天周期（周期 −1 为最近 84 天），且周期内有成员在群内活动。",
    rows_from=("community_people",),
    inputs=(EVENTS, "keys", "profiles", "community_people"),
    key=("community_id", "period"),
    order=("community_id", "period"),
    columns={
        "community_id": Column(en="the community", zh="社群"),
        "period": Column(
            en="0 = the 28 days up to as_of, 1 = those before …; −1 = the last 84 days",
            zh="周期：0 为最近 28 天，1 为再之前……；−1 为最近 84 天",
        ),
        "until": Column(en="last day of the period", zh="周期最后一天"),
        "active": Column(en="members who said or answered something in its rooms", zh="活跃成员数", unit="people"),
        "messages": Column(en="messages and replies of members", zh="成员发言与回复数"),
        "interactions": Column(en="replies, mentions, reactions between members", zh="成员之间的互动数"),
        "many_way": Column(
            en=f"share of active members who exchanged with at least {WAYS} others",
            zh=f"与至少 {WAYS} 名其他成员互动的活跃成员占比",
        ),
        "reciprocity": Column(
            en="share of pairs that turned to each other in both directions", zh="双向互动的成员对占比"
        ),
        "gini": Column(
            en="inequality of acts among active members: 0 all alike, near 1 one does it all",
            zh="活跃成员行为的基尼系数：0 均等，接近 1 为一人独揽",
        ),
        "top_share": Column(en="share of all acts by the most active member", zh="最活跃一人的行为占比"),
        "self_answers": Column(en="share of answers that do not come from staff", zh="非员工回复占全部回复之比"),
        "self_content": Column(en="share of acts that do not come from staff", zh="非员工行为占比"),
        "answered": Column(en="share of messages that somebody answered or reacted to", zh="得到回应的发言占比"),
        "noise": Column(en="share of messages to which nobody answered or reacted", zh="无人回应的发言占比（噪声）"),
        "newcomers": Column(en="members who spoke for the first time", zh="首次发言的成员数", unit="people"),
        "newcomers_heard": Column(
            en="share of these to whom somebody turned within 7 days", zh="其中 7 天内有人回应的占比"
        ),
        "first_answer_hours": Column(
            en="median hours until somebody turned to them", zh="首次被回应的中位小时数", unit="hours"
        ),
        "buyers": Column(en="members who bought", zh="购买成员数", unit="people"),
        "value": Column(
            en="net spend of members in the period, in the brand's currency", zh="周期内成员净消费", unit="currency"
        ),
    },
    build=build,
)
