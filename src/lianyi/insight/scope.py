"""What every step needs to know beside its tables: the moment, the zone, the currency, the way to write SQL."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from lianyi.insight import zone
from lianyi.insight.tables import Build
from lianyi.memory.dialect import Dialect
from lianyi.memory.events import PASSIVE_KINDS

# "at" is a word of SQL, so it stands in quotes; as `moment` it needs none.
AT = 'e."at"'
MOMENT = f"{AT} AS moment"


@dataclass(frozen=True, kw_only=True)
class Scope:
    """as_of: events later than this do not count. timezone: of days, hours and weekdays. currency: of spend.
    events: the relation with the log, or with those of its events that a step needs. keys: the relation that says whose
    a key is. among: SQL that gives the person_id of those who are asked about, '' for everybody.
    """

    as_of: datetime
    timezone: str
    currency: str
    dialect: Dialect = field(default_factory=Dialect)
    events: str = "events"
    keys: str = "keys"
    among: str = ""

    @classmethod
    def of(cls, build: Build) -> Scope:
        """The scope of one build."""
        return cls(
            as_of=build.as_of,
            timezone=build.settings.timezone,
            currency=build.settings.currency,
            dialect=Dialect(build.engine.dialect),
        )

    @property
    def today(self) -> int:
        """Number of the local day of as_of."""
        return zone.local_day(self.as_of, self.timezone)

    def local(self, time: str) -> str:
        """SQL: local microseconds of a time."""
        return zone.local_micros(self.dialect, time, self.timezone, self.as_of.year + 1)

    def day(self, time: str) -> str:
        """SQL: number of the local day of a time."""
        return zone.day_of(self.dialect, self.local(time))

    def hour(self, time: str) -> str:
        """SQL: local hour of a time."""
        return zone.hour_of(self.dialect, self.local(time))

    def date(self, days: str) -> str:
        """SQL: the date of a day's number."""
        return self.dialect.date(days)

    def happened(self, alias: str = "e") -> str:
        """SQL condition: the event had happened at as_of."""
        return f'{alias}."at" <= {self.dialect.time(self.as_of)}'

    def asked(self, alias: str) -> str:
        """SQL condition: the row's person is asked about."""
        return f"{alias}.person_id IN ({self.among})" if self.among else "TRUE"

    def done(self, *columns: str, where: str = "TRUE") -> str:
        """SQL in parentheses: events that somebody did, up to as_of. One row = one event, with the actor's person_id
        and the given columns of the log (`e`). Written out at each use, so that each reads only the columns it names.
        """
        listed = "".join(f", {column}" for column in columns)
        return (
            f"(SELECT k.person_id{listed} FROM {self.events} e JOIN {self.keys} k ON e.actor_key = k.key "
            f"WHERE {self.happened()} AND {self.asked('k')} AND {where})"
        )

    def received(self, *columns: str, where: str = "TRUE") -> str:
        """SQL in parentheses: events done to somebody, up to as_of; the target's person_id and the given columns."""
        listed = "".join(f", {column}" for column in columns)
        return (
            f"(SELECT k.person_id{listed} FROM {self.events} e JOIN {self.keys} k ON e.target_key = k.key "
            f"WHERE {self.happened()} AND {self.asked('k')} AND {where})"
        )

    @property
    def alive(self) -> str:
        """SQL condition: the event shows that its actor is alive (kinds of one's own count)."""
        return f"e.kind NOT IN ({', '.join(self.dialect.text(kind) for kind in PASSIVE_KINDS)})"
