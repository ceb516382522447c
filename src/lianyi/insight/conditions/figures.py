"""Figures about a person's events, all of them from one scan of the log.

Each figure becomes one conditional aggregate. The scan reads only the kinds, times and fields that some figure asks
for; texts are searched once with all words in one pattern (RE2), and word by word only where that matched.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import timedelta

from lianyi.insight.conditions import syntax as s
from lianyi.insight.conditions import vocabulary as words
from lianyi.insight.conditions.comparing import test, value
from lianyi.insight.orders import ORDER_NO
from lianyi.insight.scope import MOMENT, Scope
from lianyi.insight.zone import day_of, hour_of, weekday_of


@dataclass(kw_only=True)
class Figures:
    """The figures asked for so far, each with the name of its column."""

    scope: Scope
    asked: dict[s.Node, str] = field(default_factory=dict)
    extra: dict[str, str] = field(default_factory=dict)

    def column(self, node: s.Aggregate) -> str:
        """The column with the figure. `any` shares that of `count`."""
        how = "count" if node.how == "any" else node.how
        return self._ask(replace(node, how=how))

    def said(self, node: s.Says) -> str:
        """The column with the number of days on which one of the words was said."""
        return self._ask(replace(node, days=True))

    def word(self, node: s.Says) -> str:
        """The column with one of the words that were said, as it was written."""
        name = f"{self.said(node)}_word"
        self.extra[name] = f"min({self._found(node)}) FILTER (WHERE {self._says(node)})"
        return name

    def first(self, node: s.Aggregate | s.Says) -> str:
        """The column with the time of the first event behind a figure."""
        base = self.said(node) if isinstance(node, s.Says) else self.column(node)
        condition = self._says(node) if isinstance(node, s.Says) else self._chosen(node.selection)
        self.extra[f"{base}_first"] = f"min(moment) FILTER (WHERE {condition})"
        return f"{base}_first"

    def _ask(self, node: s.Node) -> str:
        return self.asked.setdefault(node, f"f{len(self.asked)}")

    # --- the scan -----------------------------------------------------------------------------------------------

    @property
    def names(self) -> tuple[str, ...]:
        """All columns of the scan beside person_id."""
        return (*self.asked.values(), *self.extra)

    @property
    def counts(self) -> frozenset[str]:
        """The columns that are 0, not NULL, where a person has no such event."""
        zero = {"count", "days", "sum", "distinct"}
        return frozenset(
            name for node, name in self.asked.items() if isinstance(node, s.Says) or getattr(node, "how", "") in zero
        )

    def sql(self) -> str:
        """One row = one person with an event that some figure counts; one column per figure."""
        if not self.asked:
            return f"SELECT person_id FROM {self.scope.done(where='FALSE')} AS nobody"
        figures = [f"{self._figure(node)} AS {name}" for node, name in self.asked.items()]
        figures += [f"{sql} AS {name}" for name, sql in self.extra.items()]
        return f"SELECT person_id, {', '.join(figures)} FROM ({self._events()}) AS e GROUP BY person_id"

    def _events(self) -> str:
        sides = [self._side(received=received) for received in (False, True)]
        rows = " UNION ALL ".join(side for side in sides if side)
        d, local = self.scope.dialect, "local"
        wanted = self._wanted()
        times = {
            "day": day_of(d, local), "hour": hour_of(d, local), "weekday": weekday_of(day_of(d, local)),
            "day_of_month": f"day({self.scope.date(day_of(d, local))})",
        }  # fmt: skip
        worked_out = "".join(f", {sql} AS {name}" for name, sql in times.items() if name in wanted)
        return f"SELECT *{worked_out} FROM ({rows}) AS r"

    def _side(self, *, received: bool) -> str:
        """One row = one event that was done, or received, and that some figure may count."""
        chosen = [selection for selection in self._selections() if selection.received == received]
        if not chosen:
            return ""
        where = " OR ".join(dict.fromkeys(self._reach(selection) for selection in chosen))
        columns = ["e.kind", MOMENT, f"{'TRUE' if received else 'FALSE'} AS received"]
        columns += [f"{sql} AS {name}" for name, sql in self._columns(received=received).items()]
        rows = self.scope.received if received else self.scope.done
        return f"SELECT * FROM {rows(*columns, where=f'({where})')} AS {'r' if received else 'd'}"

    def _selections(self) -> list[s.Selection]:
        return [
            node.selection if isinstance(node, s.Aggregate) else s.Selection(words.SAYING, windows=node.windows) for node in self.asked
        ]

    def _reach(self, selection: s.Selection) -> str:
        """SQL over the log: kinds and times of a selection."""
        parts = [self._kinds(selection.kinds, "e.kind"), *(self._window(window, 'e."at"') for window in selection.windows)]
        return "(" + " AND ".join(parts) + ")"

    def _wanted(self) -> frozenset[str]:
        """The fields that some figure reads."""
        found = {"day"} if any(isinstance(n, s.Says) or getattr(n, "how", "") == "days" for n in self.asked) else set()
        for node in self.asked:
            if isinstance(node, s.Aggregate):
                found |= {node.field} if node.field else set()
                found |= {part.name for test in node.selection.tests for part in s.walk(test) if isinstance(part, s.Name)}
        return frozenset(name for name in found if name)

    def _props(self) -> tuple[str, ...]:
        """The members of props that some figure reads, in order."""
        return tuple(
            dict.fromkeys(
                part.name
                for selection in self._selections()
                for test in selection.tests
                for part in s.walk(test)
                if isinstance(part, s.Attribute)
            )
        )

    def _columns(self, *, received: bool) -> dict[str, str]:
        """The columns that the figures need of each event: name -> SQL over the log."""
        d, wanted = self.scope.dialect, self._wanted()
        price, quantity = (f"TRY_CAST({d.json_text('e.props', name)} AS DOUBLE)" for name in ("price", "quantity"))
        full = f"({price} * coalesce({quantity}, 1))"
        fields = {
            "category": "e.category", "title": d.json_text("e.props", "title"), "object": "e.object_key",
            "group": "e.group_key", "channel": "e.channel", "source": "e.source", "campaign": "e.campaign",
            "text": "e.text", "other": "e.actor_key" if received else "e.target_key", "value": "e.value",
            "quantity": quantity, "discount": f"CASE WHEN {full} > 0 THEN greatest(0.0, 1 - CAST(e.value AS DOUBLE) / {full}) END",
        }  # fmt: skip
        columns = {f"field_{name}": sql for name, sql in fields.items() if name in wanted}
        columns |= {f"prop_{number}": d.json_text("e.props", name) for number, name in enumerate(self._props())}
        if any("order" in selection.kinds or selection.kinds[0] in {words.ALL, words.ACTIVE} for selection in self._selections()):
            columns["order_no"] = f"CASE WHEN e.kind = 'order' THEN {ORDER_NO} END"
        if "value" in wanted:
            columns["currency"] = "e.currency"
        if wanted & {"day", "hour", "weekday", "day_of_month"}:
            columns["local"] = self.scope.local('e."at"')
        if self._words():
            spoken = f"{self._kinds(words.SAYING, 'e.kind')} AND {d.matches('e.text', self._pattern(self._words()))}"
            columns["spoken"] = "NULL" if received else f"CASE WHEN {spoken} THEN e.text END"
        return columns

    def _words(self) -> tuple[str, ...]:
        found = (word for node in self.asked if isinstance(node, s.Says) for word in node.words)
        return tuple(dict.fromkeys(found))

    # --- one figure ---------------------------------------------------------------------------------------------

    def _figure(self, node: s.Node) -> str:
        if isinstance(node, s.Says):
            return f"count(DISTINCT day) FILTER (WHERE {self._says(node)})"
        assert isinstance(node, s.Aggregate)  # noqa: S101  nothing else is asked for
        condition = self._chosen(node.selection)
        match node.how:
            case "count":
                return self._count(node.selection, condition)
            case "days":
                return f"count(DISTINCT day) FILTER (WHERE {condition})"
            case "first" | "last":
                return f"{'min' if node.how == 'first' else 'max'}(moment) FILTER (WHERE {condition})"
            case "distinct":
                return f"count(DISTINCT field_{node.field}) FILTER (WHERE {condition})"
        if node.field == "value":
            condition += f" AND currency = {self.scope.dialect.text(self.scope.currency)}"
        return f"{node.how}(field_{node.field}) FILTER (WHERE {condition})"

    def _count(self, selection: s.Selection, condition: str) -> str:
        """Orders count by number, all else by event."""
        orders = f"count(DISTINCT order_no) FILTER (WHERE {condition} AND order_no IS NOT NULL)"
        if selection.kinds == ("order",):
            return orders
        if "order" in selection.kinds or selection.kinds[0] in {words.ALL, words.ACTIVE}:
            return f"count(*) FILTER (WHERE {condition} AND order_no IS NULL) + {orders}"
        return f"count(*) FILTER (WHERE {condition})"

    def _chosen(self, selection: s.Selection) -> str:
        """SQL over the scanned events: whether an event is of the selection."""
        parts = ["received" if selection.received else "NOT received"]
        parts.append(self._kinds(selection.kinds, "kind"))
        parts += [self._window(window, "moment") for window in selection.windows]
        parts += [self._test(test) for test in selection.tests]
        return " AND ".join(parts)

    def _says(self, node: s.Says) -> str:
        parts = [f"coalesce({self.scope.dialect.matches('spoken', self._pattern(node.words))}, FALSE)"]
        parts += [self._window(window, "moment") for window in node.windows]
        return " AND ".join(parts)

    def _found(self, node: s.Says) -> str:
        return f"lower({self.scope.dialect.extract('spoken', self._pattern(node.words))})"

    def _kinds(self, kinds: tuple[str, ...], column: str) -> str:
        if kinds == (words.ALL,):
            return "TRUE"
        if kinds == (words.ACTIVE,):
            return self.scope.alive.replace("e.kind", column)
        return f"{column} IN ({', '.join(self.scope.dialect.text(kind) for kind in kinds)})"

    def _window(self, window: s.Window, column: str) -> str:
        border = self.scope.as_of - timedelta(microseconds=window.amount * words.UNITS[window.unit])
        return f"{column} {'<=' if window.older else '>'} {self.scope.dialect.time(border)}"

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
            case _:
                return test(self.scope, node, self._value, rounds=True)

    def _value(self, node: s.Node) -> str:
        match node:
            case s.Name():
                return node.name if node.name in {"hour", "weekday", "day_of_month"} else f"field_{node.name}"
            case s.Attribute():
                return f"prop_{self._props().index(node.name)}"
            case s.And() | s.Or() | s.Not() | s.Compare() | s.Truth():
                return self._test(node)
            case _:
                return value(self.scope, node, self._value)

    def _pattern(self, said: tuple[str, ...]) -> str:
        """A pattern for any of the words: Latin ones as whole words, Chinese ones anywhere; capitals or not."""
        start, end = self.scope.dialect.word_edges
        parts = [
            (start if re.match(r"[A-Za-z0-9_]", word) else "")
            + re.escape(word)
            + (end if re.search(r"[A-Za-z0-9_]\Z", word) else "")
            for word in said
        ]
        return f"(?i)(?:{'|'.join(parts)})"
