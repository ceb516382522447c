"""Whom a person should pass a thing on to, from table `arrivals`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lianyi.insight.kernels import Longs
from lianyi.insight.ripples.receivers import History, Knowledge, Questions, learn, rank, reasons
from lianyi.memory.dialect import Dialect
from lianyi.memory.engine import Engine

LATEST = 1_000_000  # passings that are looked at


@dataclass(frozen=True, kw_only=True)
class Receiver:
    """One person to pass it on to. share: probability that it is this one, if one of those whom the sharer knows."""

    person_id: str
    share: float
    why_en: tuple[str, ...]
    why_zh: tuple[str, ...]


def receivers(
    engine: Engine, person: str, *, thing: str | None, category: str | None, at: datetime, best: int
) -> list[Receiver]:
    """The best receivers; reads `arrivals` on the engine."""
    d = Dialect(engine.dialect)
    name = "substr(stone, position(' ' IN stone) + 1)"
    rows = engine.table(f"""
        SELECT parent_person_id AS sharer, person_id AS receiver, {name} AS thing, category, "at"
        FROM arrivals WHERE how IN ('code', 'line') AND {d.size("flags")} = 0
        ORDER BY "at" DESC, event_id LIMIT {LATEST}
    """)
    rows = rows.take(np.arange(len(rows))[::-1])
    people = pc.unique(pa.chunked_array([*rows["sharer"].chunks, *rows["receiver"].chunks], pa.string()))
    me = people.to_pylist().index(person) if person in set(people.to_pylist()) else -1
    if me < 0:
        return []
    known = rows.filter(pc.equal(rows["thing"], thing))["category"] if thing else []
    category = category or next((value for value in reversed(list(known)) if value.is_valid), pa.scalar(None)).as_py()
    history = _history(rows, people)
    kind, group = _number(rows["category"], category), _number(_groups(rows["category"]), _top(category))
    question = Questions(
        sharer=np.array([me]), thing=_one(_number(rows["thing"], thing)), kind=_one(kind), group=_one(group),
        day=np.array([at.timestamp() / 86400]),
    )  # fmt: skip
    found = rank(Knowledge(history), question, learn(history), best=best)
    return [
        Receiver(
            person_id=people[int(who)].as_py(), share=float(share), why_en=tuple(en for en, _ in why),
            why_zh=tuple(zh for _, zh in why),
        )
        for who, share, why in zip(found.person, found.share, map(reasons, found.x), strict=True)
    ]  # fmt: skip


def _history(rows: pa.Table, people: pa.Array) -> History:
    micros = rows["at"].combine_chunks().cast(pa.int64()).to_numpy()
    return History(
        people=len(people), sharer=_codes(rows["sharer"], people), receiver=_codes(rows["receiver"], people),
        thing=_codes(rows["thing"], pc.unique(rows["thing"])),
        kind=_codes(rows["category"], pc.unique(rows["category"].drop_null())),
        group=_codes(_groups(rows["category"]), pc.unique(_groups(rows["category"]).drop_null())),
        day=micros / 86_400e6,
    )  # fmt: skip


def _codes(values: pa.ChunkedArray, words: pa.Array) -> Longs:
    """The place of each value among the words, -1 where it is none of them."""
    return np.asarray(pc.fill_null(pc.index_in(values, words), -1).to_numpy(), dtype=np.int64)


def _number(values: pa.ChunkedArray, value: str | None) -> int:
    words = pc.unique(values.drop_null()).to_pylist()
    return words.index(value) if value in words else -1


def _one(number: int) -> Longs:
    return np.array([number], dtype=np.int64)


def _groups(categories: pa.ChunkedArray) -> pa.ChunkedArray:
    """The first level of each category."""
    return pc.replace_substring_regex(categories, r" > .*$", "")


def _top(category: str | None) -> str | None:
    return category.split(" > ")[0] if category else None
