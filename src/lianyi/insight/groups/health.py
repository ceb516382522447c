"""Table `group_health`: how a group lives, week by week. Formulas: docs/methods/groups.md.

What there is no data for is NULL, never 0: shares among fewer than three say nothing.
"""

from __future__ import annotations

from lianyi.insight.communities import acts as community_acts
from lianyi.insight.communities import health as shared
from lianyi.insight.communities.acts import MEMBERS
from lianyi.insight.communities.health import FIRSTS, LEAST, MONEY, PAIRS, PERSONS, STAFF, WHOLE
from lianyi.insight.groups import acts
from lianyi.insight.groups.acts import COUNTED, MOVES, WEEK, WHOLE_WEEKS
from lianyi.insight.orders import order_lines, refunds
from lianyi.insight.scope import Scope
from lianyi.insight.tables import EVENTS, Build, Column, Table

SHARED, ASKED, CORE, SIZES = "group_shared", "group_asked", "group_core", "group_sizes"
CORE_SHARE = 0.5


def asked() -> str:
    """One row = one group × week (−1: the whole): questions that answer nothing, how many somebody else answered, and
    median minutes until then."""
    return f"""
    WITH each AS (
        SELECT q.group_key, q.week, q.message_id, min(a.seconds) / 60 AS minutes
        FROM {COUNTED} q LEFT JOIN {COUNTED} a ON a.answers_id = q.message_id AND a.person_id <> q.person_id
        WHERE q.question AND q.answers_id IS NULL GROUP BY q.group_key, q.week, q.message_id
    )
    SELECT group_key, week, count(*) AS questions, count(minutes) AS heard,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY minutes) AS minutes
    FROM (
        SELECT group_key, week, minutes FROM each
        UNION ALL SELECT group_key, CAST({WHOLE} AS INTEGER), minutes FROM each WHERE week < {WHOLE_WEEKS}
    ) AS a GROUP BY group_key, week
    """


def sizes() -> str:
    """One row = one group × week: members at its end, which are those of now without what came and went since."""
    return f"""
    SELECT h.community_id, h.period, CAST(max(n.members) - coalesce(sum(m.joined - m.gone), 0) AS BIGINT) AS members
    FROM {SHARED} h
    LEFT JOIN (SELECT community_id, count(*) AS members FROM {MEMBERS} GROUP BY 1) AS n
        ON n.community_id = h.community_id
    LEFT JOIN {MOVES} m ON m.group_key = h.community_id AND m.week < greatest(h.period, 0)
    GROUP BY h.community_id, h.period
    """


def core() -> str:
    """One row = one group × period: how few people do CORE_SHARE of all acts."""
    return f"""
    SELECT community_id, period, count(*) AS core FROM (
        SELECT community_id, period, sum(acts) OVER (
                PARTITION BY community_id, period ORDER BY place ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
            ) - acts AS before,
            sum(acts) OVER (PARTITION BY community_id, period) AS total
        FROM {PERSONS}
    ) AS p WHERE before < {CORE_SHARE} * total GROUP BY community_id, period
    """


def health() -> str:
    """One row = one group × week in which somebody said something."""
    return f"""
    SELECT group_key, week, until, members, active, messages, interactions, many_way, reciprocity, gini, top_share,
        self_answers, self_content, answered, questions, unanswered, answer_minutes, core,
        CASE WHEN members >= {LEAST} THEN greatest(0e0, 1 - active / CAST(members AS DOUBLE)) END AS lurkers,
        newcomers, newcomers_heard, first_answer_hours, joined, gone,
        CASE WHEN members + gone >= {LEAST} THEN gone / CAST(members + gone AS DOUBLE) END AS churn, buyers, value
    FROM (
        SELECT h.community_id AS group_key, h.period AS week, h.until, s.members,
            h.active, h.messages, h.interactions, h.many_way, h.reciprocity, h.gini, h.top_share, h.self_answers,
            h.self_content, h.answered, coalesce(q.questions, 0) AS questions,
            CASE WHEN q.questions >= {LEAST} THEN 1 - q.heard / CAST(q.questions AS DOUBLE) END AS unanswered,
            q.minutes AS answer_minutes, c.core, h.newcomers, h.newcomers_heard, h.first_answer_hours,
            CAST(coalesce(v.joined, 0) AS BIGINT) AS joined, CAST(coalesce(v.gone, 0) AS BIGINT) AS gone,
            h.buyers, h.value
        FROM {SHARED} h JOIN {SIZES} s ON s.community_id = h.community_id AND s.period = h.period
        LEFT JOIN {ASKED} q ON q.group_key = h.community_id AND q.week = h.period
        LEFT JOIN {CORE} c ON c.community_id = h.community_id AND c.period = h.period
        LEFT JOIN (
            SELECT group_key, week, joined, gone FROM {MOVES} UNION ALL
            SELECT group_key, CAST({WHOLE} AS INTEGER), sum(joined), sum(gone) FROM {MOVES}
            WHERE week < {WHOLE_WEEKS} GROUP BY group_key
        ) AS v ON v.group_key = h.community_id AND v.week = h.period
    ) AS r
    """


def build(build: Build) -> str:
    """Make the steps, give the rows."""
    scope = Scope.of(build)
    acts.make(build, scope)
    for name, sql in (
        ("health_acts", shared.twice(WHOLE_WEEKS)),
        (STAFF, community_acts.staff()),
        (PAIRS, shared.pairs()),
        (PERSONS, shared.persons()),
        (FIRSTS, acts.firsts(scope)),
        ("order_lines", order_lines(scope)),
        ("refunds", refunds(scope)),
        (MONEY, shared.money(scope, WEEK)),
        (SHARED, shared.health(scope, WEEK, WHOLE_WEEKS)),
        (ASKED, asked()),
        (CORE, core()),
        (SIZES, sizes()),
    ):
        build.make(name, sql)
    return health()


TABLE = Table(
    name="group_health",
    en="One row = one group in one week (−1: the last four weeks) in which somebody said something in it.",
    zh="每行 = 一个群的一周（−1 为最近四周），且该周群内有人发言。",
    inputs=(EVENTS, "keys", "profiles", "reply_links"),
    key=("group_key", "week"),
    order=("group_key", "week"),
    columns={
        "group_key": Column(en="the group", zh="群"),
        "week": Column(
            en="0 = the 7 days up to as_of, 1 = those before …; −1 = the last 28 days",
            zh="周：0 为最近 7 天，1 为再之前……；−1 为最近 28 天",
        ),
        "until": Column(en="last day of the week", zh="该周最后一天"),
        "members": Column(en="members at its end", zh="周末成员数", unit="people"),
        "active": Column(en="people who said something or reacted", zh="活跃人数", unit="people"),
        "messages": Column(en="messages and replies", zh="消息与回复数"),
        "interactions": Column(
            en="answers (told or guessed), mentions, reactions between people",
            zh="人与人之间的互动数（回复含推断、提及、表情）",
        ),
        "many_way": Column(
            en="share of active people who exchanged with at least 3 others", zh="与至少 3 人互动的活跃者占比"
        ),
        "reciprocity": Column(
            en="share of pairs that turned to each other in both directions", zh="双向互动的人对占比"
        ),
        "gini": Column(
            en="inequality of acts: 0 all alike, near 1 one does it all", zh="行为基尼系数：0 均等，接近 1 为一人独揽"
        ),
        "top_share": Column(en="share of all acts by the most active one", zh="最活跃一人的行为占比"),
        "self_answers": Column(en="share of answers that do not come from staff", zh="非员工回复占比"),
        "self_content": Column(en="share of acts that do not come from staff", zh="非员工行为占比"),
        "answered": Column(
            en="share of messages that open something and were answered or reacted to", zh="主动发言中得到回应的占比"
        ),
        "questions": Column(en="questions that open something, by their words", zh="提问数（按用词）"),
        "unanswered": Column(en="share of these that nobody else answered", zh="其中无人回答的占比"),
        "answer_minutes": Column(
            en="median minutes until the first answer to a question", zh="提问首次被回答的中位时间", unit="minutes"
        ),
        "core": Column(en="how few people do half of all acts", zh="完成一半行为的最少人数", unit="people"),
        "lurkers": Column(en="share of members who were silent", zh="未发言成员占比"),
        "newcomers": Column(en="people who spoke here for the first time", zh="首次发言人数", unit="people"),
        "newcomers_heard": Column(
            en="share of these to whom somebody turned within 7 days", zh="其中 7 天内有人回应的占比"
        ),
        "first_answer_hours": Column(
            en="median hours until somebody turned to them", zh="首次被回应的中位时间", unit="hours"
        ),
        "joined": Column(en="people who joined", zh="入群人数", unit="people"),
        "gone": Column(en="people who left", zh="退群人数", unit="people"),
        "churn": Column(en="those who left as a share of all who were there", zh="退群率"),
        "buyers": Column(en="members who bought", zh="购买成员数", unit="people"),
        "value": Column(
            en="net spend of present members in the week, in the brand's currency",
            zh="现有成员当周净消费",
            unit="currency",
        ),
    },
    build=build,
)
