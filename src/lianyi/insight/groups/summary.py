"""Table `groups`: each group as it is now: people, health of the last four weeks, verdict, what to fix first."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa

from lianyi.insight.communities.acts import MEMBERS
from lianyi.insight.communities.naming import room_name
from lianyi.insight.communities.verdict import verdict
from lianyi.insight.groups import acts, fixing
from lianyi.insight.scope import Scope
from lianyi.insight.tables import EVENTS, Build, Column, Table

NAMES, ROWS = "group_names", "groups_made"
_SHARE, _COUNT = pa.float64(), pa.int64()
HEALTH = {
    "active": _COUNT, "messages": _COUNT, "interactions": _COUNT, "many_way": _SHARE, "reciprocity": _SHARE,
    "gini": _SHARE, "top_share": _SHARE, "self_answers": _SHARE, "self_content": _SHARE, "answered": _SHARE,
    "questions": _COUNT, "unanswered": _SHARE, "answer_minutes": _SHARE, "core": _COUNT, "lurkers": _SHARE,
    "newcomers": _COUNT, "newcomers_heard": _SHARE, "first_answer_hours": _SHARE, "joined": _COUNT, "gone": _COUNT,
    "churn": _SHARE, "buyers": _COUNT, "value": pa.decimal128(18, 4),
}  # fmt: skip
SCHEMA = pa.schema(
    [
        ("group_key", pa.string()), ("name", pa.string()), ("platform", pa.string()), ("members", _COUNT),
        *HEALTH.items(), ("verdict", pa.string()), ("verdict_parts", pa.string()), ("fix", pa.string()),
        ("fixes", pa.string()), ("weight", _SHARE), ("messages_before", _COUNT),
    ]
)  # fmt: skip


def names(scope: Scope) -> str:
    """One row = one group with members or talk: its newest name, if one is known."""
    d = scope.dialect
    newest = d.struct(moment='e."at"', name="coalesce(e.text, '')")
    return f"""
    SELECT a.group_key, max(m.members) AS members, nullif(max(n.newest).name, '') AS name FROM (
        SELECT community_id AS group_key FROM {MEMBERS} UNION SELECT group_key FROM group_health
    ) AS a LEFT JOIN (SELECT community_id, count(*) AS members FROM {MEMBERS} GROUP BY 1) AS m
        ON m.community_id = a.group_key
    LEFT JOIN (
        SELECT e.group_key, max({newest}) AS newest FROM {scope.events} e
        WHERE e.kind = 'group' AND e.text IS NOT NULL AND {scope.happened()} GROUP BY e.group_key
    ) AS n ON n.group_key = a.group_key GROUP BY a.group_key
    """


def build(build: Build) -> str:
    """Read, judge, rank."""
    scope = Scope.of(build)
    build.make(MEMBERS, acts.members(scope))
    build.make(NAMES, names(scope))
    engine = build.engine
    health = {row["group_key"]: row for row in engine.table("SELECT * FROM group_health WHERE week = -1").to_pylist()}
    earlier = engine.table(
        "SELECT group_key, CAST(sum(messages) AS BIGINT) AS n FROM group_health "
        f"WHERE week >= {acts.WHOLE_WEEKS} AND week < {2 * acts.WHOLE_WEEKS} GROUP BY group_key"
    )
    before = dict(zip(earlier["group_key"].to_pylist(), earlier["n"].to_pylist(), strict=True))
    rows = engine.table(f"SELECT * FROM {NAMES} ORDER BY group_key").to_pylist()
    made = [_row(row, health.get(row["group_key"], {}), before.get(row["group_key"])) for row in rows]
    engine.register(ROWS, pa.Table.from_pylist(made, schema=SCHEMA))
    build.made.append(ROWS)
    return f"SELECT * FROM {ROWS}"


def _row(row: dict[str, Any], health: dict[str, Any], before: int | None) -> dict[str, Any]:
    judged, parts = verdict({**health, "top_share": health.get("top_share")})
    found = fixing.fixes(health, parts)
    key = row["group_key"]
    return {
        "group_key": key,
        "name": row["name"] or room_name(key),
        "platform": key.partition(":")[2].partition("/")[0],
        "members": row["members"] or 0,
        **{name: health.get(name) for name in HEALTH},
        "active": health.get("active") or 0,
        "messages": health.get("messages") or 0,
        "verdict": judged,
        "verdict_parts": json.dumps(parts, default=float),
        "fix": found[0]["part"] if found else None,
        "fixes": json.dumps(found, default=float),
        "weight": found[0]["weight"] if found else 0.0,
        "messages_before": before,
    }


TABLE = Table(
    name="groups",
    en="One row = one group: people now, its last four weeks, the verdict, and what to fix first.",
    zh="每行 = 一个群：现成员、最近四周的状况、社群或人群的判定，以及最应先改进之处。",
    inputs=(EVENTS, "keys", "profiles", "group_health"),
    key=("group_key",),
    order=("group_key",),
    columns={
        "group_key": Column(en="the group", zh="群"),
        "name": Column(en="its newest name; else what its key says", zh="最新群名；未知则取标识"),
        "platform": Column(en="the platform it lives on", zh="所在平台"),
        "members": Column(en="members now", zh="现成员数", unit="people"),
        **{
            name: Column(
                en=f"group_health.{name} of the last 28 days; empty where unknown",
                zh=f"group_health.{name} 的最近 28 天值；未知为空",
            )
            for name in HEALTH
        },
        "verdict": Column(en="community, crowd or unknown", zh="community 社群、crowd 人群、unknown 未知"),
        "verdict_parts": Column(
            en="the parts: value, what is needed, whether it holds (JSON)", zh="各项的值、门槛与是否达标（JSON）"
        ),
        "fix": Column(
            en="the part to fix first; empty where all that is known holds", zh="最应先改进的一项；已知项均达标则为空"
        ),
        "fixes": Column(en="all that falls short, heaviest first (JSON)", zh="全部未达标项，按权重排序（JSON）"),
        "weight": Column(
            en="weight of the first: 0 nothing to fix, 1 entirely short", zh="首项权重：0 无需改进，1 完全未达标"
        ),
        "messages_before": Column(en="messages of the four weeks before", zh="此前四周的消息数"),
    },
    build=build,
)
