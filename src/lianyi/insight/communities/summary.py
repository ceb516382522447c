"""Table `communities`: each community with its name, place in the hierarchy and on the map, health and verdict."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from lianyi.insight.communities import declared, health, layout, naming
from lianyi.insight.communities.declared import WORDS, Declared
from lianyi.insight.communities.heights import COMMUNITY, PART
from lianyi.insight.communities.naming import Name
from lianyi.insight.communities.verdict import position, verdict
from lianyi.insight.scope import Scope
from lianyi.insight.tables import EVENTS, Build, Column, Table

_COUNT, _SHARE = pa.int64(), pa.float64()
HEALTH = {
    "active": _COUNT,
    "messages": _COUNT,
    "interactions": _COUNT,
    "many_way": _SHARE,
    "reciprocity": _SHARE,
    "gini": _SHARE,
    "top_share": _SHARE,
    "self_answers": _SHARE,
    "self_content": _SHARE,
    "answered": _SHARE,
    "noise": _SHARE,
    "newcomers": _COUNT,
    "newcomers_heard": _SHARE,
    "first_answer_hours": _SHARE,
    "buyers": _COUNT,
    "value": pa.decimal128(18, 4),
}
ROWS = "communities_made"
Row = dict[str, Any]


def base() -> str:
    """One row = one community now: height, parent, how, people now and at the refresh before."""
    return """
    SELECT community_id, max(height) AS height, max(parent_id) FILTER (WHERE weight IS NOT NULL) AS parent_id,
        max(how) AS how, count(weight) AS size,
        count(was) AS size_before FROM community_people GROUP BY community_id HAVING count(weight) > 0
    ORDER BY height DESC, size DESC, community_id
    """


def about_members() -> str:
    """One row = one community (height 1): share who bought, shares and orders per member."""
    return """
    SELECT m.community_id, avg(CASE WHEN m.orders > 0 THEN 1.0 ELSE 0.0 END) AS ever_bought,
        avg(CAST(m.orders AS DOUBLE)) AS orders, avg(coalesce(CAST(p.counts['share'] AS DOUBLE), 0.0)) AS shares
    FROM community_members m JOIN profiles p ON p.person_id = m.person_id GROUP BY m.community_id
    """


def build(build: Build) -> str:
    """Read everything of each community, name, judge and place it."""
    scope = Scope.of(build)
    build.make(WORDS, declared.words(scope))
    rows = _useful(build.engine.table(base()).to_pylist())
    read = _Read(build)
    children = _children(rows)
    names = _names(rows, children, read, build.parameters.get("communities", ()))
    places = _places(children, {row["community_id"]: row["size"] for row in rows}, read.near)
    made = [_row(row, names, places, children, read, build.as_of) for row in rows]
    build.engine.register(ROWS, pa.Table.from_pylist(made, schema=SCHEMA))
    build.made.append(ROWS)
    return f"SELECT * FROM {ROWS}"


def _useful(rows: Sequence[Row]) -> list[Row]:
    """Without fields that hold one community only: what is in them moves up."""
    parent = {row["community_id"]: row["parent_id"] for row in rows}
    children = Counter(parent.values())
    needless = {row["community_id"] for row in rows if row["height"] > COMMUNITY and children[row["community_id"]] < 2}

    def above(key: str | None) -> str | None:
        while key in needless:
            key = parent[key]
        return key

    return [{**row, "parent_id": above(row["parent_id"])} for row in rows if row["community_id"] not in needless]


class _Read:
    """What the table reads, by community."""

    def __init__(self, build: Build) -> None:
        engine = build.engine
        self.traits: dict[str, list[Row]] = defaultdict(list)
        for row in engine.table("SELECT * FROM community_traits ORDER BY community_id, kind, place").to_pylist():
            self.traits[row["community_id"]].append(row)
        self.health = _by_id(engine.table("SELECT * FROM community_health WHERE period = -1").to_pylist())
        self.members = _by_id(engine.table(about_members()).to_pylist())
        self.words = _by_id(engine.table(f"SELECT * FROM {WORDS}").to_pylist())
        self.tags = {row["tag"]: row for row in engine.table("SELECT tag, zh, en FROM tags").to_pylist()}
        self.near: dict[str, list[tuple[str, float]]] = defaultdict(list)
        near = engine.table("SELECT community_id, other_id, nearness FROM community_neighbours")
        columns = (near[name].to_pylist() for name in near.column_names)
        for one, other, nearness in zip(*columns, strict=True):
            self.near[one].append((other, nearness))
        self.before: Mapping[str, Row] = {}
        if build.previous is not None:
            columns_before = "community_id, name_zh, name_en, name_source, found_at"
            self.before = _by_id(engine.table(f"SELECT {columns_before} FROM {build.previous}").to_pylist())


def _by_id(rows: Sequence[Row]) -> dict[str, Row]:
    return {row["community_id"]: row for row in rows}


def _children(rows: Sequence[Row]) -> dict[str | None, list[str]]:
    """Parent (None: the top) → communities in it, largest first. A part without parent is no top: it is left out."""
    found: dict[str | None, list[str]] = defaultdict(list)
    for row in rows:
        if row["parent_id"] is not None or row["height"] != PART:
            found[row["parent_id"]].append(row["community_id"])
    return found


def _names(
    rows: Sequence[Row], children: Mapping[str | None, list[str]], read: _Read, listed: Sequence[Declared]
) -> dict[str, Name]:
    size = {row["community_id"]: row["size"] for row in rows}
    height = {row["community_id"]: row["height"] for row in rows}
    said = {one.id: Name(zh=one.zh, en=one.en, source="declared") for one in listed}
    names: dict[str, Name] = {}
    unnamed: list[str] = []
    for row in sorted(rows, key=lambda row: -row["height"]):
        key = row["community_id"]
        if row["height"] > COMMUNITY:
            below = _communities_below(key, children, height)
            name = naming.of_field([(size[one], read.traits[one]) for one in below], read.tags)
        elif row["height"] == PART:
            continue  # named after their community, below
        else:
            name = naming.named(read.traits[key], read.tags)
        names[key] = _said(key, read) or said.get(key) or _kept(key, read) or name or _plain(key)
        if name is None and row["height"] > COMMUNITY and names[key].source == "auto":
            unnamed.append(key)
    for key in unnamed:
        first = names[_communities_below(key, children, height)[0]]
        names[key] = Name(zh=f"{first.zh} 等", en=f"{first.en} and others")
    names = naming.unique(names, [row["community_id"] for row in rows if row["community_id"] in names])
    return names | _parts(rows, names, children, read)


def _parts(
    rows: Sequence[Row], names: Mapping[str, Name], children: Mapping[str | None, list[str]], read: _Read
) -> dict[str, Name]:
    """Parts are numbered in their community, largest first, unless an operator named them."""
    made: dict[str, Name] = {}
    for key in (row["community_id"] for row in rows if row["height"] == PART):
        made[key] = _said(key, read) or _plain(key)
    for parent, inside in children.items():
        for number, key in enumerate((one for one in inside if one in made), 1):
            above = names.get(parent or "")
            if above is not None and made[key].source == "auto":
                made[key] = Name(zh=f"{above.zh} / {number}", en=f"{above.en} / {number}")
    return made


def _communities_below(key: str, children: Mapping[str | None, list[str]], height: Mapping[str, int]) -> list[str]:
    """The communities (not parts) in a field, the largest of the first field first."""
    found: list[str] = []
    for child in children.get(key, []):
        found += [child] if height[child] <= COMMUNITY else _communities_below(child, children, height)
    return found


def _said(key: str, read: _Read) -> Name | None:
    words = read.words.get(key)
    if words is None or not (words["zh"] or words["en"]):
        return None
    return Name(zh=words["zh"] or words["en"], en=words["en"] or words["zh"], source="operator")


def _kept(key: str, read: _Read) -> Name | None:
    """The automatic name of the refresh before, while what it says is still true."""
    before = read.before.get(key)
    if before is None or before["name_source"] != "auto":
        return None
    name = Name(zh=before["name_zh"], en=before["name_en"])
    return name if naming.still_true(name, read.traits[key], read.tags) else None


def _plain(key: str) -> Name:
    """Nothing is over-represented. Never a person's name: tables that remember would keep it after an erasure."""
    return Name(zh=f"社群 {key[-4:]}", en=f"Community {key[-4:]}")


def _places(
    children: Mapping[str | None, list[str]], size: Mapping[str, int], near: Mapping[str, list[tuple[str, float]]]
) -> dict[str, tuple[float, float, float]]:
    """Community → x, y, r in the view of its parent; the largest SHOWN of each view have a place."""
    placed: dict[str, tuple[float, float, float]] = {}
    for ids in children.values():
        shown = ids[: layout.SHOWN]
        index = {name: place for place, name in enumerate(shown)}
        links = [
            (index[one], index[other], nearness)
            for one in shown
            for other, nearness in near.get(one, ())
            if one < other and other in index
        ]
        source, target = (np.array([link[end] for link in links], dtype=np.int64) for end in (0, 1))
        weight = np.array([link[2] for link in links], dtype=np.float64)
        spots = layout.spots(shown, np.array([size[name] for name in shown]), source, target, weight)
        placed |= {name: (float(spots.x[i]), float(spots.y[i]), float(spots.r[i])) for name, i in index.items()}
    return placed


def _row(
    row: Row,
    names: Mapping[str, Name],
    places: Mapping[str, tuple[float, float, float]],
    children: Mapping[str | None, list[str]],
    read: _Read,
    as_of: Any,
) -> Row:
    key = row["community_id"]
    lately = read.health.get(key, {})
    judged, parts = verdict(lately)
    x, y, r = places.get(key, (None, None, None))
    traits = read.traits[key]
    top = next((one for one in traits if one["kind"] == "category"), None)
    about = read.members.get(key)
    words = read.words.get(key) or {}
    placed: Row = {"side": "unknown", "aim": "unknown", "position_en": "", "position_zh": ""}
    if about is not None:
        facts = {
            "self_content": lately.get("self_content"),
            "self_answers": lately.get("self_answers"),
            "category": top["trait"] if top else None,
            "category_share": top["share"] if top else None,
            "buyers": about["ever_bought"],
            "shares": about["shares"],
            "orders": about["orders"],
        }
        placed = position(facts)
    said = {name: words[name] for name in ("side", "aim") if words.get(name)}
    return {
        **{name: row[name] for name in ("community_id", "height", "parent_id", "how", "size", "size_before")},
        "name_zh": names[key].zh,
        "name_en": names[key].en,
        "name_source": names[key].source,
        "children": len(children.get(key, ())),
        "rooms": [one["trait"] for one in traits if one["kind"] == "room"],
        **placed,
        **said,
        "position_said": bool(said),
        "verdict": judged,
        "verdict_parts": json.dumps(parts, default=float),
        **{name: lately.get(name) for name in HEALTH},
        "x": x,
        "y": y,
        "r": r,
        "found_at": read.before[key]["found_at"] if key in read.before else as_of,
    }


COLUMNS = {
    "community_id": (pa.string(), Column(en="id; stays from refresh to refresh", zh="社群编号，刷新后不变")),
    "height": (
        pa.int32(),
        Column(
            en="0 part of a community, 1 community, 2 field of communities, 3 field of fields …",
            zh="层级：0 子社群，1 社群，2 领域，3 更大的领域……",
        ),
    ),
    "parent_id": (pa.string(), Column(en="the community one height above", zh="上一层社群")),
    "how": (pa.string(), Column(en="ties (found) or declared", zh="ties 由关系发现，declared 由运营声明")),
    "size": (pa.int64(), Column(en="people in it", zh="人数", unit="people")),
    "size_before": (pa.int64(), Column(en="people at the refresh before", zh="上次刷新时人数", unit="people")),
    "name_zh": (pa.string(), Column(en="name in Chinese", zh="中文名")),
    "name_en": (pa.string(), Column(en="name in English", zh="英文名")),
    "name_source": (
        pa.string(),
        Column(en="auto (what is over-represented), operator, declared", zh="auto 自动、operator 人工、declared 声明"),
    ),
    "children": (pa.int64(), Column(en="communities one height below", zh="下一层社群数")),
    "rooms": (
        pa.list_(pa.string()),
        Column(en="rooms in which its people are clearly more often than others", zh="其成员明显集中的群"),
    ),
    "side": (
        pa.string(),
        Column(
            en="whose it is: brand, product, user; unknown without data",
            zh="归属：brand 品牌、product 产品、user 用户，数据不足为 unknown",
        ),
    ),
    "aim": (
        pa.string(),
        Column(
            en="what it serves: product, self_media, service; unknown without data",
            zh="类型：product 产品、self_media 自媒体、service 服务，数据不足为 unknown",
        ),
    ),
    "position_en": (pa.string(), Column(en="why, in English", zh="定位依据（英文）")),
    "position_zh": (pa.string(), Column(en="why, in Chinese", zh="定位依据（中文）")),
    "position_said": (pa.bool_(), Column(en="an operator said so", zh="定位由人工设定")),
    "verdict": (
        pa.string(),
        Column(
            en="community, crowd, or unknown where data lack", zh="判定：community 社群、crowd 人群，数据不足为 unknown"
        ),
    ),
    "verdict_parts": (
        pa.string(),
        Column(en="JSON: each part, its figure, what it needs, if it holds", zh="JSON：各项判据、数值、门槛与是否成立"),
    ),
    **{
        name: (
            kind,
            Column(
                en=f"{health.TABLE.columns[name].en}; last 84 days",
                zh=f"{health.TABLE.columns[name].zh}（最近 84 天）",
                unit=health.TABLE.columns[name].unit,
            ),
        )
        for name, kind in HEALTH.items()
    },
    "x": (
        pa.float64(),
        Column(
            en="centre on the map of its parent, 0 to 1; empty where the view is full",
            zh="在上层地图中的横坐标 0–1，未画出为空",
        ),
    ),
    "y": (pa.float64(), Column(en="centre on the map, 0 to 1", zh="在上层地图中的纵坐标 0–1")),
    "r": (pa.float64(), Column(en="radius on the map", zh="在上层地图中的半径")),
    "found_at": (pa.timestamp("us", tz="UTC"), Column(en="the refresh that first found it", zh="首次发现它的刷新时间")),
}
SCHEMA = pa.schema([(name, kind) for name, (kind, _) in COLUMNS.items()])

TABLE = Table(
    name="communities",
    en="One row = one community: a field of communities, a community, or a part of one.",
    zh="每行 = 一个社群：领域、社群或子社群。",
    rows_from=("community_people",),
    inputs=(
        EVENTS,
        "profiles",
        "tags",
        "community_people",
        "community_health",
        "community_traits",
        "community_neighbours",
        "community_members",
    ),
    key=("community_id",),
    order=("height DESC", "size DESC", "community_id"),
    parameters=("communities",),
    remembers=True,
    columns={name: column for name, (_, column) in COLUMNS.items()},
    build=build,
)
