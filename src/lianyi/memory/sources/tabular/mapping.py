"""A mapping: how the rows of a table become events. Data, kept as YAML, shown for review, remembered per source."""

from __future__ import annotations

from collections.abc import Mapping as MappingType
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Self

import yaml

from lianyi.errors import BadMapping, InputError
from lianyi.memory.events import FIELD_NAMES
from lianyi.memory.sources.source_names import check_source_name
from lianyi.memory.sources.tabular.expression import columns_of

TEXT_FIELDS = tuple(name for name in FIELD_NAMES if name not in {"received_at", "props"})
KEY_FIELDS = ("actor_key", "target_key", "group_key", "object_key")


@dataclass(frozen=True, kw_only=True)
class Take:
    """Where the value of one field comes from: a column, the first non-empty of several, an expression or a constant.

    namespace: put before the value of a key field (`user` -> `user:17850`); for email and phone the value is
    normalised, masked values are no keys. namespaces: beside `columns`, one for each: the first usable key is taken.
    format: of a time, where the usual forms do not fit (a strptime pattern, or epoch_s, epoch_ms, epoch_us, excel).
    values: what the words of the file mean; otherwise: for all other words ("" = leave empty; None = such a row is
    rejected); of a time: for empty cells. strict: one * is a mask, and what is masked is left out. blame: the column
    to name when an expression gives nothing usable. nobody: values that stand for no one (a guest's customer number
    0).
    """

    column: str | None = None
    columns: tuple[str, ...] = ()
    expression: str | None = None
    constant: str | None = None
    namespace: str | None = None
    namespaces: tuple[str, ...] = ()
    format: str | None = None
    values: MappingType[str, str] = field(default_factory=dict)
    otherwise: str | None = None
    strict: bool = False
    blame: str | None = None
    nobody: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        given = [self.column, self.columns or None, self.expression, self.constant]
        if sum(item is not None for item in given) != 1:
            raise BadMapping("a field takes exactly one of column, columns, expression and constant")
        if self.namespaces and len(self.namespaces) != len(self.columns):
            raise BadMapping("namespaces: give one for each of columns")

    def reads(self) -> list[str]:
        """The columns that it reads."""
        if self.expression is not None:
            return list(dict.fromkeys([*([self.blame] if self.blame else []), *columns_of(self.expression)]))
        return [self.column] if self.column is not None else list(self.columns)


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One event that a row may say. fields: by event field; props: by name in props.

    when: a condition; without it every row says the event. needs: fields without which there is no event (and no
    error). suffix: put behind the id, where a row says several events. each: a column whose parts (cut at `split`, a
    regular expression) give one event each; the part is the column `_each`. rest: all columns that nothing reads go
    into props as well. json: a column that holds a JSON object whose fields go into props. aside: the
    event is a by-product: a row for which no other rule applies is still rejected.
    """

    fields: MappingType[str, Take]
    props: MappingType[str, Take] = field(default_factory=dict)
    when: str | None = None
    needs: tuple[str, ...] = ()
    suffix: str = ""
    each: str | None = None
    split: str = r"[,，、;；|\s]+"
    rest: bool = False
    json: str | None = None
    aside: bool = False

    def reads(self) -> list[str]:
        """The columns that it reads."""
        found = [column for take in (*self.fields.values(), *self.props.values()) for column in take.reads()]
        found += columns_of(self.when) if self.when else []
        found += [name for name in (self.each, self.json) if name]
        return [column for column in dict.fromkeys(found) if column != "_each"]


@dataclass(frozen=True, kw_only=True)
class Mapping:
    """A table's way to events.

    source: the events' source, and the prefix of their ids. delimiter, has_header, columns, encoding, sheet: how to
    read the file, where that can't be seen (columns: names for a file without a header). timezone, currency: instead
    of the workspace's. ids_as_given: ids are used as they stand (files of our own columns); else `<source>:<id>`.
    id_prefix: instead of the source, where two reports tell of the same things. decimal_comma: amounts are written
    1.234,50. carry: columns whose empty cells repeat the row above while column `carry_by` stays the same (orders of
    several lines). numbered: rows of one file that share an id are several lines of one thing (an order), the second
    becomes `<id>#2`; else they are one event. unused_column, unused_reason: to tell of rows for which no rule applies.
    """

    source: str
    rules: tuple[Rule, ...]
    id_prefix: str | None = None
    title: str = ""
    delimiter: str | None = None
    has_header: bool | None = None
    columns: tuple[str, ...] = ()
    encoding: str | None = None
    sheet: str | None = None
    timezone: str | None = None
    currency: str | None = None
    ids_as_given: bool = False
    decimal_comma: bool = False
    carry: tuple[str, ...] = ()
    carry_by: str | None = None
    numbered: bool = False
    unused_column: str | None = None
    unused_reason: str | None = None

    def __post_init__(self) -> None:
        try:
            check_source_name(self.source, what="source")
        except InputError as error:
            raise BadMapping(str(error)) from error

    def reads(self) -> list[str]:
        """The columns that it needs."""
        found = [column for rule in self.rules for column in rule.reads()]
        found += [*self.carry, *([self.carry_by] if self.carry_by else [])]
        return list(dict.fromkeys(found))

    def fits(self, columns: Sequence[str]) -> bool:
        """Whether a file with these columns can be read by it."""
        if self.columns:
            return len([name for name in columns if not name.startswith("_")]) == len(self.columns)
        return set(self.reads()) <= set(columns)

    def evolve(self, **changes: Any) -> Self:
        """A copy with some fields changed."""
        return replace(self, **changes)

    @property
    def natural_ids(self) -> bool:
        """Whether every row has an id of its own, so that equal rows are one event."""
        return not self.numbered and all("id" in rule.fields for rule in self.rules)


def read(path: Path) -> Mapping:
    """The mapping in a YAML file. BadMapping names file, place and what is allowed."""
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BadMapping(f"{path}: is no YAML ({error})") from error
    except OSError as error:
        raise BadMapping(f"{path}: can't be read ({error.strerror}); name a mapping file that exists") from error
    try:
        return from_data(data)
    except BadMapping as error:
        raise BadMapping(f"{path}: {error}") from error


def write(path: Path, mapping: Mapping) -> None:
    """Write a mapping as YAML, replacing the file in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".new")
    draft.write_text(to_yaml(mapping), encoding="utf-8")
    draft.replace(path)


def to_yaml(mapping: Mapping) -> str:
    """The mapping as people read it."""
    return yaml.safe_dump(to_data(mapping), allow_unicode=True, sort_keys=False, width=120)


def to_data(mapping: Mapping) -> dict[str, Any]:
    """The mapping as plain data, without what is at its default."""
    data = {item.name: getattr(mapping, item.name) for item in fields(mapping) if item.name != "rules"}
    plain = {name: list(value) if isinstance(value, tuple) else value for name, value in data.items()}
    kept = {name: value for name, value in plain.items() if value not in (None, "", [], False)}
    if mapping.has_header is False:
        kept["has_header"] = False
    kept["events"] = [_rule_data(rule) for rule in mapping.rules]
    return kept


def _rule_data(rule: Rule) -> dict[str, Any]:
    data: dict[str, Any] = {name: _take_data(name, take) for name, take in rule.fields.items()}
    if rule.props:
        data["props"] = {name: _take_data("", take) for name, take in rule.props.items()}
    for name, default in (
        ("when", None),
        ("needs", ()),
        ("suffix", ""),
        ("each", None),
        ("rest", False),
        ("json", None),
    ):
        value = getattr(rule, name)
        if value != default:
            data[name] = list(value) if isinstance(value, tuple) else value
    if rule.each and rule.split != Rule.split:
        data["split"] = rule.split
    return data


def _take_data(name: str, take: Take) -> Any:
    data = {item.name: getattr(take, item.name) for item in fields(take)}
    kept = {key: list(value) if isinstance(value, tuple) else value for key, value in data.items()}
    kept = {key: value for key, value in kept.items() if value not in (None, [], {}, False)}
    if list(kept) == ["column"] and name != "kind":
        return kept["column"]
    if list(kept) == ["constant"] and name == "kind":
        return kept["constant"]
    return {key: dict(value) if isinstance(value, MappingType) else value for key, value in kept.items()}


_RULE_WORDS = {"props", "when", "needs", "suffix", "each", "split", "rest", "json", "aside"}


def from_data(data: Any) -> Mapping:
    """A mapping from plain data. BadMapping names the place and what is allowed there."""
    if not isinstance(data, dict):
        raise BadMapping("a mapping is a table of words such as source: and events:")
    known = {item.name for item in fields(Mapping)} - {"rules"} | {"events"}
    _refuse_unknown("mapping", data, known)
    if not isinstance(data.get("source"), str) or not data["source"]:
        raise BadMapping("source: is missing; give the name that the events' source shall have")
    events = data.get("events")
    if not isinstance(events, list) or not events:
        raise BadMapping("events: is missing; give a list with at least one event (at:, kind:, …)")
    rules = tuple(_rule(number, item) for number, item in enumerate(events, 1))
    return Mapping(rules=rules, **_words("mapping", data, Mapping, known - {"events"}))


def _words(where: str, data: MappingType[str, Any], shape: type[Any], names: set[str]) -> dict[str, Any]:
    """The plain words of a mapping or rule, each of the type that its default has: text, yes or no, list of texts."""
    defaults = {item.name: item.default for item in fields(shape)}
    plain: dict[str, Any] = {}
    for name in names & set(data):
        value, default = data[name], defaults[name]
        if isinstance(default, tuple):
            if not isinstance(value, list):
                raise BadMapping(f"{where}: {name}: is {value!r}; write a list")
            plain[name] = tuple(map(str, value))
        elif isinstance(default, bool) or name == "has_header":
            if not isinstance(value, bool):
                raise BadMapping(f"{where}: {name}: is {value!r}; write true or false")
            plain[name] = value
        elif isinstance(value, dict | list | bool):
            raise BadMapping(f"{where}: {name}: is {value!r}; write a text")
        elif value is not None:
            plain[name] = str(value)
    return plain


def _refuse_unknown(where: str, data: MappingType[str, Any], known: set[str]) -> None:
    unknown = sorted(str(name) for name in data if name not in known)
    if unknown:
        raise BadMapping(f"{where}: unknown word {unknown[0]!r}; there are {', '.join(sorted(known))}")


def _rule(number: int, data: Any) -> Rule:
    where = f"event {number}"
    if not isinstance(data, dict):
        raise BadMapping(f"{where}: is not a table of fields")
    _refuse_unknown(where, data, set(TEXT_FIELDS) | _RULE_WORDS)
    for name in ("at", "kind"):
        if name not in data:
            raise BadMapping(f"{where}: {name} is missing; every event needs a time and a kind")
    props = data.get("props") or {}
    if not isinstance(props, dict):
        raise BadMapping(f"{where}: props is a table of name: column")
    return Rule(
        fields={name: _take(f"{where}: {name}", name, data[name]) for name in TEXT_FIELDS if name in data},
        props={str(name): _take(f"{where}: props: {name}", "", value) for name, value in props.items()},
        **_words(where, data, Rule, _RULE_WORDS - {"props"}),
    )


def _take(where: str, name: str, data: Any) -> Take:
    if isinstance(data, str):
        return Take(constant=data) if name == "kind" else Take(column=data)
    if not isinstance(data, dict):
        raise BadMapping(f"{where}: write a column's name, or a table with column:, columns:, expression: or constant:")
    _refuse_unknown(where, data, {item.name for item in fields(Take)})
    words = _words(where, data, Take, {item.name for item in fields(Take)} - {"values"})
    values = data.get("values") or {}
    if not isinstance(values, dict):
        raise BadMapping(f"{where}: values: is {values!r}; write a table of word: meaning")
    try:
        return Take(values={_word(a): _word(b) for a, b in values.items()}, **words)
    except BadMapping as error:
        raise BadMapping(f"{where}: {error}") from error


def _word(value: Any) -> str:
    """A word of a YAML table as the file spells it; YAML reads yes and no as truth values."""
    return str(value).lower() if isinstance(value, bool) else str(value)
