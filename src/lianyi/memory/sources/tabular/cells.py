"""SQL texts that read one cell: as text, amount, time or key. Each returns an expression that is NULL where it can't.

Written for DuckDB, the engine of imports; the regular expressions keep to what Spark's dialect can take over.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pyarrow as pa

from lianyi.errors import BadMapping
from lianyi.memory.engine import literal
from lianyi.memory.keys import key_sql

MONEY = "DECIMAL(18, 4)"
NUMBER = "DECIMAL(18, 6)"
_FULL_WIDTH = (literal("０１２３４５６７８９．－＋，（）＄"), literal("0123456789.-+,()$"))
# What an amount may carry before or behind its digits -> the currencies that it can mean, the likeliest first.
_SIGNS: Mapping[str, tuple[str, ...]] = {
    r"HK\$|HKD|港币|港元": ("HKD",),
    r"US\$|USD|美元": ("USD",),
    "€|EUR|欧元": ("EUR",),
    "£|GBP|英镑": ("GBP",),
    "JPY|日元|円": ("JPY",),
    "RMB|CNY|人民币|元": ("CNY",),
    "[¥￥]": ("CNY", "JPY"),
    r"\$": ("USD", "AUD", "BRL", "CAD", "HKD", "MXN", "NZD", "SGD", "TWD"),
}
_SIGN = f"(?:{'|'.join(_SIGNS)})"

_DAY = r"\d{4}[-/]\d{1,2}[-/]\d{1,2}"
_CLOCK = r"\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?"
_ZONE = r"(Z|UTC|GMT|[+-]\d{2}(:?\d{2})?)"
_PLAIN_ZONE = r"(Z|[+-]\d{2}(:?\d{2})?)"
# Forms that name no order of day and month; tried last.
_RARE = (
    "%Y.%m.%d", "%Y.%m.%d %H:%M", "%Y.%m.%d %H:%M:%S", "%Y%m%d %H:%M:%S", "%Y%m%d %H:%M", "%Y%m%dT%H%M%S",
    "%Y-%m-%d %H:%M:%S,%g", "%d %b %Y", "%d %b %Y %H:%M", "%d %b %Y %H:%M:%S", "%b %d, %Y", "%b %d, %Y %H:%M",
    "%b %d, %Y %I:%M %p", "%B %d, %Y", "%B %d, %Y %I:%M %p", "%a %b %d %H:%M:%S %Y", "%d-%b-%Y", "%d-%b-%y",
)  # fmt: skip
# The column that holds one part of a cell with several (Rule.each).
EACH = "_each"
NAMED_FORMATS = ("epoch_s", "epoch_ms", "epoch_us", "excel")


@dataclass(frozen=True, kw_only=True)
class Cells:
    """The columns of a part, how to name them in SQL and how to read them.

    types: Arrow type by column. timezone: for times without zone. decimal_comma: amounts are written 1.234,50.
    texts: text columns asked for so far, with the name under which the part shall bring their cleaned text.
    reads: what was read of columns so far (SQL), with the name under which each is computed once for all rules; None
    where there is but one rule, whose rows alone shall pay for it.
    """

    types: Mapping[str, pa.DataType]
    timezone: str
    decimal_comma: bool = False
    texts: dict[str, str] = field(default_factory=dict)
    reads: dict[str, str] | None = None

    def once(self, sql: str) -> str:
        """Something read of columns, by the name of what is computed once; by itself where it can't be."""
        if self.reads is None or EACH in sql:
            return sql
        return self.reads.setdefault(sql, f"_read_{len(self.reads)}")

    def type_of(self, column: str) -> pa.DataType:
        """The Arrow type; BadMapping lists the columns where there is no such one."""
        try:
            return self.types[column]
        except KeyError:
            there = ", ".join(list(self.types)[:40])
            raise BadMapping(
                f"the mapping reads column {column!r}, which the file does not have; it has: {there}"
            ) from None

    def raw(self, column: str) -> str:
        """The column as it stands in the part."""
        self.type_of(column)
        return '"' + column.replace('"', '""') + '"'

    def is_text(self, column: str) -> bool:
        """Whether the column holds text (all columns do but those of Parquet files)."""
        kind = self.type_of(column)
        return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_dictionary(kind))

    def text(self, column: str) -> str:
        """The cell's text, cleaned (cleaning.cleaned); NULL where nothing is left."""
        raw, kind = self.raw(column), self.type_of(column)
        if self.is_text(column):
            return self.texts.setdefault(column, column if column == EACH else f"_text_{len(self.texts)}")
        if pa.types.is_floating(kind):
            whole = f"{raw} = floor({raw}) AND abs({raw}) < 1e15 THEN CAST(CAST({raw} AS BIGINT) AS VARCHAR)"
            return f"CASE WHEN {whole} WHEN isfinite({raw}) THEN CAST({raw} AS VARCHAR) END"
        if pa.types.is_nested(kind):
            return f"CAST(to_json({raw}) AS VARCHAR)"
        if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
            return f"hex({raw})"
        return f"CAST({raw} AS VARCHAR)"

    def number(self, column: str, sql_type: str = NUMBER) -> str:
        """The cell as a decimal number."""
        if self.is_text(column):
            return self.once(number_of(self.text(column), sql_type, decimal_comma=self.decimal_comma))
        return f"TRY_CAST({self.raw(column)} AS {sql_type})"

    def time(self, column: str, format: str | None = None) -> str:  # noqa: A002
        """The cell as a time with zone."""
        raw, kind = self.raw(column), self.type_of(column)
        if pa.types.is_timestamp(kind):
            plain = f"CAST({raw} AS TIMESTAMP)"
            return f"CAST({raw} AS TIMESTAMPTZ)" if kind.tz else f"timezone({literal(self.timezone)}, {plain})"
        if pa.types.is_date(kind):
            return f"timezone({literal(self.timezone)}, CAST({raw} AS TIMESTAMP))"
        found = time_of(self.text(column), self.timezone, format)
        # a number out of all bounds fails in these, and must do so in no row that the rule leaves out
        return found if format in NAMED_FORMATS else self.once(found)


def number_of(text: str, sql_type: str, *, decimal_comma: bool = False) -> str:
    """Text as a decimal: 12.5, ￥1,234.50元, (12.00) as minus, full-width digits; decimal_comma: 1.234,50.

    A comma is left out only where it parts thousands: 12,50 is no number, and no 1250.
    """
    point, comma = (",", ".") if decimal_comma else (".", ",")
    bare = _without_sign(text)
    in_thousands = literal(rf"[-+]?\d{{1,3}}([{comma} ]\d{{3}})+([{point}]\d*)?")
    joined = f"regexp_replace({bare}, '[{comma} ]', '', 'g')"
    digits = (
        f"CASE WHEN regexp_full_match({bare}, {in_thousands}) THEN {joined} "
        f"WHEN NOT contains({bare}, '{comma}') THEN {bare} END"
    )
    if decimal_comma:
        return f"TRY_CAST(replace({digits}, ',', '.') AS {sql_type})"
    # most cells are plain numbers or empty, and only the others shall pay for signs and commas
    plain = f"TRY_CAST({text} AS {sql_type})"
    dressed = f"WHEN {text} IS NOT NULL THEN TRY_CAST({digits} AS {sql_type})"
    return f"CASE WHEN {plain} IS NOT NULL THEN {plain} {dressed} END"


def currency_of(text: str, expected: str) -> str:
    """The currency that the sign or word in an amount names; NULL where the cell has none, or is no amount.

    expected: SQL of the currency that is likely; a sign of several currencies ($, ¥) is taken for it where it can be.
    """
    amount = literal(rf"(?i)[-+(\s]*(?:{_SIGN}\s*)*[-+]?[\d０-９][\d０-９.,．，\s]*(?:\s*{_SIGN})*\s*[)）]?")
    cases = "".join(
        f" WHEN regexp_matches({text}, {literal('(?i)' + sign)}) THEN {_one_of(codes, expected)}"
        for sign, codes in _SIGNS.items()
    )
    plain = f"TRY_CAST({text} AS DOUBLE) IS NOT NULL"
    return f"CASE WHEN {plain} THEN NULL WHEN NOT regexp_full_match({text}, {amount}) THEN NULL{cases} END"


def _one_of(codes: tuple[str, ...], expected: str) -> str:
    if len(codes) == 1:
        return literal(codes[0])
    there = ", ".join(map(literal, codes))
    return f"CASE WHEN {expected} IN ({there}) THEN {expected} ELSE {literal(codes[0])} END"


def _without_sign(text: str) -> str:
    """The amount's digits with their minus: `- $ 5` -> `-5`, `(5 元)` -> `-5`."""
    narrow = f"trim(translate({text}, {_FULL_WIDTH[0]}, {_FULL_WIDTH[1]}))"
    head = literal(rf"^([-+(]*)\s*(?:{_SIGN}\s*)*")
    tail = literal(rf"(?:\s*{_SIGN})+(\)?)$")
    bare = f"regexp_replace(regexp_replace({narrow}, {head}, '\\1', 'i'), {tail}, '\\1', 'i')"
    return f"regexp_replace({bare}, '^\\((.*)\\)$', '-\\1')"


def time_of(text: str, timezone: str, format: str | None) -> str:  # noqa: A002
    """Text as a time with zone; `format` is one of NAMED_FORMATS, a strptime pattern, or None for the usual forms."""
    zone = literal(timezone)
    if format in NAMED_FORMATS:
        return _named_time(text, zone, format)
    if format:
        return f"coalesce({_patterned(text, zone, format)}, {_usual(text, zone)})"
    return _usual(text, zone)


def _patterned(text: str, zone: str, format: str) -> str:  # noqa: A002
    moment = f"TRY_STRPTIME({text}, {literal(format)})"
    return f"CAST({moment} AS TIMESTAMPTZ)" if "%z" in format else f"timezone({zone}, {moment})"


def _named_time(text: str, zone: str, name: str) -> str:
    if name == "excel":
        # day 0 of Excel's calendar; days before 1900-03-01 are off by one there, and nobody's events are that old
        micros = f"CAST(round(TRY_CAST({text} AS DOUBLE) * 86400000) AS BIGINT) * 1000"
        return f"timezone({zone}, make_timestamp({micros} - 2209161600000000))"
    scale = {"epoch_s": 1_000_000, "epoch_ms": 1_000, "epoch_us": 1}[name]
    return f"make_timestamptz(CAST(TRY_CAST({text} AS DECIMAL(24, 6)) * {scale} AS BIGINT))"


def _usual(text: str, zone: str) -> str:
    chinese = (
        f"regexp_replace(regexp_replace(regexp_replace({text}, '[年月.]', '-', 'g'), '日', ' ', 'g'), "
        r"'\s*[时点:：]\s*', ':', 'g')"
    )
    chinese = rf"regexp_replace(regexp_replace({chinese}, '分(\d)', ':\1'), '[分秒]|:?\s*$', '', 'g')"
    zoned = rf"regexp_replace({text}, '\s+(Z|UTC|GMT|[+-])', '\1')"
    zoned = f"replace(replace({zoned}, 'UTC', 'Z'), 'GMT', 'Z')"
    rare = ", ".join(literal(pattern) for pattern in _RARE)
    return rf"""CASE
        WHEN regexp_full_match({text}, '{_DAY}([T ]+{_CLOCK})?') THEN timezone({zone}, TRY_CAST({text} AS TIMESTAMP))
        WHEN regexp_full_match({text}, '{_DAY}[T ]{_CLOCK}{_PLAIN_ZONE}') THEN TRY_CAST({text} AS TIMESTAMPTZ)
        WHEN regexp_full_match({text}, '{_DAY}[T ]+{_CLOCK}\s*{_ZONE}') THEN TRY_CAST({zoned} AS TIMESTAMPTZ)
        WHEN regexp_full_match({text}, '\d{{10}}(\.\d+)?') THEN {_named_time(text, zone, "epoch_s")}
        WHEN regexp_full_match({text}, '\d{{13}}') THEN {_named_time(text, zone, "epoch_ms")}
        WHEN regexp_full_match({text}, '\d{{16}}') THEN {_named_time(text, zone, "epoch_us")}
        WHEN regexp_full_match({text}, '\d{{8}}') THEN timezone({zone}, TRY_STRPTIME({text}, '%Y%m%d'))
        WHEN regexp_full_match({text}, '\d{{14}}') THEN timezone({zone}, TRY_STRPTIME({text}, '%Y%m%d%H%M%S'))
        WHEN contains({text}, '年') THEN timezone({zone}, TRY_CAST({chinese} AS TIMESTAMP))
        ELSE timezone({zone}, TRY_STRPTIME({text}, [{rare}])) END"""


def key_of(text: str, namespace: str, *, strict: bool = False) -> str:
    """Text as a key `namespace:value`, by the rules of keys.make_key. strict: one * is a mask already (shops)."""
    key = key_sql(namespace, text)
    return f"CASE WHEN contains({text}, '*') THEN NULL ELSE {key} END" if strict else key
