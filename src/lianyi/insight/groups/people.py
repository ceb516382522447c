"""Table `group_people`: who is who in a group: core, answerers, newcomers, silent members."""

from __future__ import annotations

from lianyi.insight.communities.acts import MEMBERS, PLACED, staff
from lianyi.insight.communities.health import STAFF
from lianyi.insight.groups import acts
from lianyi.insight.scope import Scope
from lianyi.insight.tables import EVENTS, LOOKED_INTO, Build, Column, Table

WEEKS = 12
COUNTS = "group_people_counts"
NEW_DAYS = 28


def counts(scope: Scope) -> str:
    """One row = one person of one group who did something in WEEKS weeks."""
    return f"""
    SELECT community_id, person_id, count(*) FILTER (WHERE kind IN ('message', 'reply')) AS said,
        count(*) FILTER (WHERE kind = 'reply' AND inner_act) AS answers,
        count(*) FILTER (WHERE kind = 'message' AND answered) AS started_answered,
        count(DISTINCT CASE WHEN inner_act THEN other_id END) AS partners,
        count(DISTINCT {scope.day("moment")}) AS days, max(moment) AS last_at
    FROM {PLACED} WHERE period < {WEEKS} GROUP BY 1, 2
    """


def people(scope: Scope) -> str:
    """One row = one person of one group: a member now, or somebody who did something lately."""
    joined = scope.done('e."at" AS moment', "e.group_key", where="e.group_key IS NOT NULL AND e.kind = 'join'")
    new = f"{scope.day('j.moment')} > {scope.today - NEW_DAYS}"
    return f"""
    SELECT b.community_id AS group_key, b.person_id, p.name, b.is_member,
        CASE WHEN s.person_id IS NOT NULL THEN 'staff' WHEN coalesce(c.said, 0) = 0 THEN 'silent'
            WHEN {new} THEN 'newcomer'
            WHEN c.before < 0.5 * c.total AND c.partners >= 2 THEN 'core'
            WHEN 2 * c.answers >= c.said AND c.answers >= 3 THEN 'answerer' ELSE 'member' END AS role,
        coalesce(c.said, 0) AS said, coalesce(c.answers, 0) AS answers,
        coalesce(c.started_answered, 0) AS started_answered, coalesce(c.partners, 0) AS partners,
        coalesce(c.days, 0) AS days, j.moment AS joined_at, c.last_at
    FROM (
        SELECT community_id, person_id, max(is_member) AS is_member FROM (
            SELECT community_id, person_id, TRUE AS is_member FROM {MEMBERS}
            UNION ALL SELECT community_id, person_id, FALSE FROM {COUNTS}
        ) AS u GROUP BY 1, 2
    ) AS b LEFT JOIN (
        SELECT *, sum(said) OVER (PARTITION BY community_id) AS total,
            sum(said) OVER (PARTITION BY community_id ORDER BY said DESC, person_id
                ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) - said AS before
        FROM {COUNTS}
    ) AS c ON c.community_id = b.community_id AND c.person_id = b.person_id
    LEFT JOIN (SELECT group_key, person_id, max(moment) AS moment FROM {joined} AS x GROUP BY 1, 2) AS j
        ON j.group_key = b.community_id AND j.person_id = b.person_id
    LEFT JOIN {STAFF} s ON s.person_id = b.person_id LEFT JOIN profiles p ON p.person_id = b.person_id
    """


def build(build: Build) -> str:
    """Make the steps, give the rows."""
    scope = Scope.of(build)
    acts.make(build, scope)
    build.make(STAFF, staff())
    build.make(COUNTS, counts(scope))
    return people(scope)


TABLE = Table(
    name="group_people",
    en="One row = one person of one group: a member now, or somebody who did something in it in the last 12 weeks.",
    zh="每行 = 一个群的一个人：现成员，或最近 12 周在群内有行为者。",
    inputs=(EVENTS, "keys", "profiles", "reply_links"),
    key=("group_key", "person_id"),
    order=("group_key", "said", "person_id"),
    row_group=LOOKED_INTO,
    columns={
        "group_key": Column(en="the group", zh="群"),
        "person_id": Column(en="the person", zh="用户"),
        "name": Column(en="the person's name", zh="姓名"),
        "is_member": Column(en="whether they are in it now", zh="现在是否在群"),
        "role": Column(
            en="staff; newcomer: joined in 28 days and spoke; core: of the few who say half of it, with at least two "
            "partners; answerer: mostly answers others; member; silent",
            zh="staff 员工；newcomer 28 天内入群并发言；core 完成一半发言且互动不少于两人的核心；"
            "answerer 多为回复他人；member 普通成员；silent 未发言",
        ),
        "said": Column(en="messages and replies in 12 weeks", zh="12 周内发言与回复数"),
        "answers": Column(en="answers to others", zh="回复他人数"),
        "started_answered": Column(
            en="messages that opened something and were answered", zh="主动发言中得到回应的数量"
        ),
        "partners": Column(en="different people they turned to", zh="互动过的不同人数", unit="people"),
        "days": Column(en="days with something done", zh="活跃天数", unit="days"),
        "joined_at": Column(en="when they last joined, if known", zh="最近一次入群时间（若已知）"),
        "last_at": Column(en="when they last did something", zh="最近一次行为时间"),
    },
    build=build,
)
