"""Figures about a person's events: each asked for once, all of one family from one scan of the log.

Plain figures (counts of events, sums, first and last times) are conditional aggregates side by side. Figures that tell
things apart (days, orders by number, other people) come in families of the same things and kinds: first one row per
person and thing with a flag per figure, then the flags are counted. That spills to disk where COUNT(DISTINCT …) would
not, and is many times faster.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from lianyi.insight.conditions import syntax as s
from lianyi.insight.conditions import vocabulary as words
from lianyi.insight.conditions.related import Beside
from lianyi.insight.conditions.scan import Figure, Scan, follows
from lianyi.insight.conditions.text import event_text
from lianyi.insight.scope import Scope

_ORDER = ("order",)
Family = tuple[str, ...]
# Figures that tell nothing apart; beside it stand those that ask what follows, each for itself.
PLAIN = ""


def _nobody(_node: s.Node) -> str:
    raise KeyError("a condition on other people is asked for where there are none")


@dataclass(kw_only=True)
class Figures:
    """The figures asked for so far, each with the name of its column. others: SQL of a relation with the person_id of
    everybody who fulfils a condition."""

    scope: Scope
    asked: dict[Figure, str] = field(default_factory=dict)
    firsts: set[Figure] = field(default_factory=set)
    said_words: set[Figure] = field(default_factory=set)
    beside: dict[s.Related | s.Bridges, str] = field(default_factory=dict)
    others: Callable[[s.Node], str] = _nobody
    late: set[str] = field(default_factory=set)

    def late_column(self, name: str) -> str:
        """SQL of a word from a table that is made after the tags."""
        self.late.add(name)
        return f"late_{name}"

    def column(self, node: s.Aggregate) -> str:
        """SQL of the figure. `any` is `count`. Orders count by number: what counts both orders and others is a sum."""
        asked = self._plain(node)
        parts = self._parts(asked)
        return parts[0] if len(parts) == 1 else f"({' + '.join(parts)})"

    def said(self, node: s.Says) -> str:
        """SQL of the number of days on which one of the words was said."""
        return self._ask(replace(node, days=True))

    def word(self, node: s.Says) -> str:
        """SQL of one of the words that were said, in small letters."""
        self.said_words.add(replace(node, days=True))
        return f"{self.said(node)}_word"

    def first(self, node: Figure) -> str:
        """SQL of the time of the first event behind a figure."""
        asked: list[Figure] = [replace(node, days=True)] if isinstance(node, s.Says) else self._split(self._plain(node))
        self.firsts.update(asked)
        names = [f"{self._ask(part)}_first" for part in asked]
        return names[0] if len(names) == 1 else f"least({', '.join(names)})"

    def related(self, node: s.Related | s.Bridges) -> str:
        """SQL of the number of rows beside the person."""
        if isinstance(node, s.Related):  # one question whether it is counted or asked if there is one
            among = words.RELATED[node.how].among
            counting = next(name for name, about in words.RELATED.items() if about.counts and about.among == among)
            node = replace(node, how=counting)
        return self.beside.setdefault(node, f"b{len(self.beside)}")

    def families(self) -> Mapping[str, str]:
        """Relation -> SQL; one row = one person with an event that counts for some figure of the family."""
        grouped: dict[Family, list[Figure]] = {}
        for node in self.asked:
            grouped.setdefault(self._family(node), []).append(node)
        found = {
            f"figures_{number}": self._plain_sql(nodes) if family[0] == PLAIN else self._distinct_sql(family, nodes)
            for number, (family, nodes) in enumerate(sorted(grouped.items()))
        }
        found |= {f"late_{table}": self._late_sql(table) for table in self._late_tables()}
        return found | {f"beside_{name}": Beside(scope=self.scope, others=self.others).sql(node, name)
                        for node, name in self.beside.items()}  # fmt: skip

    @property
    def names(self) -> Mapping[str, bool]:
        """The columns of all families, and whether a person without such events has 0 (otherwise NULL)."""
        zero = {"count", "days", "sum", "distinct"}
        found = {name: isinstance(node, s.Says) or node.how in zero for node, name in self.asked.items()}
        found |= dict.fromkeys(self.beside.values(), True)
        found |= dict.fromkeys([f"late_{name}" for name in sorted(self.late)], False)
        found |= {f"{self.asked[node]}_first": False for node in self.asked if node in self.firsts}
        return found | {f"{self.asked[node]}_word": False for node in self.asked if node in self.said_words}

    def _late_tables(self) -> list[str]:
        return sorted({words.LATE_COLUMNS[name][0] for name in self.late})

    def _late_sql(self, table: str) -> str:
        mine = [name for name in sorted(self.late) if words.LATE_COLUMNS[name][0] == table]
        read = ", ".join(f"x.{words.LATE_COLUMNS[name][1]} AS late_{name}" for name in mine)
        return f'SELECT x.person_id, {read} FROM "{table}" AS x WHERE {self.scope.asked("x")}'

    def _ask(self, node: Figure) -> str:
        return self.asked.setdefault(node, f"f{len(self.asked)}")

    def _plain(self, node: s.Aggregate) -> s.Aggregate:
        return replace(node, how="count") if node.how == "any" else node

    def _parts(self, node: s.Aggregate) -> list[str]:
        return [self._ask(part) for part in self._split(node)]

    def _split(self, node: s.Aggregate) -> list[Figure]:
        """A count of orders and other events as the two counts it is the sum of."""
        kinds = node.selection.kinds
        if node.how != "count" or kinds == _ORDER or not (set(kinds) & {*_ORDER, words.ALL, words.ACTIVE}):
            return [node]
        return [node, replace(node, selection=replace(node.selection, kinds=_ORDER))]

    def _family(self, node: Figure) -> Family:
        """What a figure tells apart, and the kinds in which; PLAIN where it tells nothing apart."""
        if isinstance(node, s.Says):
            return ("day", "said")
        thing = {"days": "day", "distinct": f"field_{node.field}"}.get(node.how, "")
        if node.how == "count" and node.selection.kinds == _ORDER:
            thing = "order_no"
        if thing:
            family: Family = (thing, "received" if node.selection.received else "done", *node.selection.kinds)
        else:
            family = (PLAIN,)
        # What follows is found in a window over all events of the scan, so these have one for themselves.
        return (*family, "then", event_text(then[0])) if (then := follows(node)) else family

    def _plain_sql(self, nodes: list[Figure]) -> str:
        scan = Scan(self.scope, nodes)
        columns = []
        for node in nodes:
            assert isinstance(node, s.Aggregate)  # noqa: S101  words are a family of their own
            condition = scan.counts(node)
            if node.how == "count" and len(self._split(node)) > 1:
                condition += " AND kind <> 'order'"
            columns.append(f"{_aggregate(node)} FILTER (WHERE {condition}) AS {self.asked[node]}")
            if node in self.firsts:
                columns.append(f"min(moment) FILTER (WHERE {condition}) AS {self.asked[node]}_first")
        return f"SELECT person_id, {', '.join(columns)} FROM ({scan.rows()}) AS e GROUP BY person_id"

    def _distinct_sql(self, family: Family, nodes: list[Figure]) -> str:
        scan, thing = Scan(self.scope, nodes), family[0]
        tests, flags, counts = [], [], []
        for node in nodes:
            name = self.asked[node]
            tests.append(f"{scan.counts(node)} AS {name}")
            flags.append(f"bool_or({name}) AS {name}")
            counts.append(f"CAST(count(*) FILTER (WHERE {name}) AS BIGINT) AS {name}")
            details = {"first": "moment"} if node in self.firsts else {}
            details |= {"word": scan.word(node)} if isinstance(node, s.Says) and node in self.said_words else {}
            # CASE, not FILTER: a word is looked for only where there is one
            flags += [f"min(CASE WHEN {name} THEN {sql} END) AS {name}_{what}" for what, sql in details.items()]
            counts += [f"min({name}_{what}) AS {name}_{what}" for what in details]
        tested = f"SELECT *, {', '.join(tests)} FROM ({scan.rows()}) AS r WHERE {thing} IS NOT NULL"
        things = f"SELECT person_id, {', '.join(flags)} FROM ({tested}) AS e GROUP BY person_id, {thing}"
        return f"SELECT person_id, {', '.join(counts)} FROM ({things}) AS t GROUP BY person_id"


def _aggregate(node: s.Aggregate) -> str:
    match node.how:
        case "count":
            return "count(*)"
        case "first" | "last":
            return f"{'min' if node.how == 'first' else 'max'}(moment)"
    return f"{node.how}(field_{node.field})"
