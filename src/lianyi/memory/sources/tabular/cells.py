"""SQL texts that read one cell: as text, amount, time or key. Each returns an expression that is NULL where it can't.

Written for DuckDB, the engine of imports; the regular expressions keep to what Spark's dialect can take over.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pyarrow as pa

from lianyi.errors import BadMapping
from lianyi.memory.engine import literal

MONEY = "DECIMAL(18, 4)"
NUMBER = "DECIMAL(18, 6)"
# Currency words and signs, thousands separators, blanks.
_NOISE = literal("[￥¥$€£,，\\s]|元|人民币|RMB|CNY|USD|EUR|GBP|HK")
_FULL_WIDTH = (literal("０１２３４５６７８９．－＋"), literal("0123456789.-+"))

_DAY = r"\d{4}[-/]\d{1,2}[-/]\d{1,2}"
_CLOCK = r"\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?"
_ZONE = r"(Z|UTC|GMT|[+-]\d{2}(:?\d{2})?)"
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
    """

    types: Mapping[str, pa.DataType]
    timezone: str
    decimal_comma: bool = False
    texts: dict[str, str] = field(default_factory=dict)

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
            return number_of(self.text(column), sql_type, decimal_comma=self.decimal_comma)
        return f"TRY_CAST({self.raw(column)} AS {sql_type})"

    def time(self, column: str, format: str | None = None) -> str:  # noqa: A002
        """The cell as a time with zone."""
        raw, kind = self.raw(column), self.type_of(column)
        if pa.types.is_timestamp(kind):
            plain = f"CAST({raw} AS TIMESTAMP)"
            return f"CAST({raw} AS TIMESTAMPTZ)" if kind.tz else f"timezone({literal(self.timezone)}, {plain})"
        if pa.types.is_date(kind):
            return f"timezone({literal(self.timezone)}, CAST({raw} AS TIMESTAMP))"
        return time_of(self.text(column), self.timezone, format)


def number_of(text: str, sql_type: str, *, decimal_comma: bool = False) -> str:
    """Text as a decimal: 12.5, ￥1,234.50元, (12.00) as minus, full-width digits."""
    bare = f"regexp_replace(translate({text}, {_FULL_WIDTH[0]}, {_FULL_WIDTH[1]}), {_NOISE}, '', 'gi')"
    if decimal_comma:
        spaced = f"replace(replace({text}, '.', ''), ',', '.')"
        return f"TRY_CAST(regexp_replace({spaced}, {_NOISE}, '', 'gi') AS {sql_type})"
    minus = f"regexp_replace({bare}, '^\\((.*)\\)$', '-\\1')"
    return f"coalesce(TRY_CAST({text} AS {sql_type}), TRY_CAST({minus} AS {sql_type}))"


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
        WHEN regexp_full_match({text}, '{_DAY}[T ]+{_CLOCK}\s*{_ZONE}') THEN TRY_CAST({zoned} AS TIMESTAMPTZ)
        WHEN regexp_full_match({text}, '\d{{10}}(\.\d+)?') THEN {_named_time(text, zone, "epoch_s")}
        WHEN regexp_full_match({text}, '\d{{13}}') THEN {_named_time(text, zone, "epoch_ms")}
        WHEN regexp_full_match({text}, '\d{{16}}') THEN {_named_time(text, zone, "epoch_us")}
        WHEN regexp_full_match({text}, '\d{{8}}') THEN timezone({zone}, TRY_STRPTIME({text}, '%Y%m%d'))
        WHEN regexp_full_match({text}, '\d{{14}}') THEN timezone({zone}, TRY_STRPTIME({text}, '%Y%m%d%H%M%S'))
        WHEN contains({text}, '年') THEN timezone({zone}, TRY_CAST({chinese} AS TIMESTAMP))
        ELSE timezone({zone}, TRY_STRPTIME({text}, [{rare}])) END"""


_MASKED = "contains({0}, '**') OR starts_with({0}, '##') OR {0} IN ('-', '无')"


def key_of(text: str, namespace: str, *, strict: bool = False) -> str:
    """Text as a key `namespace:value`, by the rules of keys.make_key. strict: one * is a mask already (shops)."""
    normal = f"nfc_normalize({text})"
    masked = _MASKED.format(text) + (f" OR contains({text}, '*')" if strict else "")
    if namespace == "email":
        value = _email(normal)
    elif namespace == "phone":
        value = _phone(normal)
    else:
        value = f"{literal(namespace + ':')} || {normal}"
    return f"CASE WHEN {masked} THEN NULL ELSE {value} END"


def _email(text: str) -> str:
    pattern = literal(r"""[^@\s,;<>"]+@[^@\s,;<>"]+\.[^@\s,;<>".]{2,}""")
    usable = f"regexp_full_match({text}, {pattern}) AND NOT contains({text}, '*')"
    return f"CASE WHEN {usable} THEN 'email:' || lower({text}) END"


def _phone(text: str) -> str:
    digits = f"regexp_replace({text}, '[^0-9+]', '', 'g')"
    abroad = f"regexp_matches({digits}, '^(\\+|00)')"
    bare = f"regexp_replace({digits}, '^(\\++|00)', '')"
    bare = (
        f"CASE WHEN NOT {abroad} AND regexp_full_match({bare}, '1[3-9][0-9]{{9}}') THEN '86' || {bare} ELSE {bare} END"
    )
    return f"CASE WHEN NOT contains({text}, '*') AND length({bare}) BETWEEN 7 AND 15 THEN 'phone:' || ({bare}) END"
