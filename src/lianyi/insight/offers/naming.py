"""How an order names an offer: by its code, its name or its id, in what the shop says of coupons.

Shops write one or several into a column of coupons (Shopify: Discount Code, WooCommerce: coupons, Youzan: 优惠券名称);
the collector takes `coupon` of an Order Completed. Names of our own are read as well. Case and blanks do not matter.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import pyarrow as pa

from lianyi.insight.scope import Scope

# Properties of an order, or of the order that a line belongs to (`order`), in which it names coupons.
NAMED_IN = ("coupon", "offer", "coupon_code", "discount_code")
# Numbers of an offer beyond this are nobody's.
MOST = Decimal(10) ** 9
# What stands between two coupons of one order.
PARTED = re.compile(r"[,;|，；、\n\t\[\]\"]+")
VERSIONS = pa.schema([
    ("offer", pa.string()), ("name", pa.string()), ("version", pa.int64()), ("kind", pa.string()),
    ("factor", pa.decimal128(18, 8)), ("amount", pa.decimal128(18, 4)), ("until_us", pa.int64()),
    ("currency", pa.string()), ("begins_us", pa.int64()),
])  # fmt: skip
WORDS = pa.schema([("told", pa.string()), ("name", pa.string()), ("offer", pa.string())])


@dataclass(frozen=True, kw_only=True)
class Version:
    """One version of an offer as its events say it. share: taken off, 0 to 1; amount: or this; until: the last moment,
    None: none was said; words: by which orders name it, besides its id."""

    offer: str
    name: str
    version: int
    kind: str
    share: Decimal
    amount: Decimal
    until: datetime | None
    currency: str | None
    begins_us: int
    words: frozenset[str]

    @property
    def factor(self) -> Decimal:
        """What was taken off, as a part of what was paid."""
        return round(min(self.share / (1 - self.share), MOST), 8) if 0 < self.share < 1 else Decimal(0)


def versions(scope: Scope) -> str:
    """One row = one different text in which an offer was issued."""
    return f"""
    SELECT e.object_key AS offer, e.props, min(e.currency) AS currency, {scope.dialect.micros('min(e."at")')} AS us
    FROM {scope.events} e WHERE e.kind = 'offer' AND e.object_key IS NOT NULL AND {scope.happened()}
    GROUP BY e.object_key, e.props
    """


def read(rows: Iterable[dict[str, Any]]) -> list[Version]:
    """The versions of these rows of `versions`, by the first that was said of each."""
    found: dict[str, Version] = {}
    for row in sorted(rows, key=lambda row: (row["us"], row["props"] or "")):
        if row["offer"] in found:
            continue
        said = json.loads(row["props"] or "{}")
        name = str(said.get("offer") or row["offer"])
        found[row["offer"]] = Version(
            offer=row["offer"], name=name, version=int(_number(said.get("version"))),
            kind=str(said.get("kind") or "coupon"), share=_number(said.get("percent")) / 100,
            amount=_number(said.get("amount")), until=_moment(said.get("until")), currency=row["currency"],
            begins_us=row["us"], words=frozenset(filter(None, (folded(name), folded(said.get("code"))))),
        )  # fmt: skip
    return list(found.values())


def _number(said: Any) -> Decimal:
    """A number that an offer can have; 0 for anything else, as where nothing is said: events of other programs reach
    this as well, and a refresh must not end at one of them."""
    try:
        number = Decimal(str(said or 0))
    except InvalidOperation:
        return Decimal(0)
    return number if number.is_finite() and 0 <= number <= MOST else Decimal(0)


def _moment(said: Any) -> datetime | None:
    """A time; one without a zone is UTC."""
    try:
        moment = datetime.fromisoformat(str(said)) if said else None
    except ValueError:
        return None
    return moment if moment is None or moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def folded(text: Any) -> str:
    """A name or code as it is compared."""
    return " ".join(str(text or "").casefold().split())


def told(scope: Scope) -> str:
    """SQL: all that an order event says of coupons, as one text. Reads `e.props`."""
    d = scope.dialect
    order = d.json_text("e.props", "order")
    parts = [d.json_text(where, name) for name in NAMED_IN for where in ("e.props", order)]
    return f"concat_ws('|', {', '.join(parts)})"


def naming(scope: Scope) -> str:
    """SQL condition: an event's properties speak of coupons at all."""
    return scope.dialect.matches("e.props", f'"({"|".join(NAMED_IN)})"')


def version_rows(found: Iterable[Version]) -> pa.Table:
    """The versions as a relation."""
    rows = [
        {"offer": one.offer, "name": one.name, "version": one.version, "kind": one.kind, "factor": one.factor,
         "amount": round(one.amount, 4), "until_us": None if one.until is None else round(one.until.timestamp() * 1e6),
         "currency": one.currency, "begins_us": one.begins_us}
        for one in found
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, schema=VERSIONS)


def word_rows(texts: Iterable[str], found: Iterable[Version]) -> pa.Table:
    """One row = one text of an order and one offer that it names: by name (offer is NULL: the version follows from who
    has it) or by id."""
    names: dict[str, set[tuple[str, str | None]]] = {}
    for one in found:
        names.setdefault(folded(one.offer), set()).add((one.name, one.offer))
        for word in one.words:
            names.setdefault(word, set()).add((one.name, None))
    rows = [
        {"told": text, "name": name, "offer": offer}
        for text in texts
        for name, offer in {pair for part in PARTED.split(text) for pair in names.get(folded(part), ())}
    ]
    return pa.Table.from_pylist(rows, schema=WORDS)
