"""An order report, declared; recognised by its header, turned into a mapping for the table reader."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from lianyi.errors import InputError
from lianyi.memory.sources.source import NO, Batch, Guess, Head, Options, Source

Grain = Literal["order", "line", "total_on_lines", "line_of_whole"]
SUFFIXES = (".csv", ".xlsx", ".xls", ".tsv", ".txt")
YIELDS = ("order", "checkout", "cancel", "refund", "identify", "alias")


@dataclass(frozen=True, kw_only=True)
class Report:
    """One kind of order report.

    columns: our word (see orders.rules) -> headers that people's files have for it, newest first, in any language.
    required: words without which it is not this report. marks: headers that only this platform has; the more are
    there, the surer. prefix: of the events' ids; reports of one platform share it, so that an order is one order.
    grain: what a row is and where the money stands, see the package. carry: words of columns that are filled in an
    order's first row only. keys: words of buyer columns and the namespace of each, the most trusted first. paid,
    unpaid, closed: states as the platform writes them; refunded: states of the refund in which its amount has really
    been given back (all, if empty); given_back: states of orders that were paid and went back whole. nobody: values
    of key columns that mean a guest. timezone: of times that name none. currency: of amounts that name none.
    """

    name: str
    en: str
    zh: str
    prefix: str
    grain: Grain
    columns: Mapping[str, Sequence[str]]
    required: Sequence[str]
    marks: Sequence[str]
    keys: Mapping[str, str] = field(default_factory=dict)
    paid: Sequence[str] = ()
    unpaid: Sequence[str] = ()
    closed: Sequence[str] = ()
    refunded: Sequence[str] = ()
    given_back: Sequence[str] = ()
    nobody: Sequence[str] = ()
    carry: Sequence[str] = ()
    channel: str = ""
    timezone: str | None = "Asia/Shanghai"
    currency: str | None = "CNY"

    def found(self, columns: Sequence[str]) -> dict[str, str]:
        """The columns of a file by our words; each column is used once."""
        from lianyi.memory.sources.tabular.aliases import find

        found: dict[str, str] = {}
        for word, headers in self.columns.items():
            column = find(columns, headers, taken=found.values())
            if column is not None:
                found[word] = column
        return found


def order_source(report: Report) -> Source:
    """The source that reads a report."""
    extra = ("arrive",) if "distributor" in report.columns else ()

    def sniff(head: Head) -> Guess:
        return _sniff(report, head)

    def read(path: Path, options: Options) -> Iterator[Batch]:
        yield from _read(report, path, options)

    return Source(
        name=report.name,
        en=report.en,
        zh=report.zh,
        suffixes=SUFFIXES,
        yields=(*YIELDS, *extra),
        sniff=sniff,
        read=read,
        fields={word: (word.replace("_", " "), headers[0]) for word, headers in report.columns.items()},
    )


def _sniff(report: Report, head: Head) -> Guess:
    from lianyi.memory.sources.tabular.aliases import plain

    grid = head.grid
    if grid is None or not grid.has_header or grid.container not in {"delimited", "workbook"}:
        return NO
    there = {plain(column) for column in grid.columns}
    marks = [mark for mark in report.marks if plain(mark) in there]
    found = report.found(grid.columns)
    if not marks or any(word not in found for word in report.required):
        return NO
    share = len(marks) / len(report.marks)
    why = f"{len(found)} columns are of {report.name}, among them {', '.join(marks[:4])}"
    return Guess(confidence=round(0.6 + 0.39 * share, 3), why=why)


def _read(report: Report, path: Path, options: Options) -> Iterator[Batch]:
    from lianyi.memory.sources.orders.rules import mapping_of
    from lianyi.memory.sources.tabular.reading import read_table

    head = Head(path=path, name=options.file_name or path.name, encoding_given=options.encoding)
    grid = head.grid
    if grid is None:
        raise InputError(f"{head.name}: is no table; {report.name} is a CSV or XLSX report")
    if grid.broken:
        raise InputError(f"{head.name}: {grid.broken}")
    mapping = mapping_of(report, grid.columns, name=head.name)
    yield from read_table(path, options, mapping, source=options.source(report.name))
