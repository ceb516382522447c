"""The events behind some figures: which rows of the log, which of their fields, and which row counts for which figure.

Texts are searched once with all words in one pattern (RE2, linear time), and word by word only where that matched.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property

from lianyi.insight.conditions import syntax as s
from lianyi.insight.conditions import vocabulary as words
from lianyi.insight.conditions.comparing import holds, value
from lianyi.insight.orders import ORDER_NO
from lianyi.insight.scope import AT, MOMENT, Scope
from lianyi.insight.zone import day_of, hour_of, weekday_of

Figure = s.Aggregate | s.Says
_TIMES = ("day", "hour", "weekday", "day_of_month")
_CLASSES = ((words.ALL,), (words.ACTIVE,))  # kinds that are told by a rule and not by name
_EVER = datetime(1, 1, 1, tzinfo=UTC)  # the begin of what has no window


def selection_of(node: Figure) -> s.Selection:
    """The events that a figure looks at."""
    return node.selection if isinstance(node, s.Aggregate) else s.Selection(words.SAYING, windows=node.windows)


def follows(node: Figure) -> tuple[s.Then, ...]:
    """What must, or must not, come after an event that counts for a figure."""
    return tuple(
        dict.fromkeys(part for test in selection_of(node).tests for part in s.walk(test) if isinstance(part, s.Then))
    )


@dataclass(frozen=True)
class Scan:
    """The events behind these figures."""

    scope: Scope
    figures: Sequence[Figure]

    def rows(self) -> str:
        """One row = one event that was done, or received, and that some of the figures may count."""
        sides = [side for side in (self._side(received=False), self._side(received=True)) if side]
        rows = f"SELECT *{self._times()} FROM ({' UNION ALL '.join(sides)}) AS r"
        if not self._follows:
            return rows
        later = ", ".join(f"{self._later(node)} AS then_{number}" for number, node in enumerate(self._follows))
        return f"SELECT *, {later} FROM ({rows}) AS w"

    def _later(self, node: s.Then) -> str:
        """SQL over the rows: whether an event of the selection came after this one, within its time."""
        chosen = replace(node.selection, windows=())
        counts = self.counts(s.Aggregate("any", chosen))
        micros = node.window.amount * words.UNITS[node.window.unit]
        return (
            f"coalesce(bool_or({counts}) OVER (PARTITION BY person_id ORDER BY {self.scope.dialect.micros('moment')} "
            f"RANGE BETWEEN 1 FOLLOWING AND {micros} FOLLOWING), FALSE)"
        )

    def counts(self, node: Figure) -> str:
        """SQL over the rows: whether an event counts for a figure."""
        if isinstance(node, s.Says):
            said = f"coalesce({self.scope.dialect.matches('spoken', self._pattern(node.words))}, FALSE)"
            windows = " AND ".join(self._window(window, "moment") for window in node.windows)
            # CASE, not AND: a text is searched only where the time is right
            return f"CASE WHEN {windows} THEN {said} ELSE FALSE END" if windows else said
        chosen = node.selection
        alive = chosen.kinds == (words.ACTIVE,)
        parts = ["received" if chosen.received else "NOT received"]
        parts.append("alive" if alive else self._kinds(chosen.kinds, "kind"))
        parts += [self._window(window, "moment") for window in chosen.windows]
        parts += [self._test(test) for test in chosen.tests]
        if node.field == "value":
            parts.append(f"currency = {self.scope.dialect.text(self.scope.currency)}")
        return " AND ".join(parts)

    def word(self, node: s.Says) -> str:
        """SQL over the rows: the word that was said, in small letters."""
        return f"lower({self.scope.dialect.extract('spoken', self._pattern(node.words))})"

    # --- rows ---------------------------------------------------------------------------------------------------

    def _side(self, *, received: bool) -> str:
        chosen = [selection for selection in self._selections if selection.received == received]
        if not chosen:
            return ""
        where = f"({self._reach(chosen)})"
        if self._words:  # they are a family of their own, so this holds for all figures of the scan
            where += f" AND {self.scope.dialect.matches('e.text', self._pattern(self._words))}"
        columns = ["e.kind", MOMENT, f"{'TRUE' if received else 'FALSE'} AS received"]
        columns += [f"{sql} AS {name}" for name, sql in self._columns(received=received).items()]
        rows = self.scope.received if received else self.scope.done
        return f"SELECT * FROM {rows(*columns, where=where)} AS {'r' if received else 'd'}"

    def _reach(self, selections: Sequence[s.Selection]) -> str:
        """SQL over the log: kinds and times among which all events of these selections are. `counts` tells the rest;
        here each test is made for every event of the log, so there are few: one for all kinds of one earliest time."""
        earliest: dict[tuple[str, ...], datetime] = {}
        for selection in selections:
            begin = max((self._border(w) for w in selection.windows if not w.older), default=_EVER)
            earliest[selection.kinds] = min(begin, earliest.get(selection.kinds, begin))
        tests: dict[datetime, list[tuple[str, ...]]] = {}
        for kinds, begin in sorted(earliest.items()):
            tests.setdefault(begin, []).append(kinds)
        return " OR ".join(self._within(begin, kinds) for begin, kinds in sorted(tests.items()))

    def _within(self, begin: datetime, chosen: Sequence[tuple[str, ...]]) -> str:
        """SQL over the log: one of these kinds, after `begin`."""
        named = tuple(dict.fromkeys(kind for kinds in chosen if kinds not in _CLASSES for kind in kinds))
        lists = [*(kinds for kinds in chosen if kinds in _CLASSES), *([named] if named else [])]
        test = f"({' OR '.join(self._kinds(kinds, 'e.kind') for kinds in lists)})"
        return test if begin == _EVER else f"({test} AND {AT} > {self.scope.dialect.time(begin)})"

    def _columns(self, *, received: bool) -> dict[str, str]:
        """The columns that the figures need of each event: name -> SQL over the log."""
        columns = {
            f"field_{name}": sql for name, sql in self._fields(received=received).items() if name in self._wanted
        }
        columns |= {f"prop_{i}": self.scope.dialect.json_text("e.props", name) for i, name in enumerate(self._props)}
        if any(isinstance(node, s.Aggregate) and node.how == "count" for node in self.figures):
            columns["order_no"] = f"CASE WHEN e.kind = 'order' THEN {ORDER_NO} END"
        if any(selection.kinds == (words.ACTIVE,) for selection in self._selections):
            columns["alive"] = self.scope.alive
        if "value" in self._wanted:
            columns["currency"] = "e.currency"
        if self._wanted.intersection(_TIMES):
            columns["local"] = self.scope.local(AT)
        if self._words:
            columns["spoken"] = "CAST(NULL AS STRING)" if received else "e.text"
        return columns

    def _fields(self, *, received: bool) -> dict[str, str]:
        d = self.scope.dialect
        price, quantity = (f"TRY_CAST({d.json_text('e.props', name)} AS DOUBLE)" for name in ("price", "quantity"))
        full = f"({price} * coalesce({quantity}, 1))"
        return {
            "category": "e.category", "title": d.json_text("e.props", "title"), "object": "e.object_key",
            "group": "e.group_key", "channel": "e.channel", "source": "e.source", "campaign": "e.campaign",
            "text": "e.text", "other": "e.actor_key" if received else "e.target_key", "value": "e.value",
            "quantity": quantity,
            # greatest() passes over NULL, so a line without a value must not come to it
            "discount": f"CASE WHEN {full} > 0 AND e.value IS NOT NULL "
            f"THEN greatest(0.0, 1 - CAST(e.value AS DOUBLE) / {full}) END",
        }  # fmt: skip

    def _times(self) -> str:
        d, day = self.scope.dialect, day_of(self.scope.dialect, "local")
        times = {
            "day": day, "hour": hour_of(d, "local"), "weekday": weekday_of(day),
            "day_of_month": f"day({self.scope.date(day)})",
        }  # fmt: skip
        return "".join(f", {sql} AS {name}" for name, sql in times.items() if name in self._wanted)

    @cached_property
    def _follows(self) -> tuple[s.Then, ...]:
        return tuple(dict.fromkeys(then for node in self.figures for then in follows(node)))

    @cached_property
    def _selections(self) -> tuple[s.Selection, ...]:
        """The events of the figures, and those that may follow them: from the time of the figure's own on."""
        found = [selection_of(node) for node in self.figures]
        for node in self.figures:
            newer = tuple(window for window in selection_of(node).windows if not window.older)
            found += [replace(then.selection, windows=newer) for then in follows(node)]
        return tuple(found)

    # --- what the figures read ----------------------------------------------------------------------------------

    @cached_property
    def _parts(self) -> tuple[s.Node, ...]:
        tests = (test for node in self.figures for test in selection_of(node).tests)
        return tuple(part for test in tests for part in s.walk(test))

    @cached_property
    def _wanted(self) -> frozenset[str]:
        """The fields of events that some figure reads."""
        found = {part.name for part in self._parts if isinstance(part, s.Name)}
        for node in self.figures:
            if isinstance(node, s.Says) or node.how == "days":
                found.add("day")
            elif node.field:
                found.add(node.field)
        return frozenset(found)

    @cached_property
    def _props(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(part.name for part in self._parts if isinstance(part, s.Attribute)))

    @cached_property
    def _words(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(word for node in self.figures if isinstance(node, s.Says) for word in node.words))

    # --- conditions ---------------------------------------------------------------------------------------------

    def _kinds(self, kinds: tuple[str, ...], column: str) -> str:
        if kinds == (words.ALL,):
            return "TRUE"
        if kinds == (words.ACTIVE,):
            return self.scope.alive.replace("e.kind", column)
        return f"{column} IN ({', '.join(self.scope.dialect.text(kind) for kind in kinds)})"

    def _window(self, window: s.Window, column: str) -> str:
        return f"{column} {'<=' if window.older else '>'} {self.scope.dialect.time(self._border(window))}"

    def _border(self, window: s.Window) -> datetime:
        return self.scope.as_of - timedelta(microseconds=window.amount * words.UNITS[window.unit])

    def _pattern(self, said: Sequence[str]) -> str:
        """A pattern for any of the words: Latin ones as whole words, Chinese ones anywhere; capitals or not."""
        start, end = self.scope.dialect.word_edges
        parts = [
            (start if re.match(r"[A-Za-z0-9_]", word) else "")
            + re.escape(word)
            + (end if re.search(r"[A-Za-z0-9_]\Z", word) else "")
            for word in said
        ]
        return f"(?i)(?:{'|'.join(parts)})"

    def _test(self, node: s.Node) -> str:
        """SQL of a condition on the fields of an event."""
        match node:
            case s.And() | s.Or():
                joint = " AND " if isinstance(node, s.And) else " OR "
                return "(" + joint.join(self._test(item) for item in node.items) + ")"
            case s.Not():
                return f"(NOT {self._test(node.item)})"
            case s.Truth():
                return "TRUE" if node.value else "FALSE"
            case s.Then():
                later = f"then_{self._follows.index(node)}"
                return (
                    f"(NOT {later} AND {self._window(replace(node.window, older=True), 'moment')})"
                    if node.never
                    else later
                )
            case _:
                return holds(self.scope, node, self._value, among="event")

    def _value(self, node: s.Node) -> str:
        match node:
            case s.Name():
                return node.name if node.name in _TIMES else f"field_{node.name}"
            case s.Attribute():
                return f"prop_{self._props.index(node.name)}"
            case s.And() | s.Or() | s.Not() | s.Compare() | s.Truth() | s.Then():
                return self._test(node)
            case _:
                return value(self.scope, node, self._value)
