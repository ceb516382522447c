"""What the brand itself would have told of its campaigns: who was in which arm, and which coupon they got.

Left out unless `WorldSettings.told`: insight must find effects without it, too. It speaks of people who had bought
before, in campaigns that were drawn person by person. A coupon campaign issues a version of one published offer to the
treated, for a month: seven in ten of them use it with their next order, which is cheaper then; a few try it too late or
again, and a few are people who never got it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa

from lianyi.world.life import Life
from lianyi.world.rows import join, rows, take
from lianyi.world.settings import DAY, HOUR, Bools, Ints, WorldSettings
from lianyi.world.shop import Shop

SHARE = 0.5  # of treatment, as campaigns draw
USED, LATE, AGAIN, PASSED_ON = 0.7, 0.1, 0.03, 0.003  # chance that an order names it
HOLDS, TRIED = 30, 10  # days on which it holds, and after that on which some still try
PERCENTS = (10, 15, 20, 25)  # of the versions, one after the other
COUPON = 1  # in ripples.INCENTIVES


@dataclass(frozen=True, kw_only=True)
class Issued:
    """A version of the offer while it is used. ends: day number; percent: off; has: who got it; used: who used it."""

    version: int
    ends: int
    percent: int
    has: Bools
    used: Bools


def code(settings: WorldSettings) -> str:
    """By which orders name the offer."""
    return f"{settings.plan.slug.upper()}-BACK"


def name(settings: WorldSettings) -> str:
    """What the offer is called."""
    return f"{settings.plan.zh}老友券"


def assigned_to(life: Life, shop: Shop, campaign: str, eligible: Bools, assigned: Bools) -> Bools:
    """Tell the arms of those who had bought before; returns who they are."""
    people = eligible & shop.bought
    person = np.flatnonzero(people)
    experiment = f"campaign/{campaign}"
    arm = take(pa.array(["control", "treatment"]), assigned[person].astype(np.int64))
    life.emit(
        rows(
            len(person), id=join(f"assigned:{experiment}/", person), at=_minutes(life, 8, len(person)), kind="assigned",
            source="lianyi", target_key=_keys(shop, person), campaign=campaign,
            props=join(f'{{"experiment":"{experiment}","of":"campaign","share":{SHARE},"arm":"', arm, '"}'),
        )
    )  # fmt: skip
    return people


def issue(life: Life, shop: Shop, campaign: str, has: Bools) -> None:
    """Issue the next version of the offer to these people, and let their orders use it."""
    settings, person = life.nature.settings, np.flatnonzero(has)
    version = shop.issued.version + 1 if shop.issued else 1
    percent = PERCENTS[(version - 1) % len(PERCENTS)]
    ends = datetime.fromtimestamp((life.midnight + HOLDS * DAY) / 1e6, tz=UTC) - timedelta(seconds=1)
    props = (
        f'{{"offer":"{name(settings)}","version":{version},"kind":"coupon","percent":"{percent}","amount":"0.00",'
        f'"least":"0.00","until":"{ends.isoformat()}","code":"{code(settings)}"}}'
    )
    life.emit(
        rows(
            len(person), id=join(f"offer:{version}/", person), at=_minutes(life, 9, len(person)), kind="offer",
            source="offers", target_key=_keys(shop, person), object_key=f"offer:{version}", campaign=campaign,
            currency="CNY", props=props,
        )
    )  # fmt: skip
    shop.issued = Issued(version=version, ends=life.day + HOLDS, percent=percent, has=has, used=np.zeros_like(has))


def taken_off(life: Life, shop: Shop, person: Ints, *, cause: int) -> tuple[Ints, Bools]:
    """Of each order: percent off, and whether it names the code. Nothing is drawn where nothing was issued."""
    live, count = shop.issued, len(person)
    if live is None or life.day >= live.ends + TRIED:
        return np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.bool_)
    of_holders = np.where(live.used[person], AGAIN, USED if life.day < live.ends else LATE)
    uses = life.dice(f"coupon {cause}").random(count) < np.where(live.has[person], of_holders, PASSED_ON)
    live.used[person[uses]] = True
    return np.where(uses, live.percent, 0), uses


def _minutes(life: Life, hour: int, count: int) -> Ints:
    return life.midnight + hour * HOUR + np.arange(count) * 1_000


def _keys(shop: Shop, person: Ints) -> pa.Array:
    return take(shop.keys[0], shop.keys[1][person])
