"""Table `assignments`: a person's place in an experiment, as the log tells it.

Who assigns says so by an event `assigned` about each person, in both arms, when the place takes hold: whether anything
reached them later plays no part (intention to treat). The global control group is stated by one event `control_group`
with its share; who is in it follows from a stable hash.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from lianyi.insight.chance import chance
from lianyi.insight.effects.words import CONTROL, GLOBAL, TREATMENT, experiment_of
from lianyi.insight.scope import Scope
from lianyi.insight.tables import EVENTS, Build, Column, Sorted, Table, of_kinds

MIXED = "mixed"
CHUNK = 200_000


def texts(scope: Scope) -> str:
    """One row = one different text in which a place was told: what it says, its number, and the number of its
    experiment by name. A campaign of a million people has a few such texts, one for each arm and community, so that
    JSON is read a few times and not once for each person."""
    d = scope.dialect

    def prop(name: str) -> str:
        return d.json_text("e.props", name)

    return f"""
    SELECT *, row_number() OVER (ORDER BY props) AS number, dense_rank() OVER (ORDER BY experiment) AS place FROM (
        SELECT props, {prop("experiment")} AS experiment, {prop("of")} AS kind, {prop("arm")} AS arm,
            {prop("cluster")} AS cluster, CAST({prop("share")} AS DOUBLE) AS share,
            CAST({prop("days")} AS INTEGER) AS days, CAST({prop("dose")} AS DOUBLE) AS dose
        FROM (SELECT DISTINCT props FROM events WHERE kind = 'assigned' AND props IS NOT NULL) AS e
    ) AS t WHERE experiment IS NOT NULL AND arm IN ('{TREATMENT}', '{CONTROL}')
    """


def _told(scope: Scope, *columns: str) -> str:
    """One row = one event that told a person's place. Reads `assignment_texts`."""
    return f"""
    SELECT k.person_id, {", ".join(columns)}, e."at" AS moment
    FROM events e JOIN keys k ON e.target_key = k.key JOIN assignment_texts t ON t.props = e.props
    WHERE e.kind = 'assigned' AND {scope.happened()}
    """


def told(scope: Scope) -> str:
    """One row = one person and experiment: the first and the last of the texts that told it, and when the first did."""
    return f"""
    SELECT person_id, place, min(number) AS one, max(number) AS other, min(moment) AS assigned_at
    FROM ({_told(scope, "t.place", "t.number")}) AS a GROUP BY person_id, place
    """


def alike(scope: Scope) -> Sorted:
    """One row = one person and experiment, told by one text, be it once or again. Reads `assignment_told`."""
    return Sorted(
        f"""
    SELECT t.experiment, a.person_id, t.kind, t.arm, t.cluster, a.assigned_at, t.share, t.days,
        {scope.dialect.no_time} AS ended_at, t.dose
    FROM assignment_told a JOIN assignment_texts t ON t.number = a.one WHERE a.one = a.other
    """,
        by="a.place, a.person_id",
    )


def unlike(scope: Scope) -> str:
    """One row = one person and experiment, told by several texts. Somebody in both arms, by a merge of two people, is
    in none."""
    columns = ("t.place", "t.experiment", "t.kind", "t.arm", "t.cluster", "t.share", "t.days", "t.dose")
    return f"""
    SELECT a.experiment, a.person_id, min(a.kind) AS kind,
        CASE WHEN min(a.arm) = max(a.arm) THEN min(a.arm) ELSE '{MIXED}' END AS arm, min(a.cluster) AS cluster,
        min(a.moment) AS assigned_at, max(a.share) AS share, max(a.days) AS days, {scope.dialect.no_time} AS ended_at,
        CASE WHEN min(a.dose) = max(a.dose) THEN min(a.dose) END AS dose
    FROM ({_told(scope, *columns)}) AS a
    JOIN assignment_told AS u ON u.person_id = a.person_id AND u.place = a.place AND u.one <> u.other
    GROUP BY a.experiment, a.person_id
    """


def build(build: Build) -> Iterator[str]:
    """What was told person by person, and everybody against the global control group."""
    scope = Scope.of(build)
    build.make("assignment_texts", texts(scope))
    build.make("assignment_told", told(scope))
    yield alike(scope)
    if build.engine.table("SELECT 1 AS one FROM assignment_told WHERE one <> other LIMIT 1").num_rows:
        yield unlike(scope)
    build.drop("assignment_told")
    for number, group in enumerate(_groups(build, scope), start=1):
        yield from _everybody(build, scope, number, group)


def _groups(build: Build, scope: Scope) -> list[dict[str, Any]]:
    """The global control groups there were, each with its share, its name for the hash, and from when until when."""
    d = scope.dialect
    rows = build.engine.table(
        f"""SELECT {d.micros('e."at"')} AS us, {d.json_text("e.props", "share")} AS share,
            {d.json_text("e.props", "salt")} AS salt FROM events e
        WHERE e.kind = 'control_group' AND {scope.happened()} ORDER BY e."at", e.id"""
    ).to_pylist()
    ends = [row["us"] for row in rows[1:]] + [None] * bool(rows)
    groups = [
        {"share": float(row["share"]), "salt": row["salt"] or "", "since": row["us"], "until": until}
        for row, until in zip(rows, ends, strict=True)
    ]
    return [group for group in groups if group["share"] > 0]


def _everybody(build: Build, scope: Scope, number: int, group: dict[str, Any]) -> Iterator[str]:
    people = build.engine.table("SELECT person_id FROM people ORDER BY person_id")["person_id"]
    d, name = scope.dialect, f"assignments_control_{number}"
    until = d.no_time if group["until"] is None else d.moment(str(group["until"]))
    ended = "TRUE" if group["until"] is None else f"coalesce({d.micros('p.first_seen')}, 0) < {group['until']}"
    for start in range(0, len(people), CHUNK):
        ids = people.slice(start, CHUNK)
        held = np.array([chance(group["salt"], one) < group["share"] for one in ids.to_pylist()])
        arm = pa.array(np.where(held, CONTROL, TREATMENT))
        build.engine.register(name, pa.table({"person_id": ids, "arm": arm}))
        yield f"""
        SELECT '{experiment_of(GLOBAL, str(number))}' AS experiment, g.person_id, '{GLOBAL}' AS kind, g.arm,
            CAST(NULL AS STRING) AS cluster,
            {d.moment(f"greatest({group['since']}, coalesce({d.micros('p.first_seen')}, 0))")} AS assigned_at,
            CAST({1 - group["share"]} AS DOUBLE) AS share, CAST(NULL AS INTEGER) AS days, {until} AS ended_at,
            CAST(NULL AS DOUBLE) AS dose
        FROM {name} AS g JOIN people AS p ON p.person_id = g.person_id WHERE {ended}
        """
        build.drop(name)


TABLE = Table(
    name="assignments",
    en="One row = one person's place in one experiment: what was meant, whatever reached them.",
    zh="每行 = 一个人在一个实验中的分组（按分配计，不论是否真正触达）。",
    inputs=(EVENTS, "keys", "people"),
    rows_from=of_kinds("assigned", "control_group"),
    key=("experiment", "person_id"),
    order=("experiment", "person_id"),
    columns={
        "experiment": Column(en="kind/name, e.g. campaign/spring", zh="实验，如 campaign/spring"),
        "person_id": Column(en="the person", zh="用户"),
        "kind": Column(en="campaign, journey, global or trial", zh="活动、旅程、全局对照组或自定义试验"),
        "arm": Column(
            en="treatment or control; mixed = in both by a merge, counts for neither",
            zh="treatment 实验组、control 对照组；mixed = 因合并同时在两组，不计入",
        ),
        "cluster": Column(
            en="the community that was assigned as a whole, empty: people one by one", zh="整体分配的社群"
        ),
        "assigned_at": Column(en="from when acts count", zh="分组生效时间"),
        "share": Column(en="probability of treatment", zh="进入实验组的概率"),
        "days": Column(en="how long acts count, empty: as usual for the kind", zh="统计窗口天数", unit="days"),
        "ended_at": Column(en="until when, where somebody ended it", zh="提前结束时间"),
        "dose": Column(
            en="what was spent on the person, where that differs", zh="人均花费（各档不同时）", unit="currency"
        ),
    },
    build=build,
)
