"""Table `scenes`: in which hour, weekday, season, festival, city or after which talk a category is bought more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from lianyi.insight.demand.scenes import counting, finding, topics
from lianyi.insight.demand.scenes.festivals import next_begin
from lianyi.insight.demand.scenes.finding import codes
from lianyi.insight.demand.scenes.fitting import LEAST, Q
from lianyi.insight.scope import Scope
from lianyi.insight.tables import EVENTS, Build, Column, Table

ENOUGH = 3  # categories; with fewer, what people do at all is the yardstick as well
SHAPE = pa.schema(
    [("category", pa.string()), ("kind", pa.string()), ("scene", pa.string()), ("slices", pa.list_(pa.string())),
     ("purchases", pa.int64()), ("expected", pa.float64()), ("times", pa.int64()), ("raw_lift", pa.float64()),
     ("lift", pa.float64()), ("low", pa.float64()), ("high", pa.float64()), ("p", pa.float64()), ("q", pa.float64()),
     ("found", pa.bool_()), ("weak_purchases", pa.int64()), ("weak_lift", pa.float64()), ("weak_low", pa.float64()),
     ("weak_high", pa.float64()), ("next_on", pa.date32())]
)  # fmt: skip


def scenes(build: Build) -> Iterator[str]:
    """Count, find, and give the rows."""
    scope = Scope.of(build)
    build.make("scene_purchases", counting.purchases(scope))
    timed = build.engine.table(counting.by_time())
    rows: list[dict[str, Any]] = []
    if timed.num_rows:
        build.say("scenes")
        acting = build.engine.table(counting.activity(scope))
        placed = build.engine.table(counting.by_place())
        found = [*find_in_time(timed, acting), *find_in_places(placed), *find_in_talk(build, scope)]
        rows = [{**asdict(one), "next_on": _next(one, scope)} for one in found]
    build.engine.register("scenes_found", pa.Table.from_pylist(rows, schema=SHAPE))
    build.make("scene_rows", "SELECT * FROM scenes_found")
    build.drop("scenes_found", "scene_purchases")
    yield "SELECT * FROM scene_rows"


def find_in_talk(build: Build, scope: Scope) -> Iterator[finding.Found]:
    """Days after the talk of a group turned to a topic; nothing is asked where none did."""
    turned = build.engine.table(topics.turned()).to_pylist()
    if not turned:
        return
    build.make("scene_exposed", topics.exposures(scope))
    rows = build.engine.table(topics.counted(scope))
    build.drop("scene_exposed")
    yield from topics.find(
        rows, build.engine.table(topics.profile(scope)), {row["scene"]: row["times"] for row in turned}
    )


def find_in_time(timed: pa.Table, acting: pa.Table) -> Iterator[finding.Found]:
    """Hours, weekdays, seasons, festivals. timed: see counting.by_time. acting: see counting.activity."""
    categories, column = codes(timed["category"])
    day, hour = timed["day"].to_numpy().astype(np.int64), timed["hour"].to_numpy().astype(np.int64)
    first, last = int(day.min()), int(day.max())
    days = np.arange(first, last + 1)
    extra = acting.filter((acting["day"].to_numpy() >= first) & (acting["day"].to_numpy() <= last))
    busy = np.zeros((len(days), 24))
    busy[extra["day"].to_numpy().astype(np.int64) - first] = np.stack(
        [extra[f"h{number}"].to_numpy() for number in range(24)], axis=1
    )
    yardstick = len(categories) < ENOUGH

    def table(rows: Any, count: int, values: str, others: Any) -> Any:
        whole = np.zeros((count, len(categories)))
        np.add.at(whole, (rows, column), timed[values].to_numpy().astype(np.float64))
        return np.column_stack([whole, others]) if yardstick else whole

    if len(days) >= finding.LEAST_DAYS["hour"]:
        hours = [table(hour, 24, values, busy.sum(axis=0)) for values in ("bought", "weak")]
        yield from finding.find(finding.hour_slices(categories, *hours))
    daily = [table(day - first, len(days), values, busy.max(axis=1)) for values in ("bought", "weak")]
    yield from finding.find(finding.day_slices(categories, days, *daily))


def find_in_places(placed: pa.Table) -> Iterator[finding.Found]:
    """Cities. placed: see counting.by_place."""
    if not placed.num_rows:
        return
    categories, column = codes(placed["category"])
    cities, row = codes(placed["city"])
    counts = []
    for values in ("bought", "weak"):
        whole = np.zeros((len(cities), len(categories)))
        np.add.at(whole, (row, column), placed[values].to_numpy().astype(np.float64))
        counts.append(whole)
    most = np.sort(np.argsort(-counts[0].sum(axis=1), kind="stable")[: finding.PLACES])
    yield from finding.find(
        finding.place_slices(categories, tuple(cities[place] for place in most), counts[0][most], counts[1][most])
    )


def _next(one: finding.Found, scope: Scope) -> Any:
    return next_begin(one.scene, finding.EPOCH + timedelta(days=scope.today)) if one.kind == "festival" else None


TABLE = Table(
    name="scenes",
    en="One row = one category in one scene (hour, weekday, season, festival, city, topic of a group): how much more "
    "it is bought there.",
    zh="每行 = 一个类目在一个场景（时段、星期、季节、节日、城市、群话题）中的需求提升。",
    inputs=(EVENTS, "keys", "person_days", "profiles", "group_topics"),
    key=("category", "kind", "scene"),
    order=("category", "kind", "scene"),
    columns={
        "category": Column(en="the category", zh="类目"),
        "kind": Column(en="hour, weekday, season, festival, place or topic",
                       zh="场景种类：时段、星期、季节、节日、地点、群话题"),
        "scene": Column(en="the scene: hour of the day, weekday, season, festival, city; from-to where neighbours are "
                        "joined; category:… or theme:… to which the talk of a group of theirs turned on one of the two "
                        "days before", zh="场景；相邻的合并为 起-止；category:… 或 theme:… 表示此前两天内所在群的话题"),
        "slices": Column(en="the hours, weekdays … of which it is made", zh="构成该场景的时段或日子"),
        "purchases": Column(en="purchases in it (one person, one category, one day)", zh="场景内购买数（人×类目×天）"),
        "expected": Column(en="purchases that were to be expected without a lift: by the category's size and what all "
                           "categories did then", zh="无提升时的预期购买数"),
        "times": Column(en="how often the scene was seen in the log; 1 festival is one observation of a season; of a "
                        "topic: days of groups on which talk turned to it",
                        zh="日志中出现的次数"),
        "raw_lift": Column(en="purchases ÷ expected", zh="原始提升 = 购买 ÷ 预期", unit="times"),
        "lift": Column(en="the same, drawn to 1 where little was seen (empirical Bayes)",
                       zh="收缩后的提升（经验贝叶斯）", unit="times"),
        "low": Column(en="95 % interval, lower end", zh="95% 区间下限", unit="times"),
        "high": Column(en="upper end", zh="区间上限", unit="times"),
        "p": Column(en=f"chance of so much if the true lift were {LEAST}", zh=f"真实提升为 {LEAST} 时出现此值的概率"),
        "q": Column(en="share of false ones to be expected among all scenes up to this one (Benjamini–Hochberg)",
                    zh="错误发现率（BH）"),
        "found": Column(en=f"the lift is above {LEAST}, with at most {Q:.0%} false ones among all that are found",
                        zh=f"提升超过 {LEAST}，所有“已发现”中预期错误不超过 {Q:.0%}"),
        "weak_purchases": Column(en=f"purchases in it by people without one of the category for {counting.WEAK_DAYS} "
                                 "days", zh=f"其中 {counting.WEAK_DAYS} 天内未买过该类目的人的购买数"),
        "weak_lift": Column(en="lift among them: above the lift, a weak need turns strong here; empty unless found",
                            zh="这些人的提升：高于整体提升说明弱需求在此变强", unit="times"),
        "weak_low": Column(en="95 % interval, lower end", zh="95% 区间下限", unit="times"),
        "weak_high": Column(en="upper end", zh="区间上限", unit="times"),
        "next_on": Column(en="of a festival: the first day of its next week", zh="节日下次场景的开始日期"),
    },
    build=scenes,
)  # fmt: skip
