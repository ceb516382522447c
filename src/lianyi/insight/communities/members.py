"""Tables `community_members` (by community) and `memberships` (by person): who is what in which community, and why."""

from __future__ import annotations

from lianyi.insight.communities.acts import PERIOD_DAYS
from lianyi.insight.communities.heights import COMMUNITY
from lianyi.insight.tables import Build, Column, Table

# What somebody did in the last PERIODS · 28 days decides on the role.
PERIODS = 3
CORE_SHARE = 0.1
BRIDGE = 3
ANSWERS, STARTS = 5, 5
INNER, DONE, MANY = "member_inner", "member_done", "member_many"


def inner() -> str:
    """One row = one member of one community with ties to other members: how many, and their weight."""
    return f"""
    SELECT a.community_id, a.person_id, count(*) AS ties, sum(t.weight) AS weight
    FROM (
        SELECT person_a AS source, person_b AS target, weight FROM ties
        UNION ALL SELECT person_b AS source, person_a AS target, weight FROM ties
    ) AS t JOIN {MANY} a ON a.person_id = t.source
    JOIN {MANY} b ON b.person_id = t.target AND b.community_id = a.community_id
    GROUP BY 1, 2
    """


def many() -> str:
    """One row = one person in one community now, with the number of communities (found ones) the person is in."""
    return f"""
    SELECT community_id, person_id, weight, was, how,
        count(*) FILTER (WHERE how = 'ties') OVER (PARTITION BY person_id) AS communities,
        count(*) OVER (PARTITION BY community_id) AS size
    FROM community_people WHERE height = {COMMUNITY} AND weight IS NOT NULL
    """


def done() -> str:
    """One row = one member of one community: what they did there lately."""
    return f"""
    SELECT community_id, person_id, CAST(sum(said) AS BIGINT) AS said, CAST(sum(started) AS BIGINT) AS started,
        CAST(sum(started_answered) AS BIGINT) AS started_answered, CAST(sum(answers) AS BIGINT) AS answers,
        CAST(sum(inner_acts) AS BIGINT) AS inner_acts, max(partners) AS partners
    FROM community_acts WHERE period < {PERIODS} GROUP BY 1, 2
    """


def members_of() -> str:
    """One row = one member of one community with role and evidence."""

    def n(name: str) -> str:
        return f"CAST({name} AS STRING)"

    days = PERIODS * PERIOD_DAYS
    en = f"""concat(CASE WHEN how = 'declared' THEN 'declared: in one of its rooms; ' ELSE '' END,
        {n("ties")}, CASE WHEN ties = 1 THEN ' tie' ELSE ' ties' END, ' to members; in {days} days: ', {n("started")},
        ' messages, ', {n("answers")}, ' answers; ', {n("orders")}, ' orders; in ', {n("communities")},
        CASE WHEN communities = 1 THEN ' community' ELSE ' communities' END)"""
    zh = f"""concat(CASE WHEN how = 'declared' THEN '声明社群，在其群内；' ELSE '' END, '与 ', {n("ties")},
        ' 名成员有关系；近 {days} 天主动发言 ', {n("started")}, ' 条、回复 ', {n("answers")},
        ' 条；订单 ', {n("orders")}, ' 笔；共在 ', {n("communities")}, ' 个社群')"""
    role = f"""CASE WHEN ties >= 2 AND standing <= greatest(1, ceil({CORE_SHARE} * size)) THEN 'core'
        WHEN communities >= {BRIDGE} THEN 'bridge'
        WHEN answers >= {ANSWERS} AND answers >= started THEN 'answerer'
        WHEN started_answered >= {STARTS} THEN 'creator'
        WHEN said = 0 AND orders > 0 THEN 'buyer' WHEN said = 0 THEN 'lurker' ELSE 'member' END"""
    return f"""
    SELECT community_id, person_id, name, weight, how, {role} AS role, was IS NULL AS fresh, ties, tie_weight, said,
        started, answers, partners, orders, communities, standing, {en} AS evidence_en, {zh} AS evidence_zh
    FROM (
        SELECT m.*, coalesce(i.ties, 0) AS ties, CAST(coalesce(i.weight, 0.0) AS DOUBLE) AS tie_weight,
            coalesce(a.said, 0) AS said, coalesce(a.started, 0) AS started, coalesce(a.answers, 0) AS answers,
            coalesce(a.started_answered, 0) AS started_answered, coalesce(a.partners, 0) AS partners,
            coalesce(p.orders, 0) AS orders, p.name,
            row_number() OVER (
                PARTITION BY m.community_id ORDER BY coalesce(i.weight, 0.0) DESC, m.weight DESC, m.person_id
            ) AS standing
        FROM {MANY} m JOIN profiles p ON p.person_id = m.person_id
        LEFT JOIN {INNER} i ON i.community_id = m.community_id AND i.person_id = m.person_id
        LEFT JOIN {DONE} a ON a.community_id = m.community_id AND a.person_id = m.person_id
    ) AS x
    """


def _members(build: Build) -> str:
    for name, sql in ((MANY, many()), (INNER, inner()), (DONE, done())):
        build.make(name, sql)
    return members_of()


COLUMNS = {
    "community_id": Column(en="the community", zh="社群"),
    "person_id": Column(en="the person", zh="用户"),
    "name": Column(en="name of the person", zh="姓名/昵称"),
    "weight": Column(
        en="ties, declared: how firmly they belong, 0 to 1; behaviour: the share of people with the same behaviour who "
        "are members",
        zh="归属强度 0–1；按行为推定者为行为相同的人中已是成员的比例",
    ),
    "how": Column(
        en="ties (found), declared (in a room of a declared community), behaviour (never joined)",
        zh="ties 由关系发现，declared 在声明社群的群内，behaviour 未加入但行为相符",
    ),
    "role": Column(
        en="core, bridge, creator, answerer, buyer, lurker or member",
        zh="角色：core 核心、bridge 桥梁、creator 发起、answerer 解答、buyer 买家、lurker 潜水、member 成员",
    ),
    "fresh": Column(en="was not in it at the refresh before", zh="上次刷新时不在其中"),
    "ties": Column(en="members with whom they have a tie", zh="有关系的成员数", unit="people"),
    "tie_weight": Column(en="weight of these ties", zh="这些关系的权重和"),
    "said": Column(en="messages and replies in its rooms in the last 84 days", zh="近 84 天在其群内的发言与回复数"),
    "started": Column(en="messages that answer nobody", zh="主动发言数"),
    "answers": Column(en="replies to others", zh="回复他人数"),
    "partners": Column(en="most members they turned to within 28 days", zh="28 天内互动成员数的最大值", unit="people"),
    "orders": Column(en="orders of the person, of all time", zh="累计订单数"),
    "communities": Column(en="found communities the person is in", zh="所在社群数"),
    "standing": Column(en="rank in the community by weight of ties to members", zh="按成员间关系权重的排名"),
    "evidence_en": Column(en="why, in English", zh="依据（英文）"),
    "evidence_zh": Column(en="why, in Chinese", zh="依据（中文）"),
}

MEMBERS = Table(
    name="community_members",
    en="One row = one member of one community: role and evidence.",
    zh="每行 = 一个社群的一名成员：角色与依据。",
    rows_from=("community_people",),
    inputs=("profiles", "ties", "community_people", "community_acts"),
    key=("community_id", "person_id"),
    order=("community_id", "standing"),
    columns=COLUMNS,
    build=_members,
)
