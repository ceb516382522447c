"""Table `tie_rooms`: in which rooms ties were lived, for people who meet in two rooms are tied in both."""

from __future__ import annotations

from lianyi.insight.scope import Scope
from lianyi.insight.tables import EVENTS, Build, Column, Table

_KINDS = ("reply", "mention", "reaction", "message")
ACTS, ROOMED = "tie_room_acts", "tie_room_counts"
# An act of half a year ago says half as much on where a tie is lived today.
HALF_LIFE_DAYS = 180


def acts(scope: Scope) -> str:
    """One row = one act of a person towards another in a room. Whom an answer turns to is told by its target, else by
    the author of what it answers."""
    d = scope.dialect
    kinds = ", ".join(d.text(kind) for kind in _KINDS)
    columns = 'e.group_key, e."at" AS moment'
    return f"""
    SELECT least(a.person_id, b.person_id) AS person_a, greatest(a.person_id, b.person_id) AS person_b, {columns}
    FROM {EVENTS} e JOIN keys a ON a.key = e.actor_key JOIN keys b ON b.key = e.target_key
    WHERE e.kind IN ({kinds}) AND e.group_key IS NOT NULL AND a.person_id <> b.person_id AND {scope.happened()}
    UNION ALL
    SELECT least(a.person_id, b.person_id) AS person_a, greatest(a.person_id, b.person_id) AS person_b, {columns}
    FROM {EVENTS} e JOIN keys a ON a.key = e.actor_key
    JOIN {EVENTS} p ON p.id = e.parent_id JOIN keys b ON b.key = p.actor_key
    WHERE e.kind IN ('reply', 'reaction') AND e.target_key IS NULL AND e.group_key IS NOT NULL
        AND a.person_id <> b.person_id AND {scope.happened()}
    """


def counts(scope: Scope) -> str:
    """One row = two people in one room: their acts there, those of long ago for less."""
    age = f"({scope.today} - {scope.day('moment')})"
    return f"""
    SELECT person_a, person_b, group_key, CAST(sum(power(0.5, {age} / {HALF_LIFE_DAYS}.0)) AS DOUBLE) AS acts
    FROM {ACTS} GROUP BY person_a, person_b, group_key
    """


def tie_rooms(scope: Scope) -> str:
    """One row = one tie in one room, with its part of the tie's weight; '' for a tie that no room shows.

    Ties that consist of following or of an invitation alone are left out: they say whom somebody listens to, often a
    shop assistant whom a thousand others follow as well, not with whom somebody is.
    """
    d = scope.dialect
    lived = d.size(d.only("map_keys(counts)", "k", "k NOT IN ('follow', 'invite')"))
    return f"""
    SELECT t.person_a, t.person_b, coalesce(r.group_key, '') AS group_key,
        CAST(t.weight * coalesce(r.acts / r.whole, 1.0) AS DOUBLE) AS weight
    FROM (SELECT person_a, person_b, weight FROM ties WHERE weight > 0 AND {lived} > 0) AS t LEFT JOIN (
        SELECT *, sum(acts) OVER (PARTITION BY person_a, person_b) AS whole FROM {ROOMED}
    ) AS r ON r.person_a = t.person_a AND r.person_b = t.person_b
    """


def build(build: Build) -> str:
    """Make the steps, give the rows."""
    scope = Scope.of(build)
    build.make(ACTS, acts(scope))
    build.make(ROOMED, counts(scope))
    build.drop(ACTS)
    return tie_rooms(scope)


TABLE = Table(
    name="tie_rooms",
    en="One row = one tie in one room in which it is lived, or outside of rooms.",
    zh="每行 = 一条关系在其发生的一个群内的部分，或在群外。",
    inputs=(EVENTS, "keys", "ties"),
    key=("person_a", "person_b", "group_key"),
    order=("person_a", "person_b", "group_key"),
    columns={
        "person_a": Column(en="one of the two, the smaller id", zh="其中一人（编号较小者）"),
        "person_b": Column(en="the other one", zh="另一人"),
        "group_key": Column(en="the room; empty text: seen in no room", zh="群；空文本表示未在群内出现"),
        "weight": Column(en="part of the tie's weight that falls on the room", zh="该群所占的关系权重"),
    },
    build=build,
)
