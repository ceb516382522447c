"""A first mapping for a table that nobody has mapped yet: from the words of its header and from its content.

It is a draft for people to look at, with a reason for each choice. Where header and content agree on time, person and
what happened it is good enough to import at once.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from lianyi.memory.engine import literal
from lianyi.memory.events import FIELD_NAMES
from lianyi.memory.sources.tabular.aliases import FIELDS, KIND_WORDS, find, plain
from lianyi.memory.sources.tabular.grid import Grid
from lianyi.memory.sources.tabular.mapping import Mapping, Rule, Take
from lianyi.memory.sources.tabular.whole import Whole

_PHONE = re.compile(r"(\+?86[- ]?)?1[3-9]\d{9}\Z")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[a-z]{2,}\Z", re.IGNORECASE)
_NUMBER = re.compile(r"[￥¥$€£]?-?\d[\d,]*(\.\d+)?元?\Z")
_DATE = re.compile(r"(19|20)\d\d([-/.年])\d{1,2}([-/.月])\d{1,2}|(19|20)\d{6}\Z|1\d{9}(\d{3})?\Z")
_SLASHED = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4}|\d{2})(?:[ T]+(\d{1,2}:\d{2}(:\d{2})?)( ?[AP]M)?)?\Z", re.IGNORECASE)
# Names of people: words of letters, or a few Chinese characters. Ids are neither.
_PERSON = re.compile(r"[^\W\d_]+\.?(?:[ '’-][^\W\d_]+\.?)+\Z|[\u4e00-\u9fff·]{2,6}\Z")
NAMES = ("full_name", "customer_name", "buyer_name", "客户名称", "客户姓名", "姓名", "会员姓名", "买家姓名")
# Where a row says that an order came to nothing, money would be counted that nobody has.
STATES = ("status", "order_status", "payment_status", "state", "状态", "订单状态", "交易状态", "支付状态")


# No draft with an open question is surer than this: it is shown for review and not imported unasked.
UNSURE = 0.5


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A mapping to be looked at. notes: why each field was taken."""

    mapping: Mapping
    confidence: float
    notes: tuple[str, ...]

    @property
    def why(self) -> str:
        """The notes as one sentence."""
        return "; ".join(self.notes)


def draft(grid: Grid, *, source: str, path: Path | None = None) -> Draft | None:
    """A mapping for this table, or None where it has no time or nothing that happened.

    path: the table's file, where all its rows shall be asked, as they must be before anything is imported; without it
    the draft goes by the first rows.
    """
    if is_event_table(grid.columns):
        return _own_events(grid, source)
    finder = _Finder(grid=grid, whole=Whole(grid=grid, path=path) if path else None)
    at = finder.time()
    if at is None:
        return None
    return finder.mapping(at, source)


def is_event_table(columns: Sequence[str]) -> bool:
    """Whether a table has our own event columns."""
    return {"id", "at", "kind"} <= set(columns) and bool({"actor_key", "target_key", "object_key"} & set(columns))


def _own_events(grid: Grid, source: str) -> Draft:
    names = [name for name in FIELD_NAMES if name in grid.columns and name not in {"received_at", "props"}]
    rule = Rule(
        fields={name: Take(column=name) for name in names},
        json="props" if "props" in grid.columns else None,
        rest=True,
    )
    mapping = Mapping(source=source, rules=(rule,), ids_as_given=True, has_header=grid.has_header)
    return Draft(mapping=mapping, confidence=0.98, notes=("its columns are Lianyi's own event fields",))


@dataclass(kw_only=True)
class _Finder:
    """Looks for columns, remembers which are taken and why. doubts: what only people can say. keys: the columns that
    say who it was, with their namespaces; names: a column of ids that holds names."""

    grid: Grid
    whole: Whole | None
    doubts: list[str] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    keys: tuple[tuple[str, str], ...] = ()
    names: str | None = None

    def named(self, word: str) -> str | None:
        """The column whose header means this."""
        column = find(self.grid.columns, FIELDS[word], taken=self.taken)
        if column is not None:
            self.taken.append(column)
            self.notes.append(f"{word} from column {column!r} by its name")
        return column

    def like(self, word: str, pattern: re.Pattern[str]) -> str | None:
        """The column whose cells look like this, nine in ten."""
        for column in self.grid.columns:
            cells = [cell.strip(" \t'=\"") for cell in self.grid.column(column)]
            if (
                column not in self.taken
                and len(cells) >= 2
                and sum(bool(pattern.match(c)) for c in cells) >= 0.9 * len(cells)
            ):
                self.taken.append(column)
                self.notes.append(f"{word} from column {column!r} by its content")
                return column
        return None

    def time(self) -> Take | None:
        """The time of the event."""
        typed = [c for c in self.grid.columns if str(self.grid.types[c]).startswith(("timestamp", "date"))]
        column = self.named("at")
        if column is not None and typed and column not in typed:
            column = None
        column = column or (typed[0] if typed else None) or self.like("at", _DATE) or self.like("at", _SLASHED)
        if column is None:
            return None
        return Take(column=column, format=None if column in typed else self._format(column))

    def _format(self, column: str) -> str | None:
        """The pattern of the times; a doubt where no row tells which number is the day."""
        cells = self.grid.column(column)
        pattern = time_format(cells)
        if pattern is None or "/" not in pattern or self.whole is None:
            return pattern
        first, second = self.whole.highest(column)
        if (first > 12) == (second > 12):
            why = "both numbers go beyond 12" if first > 12 else f"no row up to the last tells ({cells[0]!r})"
            self.doubts.append(
                f"DAY OR MONTH FIRST in column {column!r}? {why}: set format: to what is right, with %d/%m or %m/%d"
            )
        return day_and_month(first, second) + pattern[len("%d/%m") :]

    def mapping(self, at: Take, source: str) -> Draft:
        fields: dict[str, Take] = {"at": at}
        ident = self._id()
        if ident:
            fields["id"] = ident
        fields.update(self._people())
        fields.update(self._things())
        fields.update(self._money())
        kind, sure = self._kind(fields)
        fields["kind"] = kind
        order, line = self.named("order"), self.named("line")
        props = {
            word: Take(column=column) for word in ("title", "price", "quantity") if (column := self.named(word))
        }  # fmt: skip
        if line:
            props["line"] = Take(column=line)
        rule = Rule(fields=fields, props=props, rest=True)
        rules = self._orders(rule, order, line, sure=sure) if order else (rule,)
        rules += self._who(rules)
        self._note_states(fields)
        confidence = (
            0.35
            + 0.15 * ("actor_key" in fields)
            + 0.15 * sure
            + 0.1 * (self.grid.has_header and sure and "actor_key" in fields)
        )
        mapping = Mapping(
            source=source, rules=rules, has_header=self.grid.has_header, numbered=any("id" in r.fields for r in rules)
            and "id" not in fields,
        )  # fmt: skip
        if not self.grid.has_header:
            mapping = mapping.evolve(columns=self.grid.columns)
            confidence = min(confidence, 0.4)
        if self.doubts:
            confidence = min(confidence, UNSURE)
        return Draft(mapping=mapping, confidence=round(confidence, 2), notes=(*self.doubts, *self.notes))

    def _orders(self, rule: Rule, order: str, line: str | None, *, sure: bool) -> tuple[Rule, ...]:
        """The rule with its order's number: an order, or a line of one, told again by a later export is the same.

        Rows of the order's number that are no orders (views, refunds), and rows without one, keep their own ids.
        """
        rule = replace(rule, fields={**rule.fields, "parent_id": Take(column=order)})
        kind = rule.fields["kind"]
        if "id" in rule.fields or not sure:
            return (rule,)
        item = rule.fields.get("object_key")
        part = line or (item.column if item else None)
        ident = Take(expression=line_id(order, part), blame=order) if part else Take(column=order)
        self.notes.append(f"an order's id is its number, column {order!r}" + (f", with {part!r}" if part else ""))
        lines = replace(rule, fields={**rule.fields, "id": ident})
        conditions = []
        if kind.constant is None and kind.column:
            words = [word for word, meant in kind.values.items() if meant == "order"] or ["order"]
            conditions.append(f"{quoted(kind.column)} in ({', '.join(map(literal, words))})")
        if kind.constant is None or len(self.grid.column(order)) < len(self.grid.rows):
            conditions.append(f"not is_empty({quoted(order)})")
        if not conditions:
            return (lines,)
        ours = " and ".join(conditions)
        return replace(lines, when=ours), replace(rule, when=f"not ({ours})")

    def _id(self) -> Take | None:
        """A column that names the event, if no value stands twice; a mere `id` may be the person's."""
        column = find(self.grid.columns, FIELDS["id"], taken=self.taken)
        if column is None:
            return None
        cells = self.grid.column(column)
        if len(cells) != len(self.grid.rows) or len(set(cells)) != len(cells):
            return None
        if self.whole is not None and not self.whole.names_each_row(column):
            self.notes.append(f"column {column!r} is no id: further down it is empty or a value stands twice")
            return None
        self.taken.append(column)
        extent = "the whole file" if self.whole else f"the first {len(cells)} rows"
        self.notes.append(f"id from column {column!r}: no value stands twice in {extent}")
        return Take(column=column)

    def _people(self) -> dict[str, Take]:
        fields: dict[str, Take] = {}
        column = self._user()
        found = [(column, "user")] if column else []
        for word, pattern in (("phone", _PHONE), ("email", _EMAIL)):
            column = self.named(word) or self.like(word, pattern)
            if column:
                found.append((column, word))
        self.keys = tuple(found)
        if len(found) == 1:
            fields["actor_key"] = Take(column=found[0][0], namespace=found[0][1])
        elif found:
            fields["actor_key"] = Take(columns=tuple(c for c, _n in found), namespaces=tuple(n for _c, n in found))
        target = self.named("target")
        if target:
            fields["target_key"] = Take(column=target, namespace="user")
        return fields

    def _user(self) -> str | None:
        """The column of people's ids. One that is called `customer` may hold their names, which are no ids: where a
        phone or an address says who it is, two people of one name shall not become one."""
        column = find(self.grid.columns, FIELDS["user"], taken=self.taken)
        if column is None:
            return None
        cells = self.grid.column(column)
        named = cells and sum(bool(_PERSON.match(cell.strip())) for cell in cells) >= 0.8 * len(cells)
        contacts = any(find(self.grid.columns, FIELDS[word], taken=self.taken) for word in ("phone", "email"))
        if named and contacts:
            self.taken.append(column)
            self.names = column
            self.notes.append(f"column {column!r} holds names, which are no ids")
            return None
        return self.named("user")

    def _who(self, rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
        """What a row says of the person beside what happened: the name, and that its keys are one person's."""
        name = self.names or find(self.grid.columns, NAMES, taken=self.taken)
        if not self.keys or "kind" not in rules[0].fields or (name is None and len(self.keys) < 2):
            return ()
        base = {word: rules[0].fields[word] for word in ("at", "actor_key")}
        if len(rules) == 1 and "id" in rules[0].fields:
            base["id"] = rules[0].fields["id"]
        made = []
        if name is not None:
            traits = {"name": Take(column=name)} | {word: Take(column=c) for c, word in self.keys if word != "user"}
            who = {**base, "kind": Take(constant="identify")}
            made.append(Rule(fields=who, props=traits, needs=("actor_key",), suffix="/who", aside=True))
            self.notes.append(f"the person's name from column {name!r}")
        for column, namespace in self.keys[1:]:
            link = {**base, "kind": Take(constant="alias"), "target_key": Take(column=column, namespace=namespace)}
            props = {"how": Take(constant=f"trait {namespace}"), "verified": Take(constant="false")}
            needs = ("actor_key", "target_key")
            made.append(Rule(fields=link, props=props, needs=needs, suffix=f"/who/alias/{namespace}", aside=True))
        return tuple(made)

    def _note_states(self, fields: dict[str, Take]) -> None:
        """Say that a column of states is kept and not understood, where its rows are taken for paid orders."""
        column = find(self.grid.columns, STATES, taken=self.taken)
        if column is None or fields["kind"] != Take(constant="order"):
            return
        words = ", ".join(list(dict.fromkeys(self.grid.column(column)))[:6])
        self.notes.append(
            f"EVERY ROW COUNTS AS PAID, whatever column {column!r} says ({words}): where some are not, say so in the "
            "mapping, with when:"
        )

    def _things(self) -> dict[str, Take]:
        fields: dict[str, Take] = {}
        for word, name, namespace in (("item", "object_key", "item"), ("group", "group_key", "group:table")):
            column = self.named(word)
            if column:
                fields[name] = Take(column=column, namespace=namespace)
        for name in ("category", "campaign", "channel", "text"):
            column = self.named(name)
            if column:
                fields[name] = Take(column=column)
        return fields

    def _money(self) -> dict[str, Take]:
        column = self.named("amount")
        if column is None:
            return {}
        fields = {"value": Take(column=column)}
        currency = self.named("currency")
        if currency:
            fields["currency"] = Take(column=currency)
        return fields

    def _kind(self, fields: dict[str, Take]) -> tuple[Take, bool]:
        """What happened, and whether the table itself says so."""
        column = self.named("kind")
        if column is not None:
            words = list(dict.fromkeys(self.grid.column(column)))
            values = {word: kind for word in words if (kind := kind_of(word))}
            if values and len(values) == len(words):
                same = all(word == kind for word, kind in values.items())
                return Take(column=column, values={} if same else values), True
            if words and all(re.fullmatch(r"[a-z][a-z0-9_]{0,63}", word) for word in words):
                return Take(column=column), True
            self.notes.append(f"the words of column {column!r} are not all known: say what they mean under values:")
            return Take(
                column=column, values={word: kind_of(word) or "other" for word in words[:50]}, otherwise="other"
            ), False
        if "value" in fields:
            self.notes.append("kind is order, because there is an amount")
            return Take(constant="order"), True
        if "text" in fields:
            return Take(constant="message"), False
        self.notes.append("nothing says what happened; put a kind")
        return Take(constant="activity"), False


def kind_of(word: str) -> str | None:
    """The kind that a word of a log means."""
    wanted = plain(word)
    return next((kind for kind, words in KIND_WORDS.items() if wanted in map(plain, words)), None)


def quoted(column: str) -> str:
    """A column as expressions name it."""
    return '"' + column.replace('"', '""') + '"'


def line_id(order: str, part: str) -> str:
    """The expression of an order line's id: the order's number and the line's, or what was bought."""
    return f"if(is_empty({quoted(part)}), {quoted(order)}, concat({quoted(order)}, '/', {quoted(part)}))"


def time_format(cells: Sequence[str]) -> str | None:
    """The pattern of times whose order of day and month must be found out from all of them; None for usual forms."""
    matches = [match for cell in cells if (match := _SLASHED.match(cell.strip()))]
    if not matches or len(matches) < len(cells) * 0.9:
        if cells and all(re.fullmatch(r"[34]\d{4}(\.\d+)?", cell) for cell in cells):
            return "excel"
        return None
    day = day_and_month(max(int(m.group(1)) for m in matches), max(int(m.group(2)) for m in matches))
    year = "%Y" if len(matches[0].group(3)) == 4 else "%y"
    clock = matches[0].group(4)
    hours = "" if not clock else " %I:%M" if matches[0].group(6) else " %H:%M"
    seconds = ":%S" if matches[0].group(5) else ""
    return f"{day}/{year}{hours}{seconds}{' %p' if matches[0].group(6) else ''}"


def day_and_month(first: int, second: int) -> str:
    """Which of the two numbers of a date is the day, by the highest that each reaches; the month is first in doubt."""
    return "%d/%m" if first > 12 >= second else "%m/%d"
