"""Data files of the log: Parquet, sorted by person and time, so that a timeline lies together.

Written with Arrow and not by the engine: sorting a few columns' ranks and taking rows costs half of the engine's sort
of whole rows, and it runs beside the engine, which is busy with the next rows meanwhile.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

# As in tables that are looked into (insight.tables): a timeline reads one such group of each file of the log.
ROW_GROUP = 8_192
# So many rows tell whether the values of a column repeat, and a dictionary of them pays.
SAMPLE = 10_000


RUN = "run-"


def new_name(of: str = "") -> str:
    """A name for a new data file: of nobody, of a run, or in the place of another file, in whose run it then is."""
    run = run_of(of) or of
    return f"{run}-{secrets.token_hex(12)}.parquet" if run.startswith(RUN) else f"part-{secrets.token_hex(12)}.parquet"


def new_run() -> str:
    """A name for a run: files that share no person with each other."""
    return f"{RUN}{secrets.token_hex(8)}"


def run_of(name: str) -> str:
    """The run of a data file, '' where it is of none."""
    return name.rsplit("-", 1)[0] if name.startswith(RUN) and name.count("-") == 2 else ""


def write_sorted(table: pa.Table, path: Path) -> None:
    """Write events to a new file, sorted by actor_key and time (events of nobody last), and make it durable."""
    table = table.combine_chunks()
    order = pa.array(by_person(table))
    with pq.ParquetWriter(
        path,
        table.schema,
        compression="zstd",
        use_dictionary=_repeating(table),
        store_decimal_as_integer=True,
        store_schema=False,
    ) as writer:
        for start in range(0, table.num_rows, ROW_GROUP):
            writer.write_table(table.take(order[start : start + ROW_GROUP]))
    sync(path)


def by_person(table: pa.Table) -> npt.NDArray[np.int64]:
    """Positions of the rows in the order of actor_key (bytes of its UTF-8; NULL last) and time."""
    actors = pa.chunked_array(table["actor_key"]).combine_chunks().dictionary_encode()
    ranks = np.empty(len(actors.dictionary) + 1, dtype=np.int64)
    ranks[pc.sort_indices(actors.dictionary).to_numpy()] = np.arange(len(actors.dictionary))
    ranks[-1] = len(actors.dictionary)
    codes = actors.indices.fill_null(len(actors.dictionary)).to_numpy()
    return np.lexsort((table["at"].cast(pa.int64()).to_numpy(), ranks[codes]))


def _repeating(table: pa.Table) -> list[str]:
    """The text columns in which at most half of the values differ."""
    few = table.slice(0, SAMPLE)
    return [
        field.name
        for field in table.schema
        if pa.types.is_string(field.type) and 2 * pc.count_distinct(few[field.name], mode="all").as_py() <= len(few)
    ]


def sync(path: Path) -> None:
    """Make a file's bytes, or a folder's entries, durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
