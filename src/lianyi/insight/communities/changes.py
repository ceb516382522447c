"""Table `community_changes`: found, born, grew, split, merged, faded: what happened to communities, and when."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lianyi.insight.communities.heights import COMMUNITY
from lianyi.insight.tables import Build, Column, Table

# It grew when it has GROWN times the people of its last entry here, and at least GROWN_BY more.
GROWN, GROWN_BY = 1.3, 5
MADE = "changes_made"
Row = dict[str, Any]

COLUMNS = {
    "at": (pa.timestamp("us", tz="UTC"), Column(en="the refresh that saw it", zh="发现该变化的刷新时间")),
    "what": (
        pa.string(),
        Column(
            en="found (at the first refresh), born, grew, split, merged, faded",
            zh="found 首次刷新发现、born 诞生、grew 壮大、split 分裂、merged 合并、faded 消散",
        ),
    ),
    "community_id": (pa.string(), Column(en="the community it happened to", zh="发生变化的社群")),
    "other_id": (
        pa.string(),
        Column(
            en="born: the one it came from, if any; split: the new one; merged: the one that took its people in",
            zh="born：来源社群；split：新社群；merged：并入的社群；否则为空",
        ),
    ),
    "height": (pa.int32(), Column(en="its height", zh="层级")),
    "name_en": (pa.string(), Column(en="its name then, in English", zh="当时英文名")),
    "name_zh": (pa.string(), Column(en="its name then, in Chinese", zh="当时中文名")),
    "size": (pa.int64(), Column(en="people after it", zh="变化后人数", unit="people")),
    "size_before": (pa.int64(), Column(en="people before it", zh="变化前人数", unit="people")),
}
SCHEMA = pa.schema([(name, kind) for name, (kind, _) in COLUMNS.items()])


def states() -> str:
    """One row = one community (no fields, no parts) now or at the refresh before."""
    return f"""
    SELECT s.*, c.name_en, c.name_zh FROM (
        SELECT community_id, max(height) AS height, count(weight) AS size, count(was) AS size_before,
            max(origin_id) AS origin_id, max(heir_id) AS heir_id, max(moment) AS moment
        FROM community_people WHERE height = {COMMUNITY} GROUP BY community_id
    ) AS s LEFT JOIN communities c ON c.community_id = s.community_id
    ORDER BY community_id
    """


def news(rows: list[Row], before: Mapping[str, Row], *, first: bool) -> list[Row]:
    """What happened according to the states; before: the last entry of each community here."""
    made: list[Row] = []
    for row in rows:
        if row["size"] and row["community_id"] not in before and (first or row["size_before"]):
            made.append(_entry("found", row, None, before))
        elif row["size"] and not row["size_before"]:
            made.append(_entry("born", row, row["origin_id"], before))
            origin = row["origin_id"]
            if origin is not None:
                parent = next((one for one in rows if one["community_id"] == origin), None)
                if parent is not None:
                    made.append(_entry("split", parent, row["community_id"], before))
        elif row["size_before"] and not row["size"]:
            made.append(_entry("merged" if row["heir_id"] else "faded", row, row["heir_id"], before))
        elif _grew(row, before.get(row["community_id"])):
            made.append(_entry("grew", row, None, before))
    return made


def _grew(row: Row, last: Row | None) -> bool:
    size = last["size"] if last else row["size_before"]
    return bool(row["size"] >= max(GROWN * size, size + GROWN_BY))


def _entry(what: str, row: Row, other: str | None, before: Mapping[str, Row]) -> Row:
    named = row if row["name_en"] else before.get(row["community_id"], {"name_en": "", "name_zh": ""})
    known = what == "grew" and row["community_id"] in before
    size_before = before[row["community_id"]]["size"] if known else row["size_before"]
    return {
        "at": row["moment"],
        "what": what,
        "community_id": row["community_id"],
        "other_id": other,
        "height": row["height"],
        "name_en": named["name_en"],
        "name_zh": named["name_zh"],
        "size": row["size"],
        "size_before": size_before,
    }


def build(build: Build) -> str:
    """The entries so far, and the new ones."""
    columns = ", ".join(f'"{name}"' for name in COLUMNS)
    old = SCHEMA.empty_table()
    if build.previous is not None:
        moment = build.engine.table("SELECT max(moment) AS m FROM community_people")["m"][0].as_py()
        old = build.engine.table(f"SELECT {columns} FROM {build.previous}").cast(SCHEMA)
        # The table made again from the same refresh tells the same once.
        if moment is not None:
            old = old.filter(pc.less(old["at"], pa.scalar(moment, pa.timestamp("us", tz="UTC"))))
    last = {row["community_id"]: row for row in old.sort_by("at").to_pylist()}
    made = news(build.engine.table(states()).to_pylist(), last, first=old.num_rows == 0)
    build.engine.register(MADE, pa.concat_tables([old, pa.Table.from_pylist(made, schema=SCHEMA)]))
    build.made.append(MADE)
    return f"SELECT * FROM {MADE}"


TABLE = Table(
    name="community_changes",
    en="One row = one thing that happened to a community (not to fields or parts).",
    zh="每行 = 一个社群（不含领域与子社群）的一次变化。",
    inputs=("community_people", "communities"),
    key=("at", "what", "community_id", "other_id"),
    order=('"at" DESC', "community_id", "what"),
    remembers=True,
    columns={name: column for name, (_, column) in COLUMNS.items()},
    build=build,
)
