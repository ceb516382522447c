"""The price book as relations: one row = one line of it with the days on which it holds, [from_day, to_day)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa

from lianyi.insight.ledger.book import INVOICE, Book
from lianyi.insight.tables import Build

RATES, PRICES, WAGES, MARGINS = "ledger_rates", "ledger_prices", "ledger_wages", "ledger_margins"
FOREVER = 1 << 40
EPOCH = date(1970, 1, 1)
_FACTOR = pa.decimal128(18, 8)


def register(build: Build, book: Book) -> None:
    """Make the book's relations known to the engine."""
    own = Decimal(1)
    rates = [(rate.currency, rate.rate, rate.begins) for rate in book.rates]
    rates = [row for row in rates if row[0] != build.settings.currency] + [(build.settings.currency, own, EPOCH)]
    prices = [(p.channel, p.account, p.price if p.by != INVOICE else None, p.currency, p.begins) for p in book.prices]
    wages = [(w.member, w.per_hour, w.currency, w.begins) for w in book.wages]
    margins = [(m.category, m.share, m.begins) for m in book.margins]
    _give(build, RATES, {"currency": pa.string(), "rate": _FACTOR}, rates, about=1)
    _give(
        build, PRICES, {"channel": pa.string(), "account": pa.string(), "price": _FACTOR, "currency": pa.string()},
        prices, about=2,
    )  # fmt: skip
    _give(build, WAGES, {"member": pa.string(), "per_hour": _FACTOR, "currency": pa.string()}, wages, about=1)
    _give(build, MARGINS, {"category": pa.string(), "share": _FACTOR}, margins, about=1)


def forget(build: Build) -> None:
    """Drop them."""
    build.drop(RATES, PRICES, WAGES, MARGINS)


def _give(
    build: Build, name: str, types: dict[str, pa.DataType], lines: Sequence[tuple[Any, ...]], *, about: int
) -> None:
    """Lines end with the day from which they hold; the first `about` values say what they are about."""
    rows = list(_spans(lines, lambda line: line[:about]))
    columns = {**types, "from_day": pa.int64(), "to_day": pa.int64()}
    arrays = [pa.array([row[place] for row in rows], kind) for place, kind in enumerate(columns.values())]
    build.engine.register(name, pa.Table.from_arrays(arrays, names=list(columns)))


def _spans(lines: Iterable[tuple[Any, ...]], about: Callable[[tuple[Any, ...]], Any]) -> Iterable[tuple[Any, ...]]:
    """Each line with the day on which it begins and that on which the next one on the same thing does."""
    ordered = sorted(lines, key=lambda line: (about(line), line[-1]))
    for line, after in zip(ordered, [*ordered, None][1:], strict=True):
        ends = (after[-1] - EPOCH).days if after is not None and about(after) == about(line) else FOREVER
        yield (*line[:-1], (line[-1] - EPOCH).days, ends)
