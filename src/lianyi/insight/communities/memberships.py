"""Table `memberships`: the communities of each person: joined by ties, declared, or probable by behaviour."""

from __future__ import annotations

from lianyi.insight.communities import behaviour
from lianyi.insight.communities.behaviour import JUDGED, LEAST, MOST_PER_PERSON
from lianyi.insight.communities.members import COLUMNS
from lianyi.insight.scope import Scope
from lianyi.insight.tables import EVENTS, LOOKED_INTO, Build, Table


def by_behaviour() -> str:
    """One row = one person and a community that they are not in, but would fit: at most MOST_PER_PERSON."""
    percent = "CAST(CAST(round(100 * probability) AS BIGINT) AS STRING)"
    ties = "CAST(j.ties AS STRING)"
    en = f"""concat({percent}, '% of people with the same behaviour are members: ',
        CASE WHEN j.category > 0 THEN 'shares its interest; ' ELSE '' END,
        CASE WHEN j.city > 0 THEN 'lives where its people live; ' ELSE '' END,
        CASE WHEN j.tag > 0 THEN 'shares its tags; ' ELSE '' END, {ties}, ' ties to members outside its rooms')"""
    zh = f"""concat('行为相同的人中 ', {percent}, '% 是其成员：',
        CASE WHEN j.category > 0 THEN '兴趣相同；' ELSE '' END,
        CASE WHEN j.city > 0 THEN '同城；' ELSE '' END, CASE WHEN j.tag > 0 THEN '标签相同；' ELSE '' END,
        '与其成员在群外有 ', {ties}, ' 个关系')"""
    none = "CAST(0 AS BIGINT)"
    return f"""
    SELECT j.community_id, j.person_id, p.name, j.probability AS weight, 'behaviour' AS how, 'lurker' AS role,
        FALSE AS fresh, j.ties, CAST(0.0 AS DOUBLE) AS tie_weight, {none} AS said, {none} AS started, {none} AS answers,
        {none} AS partners, coalesce(p.orders, 0) AS orders, {none} AS communities, {none} AS standing,
        {en} AS evidence_en, {zh} AS evidence_zh
    FROM (
        SELECT *, row_number() OVER (PARTITION BY person_id ORDER BY probability DESC, community_id) AS place
        FROM {JUDGED} WHERE NOT is_member AND probability >= {LEAST}
    ) AS j JOIN profiles p ON p.person_id = j.person_id
    WHERE place <= {MOST_PER_PERSON}
    """


def _likely(build: Build) -> str:
    build.engine.register(JUDGED, behaviour.judged(build, Scope.of(build)))
    build.made.append(JUDGED)
    return f"SELECT {', '.join(COLUMNS)} FROM ({by_behaviour()}) AS b"


def _memberships(_build: Build) -> str:
    columns = ", ".join(COLUMNS)
    return f"SELECT {columns} FROM community_members UNION ALL SELECT {columns} FROM community_likely"


LIKELY = Table(
    name="community_likely",
    en="One row = one person and one community that they never joined, but whose members behave as they do.",
    zh="每行 = 一个人与一个其未加入、但行为与成员相符的社群。",
    rows_from=("community_people",),
    inputs=(EVENTS, "keys", "profiles", "person_tags", "tie_rooms", "community_people", "community_traits"),
    key=("community_id", "person_id"),
    order=("community_id", "weight DESC", "person_id"),
    columns=COLUMNS,
    build=_likely,
)


TABLE = Table(
    name="memberships",
    en="One row = one person and one community: joined by ties, declared, or probable by behaviour (never joined).",
    zh="每行 = 一个人与一个社群：由关系加入、声明，或按行为推定（未加入）。",
    rows_from=("community_members", "community_likely"),
    inputs=("community_members", "community_likely"),
    key=("person_id", "community_id"),
    order=("person_id", "weight DESC", "community_id"),
    row_group=LOOKED_INTO,
    columns=COLUMNS,
    build=_memberships,
)
