"""Table `touches`: what the k-th touch was followed by and what it added, by audience, number and spacing."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lianyi.insight.effects.estimates import Bools, Estimate, Ints
from lianyi.insight.effects.touches.moments import DRAWN, GAPS, MOST, NOT_TOUCHED, TOUCHED, Moments, moments
from lianyi.insight.effects.touches.reading import ANY, MESSAGE, Read, parameter, read, seats
from lianyi.insight.effects.touches.words import GAP, NUMBER, OF
from lianyi.insight.tables import EVENTS, Build, Column, Table, of_kinds

# With fewer touches there is no row; of so many communities (the largest, with so many people) rows are made.
LEAST, COMMUNITIES, SEATED = 100, 30, 100
EVERYBODY, BOUGHT, ACTIVE, COMMUNITY, AUDIENCE = "all", "bought", "active", "community", "audience"
ENDS = ("", "_low", "_high")
TOLD = ("response", "raw", "adjusted", "offered", "more", "by_lot", "selection", "left")
SCHEMA = pa.schema(
    [("audience", pa.string()), ("member", pa.string()), ("counted", pa.string()), ("axis", pa.string()),
     ("step", pa.int32()), ("touched", pa.int64()), ("touched_people", pa.int64()), ("bought", pa.int64()),
     ("untouched", pa.int64()), ("treated", pa.int64()), ("held", pa.int64()),
     *((f"{name}{end}", pa.float64()) for name in TOLD for end in ENDS),
     ("adjusted_se", pa.float64()), ("by_lot_se", pa.float64()), ("overlap", pa.float64()), ("flags", pa.string())]
)  # fmt: skip


def build(build: Build) -> str:
    """The SQL of table `touches`."""
    found = read(build, LEAST)
    rows = list(_rows(build, found)) if found is not None else []
    build.engine.register("touch_rows", pa.Table.from_pylist(rows, schema=SCHEMA))
    build.made.append("touch_rows")
    return "SELECT * FROM touch_rows"


def _rows(build: Build, found: Read) -> Iterator[dict[str, Any]]:
    of_messages, belonging = moments(found.log), list(_belonging(build, len(found.log.first)))
    for by, column in ((NUMBER, of_messages.had), (GAP, of_messages.gap)):
        ordered = of_messages.at(np.lexsort((of_messages.person, column)))
        for audience, member, rows in _audiences(ordered, belonging):
            yield from _told((audience, member, MESSAGE), by, ordered if rows is None else ordered.at(rows))
    if len(found.others):
        both = np.sort(np.concatenate([found.log.touches, found.others]), kind="stable")
        everything = moments(replace(found.log, touches=both))
        for by, column in ((NUMBER, everything.had), (GAP, everything.gap)):
            ordered = everything.at(np.lexsort((everything.person, column)))
            yield from _told((EVERYBODY, "", ANY), by, ordered)


def _audiences(of: Moments, belonging: Sequence[tuple[str, str, Bools]]) -> Iterator[tuple[str, str, Bools | None]]:
    """Who is told apart: everybody; by what was known at the moment; by community and audience as of now."""
    yield EVERYBODY, "", None
    for name, rows in ((BOUGHT, of.earlier > 0), (ACTIVE, of.active > 0)):
        yield name, "no", ~rows
        yield name, "yes", rows
    for audience, member, holds in belonging:
        yield audience, member, holds[of.person]


def _belonging(build: Build, count: int) -> Iterator[tuple[str, str, Bools]]:
    """Communities and audiences with so many people that they are told of, and whom of all `count` they hold."""
    for audience, found in ((COMMUNITY, _seated(build)), (AUDIENCE, _asked(build))):
        for member, people in found:
            holds = np.zeros(count, dtype=np.bool_)
            holds[people] = True
            yield audience, member, holds


def _seated(build: Build) -> Iterator[tuple[str, Ints]]:
    found = build.engine.table(f"{seats()} ORDER BY community_id, number")
    sizes = pc.value_counts(found["community_id"]).to_pylist()
    large = sorted((one for one in sizes if one["counts"] >= SEATED), key=lambda one: (-one["counts"], one["values"]))
    for one in large[:COMMUNITIES]:
        yield one["values"], found.filter(pc.equal(found["community_id"], one["values"]))["number"].to_numpy()


def _asked(build: Build) -> Iterator[tuple[str, Ints]]:
    files = parameter(build.parameters)
    if not files:
        return
    ids = build.engine.table("SELECT person_id FROM touch_people ORDER BY number")["person_id"]
    for number, path in sorted(files.items()):
        inside = pc.is_in(ids, value_set=pq.read_table(path)["person_id"].combine_chunks())
        people = np.flatnonzero(inside.to_numpy(zero_copy_only=False))
        if len(people) >= SEATED:
            yield number, people


def _told(of: tuple[str, str, str], by: str, ordered: Moments) -> Iterator[dict[str, Any]]:
    """Rows of one audience; moments come in the order of their state, people together. The step of a moment before the
    k-th touch is k; step 0 is nobody touched yet. The steps of gaps count bins from 0."""
    from lianyi.insight.effects.touches.estimating import none_yet, step

    column = ordered.had if by == NUMBER else ordered.gap
    names = {"audience": of[0], "member": of[1], "counted": of[2], "axis": by}
    first = 0 if by == NUMBER else -1
    bounds = np.searchsorted(column, np.arange(first, (MOST if by == NUMBER else len(GAPS)) + 2))
    for state, (begin, end) in enumerate(pairwise(bounds), start=first):
        if begin == end or state < 0:
            continue
        had = ordered.at(slice(begin, end))  # type: ignore[arg-type]
        if by == NUMBER and state == 0:
            yield {**names, "step": 0, **_counts(had, TOUCHED + 9), **_ends("response", none_yet(had))}
        found = step(had)
        flags = {flag for name in TOLD for flag in getattr(found, name).flags}
        yield {
            **names, "step": state + 1 if by == NUMBER else state, **_counts(had, TOUCHED),
            **{key: value for name in TOLD for key, value in _ends(name, getattr(found, name)).items()},
            "adjusted_se": _number(found.adjusted.se), "by_lot_se": _number(found.by_lot.se),
            "overlap": found.overlap, "flags": ",".join(sorted(flags)),
        }  # fmt: skip


def _counts(had: Moments, what: int) -> dict[str, int]:
    touched, drawn = had.what == what, had.what == DRAWN
    return {
        "touched": int(touched.sum()),
        "touched_people": int(np.count_nonzero(np.diff(had.person[touched], prepend=-1))),
        "bought": int(had.bought[touched].sum()), "untouched": int((had.what == NOT_TOUCHED).sum()),
        "treated": int((drawn & had.arm).sum()), "held": int((drawn & ~had.arm).sum()),
    }  # fmt: skip


def _ends(name: str, one: Estimate) -> dict[str, float | None]:
    return {f"{name}{end}": _number(value) for end, value in zip(ENDS, (one.estimate, one.low, one.high), strict=True)}


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _range(name: str, en: str, zh: str) -> dict[str, Column]:
    """An estimate with its interval."""
    return {
        name: Column(en=en, zh=zh),
        f"{name}_low": Column(en="its 95 % interval, lower end", zh="95% 区间下限"),
        f"{name}_high": Column(en="upper end", zh="上限"),
    }


TABLE = Table(
    name="touches",
    en="One row = one audience and number of touches (or gap since the touch before): what the touch was followed by, "
    "and what it added.",
    zh="每行 = 一类人的第几次触达（或距上次触达的间隔）：之后下单的比例，以及这次触达带来的增量。",
    inputs=(EVENTS, "keys", "people", "person_days", "assignments", "community_people"),
    rows_from=of_kinds("sent"),
    parameters=("audiences",),
    key=("audience", "member", "counted", "axis", "step"),
    order=("audience", "member", "counted", "axis", "step"),
    columns={
        **OF,
        "axis": Column(en="number, or gap since the touch before", zh="number 按次数、gap 按间隔"),
        "step": Column(
            en="number: the k-th touch since the last order within 90 days, 0 = none, 13 = 13th or later; gap: 0 under "
            "1 day, 1: 1-3 days, 2: 3-7, 3: 7-14, 4: more",
            zh="number：90 天内且上次下单后的第几次触达，0 未触达，13 为第 13 次及以后；"
            "gap：0 不足 1 天，1 为 1–3 天，2 为 3–7，3 为 7–14，4 更久",
        ),
        "touched": Column(en="such touches in a year", zh="一年内这样的触达数"),
        "touched_people": Column(en="people who had them", zh="涉及人数", unit="people"),
        "bought": Column(en="of these touches, followed by an order within 7 days", zh="其中 7 天内有订单的"),
        "untouched": Column(en="moments without a touch to compare with", zh="用作对比的未触达时刻数"),
        "treated": Column(en="places in experiments that say: send", zh="实验组的分配次数"),
        "held": Column(en="places that say: hold out", zh="对照组的分配次数"),
        **_range("response", "share of the touches followed by an order within 7 days (step 0: of moments without a "
                 "touch)", "触达后 7 天内下单的比例（step 0：未触达时刻）"),
        **_range("raw", "the same less that of people who had had as many touches and were not touched then",
                 "与当时触达次数相同但未被触达者的差"),
        **_range("adjusted", "the same among people alike (orders, activity, time known, time since the touch)",
                 "在相似人群（订单、活跃、认识时长、间隔）之内的差"),
        **_range("offered", "by lot: orders that being assigned to a message added",
                 "按随机分配：分到触达组带来的下单增量"),
        **_range("more", "by lot: messages that being assigned added", "按随机分配：分到触达组多收到的消息数"),
        **_range("by_lot", "by lot: orders that one message added (offered ÷ more)",
                 "按随机分配：每条消息带来的下单增量"),
        **_range("selection", "the selection effect: raw less by lot", "选择效应：raw 减 by_lot"),
        **_range("left", "what is left of it among people who are alike: adjusted less by lot", "调整后剩余的选择效应"),
        "adjusted_se": Column(en="standard error of adjusted", zh="adjusted 的标准误"),
        "by_lot_se": Column(en="standard error of by_lot", zh="by_lot 的标准误"),
        "overlap": Column(en="share of the touched who have people alike to compare with", zh="有相似对照者的比例"),
        "flags": Column(
            en="why something is empty: too_few, no_lot (nobody was held out), few_reached, no_overlap",
            zh="为空的原因：too_few 太少、no_lot 没有对照组、few_reached 触达太少、no_overlap 无可比者",
        ),
    },
    build=build,
)  # fmt: skip
