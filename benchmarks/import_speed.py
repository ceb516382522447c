"""How fast files become events in the log: `python benchmarks/import_speed.py [--rows N]`.

Generates event-shaped rows (id, at, kind, actor_key, object_key, value, currency, props), imports them from Parquet
and from CSV into fresh workspaces, and prints rows per second beside a bare lower bound measured in the same run:
reading the file with pyarrow and writing it as one Parquet file, without checks, without sorting, without ids being
looked up.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

PART = 500_000
KINDS = ("view", "click", "cart", "order", "message")


def events(rows: int, first: int, seed: int) -> pa.Table:
    """Rows first … first + rows - 1 of a shop's log, one event each; a fifth of them orders with an amount."""
    rng = np.random.default_rng([seed, first])
    numbers = pa.array(np.arange(first, first + rows))
    kinds = rng.integers(0, len(KINDS), rows)
    at = 1_700_000_000_000_000 + rng.integers(0, 10**13, rows)
    cents = pa.array(rng.integers(100, 100_000, rows)).cast(pa.string())
    amount = pc.binary_join_element_wise(pc.utf8_slice_codeunits(cents, 0, -2), pc.utf8_slice_codeunits(cents, -2), ".")
    is_order = pa.array(kinds == KINDS.index("order"))
    nothing = pa.scalar(None, pa.string())
    return pa.table(
        {
            "id": _joined("shop:", numbers),
            "at": pa.array(at, pa.timestamp("us", tz="UTC")),
            "kind": pa.array(KINDS).take(pa.array(kinds)),
            "actor_key": _joined("user:", pa.array(rng.zipf(1.3, rows) % 100_000)),
            "object_key": _joined("item:", pa.array(rng.integers(0, 5_000, rows))),
            "value": pc.if_else(is_order, amount, nothing).cast(pa.decimal128(18, 4)),
            "currency": pc.if_else(is_order, pa.scalar("CNY"), nothing),
            "props": _joined('{"page":', pa.array(rng.integers(1, 40, rows)), "}"),
        }
    )


def _joined(before: str, numbers: pa.Array, after: str = "") -> pa.Array:
    return pc.binary_join_element_wise(before, numbers.cast(pa.string()), after, "")


def generate(folder: Path, rows: int) -> tuple[Path, Path]:
    """The same log as Parquet and as CSV."""
    parquet, text = folder / "log.parquet", folder / "log.csv"
    schema = events(1, 0, 7).schema
    with pq.ParquetWriter(parquet, schema) as columns, pacsv.CSVWriter(text, schema) as lines:
        for first in range(0, rows, PART):
            table = events(min(PART, rows - first), first, 7)
            columns.write_table(table)
            lines.write_table(table)
    return parquet, text


def bare(path: Path, folder: Path) -> float:
    """Seconds to read a file with pyarrow and to write it as Parquet, part by part."""
    started = time.perf_counter()
    if path.suffix == ".csv":
        with pacsv.open_csv(path) as reader, pq.ParquetWriter(folder / "bare.parquet", reader.schema) as writer:
            for batch in reader:
                writer.write_batch(batch)
    else:
        with pq.ParquetFile(path) as file, pq.ParquetWriter(folder / "bare.parquet", file.schema_arrow) as writer:
            for batch in file.iter_batches():
                writer.write_batch(batch)
    return time.perf_counter() - started


def imported(path: Path, folder: Path) -> float:
    """Seconds to import a file into a fresh workspace; prints the rows per second of the report."""
    from lianyi.memory.lake import Lake
    from lianyi.memory.sources.importing import import_files

    folder.mkdir()
    started = time.perf_counter()
    (report,) = import_files(
        Lake(folder), [path], mappings=folder / "mappings", rejects=folder / "rejects", now=datetime.now(UTC)
    )
    seconds = time.perf_counter() - started
    if report.rejects or report.new != report.rows:
        raise SystemExit(f"{path.name}: {report.rejects} rejects, {report.new} of {report.rows} rows landed")
    return seconds


def measure(path: Path, folder: Path, rows: int) -> None:
    """One line of the result, from a process of its own so that its peak memory is its own."""
    lower = bare(path, folder)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    busy = time.process_time()
    seconds = imported(path, folder / f"workspace-{path.suffix[1:]}")
    busy = time.process_time() - busy
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    size = path.stat().st_size / 1e6
    print(
        f"{path.suffix[1:]:8} {rows / seconds:>10,.0f} rows/s  {seconds:6.1f} s ({busy:.1f} of CPU)  "
        f"{size / seconds:6.1f} MB/s  "
        f"bare pyarrow {rows / lower:>10,.0f} rows/s  ratio {seconds / lower:5.1f}  "
        f"peak memory {peak / 1024:,.0f} MB (bare {before / 1024:,.0f} MB)",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--one", nargs=2, metavar=("FILE", "FOLDER"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        measure(Path(arguments.one[0]), Path(arguments.one[1]), arguments.rows)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for path in generate(folder, arguments.rows):
            subprocess.run(
                [sys.executable, __file__, "--rows", str(arguments.rows), "--one", str(path), name], check=True
            )


if __name__ == "__main__":
    main()
