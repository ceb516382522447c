"""A table and its mapping, read: parts through the compiled plan to batches of events and rejects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lianyi.errors import BadMapping
from lianyi.memory.engine import Engine
from lianyi.memory.events import SCHEMA
from lianyi.memory.sources.records import SHOWN
from lianyi.memory.sources.source import Batch, Head, Options, Reject
from lianyi.memory.sources.tabular.carrying import FIRST, Carrier
from lianyi.memory.sources.tabular.cleaning import cleaned
from lianyi.memory.sources.tabular.grid import Grid, grid_of
from lianyi.memory.sources.tabular.jsonlines import REST
from lianyi.memory.sources.tabular.mapping import Mapping as TableMapping
from lianyi.memory.sources.tabular.part import MAX_CELL, Part
from lianyi.memory.sources.tabular.plan import PART, READ, Plan, plan

FIELDS = [name for name in SCHEMA.names if name != "received_at"]
EVENTS = pa.schema([SCHEMA.field(name) for name in FIELDS])
ENGINE_MB = 512


def read_table(path: Path, options: Options, mapping: TableMapping, *, source: str) -> Iterator[Batch]:
    """The batches of a file by a mapping. source: value of the events' source field, prefix of their ids.

    BadMapping where the mapping does not fit the file; InputError where the file is damaged.
    """
    from lianyi.memory.duckdb import DuckDB

    grid = grid_for(path, options, mapping)
    columns = dict(grid.types)
    if grid.container == "jsonlines":
        columns[REST] = pa.string()
    if mapping.carry_by:
        columns[FIRST] = pa.string()
    compiled = plan(
        mapping, types=columns, source=source, timezone=options.timezone, currency=options.currency,
        now=options.received_at,
    )  # fmt: skip
    carrier = Carrier(mapping.carry, mapping.carry_by) if mapping.carry_by else None
    with DuckDB(memory_mb=ENGINE_MB, ordered=True) as engine:
        for part in grid.parts(path):
            batch = batch_of(engine, compiled, carrier.carried(part) if carrier else part)
            yield batch if mapping.natural_ids else replace(batch, number_duplicates=True)


def grid_for(path: Path, options: Options, mapping: TableMapping) -> Grid:
    """The file's table, laid out as the mapping says. BadMapping where it is none, or has other columns."""
    head = Head(path=path, name=options.file_name or path.name, encoding_given=mapping.encoding or options.encoding)
    has_header = False if mapping.columns else mapping.has_header
    grid = grid_of(head, has_header=has_header, delimiter=mapping.delimiter)
    if grid is None:
        raise BadMapping(f"{head.name}: is no table (CSV, TSV, XLSX, JSON lines or Parquet)")
    if mapping.columns and not grid.broken:
        grid = grid.renamed(mapping.columns, name=head.name)
    return grid


def batch_of(engine: Engine, compiled: Plan, part: Part) -> Batch:
    """The events and rejects of one part."""
    count = part.rows.num_rows
    rejects = list(part.rejects)
    if not count:
        return Batch(events=EVENTS.empty_table(), rejects=rejects, rows=len(rejects), bytes_done=part.bytes_done)
    rows = part.rows.append_column("_row", pa.array(np.arange(count, dtype=np.int32)))
    for column, name in compiled.texts.items():
        rows = rows.append_column(name, cleaned(part.rows[column]))
    engine.register(PART, rows)
    if compiled.read:
        engine.run(compiled.read, into=READ)
    result = engine.table(compiled.sql)
    engine.drop(READ)
    engine.drop(PART)
    events, bad = _judged(result, compiled, part)
    rejects += bad
    if compiled.some_rows_say_nothing:
        faulty = {reject.line for reject in bad}
        rejects += [reject for reject in _silent(result, part, compiled) if reject.line not in faulty]
    rejects.sort(key=lambda reject: reject.line)
    return Batch(events=events, rejects=rejects, rows=count + len(part.rejects), bytes_done=part.bytes_done)


def _judged(result: pa.Table, compiled: Plan, part: Part) -> tuple[pa.Table, list[Reject]]:
    """The events of rows without fault; a row with one wrong event is rejected as a whole, to be mended as a whole."""
    rejects: list[Reject] = []
    if pc.max(result["_bad"]).as_py():
        wrong = result.filter(pc.not_equal(result["_bad"], 0)).select(["_row", "_bad"])
        first: dict[int, int] = {}
        for row, bad in zip(wrong["_row"].to_pylist(), wrong["_bad"].to_pylist(), strict=True):
            first.setdefault(row, bad)
        rejects = [_reject(part, row, compiled, bad) for row, bad in sorted(first.items())]
        faulty = pa.array(list(first), result["_row"].type)
        result = result.filter(pc.invert(pc.is_in(result["_row"], value_set=faulty)))
    return result.select(FIELDS).cast(EVENTS), rejects


def _reject(part: Part, row: int, compiled: Plan, bad: int) -> Reject:
    check = compiled.checks[bad - 1]
    cells = row_cells(part.rows, row)
    value = cells.get(check.column, "")[:SHOWN]
    return Reject(line=int(part.lines[row]), column=check.column, value=value, reason=check.reason, row=cells)


def _silent(result: pa.Table, part: Part, compiled: Plan) -> list[Reject]:
    """Rows that no rule of the mapping applies to."""
    said = np.zeros(part.rows.num_rows, dtype=np.bool_)
    said[result.filter(pc.invert(result["_aside"]))["_row"].to_numpy()] = True
    rejects = []
    for row in np.flatnonzero(~said):
        cells = row_cells(part.rows, int(row))
        value = cells.get(compiled.unused.column, "")[:SHOWN]
        line = int(part.lines[row])
        rejects.append(
            Reject(line=line, column=compiled.unused.column, value=value, reason=compiled.unused.reason, row=cells)
        )
    return rejects


def row_cells(rows: pa.Table, row: int) -> Mapping[str, str]:
    """One row as text by column, for showing."""
    values = rows.slice(row, 1).to_pylist()[0]
    return {name: "" if value is None else str(value)[:MAX_CELL] for name, value in values.items()}
