"""What a message costs and what an order leaves, by the price book (`ledger.yaml`); unknown where it says nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from lianyi.insight.ledger.book import ANY, INVOICE, Book, Price, held
from lianyi.memory.dialect import Dialect


def costs(book: Book, currency: str, day: date) -> dict[str, float]:
    """Channel → what one more message costs on that day, in the brand's currency. A channel that is paid by invoice
    costs nothing more for one message. Of several accounts the dearest: which one it will be is not known yet; and
    where of one of them nothing is known, for want of an exchange rate, nothing is known of the channel."""
    rates = {line.currency: float(line.rate) for line in held(book.rates, day)} | {currency: 1.0}
    found: dict[str, float] = {}
    latest: dict[tuple[str, str], Price] = {(line.channel, line.account): line for line in held(book.prices, day)}
    unknown = set()
    for line in latest.values():
        rate = 0.0 if line.by == INVOICE else rates.get(line.currency)
        if rate is None:
            unknown.add(line.channel)
        else:
            found[line.channel] = max(found.get(line.channel, 0.0), float(line.price) * rate)
    return {channel: cost for channel, cost in found.items() if channel not in unknown}


def by_name(dialect: Dialect, column: str, values: Mapping[str, float]) -> str:
    """SQL: the number that belongs to a name in a column; that of `*` for others, NULL without one."""
    other = values.get(ANY)
    last = "CAST(NULL AS DOUBLE)" if other is None else f"CAST({other!r} AS DOUBLE)"
    named = " ".join(
        f"WHEN {dialect.text(name)} THEN {value!r}" for name, value in sorted(values.items()) if name != ANY
    )
    return f"(CASE {column} {named} ELSE {last} END)" if named else last
