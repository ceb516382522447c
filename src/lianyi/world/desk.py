"""What the team does by hand: tags and notes on customers, and its hours."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from lianyi.world.identity import WECOM
from lianyi.world.life import Life
from lianyi.world.people import EMPLOYEE
from lianyi.world.rows import join, rows, take
from lianyi.world.settings import HOUR, Bools, Ints

TAGGED, NOTED = 0.0012, 0.0006  # share of customers per working day
NOTES = pa.array(
    [
        "电话沟通过，对新品感兴趣，周末再联系",
        "群里很热心，可以请来做体验官",
        "反馈物流慢，已道歉并登记",
        "送礼需求为主，节前提醒",
        "价格敏感，适合组合装",
        "asked for an English manual, sent by mail",
        "老客户，介绍过两位朋友",
    ]
)


def desk_of_day(life: Life) -> None:
    """On working days some customers are tagged by what they care for, fewer get a note; Friday books the hours."""
    weekday = life.nature.settings.date_of(life.day).weekday()
    if weekday >= 5:
        return
    dice = life.dice("desk")
    person = np.flatnonzero(customers(life) & (dice.random(life.nature.people.count) < TAGGED))
    topic = life.nature.people.interest[person].argmax(axis=1)
    words = pa.array([f"{category.zh}意向" for category in life.nature.settings.plan.categories])
    _write(life, dice, "tag", person, props=join('{"tag":"', take(words, topic), '","why":"聊天中提到"}'), text=None)
    person = np.flatnonzero(customers(life) & (dice.random(life.nature.people.count) < NOTED))
    _write(life, dice, "note", person, props=None, text=take(NOTES, dice.integers(0, len(NOTES), len(person))))
    if weekday == 4:
        _hours(life)


def customers(life: Life) -> Bools:
    """Who is there, is a WeCom contact, and is not of the team."""
    everybody = np.arange(life.nature.people.count)
    theirs = life.nature.identity.has[WECOM] & (life.nature.people.role != EMPLOYEE)
    return np.asarray(life.here(everybody) & theirs)


def _write(life: Life, dice: np.random.Generator, kind: str, person: Ints, *, props: pa.Array, text: pa.Array) -> None:
    staff = np.flatnonzero(life.nature.people.role == EMPLOYEE)
    by = staff[dice.integers(0, len(staff), len(person))]
    at = life.midnight + 9 * HOUR + (dice.random(len(person)) * 9 * HOUR).astype(np.int64)
    life.emit(
        rows(
            len(person), id=join(f"wecom:{kind}/", life.numbers(kind, len(person))), at=at, kind=kind, source="wecom",
            channel="wecom", actor_key=life.nature.identity.keys(WECOM, by), props=props, text=text,
            target_key=life.nature.identity.keys(WECOM, person),
        )
    )  # fmt: skip


def _hours(life: Life) -> None:
    """The week's hours of group work: four a day per colleague at 60 CNY."""
    staff = int((life.nature.people.role == EMPLOYEE).sum())
    minutes = staff * 5 * 240
    life.emit(
        rows(
            1, id=join("ledger:", life.numbers("cost", 1)), at=np.array([life.midnight + 18 * HOUR]), kind="cost",
            source="ledger", channel="wecom", value=np.array([minutes * 100]),
            props=f'{{"minutes":{minutes},"what":"labour"}}',
        )
    )  # fmt: skip
