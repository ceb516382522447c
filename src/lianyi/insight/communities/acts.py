"""Table `community_acts`: what members did in the rooms of their communities, person by person and month by month."""

from __future__ import annotations

from lianyi.insight.communities.heights import COMMUNITY
from lianyi.insight.scope import MOMENT, Scope
from lianyi.insight.tables import EVENTS, Build, Column, Table

# A period is 28 days, so that every one holds each weekday equally often; period 0 ends with as_of.
PERIOD_DAYS = 28
PERIODS = 13
# A room is a community's where this much of the community is in it.
IN_ROOM = 0.33
STAFF = "wecom_user:"
_HEARD = ("message", "reply", "mention", "reaction")
MEMBERS, ROOMS_OF, SAID, PLACED = "act_members", "act_rooms", "act_said", "act_placed"


def members() -> str:
    """One row = one member of one community (not of parts or fields) now."""
    return f"""
    SELECT community_id, person_id FROM community_people WHERE height = {COMMUNITY} AND weight IS NOT NULL
    """


def rooms_of(scope: Scope) -> str:
    """One row = one room of one community: at least IN_ROOM of its people are in it."""
    d = scope.dialect
    return f"""
    SELECT c.community_id, g.group_key, CAST(count(*) AS DOUBLE) / max(c.size) AS share FROM (
        SELECT community_id, person_id, count(*) OVER (PARTITION BY community_id) AS size FROM {MEMBERS}
    ) AS c JOIN (SELECT person_id, {d.explode("groups")} AS group_key FROM profiles) AS g ON g.person_id = c.person_id
    GROUP BY c.community_id, g.group_key HAVING count(*) >= {IN_ROOM} * max(c.size) AND count(*) >= 2
    """


def said(scope: Scope) -> str:
    """One row = one act in a room: who, to whom (person, or NULL), period, whether it was answered."""
    d = scope.dialect
    kinds = ", ".join(d.text(kind) for kind in _HEARD)
    day = scope.day("s.moment")
    age = d.quotient(f"{scope.today} - {day}", PERIOD_DAYS)
    return f"""
    SELECT s.person_id, t.person_id AS other_id, s.group_key, s.kind, s.moment, s.id, s.parent_id,
        CAST({age} AS INTEGER) AS period
    FROM {
        scope.done(
            MOMENT,
            "e.group_key",
            "e.kind",
            "e.id",
            "e.parent_id",
            "e.target_key",
            where=f"e.group_key IS NOT NULL AND e.kind IN ({kinds})",
        )
    } AS s
    LEFT JOIN keys t ON t.key = s.target_key
    WHERE {day} > {scope.today} - {PERIOD_DAYS * PERIODS}
    """


def placed() -> str:
    """One row = one act of one member in one room of one of his communities; `inner`: the other one is a member as
    well; answered: somebody replied or reacted to it."""
    return f"""
    SELECT r.community_id, s.person_id, s.other_id, s.kind, s.moment, s.period, s.group_key,
        o.person_id IS NOT NULL AND s.other_id <> s.person_id AS inner_act, a.parent_id IS NOT NULL AS answered
    FROM {SAID} s JOIN {ROOMS_OF} r ON r.group_key = s.group_key
    JOIN {MEMBERS} m ON m.community_id = r.community_id AND m.person_id = s.person_id
    LEFT JOIN {MEMBERS} o ON o.community_id = r.community_id AND o.person_id = s.other_id
    LEFT JOIN (SELECT DISTINCT parent_id FROM {SAID} WHERE parent_id IS NOT NULL AND kind IN ('reply', 'reaction')) AS a
        ON a.parent_id = s.id
    """


def staff() -> str:
    """One row = one person who works for the brand: has a WeCom user of its staff."""
    return f"SELECT DISTINCT person_id FROM keys WHERE key LIKE '{STAFF}%'"


def make(build: Build, scope: Scope) -> None:
    """Make MEMBERS, ROOMS_OF, SAID and PLACED."""
    build.make(MEMBERS, members())
    build.make(ROOMS_OF, rooms_of(scope))
    build.make(SAID, said(scope))
    build.make(PLACED, placed())


def acts() -> str:
    """One row = one member × community × period with something done."""
    return f"""
    SELECT community_id, person_id, period,
        CAST(count(*) FILTER (WHERE kind IN ('message', 'reply')) AS BIGINT) AS said,
        CAST(count(*) FILTER (WHERE kind = 'message') AS BIGINT) AS started,
        CAST(count(*) FILTER (WHERE kind = 'message' AND answered) AS BIGINT) AS started_answered,
        CAST(count(*) FILTER (WHERE kind = 'reply' AND other_id <> person_id) AS BIGINT) AS answers,
        CAST(count(*) FILTER (WHERE inner_act) AS BIGINT) AS inner_acts,
        CAST(count(DISTINCT CASE WHEN inner_act THEN other_id END) AS BIGINT) AS partners
    FROM {PLACED} GROUP BY community_id, person_id, period
    """


def build(build: Build) -> str:
    """Make the steps, give the rows."""
    make(build, Scope.of(build))
    return acts()


TABLE = Table(
    name="community_acts",
    en="One row = one member of one community in one period of 28 days: what they did in its rooms.",
    zh="每行 = 一个社群的一名成员在一个 28 天周期内于其群内的行为。",
    rows_from=("community_people",),
    inputs=(EVENTS, "keys", "profiles", "community_people"),
    key=("community_id", "person_id", "period"),
    order=("community_id", "period", "person_id"),
    columns={
        "community_id": Column(en="the community", zh="社群"),
        "person_id": Column(en="the member", zh="成员"),
        "period": Column(
            en="0 = the 28 days up to as_of, 1 = the 28 days before, …", zh="周期：0 为最近 28 天，1 为再之前 28 天……"
        ),
        "said": Column(en="messages and replies", zh="发言与回复数"),
        "started": Column(en="messages that answer nobody", zh="主动发言数"),
        "started_answered": Column(en="of these, answered or reacted to", zh="其中得到回应的"),
        "answers": Column(en="replies to others", zh="回复他人数"),
        "inner_acts": Column(en="replies, mentions and reactions towards other members", zh="对其他成员的互动数"),
        "partners": Column(en="different members they turned to", zh="互动过的不同成员数", unit="people"),
    },
    build=build,
)
