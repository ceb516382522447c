"""Which mapping a table is read by: the one given, one remembered that fits its columns, or a first draft."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lianyi.errors import BadMapping
from lianyi.memory.sources.source import Head, Options
from lianyi.memory.sources.table import SURE
from lianyi.memory.sources.tabular.guess import draft
from lianyi.memory.sources.tabular.mapping import Mapping, to_yaml


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A mapping, how sure we are of it, and why."""

    mapping: Mapping
    confidence: float
    why: str


def choice(head: Head, *, whole: bool = False) -> Choice | None:
    """The best mapping for a file without the user's word; None where it is no table or nothing can be guessed.

    whole: ask all rows where the first ones do not tell for sure; must be so for a mapping that files are read by.
    """
    grid = head.grid
    if grid is None or grid.broken or not grid.columns:
        return None
    remembered = best_fit(head.mappings, grid.columns)
    if remembered is not None:
        read = len(set(remembered.reads()) & set(grid.columns))
        # a mapping that reads two columns of thirty fits too many files; then the name must agree as well
        alike = read * 2 >= len(grid.columns) or remembered.source == source_name(head.name)
        why = f"its columns fit the mapping {remembered.source!r} of this workspace"
        return Choice(mapping=remembered, confidence=0.96 if alike else 0.55, why=why)
    found = draft(grid, source=source_name(head.name), path=head.path if whole else None)
    return Choice(mapping=found.mapping, confidence=found.confidence, why=found.why) if found else None


def best_fit(mappings: Sequence[Mapping], columns: Sequence[str]) -> Mapping | None:
    """The mapping that fits these columns and reads most of them; one with its own column names only as the last."""
    fitting = [mapping for mapping in mappings if mapping.fits(columns) and not mapping.columns]
    return max(fitting, key=lambda mapping: len(mapping.reads()), default=None)


def mapping_for(path: Path, options: Options) -> Mapping:
    """options.mapping, or the draft if it is sure enough. BadMapping shows the draft, to be mended and given."""
    if options.mapping is not None:
        return options.mapping
    head = Head(path=path, name=options.file_name or path.name, encoding_given=options.encoding)
    chosen = choice(head, whole=True)
    if chosen is None:
        there = f" It has the columns {', '.join(head.grid.columns[:40])}." if head.grid else ""
        raise BadMapping(
            f"{head.name}: no column looks like the time of an event; give a mapping with --map FILE.{there}"
        )
    if chosen.confidence < SURE:
        raise BadMapping(
            f"{head.name}: the mapping is only a guess ({chosen.why}). Look it over, mend it, and give it with --map:\n"
            f"{to_yaml(chosen.mapping)}"
        )
    return chosen.mapping


def source_name(file_name: str) -> str:
    """A source's name from a file's: `My Shop 2026-01.csv` -> `my_shop`; without dates, so that next month's is too."""
    stem = unicodedata.normalize("NFC", Path(file_name).name.split(".")[0]).lower()
    stem = re.sub(r"[\d\-_. ()（）]*\d[\d\-_. ()（）]*$", "", stem) or stem
    return re.sub(r"[^\w]+", "_", stem).strip("_")[:40] or "table"
