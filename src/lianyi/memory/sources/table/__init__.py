"""Any table, by a mapping: one that the user gave, one that is remembered, or a first guess."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lianyi.memory.sources.source import NO, Batch, Guess, Head, Options, Source

SUFFIXES = (".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".xls", ".jsonl", ".ndjson", ".json", ".parquet")
# Below this a draft is shown for review and not imported unasked.
SURE = 0.6


def sniff_table(head: Head) -> Guess:
    """A remembered mapping that fits the columns, else a guess."""
    from lianyi.memory.sources.tabular.choosing import choice

    chosen = choice(head)
    return Guess(confidence=chosen.confidence, why=chosen.why) if chosen else NO


def read_table(path: Path, options: Options) -> Iterator[Batch]:
    """Read by options.mapping; where there is none, by the draft if it is sure enough. BadMapping otherwise."""
    from lianyi.memory.sources.tabular.choosing import mapping_for
    from lianyi.memory.sources.tabular.reading import read_table as read

    mapping = mapping_for(path, options)
    yield from read(path, options, mapping, source=options.source(mapping.source))


SOURCES = (
    Source(
        name="table",
        en="any table with a mapping (CSV, TSV, XLSX, JSON lines, Parquet)",
        zh="任意表格，按映射导入（CSV、TSV、XLSX、JSON 行、Parquet）",
        suffixes=SUFFIXES,
        yields=(),
        sniff=sniff_table,
        read=read_table,
    ),
)
