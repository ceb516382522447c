"""The specification's e-commerce events: orders with lines, refunds, carts, searches, shares, reviews."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import ROUND_DOWN, Decimal
from functools import partial
from typing import Any

from lianyi.memory.events import Event
from lianyi.memory.keys import email_key
from lianyi.memory.sources.segment.calls import BadCall
from lianyi.memory.sources.segment.frame import Frame, amount_of, key_text, quantity_of, text_of

Properties = Mapping[str, Any]
Say = Callable[[Frame, Properties], list[Event]]
PLACES = Decimal("0.0001")


def item(properties: Properties, *, path: str = "properties") -> str | None:
    """The key of the goods: by product id, else by SKU, else by name."""
    text = text_of(properties, "product_id", "productId", "sku", "id", "name", path=path)
    return f"item:{key_text(text)}" if text else None


def category(properties: Properties, *, path: str = "properties") -> str | None:
    """The category of the goods."""
    text = text_of(properties, "category", path=path)
    return key_text(text) if text else None


def of_goods(kind: str, frame: Frame, properties: Properties) -> list[Event]:
    """Something done with one product."""
    return [frame.event(kind, properties, object_key=item(properties), category=category(properties))]


def of_thing(kind: str, namespace: str, names: Sequence[str], frame: Frame, properties: Properties) -> list[Event]:
    """Something done with a list, a promotion, a cart."""
    text = text_of(properties, *names)
    key = f"{namespace}:{key_text(text)}" if text else f"page:{namespace}"
    return [frame.event(kind, properties, object_key=key, category=category(properties))]


def searched(frame: Frame, properties: Properties) -> list[Event]:
    """A search, with its words as text."""
    return [frame.event("search", properties, text=text_of(properties, "query", "keyword", "q"))]


def shared(frame: Frame, properties: Properties) -> list[Event]:
    """Goods passed on; the receiver is known where an address was given."""
    receiver = text_of(properties, "recipient")
    return [
        frame.event(
            "share",
            properties,
            object_key=item(properties) or "page:cart",
            category=category(properties),
            target_key=email_key(receiver) if receiver else None,
            text=text_of(properties, "share_message"),
        )
    ]


def reviewed(frame: Frame, properties: Properties) -> list[Event]:
    """A review of goods."""
    text = text_of(properties, "review_body", "review")
    return [frame.event("review", properties, object_key=item(properties), text=text)]


def completed(frame: Frame, properties: Properties) -> list[Event]:
    """A paid order: one event per line, or one for the whole where no lines are given."""
    order = order_id(frame, properties) or frame.message
    total, currency = _positive(properties, "total", "revenue", "value"), frame.money_in(properties)
    lines = _lines(properties)
    if not lines:
        return [_money(frame, "order", properties, order, total, currency)]
    values = shares(total, _weights(lines)) if total is not None else _prices(lines)
    rest = {name: value for name, value in properties.items() if name != "products"}
    return [
        _line(frame, "order", line, id=f"{order}/{number}", parent_id=order, value=value, currency=currency,
              order=rest, path=f"properties.products[{number - 1}]")
        for number, (line, value) in enumerate(zip(lines, values, strict=True), start=1)
    ]  # fmt: skip


def refunded(frame: Frame, properties: Properties) -> list[Event]:
    """Money given back for an order, as a whole or by lines. Acts are told apart by message, not by amount."""
    order, currency = order_id(frame, properties), frame.money_in(properties)
    total = amount_of(properties, "total", "refund_amount", "amount", "revenue", "value")
    total = abs(total) if total is not None else None
    act = f"{order}/refund/{text_of(properties, 'refund_id') or frame.message.partition(':')[2]}" if order else None
    lines = _lines(properties)
    if not lines:
        return [_money(frame, "refund", properties, act, total, currency, parent_id=order)]
    values = shares(total, _weights(lines)) if total is not None else _prices(lines)
    rest = {name: value for name, value in properties.items() if name != "products"}
    return [
        _line(frame, "refund", line, id=f"{act or frame.message}/{number}", parent_id=order, value=value,
              currency=currency, order=rest, path=f"properties.products[{number - 1}]")
        for number, (line, value) in enumerate(zip(lines, values, strict=True), start=1)
    ]  # fmt: skip


def placed(frame: Frame, properties: Properties) -> list[Event]:
    """An order that is not paid yet."""
    order = order_id(frame, properties)
    total = _positive(properties, "total", "value", "revenue")
    currency = frame.money_in(properties)
    return [
        _money(frame, "checkout", properties, f"{order}/placed" if order else None, total, currency, parent_id=order)
    ]


def cancelled(frame: Frame, properties: Properties) -> list[Event]:
    """An order that was closed."""
    order = order_id(frame, properties)
    return [frame.event("cancel", properties, id=f"{order}/closed" if order else None, parent_id=order)]


def order_id(frame: Frame, properties: Properties) -> str | None:
    """The event id of the order."""
    text = text_of(properties, "order_id", "orderId", "checkout_id")
    return f"{frame.source}:{key_text(text)}" if text else None


def shares(total: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    """The total in parts by weight, to the ten-thousandth, that add up exactly; equal parts where nothing weighs."""
    if not sum(weights):
        weights = [Decimal(1)] * len(weights)
    whole = sum(weights, Decimal(0))
    parts = [(total * weight / whole).quantize(PLACES, ROUND_DOWN) for weight in weights]
    heaviest = max(range(len(parts)), key=lambda place: weights[place])
    parts[heaviest] += total - sum(parts)
    return parts


def _money(
    frame: Frame,
    kind: str,
    properties: Properties,
    event_id: str | None,
    value: Decimal | None,
    currency: str,
    **fields: Any,
) -> Event:
    return frame.event(
        kind, properties, id=event_id, value=value, currency=None if value is None else currency, **fields
    )


def _line(
    frame: Frame,
    kind: str,
    line: Properties,
    *,
    order: Properties,
    path: str,
    value: Decimal | None,
    currency: str,
    **fields: Any,
) -> Event:
    title = text_of(line, "name", path=path)
    props = {**line, **({"title": title} if title else {}), "order": order}
    return frame.event(
        kind,
        props,
        object_key=item(line, path=path),
        category=category(line, path=path),
        value=value,
        currency=None if value is None else currency,
        **fields,
    )


def _lines(properties: Properties) -> list[Properties]:
    products = properties.get("products")
    if products is None:
        return []
    if not isinstance(products, list):
        raise BadCall("properties.products", "must be a list of objects")
    for number, product in enumerate(products):
        if not isinstance(product, dict):
            raise BadCall(f"properties.products[{number}]", "must be an object with product_id, price, quantity …")
    return products


def _prices(lines: Sequence[Properties]) -> list[Decimal | None]:
    """Price times quantity of each line; None where a line has no price."""
    result: list[Decimal | None] = []
    for number, line in enumerate(lines):
        path = f"properties.products[{number}]"
        price, quantity = _positive(line, "price", path=path), quantity_of(line, path=path)
        result.append(None if price is None else (price * quantity).quantize(PLACES))
    return result


def _weights(lines: Sequence[Properties]) -> list[Decimal]:
    """By what a total is parted: the prices, or the pieces where a price is missing."""
    prices = _prices(lines)
    if all(price is not None for price in prices):
        return [price or Decimal(0) for price in prices]
    return [quantity_of(line, path=f"properties.products[{number}]") for number, line in enumerate(lines)]


def _positive(properties: Properties, *names: str, path: str = "properties") -> Decimal | None:
    value = amount_of(properties, *names, path=path)
    if value is not None and value < 0:
        name = next(name for name in names if properties.get(name) not in (None, ""))
        raise BadCall(f"{path}.{name}", f"{value} is negative; send what was given back as Order Refunded")
    return value


# By the event's name in small letters with _ between the words.
SAYINGS: Mapping[str, Say] = {
    "products_searched": searched,
    "product_searched": searched,
    "product_list_viewed": partial(of_thing, "view", "list", ("list_id", "category")),
    "product_list_filtered": partial(of_thing, "view", "list", ("list_id", "category")),
    "promotion_viewed": partial(of_thing, "view", "content", ("promotion_id", "name")),
    "promotion_clicked": partial(of_thing, "click", "content", ("promotion_id", "name")),
    "product_clicked": partial(of_goods, "click"),
    "product_viewed": partial(of_goods, "view"),
    "product_added": partial(of_goods, "cart"),
    "wishlist_product_added_to_cart": partial(of_goods, "cart"),
    "product_added_to_wishlist": partial(of_goods, "collect"),
    "cart_viewed": partial(of_thing, "view", "cart", ()),
    "checkout_started": placed,
    "order_completed": completed,
    "order_refunded": refunded,
    "order_partially_refunded": refunded,
    "order_cancelled": cancelled,
    "order_canceled": cancelled,
    "product_shared": shared,
    "cart_shared": shared,
    "product_reviewed": reviewed,
}
