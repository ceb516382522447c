"""When a condition may change by time alone: windows that end, ages of moments that pass a border.

Nothing but time need happen: the order that was "within 60 days" is older the next second. For each place where a
condition looks at a clock the moments are worked out at which it may turn for a person; whoever follows an audience
looks at these people then, and at nobody else. Moments are named too often rather than not at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from lianyi.insight.conditions import syntax as s
from lianyi.insight.conditions import vocabulary as words
from lianyi.insight.conditions.asking import Question
from lianyi.insight.conditions.checking import type_of
from lianyi.insight.conditions.related import Beside
from lianyi.insight.conditions.scan import Figure, follows, selection_of
from lianyi.insight.scope import AT
from lianyi.insight.zone import DAY, EPOCH

# Columns that count local days up to now, and the moment from which they count.
_DAYS_FROM = {"recency_days": "last_order"}


@dataclass(frozen=True, kw_only=True)
class Turns:
    """SQL of rows (person_id, due): a moment in the span at which a condition may turn for a person; '' for none.
    everybody: it may turn for anybody at any time in the span, in a way that can't be told ahead."""

    sql: str
    everybody: bool


def turns(tree: s.Node, question: Question, *, after: datetime, until: datetime) -> Turns:
    """The moments after `after`, up to `until`, at which the condition may turn by time alone."""
    finder = _Finder(replace(question, scope=replace(question.scope, as_of=until)), after, until)
    parts = list(dict.fromkeys(finder.parts(tree)))
    return Turns(sql=" UNION ALL ".join(parts), everybody=finder.everybody)


class _Finder:
    def __init__(self, question: Question, after: datetime, until: datetime) -> None:
        self.question, self.scope = question, question.scope
        self.after, self.until = after, until
        self.everybody = False

    def parts(self, tree: s.Node) -> Iterator[str]:
        match tree:
            case s.Aggregate() | s.Says():
                yield from self.events(tree)
            case s.Related():
                yield from self.beside(tree)
            case s.Compare() | s.Between() | s.OneOf() if _ticking(tree):
                yield from self.ages(tree)
                for part in _sides(tree):
                    yield from self.parts(part)
            case s.DaysSince():
                yield from self.parts(tree.moment)
            case s.Name(name="this_month"):
                self.everybody = self.everybody or self.local(self.after).month != self.local(self.until).month
            case _:
                for part in _below(tree):
                    yield from self.parts(part)

    # --- events -------------------------------------------------------------------------------------------------

    def events(self, node: Figure) -> Iterator[str]:
        """When events come into a window or fall out of it; when what was to follow is overdue; and those to come."""
        chosen = selection_of(node)
        spans = {0, *(_micros(window) for window in chosen.windows)}
        spans |= {_micros(then.window) for then in follows(node) if then.never}
        for span in sorted(spans):
            shift = timedelta(microseconds=span)
            where = (
                f"{AT} > {self.time(self.after - shift)} AND {AT} <= {self.time(self.until - shift)}"
                f"{self.kinds(chosen.kinds)}"
            )
            rows = self.scope.received if chosen.received else self.scope.done
            due = self.moment(f"moment_us + {span}")
            yield f"SELECT person_id, {due} AS due FROM {rows(f'{self.micros(AT)} AS moment_us', where=where)} AS w"

    def kinds(self, kinds: tuple[str, ...]) -> str:
        if kinds in {(words.ALL,), (words.ACTIVE,)}:
            return ""
        return f" AND e.kind IN ({', '.join(self.scope.dialect.text(kind) for kind in kinds)})"

    # --- ages ---------------------------------------------------------------------------------------------------

    def ages(self, test: s.Compare | s.Between | s.OneOf) -> Iterator[str]:
        """When the days since a moment pass what they are compared with."""
        value, borders = _borders(test)
        if value is None:
            self.everybody = True  # a sum of times, or a time on both sides
            return
        for border in borders:
            moment = value.moment if isinstance(value, s.DaysSince) else s.Name(_DAYS_FROM[value.name])
            asked = f"SELECT person_id, t0 AS moment, t1 AS days FROM ({self.question.valued([moment, border])}) AS v"
            yield from self.passing(asked, whole=not isinstance(value, s.DaysSince) or type_of(moment) == "date",
                                    day=type_of(moment) == "date")  # fmt: skip

    def passing(self, rows: str, *, whole: bool, day: bool) -> Iterator[str]:
        """rows: person_id, moment, days. whole: whole local days are counted; day: the moment is a date."""
        if not whole:
            due = f"{self.micros('moment')} + CAST(days * {DAY} AS BIGINT)"
            # a microsecond later it is beyond: > turns there, >= at the moment itself
            for more in (0, 1):
                yield self.between(rows, f"{due} + {more}")
            return
        for midnight in self.midnights():
            today = (self.local(midnight).date() - EPOCH.date()).days
            began = self.scope.dialect.day_number("moment") if day else self.scope.day("moment")
            yield (
                f"SELECT person_id, {self.time(midnight)} AS due FROM ({rows}) AS m WHERE moment IS NOT NULL "
                f"AND {today} - {began} BETWEEN floor(days) AND floor(days) + 1"
            )

    def between(self, rows: str, due: str) -> str:
        low, high = (int(moment.timestamp() * 1_000_000) for moment in (self.after, self.until))
        return (
            f"SELECT person_id, {self.moment('due_us')} AS due FROM (SELECT person_id, {due} AS due_us "
            f"FROM ({rows}) AS m WHERE moment IS NOT NULL) AS d WHERE due_us > {low} AND due_us <= {high}"
        )

    # --- beside the person --------------------------------------------------------------------------------------

    def beside(self, node: s.Related) -> Iterator[str]:
        """Moments of ties and arrivals that get old; what turns for the other person of a tie."""
        for part in (part for test in node.tests for part in _within(test)):
            if isinstance(part, s.To):
                for inner in self.parts(part.item):
                    yield (
                        f"SELECT n.person_id, b.due FROM person_ties AS n JOIN ({inner}) AS b "
                        f"ON b.person_id = n.other_id WHERE {self.scope.asked('n')}"
                    )
            elif isinstance(part, s.Compare | s.Between) and _ticking(part):
                value, borders = _borders(part)
                if not isinstance(value, s.DaysSince) or not isinstance(value.moment, s.Name):
                    self.everybody = True
                    continue
                among = words.RELATED[node.how].among
                rows = Beside(scope=self.scope, others=self.question.chosen).rows(among)
                for border in borders:
                    if not isinstance(border, s.Number):
                        self.everybody = True
                        continue
                    asked = (
                        f'SELECT x.person_id, x."{value.moment.name}" AS moment, {border.value:f} AS days '
                        f"FROM {rows} AS x WHERE {self.scope.asked('x')}"
                    )
                    yield from self.passing(asked, whole=False, day=False)

    # --- time ---------------------------------------------------------------------------------------------------

    def midnights(self) -> Iterator[datetime]:
        """The beginnings of local days in the span."""
        zone = ZoneInfo(self.scope.timezone)
        day: date = self.local(self.after).date() + timedelta(days=1)
        while (moment := datetime(day.year, day.month, day.day, tzinfo=zone)) <= self.until:
            yield moment
            day += timedelta(days=1)

    def local(self, moment: datetime) -> datetime:
        return moment.astimezone(ZoneInfo(self.scope.timezone))

    def time(self, moment: datetime) -> str:
        return self.scope.dialect.time(moment)

    def moment(self, micros: str) -> str:
        return self.scope.dialect.moment(micros)

    def micros(self, time: str) -> str:
        return self.scope.dialect.micros(time)


def _micros(window: s.Window) -> int:
    return window.amount * words.UNITS[window.unit]


def _ticks(node: s.Node) -> bool:
    return isinstance(node, s.DaysSince) or (isinstance(node, s.Name) and node.name in _DAYS_FROM)


def _ticking(node: s.Node) -> bool:
    """Whether a test looks at an age."""
    return any(_ticks(part) for part in _sides_all(node))


def _sides(node: s.Node) -> tuple[s.Node, ...]:
    match node:
        case s.Compare():
            return node.left, node.right
        case s.Between():
            return node.value, node.low, node.high
        case s.OneOf():
            return node.value, *node.options
    return ()


def _sides_all(node: s.Node) -> Iterator[s.Node]:
    """All parts of the sides, but for what is inside figures."""
    for side in _sides(node):
        yield from _sums(side)


def _sums(node: s.Node) -> Iterator[s.Node]:
    yield node
    below = (node.left, node.right) if isinstance(node, s.Arithmetic) else ()
    for part in (node.value,) if isinstance(node, s.Negative) else below:
        yield from _sums(part)


def _borders(node: s.Node) -> tuple[s.DaysSince | s.Name | None, tuple[s.Node, ...]]:
    """The age in a test and what it is compared with; None where it is not as plain as that."""
    sides = _sides(node)
    aged = [side for side in sides if _ticks(side)]
    rest = tuple(side for side in sides if not _ticks(side))
    if len(aged) != 1 or any(_ticks(part) for side in rest for part in _sums(side)):
        return None, ()
    found = aged[0]
    assert isinstance(found, s.DaysSince | s.Name)  # noqa: S101  said by _ticks
    return found, rest


def _below(node: s.Node) -> tuple[s.Node, ...]:
    match node:
        case s.And() | s.Or():
            return node.items
        case s.Not() | s.To():
            return (node.item,)
        case s.Arithmetic():
            return node.left, node.right
        case s.Negative() | s.Known() | s.Holds():
            return (node.value,)
        case s.Compare() | s.Between() | s.OneOf():
            return _sides(node)
    return ()


def _within(node: s.Node) -> Iterator[s.Node]:
    """The tests of a row beside a person, and what is asked of others."""
    yield node
    for part in node.items if isinstance(node, s.And | s.Or) else (node.item,) if isinstance(node, s.Not) else ():
        yield from _within(part)
