"""The price book: exchange rates, prices of messages, hourly rates, margins. `ledger.yaml` in the workspace.

    rates:   [{currency: USD, from: 2026-01-01, rate: "7.12"}]
    prices:  [{channel: sms, account: aliyun, from: 2026-01-01, price: "0.045", currency: CNY},
              {channel: wecom, by: invoice}]
    wages:   [{member: "*", from: 2026-01-01, per_hour: "60", currency: CNY}]
    margins: [{category: 茶, from: 2026-01-01, share: "0.42"}]

Each line holds from its day on, until the next line on the same thing. Of members and categories `*` stands for all
that no line names. What no line names is unknown, and stays so in every sum. Amounts are texts: a decimal that YAML
read as a float may have lost its last digit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, TypeVar

import yaml

from lianyi.errors import InputError
from lianyi.memory.events import CURRENCY_PATTERN

FILE_NAME = "ledger.yaml"
ANY = "*"
BEGINNING = date(1970, 1, 1)
MOST_LINES = 5_000
INVOICE, PRICE = "invoice", "price"


@dataclass(frozen=True, kw_only=True)
class Rate:
    """From this day on one unit of `currency` is worth `rate` units of the brand's currency."""

    currency: str
    rate: Decimal
    begins: date = BEGINNING


@dataclass(frozen=True, kw_only=True)
class Price:
    """What one message costs. account: the provider's account, "" for all of the channel. by = invoice: messages of
    this channel are not priced one by one, what they cost is entered as cost events."""

    channel: str
    account: str = ""
    by: str = PRICE
    price: Decimal = Decimal(0)
    currency: str = ""
    begins: date = BEGINNING


@dataclass(frozen=True, kw_only=True)
class Wage:
    """What an hour of a member of the team costs."""

    member: str
    per_hour: Decimal
    currency: str = ""
    begins: date = BEGINNING


@dataclass(frozen=True, kw_only=True)
class Margin:
    """The part of net revenue of a category that is left when the goods are paid, 0 to 1."""

    category: str
    share: Decimal
    begins: date = BEGINNING


@dataclass(frozen=True, kw_only=True)
class Book:
    """All of it."""

    rates: tuple[Rate, ...] = ()
    prices: tuple[Price, ...] = ()
    wages: tuple[Wage, ...] = ()
    margins: tuple[Margin, ...] = ()


Line = TypeVar("Line", Rate, Price, Margin)


def held(lines: Iterable[Line], day: date) -> list[Line]:
    """Lines that have begun on that day, the newest last."""
    return sorted((line for line in lines if line.begins <= day), key=lambda line: line.begins)


def shares(book: Book, day: date) -> dict[str, float]:
    """Category → the part of an order that is left when the goods are paid; `*` for all that no line names."""
    return {line.category: float(line.share) for line in held(book.margins, day)}


def read(folder: Path) -> Book:
    """The price book of a workspace; an empty one where there is none. InputError names the line."""
    path = folder / FILE_NAME
    return parsed(path.read_text(encoding="utf-8")) if path.exists() else Book()


def parsed(text: str) -> Book:
    """The book that a YAML text says."""
    try:
        data = yaml.safe_load(text) or {}
    except yaml.YAMLError as error:
        raise InputError(f"{FILE_NAME}: {error}") from error
    return of(data)


def of(data: Any) -> Book:
    """The book of plain data (from YAML or JSON)."""
    names = [field.name for field in fields(Book)]
    if not isinstance(data, Mapping):
        raise InputError(f"{FILE_NAME}: write a mapping with {', '.join(names)}")
    unknown = [str(name) for name in data if name not in names]
    if unknown:
        raise InputError(f"{FILE_NAME}: there is no {unknown[0]!r}; there are {', '.join(names)}")
    return Book(
        rates=_lines(data, "rates", _rate),
        prices=_lines(data, "prices", _price),
        wages=_lines(data, "wages", _wage),
        margins=_lines(data, "margins", _margin),
    )


def plain(book: Book) -> dict[str, list[dict[str, str]]]:
    """The book as plain data, of which `of` makes the same book."""
    return {
        "rates": [{"currency": r.currency, "from": r.begins.isoformat(), "rate": _text(r.rate)} for r in book.rates],
        "prices": [_price_said(price) for price in book.prices],
        "wages": [
            {"member": w.member, "from": w.begins.isoformat(), "per_hour": _text(w.per_hour), "currency": w.currency}
            for w in book.wages
        ],
        "margins": [
            {"category": m.category, "from": m.begins.isoformat(), "share": _text(m.share)} for m in book.margins
        ],
    }


def written(book: Book) -> str:
    """The book as YAML."""
    text: str = yaml.safe_dump(plain(book), allow_unicode=True, sort_keys=False)
    return text


def _price_said(price: Price) -> dict[str, str]:
    said = {"channel": price.channel, "from": price.begins.isoformat()}
    if price.account:
        said["account"] = price.account
    if price.by == INVOICE:
        return {**said, "by": INVOICE}
    return {**said, "price": _text(price.price), "currency": price.currency}


def _text(amount: Decimal) -> str:
    return format(amount, "f")


T = TypeVar("T")


def _lines(data: Mapping[str, Any], name: str, make: Callable[[_Line], T]) -> tuple[T, ...]:
    listed = data.get(name) or []
    if not isinstance(listed, Sequence) or isinstance(listed, str) or len(listed) > MOST_LINES:
        raise InputError(f"{FILE_NAME}: {name} must be a list of at most {MOST_LINES:,} lines")
    made: list[T] = []
    for number, entry in enumerate(listed, 1):
        where = f"{FILE_NAME}: {name}, line {number}"
        if not isinstance(entry, Mapping):
            raise InputError(f"{where}: write a mapping such as {{from: 2026-01-01, …}}")
        line = _Line(where=where, said={str(key): value for key, value in entry.items()})
        made.append(make(line))
        line.end()
    seen: set[tuple[object, ...]] = set()
    for number, one in enumerate(made, 1):
        key = tuple(getattr(one, key, "") for key in ("currency", "channel", "account", "member", "category", "begins"))
        if name in {"prices", "wages"}:
            key = key[1:]  # their currency is no part of what they are about
        if key in seen:
            raise InputError(f"{FILE_NAME}: {name}, line {number}: a line before says the same from the same day")
        seen.add(key)
    return tuple(made)


@dataclass(kw_only=True)
class _Line:
    """One line as it was read; what is taken is taken out, so that what is left over can be named."""

    where: str
    said: dict[str, Any]

    def word(self, name: str, *, default: str | None = None) -> str:
        value = self.said.pop(name, default)
        if not isinstance(value, str | int) or isinstance(value, bool) or (default is None and not str(value).strip()):
            raise InputError(f"{self.where}: {name} is missing; write a text")
        if len(str(value)) > 200:
            raise InputError(f"{self.where}: {name} has {len(str(value)):,} characters; at most 200 are allowed")
        return str(value).strip()

    def amount(self, name: str, *, places: int, most: Decimal, least: Decimal = Decimal(0)) -> Decimal:
        value = self.said.pop(name, None)
        try:
            amount = Decimal(str(value))
        except InvalidOperation:
            amount = Decimal("NaN")
        if not amount.is_finite() or not least <= amount <= most or amount != round(amount, places):
            raise InputError(
                f"{self.where}: {name} = {value!r}; write a number from {least} to {most:f}, at most {places} places"
            )
        return amount

    def currency(self) -> str:
        value = self.word("currency")
        if not CURRENCY_PATTERN.match(value):
            raise InputError(f"{self.where}: currency = {value!r}; write an ISO 4217 code such as CNY")
        return value

    def day(self) -> date:
        value = self.said.pop("from", BEGINNING)
        try:
            return value if type(value) is date else date.fromisoformat(str(value))
        except ValueError as error:
            raise InputError(f"{self.where}: from = {value!r}; write a day such as 2026-01-31") from error

    def end(self) -> None:
        if self.said:
            raise InputError(f"{self.where}: {next(iter(self.said))!r} is not known here")


def _rate(line: _Line) -> Rate:
    least = Decimal("0.00000001")
    rate = line.amount("rate", places=8, most=Decimal(1_000_000), least=least)
    return Rate(currency=line.currency(), rate=rate, begins=line.day())


def _price(line: _Line) -> Price:
    channel, account, by = line.word("channel"), line.word("account", default=""), line.word("by", default=PRICE)
    if by not in {PRICE, INVOICE}:
        raise InputError(f"{line.where}: by = {by!r}; write {PRICE} or {INVOICE}")
    if by == INVOICE:
        return Price(channel=channel, account=account, by=by, begins=line.day())
    price = line.amount("price", places=8, most=Decimal(100_000))
    return Price(channel=channel, account=account, price=price, currency=line.currency(), begins=line.day())


def _wage(line: _Line) -> Wage:
    per_hour = line.amount("per_hour", places=4, most=Decimal(1_000_000))
    return Wage(member=line.word("member"), per_hour=per_hour, currency=line.currency(), begins=line.day())


def _margin(line: _Line) -> Margin:
    share = line.amount("share", places=6, most=Decimal(1))
    return Margin(category=line.word("category"), share=share, begins=line.day())
