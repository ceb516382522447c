"""Rows on stdout (a table for people, --json, --csv), progress on stderr."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import click

from lianyi.errors import NotFound

if TYPE_CHECKING:
    from lianyi.workspace import Workspace

# A cell that a spreadsheet would run as a formula; a leading apostrophe makes it text.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def plain(value: Any) -> Any:
    """A value as JSON can hold it: times in ISO 8601, decimals as text (never a float)."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        if value and all(isinstance(item, tuple) and len(item) == 2 for item in value):
            return {str(key): plain(item) for key, item in value}  # a MAP as Arrow hands it over
        return [plain(item) for item in value]
    return value


def json_line(row: Any) -> str:
    """One object as one line."""
    return json.dumps(plain(row), ensure_ascii=False)


def table_line(ws: Workspace, name: str) -> str:
    """One insight table as one line of JSON: what it means, its columns and inputs, how it stands, its SQL."""
    if name not in ws.tables():
        raise NotFound(f"no table {name!r}; there are {', '.join(ws.tables())}")
    table, state = ws.tables()[name], ws.states().get(name)
    return json_line({
        "table": name, "one_row": table.en, "inputs": table.inputs, "key": table.key,
        "columns": {column: meant.en for column, meant in table.columns.items()},
        "state": asdict(state) if state else None,
    })  # fmt: skip


def cell(value: Any) -> str:
    """A value as a CSV cell that no spreadsheet takes for a formula; unknown is empty."""
    text = "" if value is None else value if isinstance(value, str) else _text(plain(value))
    if isinstance(value, str) and text.startswith(_FORMULA):
        return "'" + text
    return text


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


# Columns that hold JSON text; with --json they are objects, not text within text.
_JSON_COLUMNS = ("props", "attributes", "attribute_sources", "verdict_parts")


def unpacked(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row with its JSON columns read."""
    return {
        name: json.loads(value) if name in _JSON_COLUMNS and isinstance(value, str) else value
        for name, value in row.items()
    }


def write(rows: Iterable[Mapping[str, Any]], columns: Sequence[str], *, form: str) -> None:
    """Rows on stdout as `json` (one object a line), `csv`, or `text`."""
    if form == "json":
        for row in rows:
            click.echo(json_line(unpacked(row)))
    elif form == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([cell(row.get(name)) for name in columns] for row in rows)
    else:
        _write_text(list(rows), columns)


# Of tables with many columns a terminal shows these; all of them are in JSON and CSV.
MAIN_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "people": ("person_id", "name", "keys", "orders", "net_spend", "last_seen", "tags"),
    "events": ("at", "kind", "source", "actor_key", "target_key", "object_key", "value", "currency", "text"),
}


def write_table(rows: Iterable[Mapping[str, Any]], columns: Sequence[str], *, name: str, form: str) -> None:
    """Rows of an insight table; as text only its main columns, and a hint where the others are."""
    shown = [column for column in MAIN_COLUMNS.get(name, columns) if column in columns] if form == "text" else columns
    write(rows, shown, form=form)
    if len(shown) < len(columns):
        say(f"{len(shown)} of {len(columns)} columns; --json or --csv shows all")


def _write_text(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    texts = [[_short(row.get(name)) for name in columns] for row in rows]
    widths = [max([_width(name), *(_width(line[i]) for line in texts)]) for i, name in enumerate(columns)]
    for line in [list(columns), *texts]:
        click.echo(
            "  ".join(text + " " * (width - _width(text)) for text, width in zip(line, widths, strict=True)).rstrip()
        )


def _short(value: Any) -> str:
    text = "—" if value is None else cell(value).replace("\n", " ")
    return text if len(text) <= 48 else text[:47] + "…"


def _width(text: str) -> int:
    """Columns on a terminal; Chinese characters take two."""
    from unicodedata import east_asian_width

    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


def say(message: str) -> None:
    """One line for people, on stderr."""
    click.echo(message, err=True)


class ProgressLine:
    """One line on stderr that is written over; every few seconds a whole line where stderr is no terminal."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._last = ""

    def show(self, text: str) -> None:
        """Replace the line."""
        if self._terminal:
            click.echo(f"\r\x1b[K{text}", err=True, nl=False)
        elif text != self._last:
            click.echo(text, err=True)
        self._last = text

    def end(self) -> None:
        """Leave the line."""
        if self._terminal and self._last:
            click.echo("", err=True)
        self._last = ""
