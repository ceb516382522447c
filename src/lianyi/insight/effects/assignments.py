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
from lianyi.insight.tables import EVENTS, Build, Column, Table, of_kinds

MIXED = "mixed"
CHUNK = 200_000


def texts(scope: Scope) -> str:
    """One row = one different text in which a place was told: what it says. A campaign of a million people has a few
    such texts, one for each arm and community, so that JSON is read a few times and not once for each person."""
    d = scope.dialect

    def prop(name: str) -> str:
        return d.json_text("e.props", name)

    return f"""
    SELECT props, {prop("experiment")} AS experiment, {prop("of")} AS kind, {prop("arm")} AS arm,
        {prop("cluster")} AS cluster, CAST({prop("share")} AS DOUBLE) AS share,
        CAST({prop("days")} AS INTEGER) AS days, CAST({prop("dose")} AS DOUBLE) AS dose
    FROM (SELECT DISTINCT props FROM events WHERE kind = 'assigned' AND props IS NOT NULL) AS e
    """


def assigned(scope: Scope) -> str:
    """One row = one person and experiment. Somebody in both arms, by a merge of two people, is in none. Reads
    `assignment_texts`."""
    return f"""
    SELECT experiment, person_id, min(kind) AS kind,
        CASE WHEN min(arm) = max(arm) THEN min(arm) ELSE '{MIXED}' END AS arm, min(cluster) AS cluster,
        min(moment) AS assigned_at, max(share) AS share, max(days) AS days, {scope.dialect.no_time} AS ended_at,
        CASE WHEN min(dose) = max(dose) THEN min(dose) END AS dose
    FROM (
        SELECT k.person_id, t.experiment, t.kind, t.arm, t.cluster, t.share, t.days, t.dose, e."at" AS moment
        FROM events e JOIN keys k ON e.target_key = k.key JOIN assignment_texts t ON t.props = e.props
        WHERE e.kind = 'assigned' AND {scope.happened()}
    ) AS a WHERE experiment IS NOT NULL AND arm IN ('{TREATMENT}', '{CONTROL}')
    GROUP BY experiment, person_id
    """


def build(build: Build) -> Iterator[str]:
    """What was told person by person, and everybody against the global control group."""
    scope = Scope.of(build)
    build.make("assignment_texts", texts(scope))
    yield assigned(scope)
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
