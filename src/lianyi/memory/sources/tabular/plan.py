"""A mapping compiled: SQL that turns a part of a table into events and says which rows are wrong.

Each rule gives one SELECT over the part; their rows are put together. Times, amounts and keys that several rules may
read are read once before: reports of shops have ten rules, and to plan the same two hundred lines of SQL for each took
longer than a small file. A row of the result: `_row` (number of the row
within the part), `_bad` (0, or the number of the first check that failed), `_aside` (a by-product), then the fields
of an event.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

import pyarrow as pa

from lianyi.memory.engine import literal
from lianyi.memory.events import EARLIEST, FUTURE_SLACK, KINDS, MAX_KEY, MAX_PROPS, MAX_TEXT
from lianyi.memory.sources.tabular.cells import EACH, MONEY, Cells, currency_of, key_of, number_of, time_of
from lianyi.memory.sources.tabular.expression import compiled
from lianyi.memory.sources.tabular.jsonlines import REST
from lianyi.memory.sources.tabular.mapping import KEY_FIELDS, TEXT_FIELDS, Rule, Take
from lianyi.memory.sources.tabular.mapping import Mapping as TableMapping

PART, READ = "part", "part_read"
# JSON of more parts may be nested so deep that readers fail on it.
MAX_PARTS = 500
_SQL_TYPES = {"at": "TIMESTAMPTZ", "value": MONEY}
_KINDS = ", ".join(KINDS)


@dataclass(frozen=True, kw_only=True)
class Check:
    """A condition under which a row is wrong, the column to blame and what to tell."""

    condition: str
    column: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Plan:
    """read: over the relation PART (the part's columns and `_row`), makes the relation READ; None where there is but
    one rule. sql: over READ, or PART where read is None. texts: columns whose cleaned text PART must bring,
    and under which name. checks: `_bad` - 1 is the index of the failed one.

    some_rows_say_nothing: rows may fall through all rules; they are then rejected, not forgotten; unused says how.
    """

    read: str | None
    sql: str
    texts: Mapping[str, str]
    checks: tuple[Check, ...]
    some_rows_say_nothing: bool
    unused: Check


def plan(
    mapping: TableMapping, *, types: Mapping[str, pa.DataType], source: str, timezone: str, currency: str, now: datetime
) -> Plan:
    """Compile a mapping for a table with columns of these types. BadMapping names what does not fit.

    source: of the events, and prefix of their ids (but for a label, which both get). timezone, currency: where the
    mapping names none. now: the clock, against which times in the future are refused.
    """
    cells = Cells(
        types=types, timezone=mapping.timezone or timezone, decimal_comma=mapping.decimal_comma,
        reads={} if len(mapping.rules) > 1 else None,
    )  # fmt: skip
    world = _World(
        mapping=mapping, cells=cells, source=source, currency=mapping.currency or currency, now=now,
    )  # fmt: skip
    parts = [world.select(rule) for rule in mapping.rules]
    why = mapping.unused_reason or "no event of the mapping applies to this row (see its when: and needs:)"
    return Plan(
        unused=Check(condition="", column=mapping.unused_column or "", reason=why),
        read=None if cells.reads is None else _reading(cells.reads),
        sql="\nUNION ALL\n".join(parts),
        texts={column: name for column, name in cells.texts.items() if column != EACH},
        checks=tuple(world.checks),
        some_rows_say_nothing=all(rule.when or rule.needs or rule.each or rule.aside for rule in mapping.rules),
    )


def _reading(reads: Mapping[str, str]) -> str:
    return f"SELECT {', '.join(['*', *(f'{sql} AS {name}' for sql, name in reads.items())])} FROM {PART}"


@dataclass(kw_only=True)
class _World:
    """What the rules of one mapping share while they are compiled."""

    mapping: TableMapping
    cells: Cells
    source: str
    currency: str
    now: datetime
    checks: list[Check] = field(default_factory=list)

    @property
    def prefix(self) -> str:
        """What stands before the ids: the source, or the mapping's own word with the label that the source has."""
        _name, slash, label = self.source.partition("/")
        return (self.mapping.id_prefix or _name) + slash + label

    def select(self, rule: Rule) -> str:
        """The SELECT of one rule."""
        cells = self._cells_of(rule)
        fields = {name: self._field(name, rule, cells) for name in TEXT_FIELDS}
        fields["props"] = self._props(rule, cells)
        first = len(self.checks)
        self.checks += [check for name in rule.fields for check in self._checks(name, rule)]
        self.checks += self._checks_of_all(rule)
        cases = " ".join(f"WHEN {check.condition} THEN {first + n}" for n, check in enumerate(self.checks[first:], 1))
        conditions = [compiled(rule.when, cells).sql] if rule.when else []
        inner = ", ".join(f'{sql} AS "{name}"' for name, sql in fields.items())
        present = self._present(rule, cells)
        where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
        needs = [f'"{name}" IS NOT NULL' for name in rule.needs]
        if rule.fields.get("kind") == Take(constant="alias"):
            needs.append("actor_key <> target_key")
        outer = f"WHERE {' AND '.join(needs)}" if needs else ""
        names = ", ".join(f'"{name}"' for name in fields)
        return (
            f"SELECT _row, CASE {cases} ELSE 0 END AS _bad, {str(rule.aside).upper()} AS _aside, {names} FROM "
            f"(SELECT _row, {inner}{present} FROM {self._from(rule)} {where}) {outer}"
        )

    def _cells_of(self, rule: Rule) -> Cells:
        return replace(self.cells, types={**self.cells.types, EACH: pa.string()}) if rule.each else self.cells

    def _from(self, rule: Rule) -> str:
        part = PART if self.cells.reads is None else READ
        if not rule.each:
            return part
        parts = f"unnest(list_distinct(string_split_regex({self.cells.text(rule.each)}, {literal(rule.split)})))"
        cut = f"(SELECT *, {parts} AS {EACH}_raw FROM {part})"
        return f"(SELECT *, trim({EACH}_raw) AS {EACH} FROM {cut} WHERE trim({EACH}_raw) <> '')"

    def _field(self, name: str, rule: Rule, cells: Cells) -> str:
        if name == "source" and name not in rule.fields:
            return literal(self.source)
        if name == "id":
            return self._id(rule, cells)
        take = rule.fields.get(name)
        if take is None:
            if name == "currency" and "value" in rule.fields:
                return self._currency(rule, cells)
            return f"CAST(NULL AS {_SQL_TYPES.get(name, 'VARCHAR')})"
        if name == "at":
            return self._time(take, cells)
        if name == "value":
            return self._amount(take, cells)
        if take.namespaces:
            pairs = zip(take.columns, take.namespaces, strict=True)
            keys = [self._key(take, cells, column, namespace) for column, namespace in pairs]
            return f"coalesce({', '.join(keys)})"
        text = self._text(take, cells)
        if name in KEY_FIELDS and take.namespace and take.constant is None:
            if name in {"actor_key", "target_key"}:
                return key_of(_somebody(text, take), take.namespace, strict=take.strict)
            return f"{literal(take.namespace + ':')} || {text}"
        if name == "parent_id" and not self.mapping.ids_as_given:
            return f"{literal(self.prefix + ':')} || {text}"
        if name == "currency":
            stated = self._stated(rule, cells, "NULL")
            return f"coalesce(upper({text}), {stated})" if stated else f"upper({text})"
        return text

    def _key(self, take: Take, cells: Cells, column: str, namespace: str) -> str:
        key = key_of(_somebody(cells.text(column), take), namespace, strict=take.strict)
        return cells.once(key)

    def _currency(self, rule: Rule, cells: Cells) -> str:
        """The mapping's currency; where only the workspace has one, an amount's own sign goes before it."""
        given = literal(self.currency)
        stated = None if self.mapping.currency else self._stated(rule, cells, given)
        return f"coalesce({stated}, {given})" if stated else given

    def _stated(self, rule: Rule, cells: Cells, expected: str) -> str | None:
        """The currency that the row's amount is written with; None where the amount comes from no text."""
        take = rule.fields.get("value")
        columns = [column for column in take.reads() if cells.is_text(column)] if take else []
        found = [cells.once(currency_of(cells.text(column), expected)) for column in columns]
        return f"coalesce({', '.join(found)})" if found else None

    def _id(self, rule: Rule, cells: Cells) -> str:
        take = rule.fields.get("id")
        each = " || '/' || _each" if rule.each else ""
        suffix = f" || {literal(rule.suffix)}" if rule.suffix else ""
        if take is not None:
            prefix = "" if self.mapping.ids_as_given else f"{literal(self.prefix + ':')} || "
            return f"{prefix}{self._text(take, cells)}{suffix}{each}"
        return f"{literal(self.prefix + ':~')} || {self._row_hash()}{suffix}{each}"

    def _row_hash(self) -> str:
        """The MD5 of all cells, in the order of the columns' names: two exports may order their columns differently."""
        names = sorted(name for name in self.cells.types if not name.startswith("_") or name == REST)
        values = ", ".join(f"coalesce(CAST({self.cells.raw(name)} AS VARCHAR), '')" for name in names)
        return f"md5(concat_ws(chr(31), {values}))"

    def _time(self, take: Take, cells: Cells) -> str:
        if take.expression is not None:
            return time_of(compiled(take.expression, cells).sql, cells.timezone, take.format)
        if take.constant is not None:
            return time_of(literal(take.constant), cells.timezone, take.format)
        times = [cells.time(column, take.format) for column in take.reads()]
        found = times[0] if len(times) == 1 else f"coalesce({', '.join(times)})"
        if take.otherwise is None:
            return found
        return f"CASE WHEN {_said(take, cells)} THEN {found} ELSE {time_of(literal(take.otherwise), 'UTC', None)} END"

    def _amount(self, take: Take, cells: Cells) -> str:
        if take.expression is not None:
            value = compiled(take.expression, cells)
            return f"TRY_CAST({value.sql} AS {MONEY})" if value.type == "number" else number_of(value.sql, MONEY)
        if take.constant is not None:
            return f"CAST({literal(take.constant)} AS {MONEY})"
        amounts = [cells.number(column, MONEY) for column in take.reads()]
        return amounts[0] if len(amounts) == 1 else f"coalesce({', '.join(amounts)})"

    def _text(self, take: Take, cells: Cells) -> str:
        if take.constant is not None:
            return literal(take.constant)
        if take.expression is not None:
            value = compiled(take.expression, cells)
            text = value.sql if value.type == "text" else f"CAST({value.sql} AS VARCHAR)"
        else:
            texts = [cells.text(column) for column in take.reads()]
            text = texts[0] if len(texts) == 1 else f"coalesce({', '.join(texts)})"
        if not take.values and take.otherwise is None:
            return text
        cases = "".join(f" WHEN {literal(word)} THEN {literal(meant)}" for word, meant in take.values.items())
        other = "NULL" if take.otherwise is None else f"nullif({literal(take.otherwise)}, '')"
        return f"CASE {text}{cases} ELSE {other} END" if cases else other

    def _props(self, rule: Rule, cells: Cells) -> str:
        values = {name: self._prop(take, cells) for name, take in rule.props.items()}
        if rule.rest:
            read = set(self.mapping.reads())
            for column in cells.types:
                if column not in read and not column.startswith("_"):
                    values.setdefault(column, self._prop(Take(column=column), cells))
        pairs = ", ".join(f"{literal(name)}, {values[name]}" for name in sorted(values))
        if not pairs and not rule.json:
            return "CAST(NULL AS VARCHAR)"
        # merging into an empty object leaves the NULLs out
        merged = f"json_merge_patch('{{}}', json_object({pairs}))" if pairs else "'{}'"
        if rule.rest and REST in cells.types:
            merged = f"json_merge_patch({merged}, coalesce({cells.raw(REST)}, '{{}}'))"
        if rule.json:
            given = cells.text(rule.json)
            merged = f"json_merge_patch({merged}, CASE WHEN {_is_object(given)} THEN {given} ELSE '{{}}' END)"
        return f"nullif(CAST({merged} AS VARCHAR), '{{}}')"

    def _prop(self, take: Take, cells: Cells) -> str:
        if take.constant in {"true", "false"}:
            return str(take.constant).upper()
        if take.expression is not None and not take.values:
            value = compiled(take.expression, cells)
            return f"CAST({value.sql} AS DOUBLE)" if value.type == "number" else value.sql
        if take.column is not None and not take.values:
            kind = cells.type_of(take.column)
            if pa.types.is_integer(kind) or pa.types.is_boolean(kind):
                return cells.raw(take.column)
            if pa.types.is_floating(kind):
                return f"CASE WHEN isfinite({cells.raw(take.column)}) THEN {cells.raw(take.column)} END"
        text = self._text(take, cells)
        return (
            f"CASE WHEN contains({text}, '*') OR starts_with({text}, '##') THEN NULL ELSE {text} END"
            if take.strict
            else text
        )

    def _present(self, rule: Rule, cells: Cells) -> str:
        """Columns that say whether there was anything to read, for fields that may be empty but not wrong."""
        said = [name for name in rule.fields if _may_fail(name, rule.fields[name])]
        flags = [f'{_said(rule.fields[name], cells)} AS "_said_{name}"' for name in said]
        given = rule.fields.get("currency")
        expected = f"upper({self._text(given, cells)})" if given else literal(self.currency)
        if stated := self._stated(rule, cells, expected):
            flags.append(f'{stated} AS "_stated"')
        if rule.json:
            text = cells.text(rule.json)
            flags.append(f"({text} IS NOT NULL AND NOT coalesce({_is_object(text)}, FALSE)) AS _bad_json")
        return "".join(f", {flag}" for flag in flags)

    def _checks(self, name: str, rule: Rule) -> Iterator[Check]:
        take = rule.fields[name]
        column = next(iter(take.reads()), "")
        if name == "at":
            if _may_fail(name, take) and take.otherwise is None:
                yield Check(condition="NOT _said_at", column=column, reason="is empty; every event needs a time")
            yield Check(
                condition='"at" IS NULL',
                column=column,
                reason="is no time; write it like 2026-01-31 14:05:00, or name its format in the mapping",
            )
            limits = f'"at" < {literal(EARLIEST)} OR "at" > {literal(self.now + FUTURE_SLACK)}'
            yield Check(condition=limits, column=column, reason="is not between 1970 and tomorrow; mend the time")
        elif name == "value":
            if _may_fail(name, take):
                reason = (
                    "is no amount (at most 14 digits before the point); write it like 12.50 or 1,234.50, "
                    "or say decimal_comma: true in the mapping where a comma stands before the cents"
                )
                yield Check(condition="_said_value AND value IS NULL", column=column, reason=reason)
            if any(self.cells.is_text(column) for column in take.reads() if column != EACH):
                reason = "is in another currency than the mapping or the row's currency says; mend the one or the other"
                yield Check(condition="_stated <> currency", column=column, reason=reason)
        elif name == "kind" and take.constant is None:
            yield Check(condition="kind IS NULL", column=column, reason=_kind_reason(take))
            pattern = "kind IS NULL OR NOT regexp_full_match(kind, '[a-z][a-z0-9_]{0,63}')"
            yield Check(
                condition=pattern,
                column=column,
                reason=f"is no kind; write small letters, digits and _ (known: {_KINDS})",
            )
        elif take.constant is None:
            yield from _checks_of_text(name, take, column)

    def _checks_of_all(self, rule: Rule) -> Iterator[Check]:
        yield Check(
            condition="id IS NULL", column=_id_column(rule), reason="is empty; the mapping makes the event's id of it"
        )
        yield Check(
            condition=f"length(id) > {MAX_KEY}", column=_id_column(rule), reason=f"is longer than {MAX_KEY} characters"
        )
        if rule.json:
            yield Check(
                condition="_bad_json", column=rule.json, reason='is no JSON object; write it like {"colour": "red"}'
            )
            opened = "length(props) - length(replace(replace(props, '{', ''), '[', ''))"
            why = f"has more than {MAX_PARTS} lists and objects in one another; that is no description of an event"
            condition = f"CASE WHEN length(props) > {MAX_PARTS} THEN {opened} > {MAX_PARTS} ELSE FALSE END"
            yield Check(condition=condition, column=rule.json, reason=why)
        if rule.props or rule.rest or rule.json:
            yield Check(
                condition=f"length(props) > {MAX_PROPS}",
                column="",
                reason=f"the row's other columns are longer than {MAX_PROPS:,} characters",
            )


def _somebody(text: str, take: Take) -> str:
    for word in take.nobody:
        text = f"nullif({text}, {literal(word)})"
    return text


def _is_object(text: str) -> str:
    return f"(json_valid({text}) AND starts_with({text}, '{{'))"


def _id_column(rule: Rule) -> str:
    take = rule.fields.get("id")
    return next(iter(take.reads()), "") if take else ""


def _may_fail(name: str, take: Take) -> bool:
    return name in {"at", "value"} and take.constant is None


def _said(take: Take, cells: Cells) -> str:
    texts = [cells.raw(column) if not cells.is_text(column) else cells.text(column) for column in take.reads()]
    return "TRUE" if not texts else "(" + " OR ".join(f"{text} IS NOT NULL" for text in texts) + ")"


def _kind_reason(take: Take) -> str:
    if take.values:
        return f"is none of the words that the mapping knows ({', '.join(take.values)})"
    return "is empty; every event needs a kind"


def _checks_of_text(name: str, take: Take, column: str) -> Iterator[Check]:
    if name == "id":
        return
    if name == "currency":
        condition = "currency IS NOT NULL AND NOT regexp_full_match(currency, '[A-Z]{3}')"
        yield Check(condition=condition, column=column, reason="is no ISO 4217 code; write three letters such as CNY")
        return
    limit = MAX_TEXT if name == "text" else MAX_KEY
    yield Check(condition=f'length("{name}") > {limit}', column=column, reason=f"is longer than {limit:,} characters")
    if name in {"actor_key", "target_key"} and not take.namespace:
        yield Check(
            condition=f"{name} IS NOT NULL AND NOT contains({name}, ':')",
            column=column,
            reason="has no namespace; write namespace:value, e.g. email:a@b.cn",
        )
