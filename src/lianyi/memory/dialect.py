"""The dozen things that DuckDB and Spark 4 write differently. Everything else in our SQL is common to both.

A `Dialect` turns SQL expressions (texts) into SQL expressions; nothing here runs anything. Where both engines agree
(map_from_entries, percentile_cont … WITHIN GROUP, FILTER, TRY_CAST, contains, concat_ws, to_json of a map) our steps
write the common form themselves. Columns that are words of SQL ("at") stand in double quotes; on Spark that needs
spark.sql.ansi.doubleQuotedIdentifiers.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

Name = Literal["duckdb", "spark"]


@dataclass(frozen=True)
class Dialect:
    """One engine's way to write SQL. All arguments are SQL expressions unless said otherwise."""

    name: Name = "duckdb"

    @property
    def _duck(self) -> bool:
        return self.name == "duckdb"

    # --- text ---------------------------------------------------------------------------------------------------

    def text(self, value: str) -> str:
        """A Python text as a literal."""
        if self._duck:
            return "'" + value.replace("'", "''") + "'"
        return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"

    def matches(self, text: str, pattern: str) -> str:
        """Whether the text holds a match of the pattern (a Python text, in the subset of RE2 and Java)."""
        function = "regexp_matches" if self._duck else "regexp_like"
        return f"{function}({text}, {self.text(pattern)})"

    @property
    def word_edges(self) -> tuple[str, str]:
        """Patterns for the start and end of a Latin word. In RE2 \\b knows ASCII only, as is wanted beside Chinese."""
        return ("\\b", "\\b") if self._duck else ("(?<![A-Za-z0-9_])", "(?![A-Za-z0-9_])")

    def extract(self, text: str, pattern: str, group: int = 0) -> str:
        """The first match's group; empty where there is none."""
        return f"regexp_extract({text}, {self.text(pattern)}, {group})"

    # --- JSON ---------------------------------------------------------------------------------------------------

    def json_text(self, json: str, name: str) -> str:
        """The value of one member of a JSON object as text, NULL where it is missing or null. name: a Python text."""
        if self._duck:
            path = '$."' + name.replace('"', '\\"') + '"'
            return f"({json} ->> {self.text(path)})"
        path = "$['" + name + "']"
        return f"get_json_object({json}, {self.text(path)})"

    def json_entries(self, json: str) -> str:
        """The members of a JSON object as a list of structs (key, value); values as text, lists and objects as JSON."""
        kind = "'\"MAP(VARCHAR, VARCHAR)\"'" if self._duck else "'map<string,string>'"
        return f"map_entries(from_json({json}, {kind}))"

    def json_string(self, text: str) -> str:
        """A text as a JSON string, with quotes; NULL for NULL."""
        if self._duck:
            return f"CAST(to_json({text}) AS STRING)"
        return f"regexp_extract(to_json(named_struct('v', {text})), '(?s)^.{{5}}(.*).$', 1)"

    # --- lists and structs --------------------------------------------------------------------------------------

    def collect(self, expression: str) -> str:
        """Aggregate: the values that are not NULL, as a list in no certain order."""
        if self._duck:
            return f"list({expression}) FILTER (WHERE {expression} IS NOT NULL)"
        return f"collect_list({expression})"

    def collect_distinct(self, expression: str) -> str:
        """Aggregate: the different values that are not NULL, sorted."""
        if self._duck:
            return f"array_sort(list(DISTINCT {expression}) FILTER (WHERE {expression} IS NOT NULL))"
        return f"array_sort(collect_set({expression}))"

    def collect_where(self, expression: str, condition: str) -> str:
        """Aggregate: the values of the rows for which the condition holds, as a list in no certain order."""
        return f"{'list' if self._duck else 'collect_list'}({expression}) FILTER (WHERE {condition})"

    def join_sorted(self, text: str) -> str:
        """Aggregate: the texts in order, with commas between."""
        if self._duck:
            return f"array_to_string(array_sort(list({text})), ',')"
        return f"array_join(array_sort(collect_list({text})), ',')"

    def struct(self, **members: str) -> str:
        """A struct with these members, in this order; structs compare member by member."""
        if self._duck:
            return "struct_pack(" + ", ".join(f"{name} := {value}" for name, value in members.items()) + ")"
        return "named_struct(" + ", ".join(f"'{name}', {value}" for name, value in members.items()) + ")"

    @property
    def first(self) -> int:
        """The index of a list's first value."""
        return 1 if self._duck else 0

    def largest(self, values: str, count: int) -> str:
        """The largest `count` values of a list, largest first."""
        if self._duck:
            return f"list_slice(list_reverse_sort({values}), 1, {count})"
        return f"slice(reverse(array_sort({values})), 1, {count})"

    def top(self, value: str, count: int) -> str:
        """Aggregate: the largest `count` values, largest first."""
        if self._duck:
            return f"max({value}, {count})"
        return f"slice(reverse(array_sort(collect_list({value}))), 1, {count})"

    def each(self, values: str, variable: str, expression: str) -> str:
        """The list of `expression` for each value of a list, called `variable` in it."""
        if self._duck:
            return f"list_transform({values}, lambda {variable}: {expression})"
        return f"transform({values}, {variable} -> {expression})"

    def only(self, values: str, variable: str, condition: str) -> str:
        """The values of a list, called `variable` in the condition, for which it holds."""
        if self._duck:
            return f"list_filter({values}, lambda {variable}: {condition})"
        return f"filter({values}, {variable} -> {condition})"

    def items(self, *expressions: str) -> str:
        """A list of these values."""
        listed = ", ".join(expressions)
        return f"[{listed}]" if self._duck else f"array({listed})"

    def numbers(self, first: str, last: str) -> str:
        """The list of whole numbers from `first` to `last`, both in it."""
        return f"range({first}, {last} + 1)" if self._duck else f"sequence({first}, {last})"

    def join(self, values: str) -> str:
        """A list of texts as one text, with commas and spaces between."""
        return f"{'array_to_string' if self._duck else 'array_join'}({values}, ', ')"

    def size(self, values: str) -> str:
        """How many values a list has; NULL where there is no list."""
        return f"len({values})" if self._duck else f"cardinality({values})"

    def has(self, values: str, value: str) -> str:
        """Whether a list holds a value; NULL where there is no list."""
        return f"array_contains({values}, {value})"

    def explode(self, values: str) -> str:
        """In a select list: one row per value of the list."""
        return f"unnest({values})" if self._duck else f"explode({values})"

    @property
    def no_counts(self) -> str:
        """An empty map of text to whole numbers."""
        return "CAST(MAP {} AS MAP(VARCHAR, BIGINT))" if self._duck else "CAST(map() AS map<string, bigint>)"

    def texts(self, values: list[str]) -> str:
        """A list of Python texts as a literal."""
        listed = ", ".join(self.text(value) for value in values)
        return f"CAST([{listed}] AS VARCHAR[])" if self._duck else f"CAST(array({listed}) AS array<string>)"

    # --- time ---------------------------------------------------------------------------------------------------

    def time(self, value: datetime) -> str:
        """A Python time with a zone as a literal."""
        if value.tzinfo is None:
            raise ValueError("a time without zone can't become a literal")
        return f"{'TIMESTAMPTZ' if self._duck else 'TIMESTAMP'} '{value.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}+00:00'"

    @property
    def no_time(self) -> str:
        """A time that is not known."""
        return f"CAST(NULL AS {'TIMESTAMPTZ' if self._duck else 'TIMESTAMP'})"

    def micros(self, time: str) -> str:
        """Microseconds since 1970 (UTC) of a time."""
        return f"epoch_us({time})" if self._duck else f"unix_micros({time})"

    def moment(self, micros: str) -> str:
        """The time (UTC) so many microseconds after 1970."""
        return f"make_timestamptz({micros})" if self._duck else f"timestamp_micros({micros})"

    def date(self, days: str) -> str:
        """The date that lies so many days after 1970-01-01."""
        return (
            f"(DATE '1970-01-01' + CAST({days} AS INTEGER))"
            if self._duck
            else f"date_add(DATE '1970-01-01', CAST({days} AS INT))"
        )

    def day_number(self, date: str) -> str:
        """How many days after 1970-01-01 a date lies."""
        return f"CAST({date} - DATE '1970-01-01' AS BIGINT)" if self._duck else f"CAST(unix_date({date}) AS BIGINT)"

    def bit(self, number: str, place: int) -> str:
        """Bit number `place` of a whole number, 0 or 1."""
        return f"(({number} >> {place}) & 1)" if self._duck else f"(shiftright({number}, {place}) & 1)"

    def power_of_two(self, place: str) -> str:
        """A whole number with the one bit number `place` (below 63) set."""
        one = "CAST(1 AS BIGINT)"
        return f"({one} << CAST({place} AS INTEGER))" if self._duck else f"shiftleft({one}, CAST({place} AS INT))"

    def quotient(self, number: str, by: int) -> str:
        """Whole quotient of a number that is not negative."""
        return f"(({number}) // {by})" if self._duck else f"(({number}) div {by})"


DUCKDB = Dialect("duckdb")
