"""What a world is made from: its size, its seed, its days. Nothing else decides what happens in it."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import numpy as np
import numpy.typing as npt

from lianyi.errors import InputError
from lianyi.world.brand import BRANDS, Brand

Ints = npt.NDArray[np.integer[Any]]
Floats = npt.NDArray[np.floating[Any]]
Bools = npt.NDArray[np.bool_]

ZONE = timezone(timedelta(hours=8), "Asia/Shanghai")  # China has had no summer time since 1991
DAY = 86_400_000_000  # microseconds
HOUR = 3_600_000_000
MINUTE = 60_000_000
MONTH = 30  # days; the world's community life moves in steps of 30 days


@dataclass(frozen=True, kw_only=True)
class WorldSettings:
    """A world is a pure function of these.

    people: how many true people there are (2,000 is a village, 1,000,000 a city). seed: the only source of chance.
    start: first local day (Asia/Shanghai). days: how many days the log covers; it ends at local midnight.
    activity: factor on talking, browsing and sharing (0.2 gives a light log of the same people and orders).
    batch_rows: rows per yielded batch; has no influence on the events themselves. brand: a name in BRANDS.
    told: the brand's own acts are in the log as well: arms of campaigns, an offer and the orders that used it.
    turning: on some days the talk of a room turns to a category and lifts the demand of who is there (see turns).
    """

    people: int = 3000
    seed: int = 20260101
    start: date = date(2025, 1, 1)
    days: int = 365
    activity: float = 1.0
    batch_rows: int = 131_072
    brand: str = "lanya"
    told: bool = False
    turning: bool = False

    def __post_init__(self) -> None:
        if not 200 <= self.people <= 20_000_000:
            raise InputError(f"people = {self.people}; a world has 200 to 20,000,000 people")
        if not 1 <= self.days <= 3660:
            raise InputError(f"days = {self.days}; a world lasts 1 to 3,660 days")
        if not 0 < self.activity <= 20:
            raise InputError(f"activity = {self.activity}; write a factor above 0 and up to 20")
        if self.batch_rows < 1:
            raise InputError(f"batch_rows = {self.batch_rows}; at least 1 row per batch")
        if self.brand not in BRANDS:
            raise InputError(f"brand = {self.brand!r}; there are {', '.join(BRANDS)}")

    @classmethod
    def ending(cls, as_of: datetime, *, days: int = 365, **settings: Any) -> WorldSettings:
        """The world whose last event is before the local midnight that opens the day of `as_of`."""
        if as_of.tzinfo is None:
            raise InputError(f"as_of = {as_of.isoformat()} has no time zone; add one, e.g. {as_of.isoformat()}+08:00")
        return cls(start=as_of.astimezone(ZONE).date() - timedelta(days=days), days=days, **settings)

    @property
    def origin(self) -> int:
        """Microseconds since 1970 (UTC) of the local midnight that opens day 0."""
        midnight = datetime(self.start.year, self.start.month, self.start.day, tzinfo=ZONE)
        return int(midnight.timestamp()) * 1_000_000

    @property
    def end(self) -> datetime:
        """The moment before which everything has happened (UTC)."""
        return datetime.fromtimestamp((self.origin + self.days * DAY) / 1_000_000, tz=UTC)

    @property
    def plan(self) -> Brand:
        """The brand whose world this is."""
        return BRANDS[self.brand]

    def date_of(self, day: int) -> date:
        """The local date of a day number."""
        return self.start + timedelta(days=day)

    def dice(self, *names: str | int) -> np.random.Generator:
        """A generator of its own for each named purpose, so that one part never shifts the chance of another."""
        words = [zlib.crc32(name.encode()) if isinstance(name, str) else int(name) for name in names]
        return np.random.Generator(np.random.PCG64(np.random.SeedSequence([self.seed, *words])))
