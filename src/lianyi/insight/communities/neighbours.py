"""Table `community_neighbours`: which communities share people or have ties between them."""

from __future__ import annotations

from lianyi.insight.tables import Build, Column, Table

NEAREST = 30
PLACES, SHARED, BETWEEN = "neighbour_places", "neighbour_shared", "neighbour_between"


def places() -> str:
    """One row = one person in one community of any height now."""
    return "SELECT community_id, person_id, height FROM community_people WHERE weight IS NOT NULL"


def shared() -> str:
    """One row = two communities of one height and the people who are in both."""
    return f"""
    SELECT a.community_id, b.community_id AS other_id, count(*) AS people FROM {PLACES} a
    JOIN {PLACES} b ON b.person_id = a.person_id AND b.height = a.height AND b.community_id <> a.community_id
    GROUP BY 1, 2
    """


def between() -> str:
    """One row = two communities of one height with ties from one to the other: how many, and their weight. Ties of
    people who are in both do not count: these are shared people."""
    return f"""
    SELECT a.community_id, b.community_id AS other_id, count(*) AS ties, sum(t.weight) AS weight
    FROM (
        SELECT person_a AS source, person_b AS target, weight FROM ties
        UNION ALL SELECT person_b AS source, person_a AS target, weight FROM ties
    ) AS t
    JOIN {PLACES} a ON a.person_id = t.source
    JOIN {PLACES} b ON b.person_id = t.target AND b.height = a.height AND b.community_id <> a.community_id
    LEFT JOIN {PLACES} x ON x.community_id = a.community_id AND x.person_id = t.target
    LEFT JOIN {PLACES} y ON y.community_id = b.community_id AND y.person_id = t.source
    WHERE x.person_id IS NULL AND y.person_id IS NULL
    GROUP BY 1, 2
    """


def neighbours() -> str:
    """One row = one community and one of its NEAREST nearest of the same height."""
    return f"""
    WITH sizes AS (SELECT community_id, max(height) AS height, count(*) AS size FROM {PLACES} GROUP BY community_id),
    joined AS (
        SELECT coalesce(s.community_id, b.community_id) AS community_id, coalesce(s.other_id, b.other_id) AS other_id,
            coalesce(s.people, 0) AS people, coalesce(b.ties, 0) AS ties, coalesce(b.weight, 0.0) AS weight
        FROM {SHARED} s FULL JOIN {BETWEEN} b ON b.community_id = s.community_id AND b.other_id = s.other_id
    )
    SELECT community_id, other_id, height, people, overlap, ties, weight, nearness, place FROM (
        SELECT *, row_number() OVER (PARTITION BY community_id ORDER BY nearness DESC, other_id) AS place FROM (
            SELECT b.community_id, b.other_id, s.height, b.people, b.people / CAST(s.size AS DOUBLE) AS overlap, b.ties,
                CAST(b.weight AS DOUBLE) AS weight,
                (b.people + b.weight) / sqrt(CAST(s.size AS DOUBLE) * o.size) AS nearness
            FROM joined b JOIN sizes s ON s.community_id = b.community_id JOIN sizes o ON o.community_id = b.other_id
        ) AS n
    ) AS r WHERE place <= {NEAREST}
    """


def build(build: Build) -> str:
    """Make the steps, give the rows."""
    for name, sql in ((PLACES, places()), (SHARED, shared()), (BETWEEN, between())):
        build.make(name, sql)
    return neighbours()


TABLE = Table(
    name="community_neighbours",
    en="One row = one community and one of its nearest of the same height.",
    zh="每行 = 一个社群与同层级的一个相邻社群。",
    rows_from=("community_people",),
    inputs=("ties", "community_people"),
    key=("community_id", "other_id"),
    order=("community_id", "place"),
    columns={
        "community_id": Column(en="the community", zh="社群"),
        "other_id": Column(en="the neighbour", zh="相邻社群"),
        "height": Column(en="height of both", zh="层级"),
        "people": Column(en="people who are in both", zh="共同成员数", unit="people"),
        "overlap": Column(en="these as share of the community's people", zh="共同成员占本社群之比"),
        "ties": Column(en="ties between people of the one and people of the other", zh="两社群成员之间的关系数"),
        "weight": Column(en="weight of these ties", zh="这些关系的权重和"),
        "nearness": Column(
            en="(people in both + weight of ties) ÷ √(size · size)", zh="邻近度 =（共同成员 + 关系权重）÷ √(规模之积)"
        ),
        "place": Column(en="rank, 1 = nearest", zh="排名，1 为最近"),
    },
    build=build,
)
