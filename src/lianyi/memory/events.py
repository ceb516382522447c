"""The event: one thing that happened. Fields, kinds and validation; the single source of truth for names.

An event is never changed. Everything that Lianyi knows is an event or derived from events: what people
said and bought, what we sent, tags that an operator set, consents, merges.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

import msgspec
import pyarrow as pa

from lianyi.errors import BadEvent

MONEY = pa.decimal128(18, 4)
TIME = pa.timestamp("us", tz="UTC")


@dataclass(frozen=True, kw_only=True)
class Field:
    """One column of the log: its name, Arrow type and meaning in English and Chinese."""

    name: str
    type: pa.DataType
    en: str
    zh: str
    required: bool = False


FIELDS = (
    Field(
        name="id",
        type=pa.string(),
        required=True,
        en="unique for all time; the same id is the same event",
        zh="唯一编号；编号相同即同一事件",
    ),
    Field(name="at", type=TIME, required=True, en="when it happened (UTC)", zh="发生时间（UTC）"),
    Field(name="received_at", type=TIME, required=True, en="when Lianyi got it (UTC)", zh="接收时间（UTC）"),
    Field(
        name="kind",
        type=pa.string(),
        required=True,
        en="what happened, a word of KINDS or one of your own",
        zh="事件类型",
    ),
    Field(name="source", type=pa.string(), required=True, en="where it came from, e.g. taobao_orders", zh="来源"),
    Field(name="actor_key", type=pa.string(), en="key of who did it", zh="行为人标识"),
    Field(name="target_key", type=pa.string(), en="key of whom it was done to", zh="对象人标识"),
    Field(name="group_key", type=pa.string(), en="the room it happened in", zh="所在群"),
    Field(name="object_key", type=pa.string(), en="the thing: goods, page, content, e.g. item:123", zh="对象物"),
    Field(
        name="parent_id",
        type=pa.string(),
        en="id of the event it answers, belongs to or follows (reply to, order of a line, share of an arrival)",
        zh="上级事件（回复的消息、所属订单、来自的分享）",
    ),
    Field(name="campaign", type=pa.string(), en="the campaign it belongs to", zh="活动"),
    Field(name="channel", type=pa.string(), en="the channel: web, wechat, wecom, email, matrix …", zh="渠道"),
    Field(name="category", type=pa.string(), en="category of the object, levels parted by ' > '", zh="类目"),
    Field(name="value", type=MONEY, en="money, never a float; refunds and costs are positive too", zh="金额"),
    Field(name="currency", type=pa.string(), en="ISO 4217 code of value", zh="币种"),
    Field(name="text", type=pa.string(), en="what was said", zh="文字内容"),
    Field(name="props", type=pa.string(), en="everything else, a JSON object", zh="其他属性（JSON）"),
)

FIELD_NAMES = tuple(field.name for field in FIELDS)
SCHEMA = pa.schema([pa.field(field.name, field.type, nullable=not field.required) for field in FIELDS])


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One word of the vocabulary. `active` says that the actor showed life (counts for activity and stock)."""

    name: str
    en: str
    zh: str
    active: bool = True


KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(name="identify", en="traits of a person became known", zh="资料", active=False),
        Kind(name="alias", en="two keys belong to one person", zh="标识关联", active=False),
        Kind(name="view", en="looked at a page, goods or content", zh="浏览"),
        Kind(name="click", en="clicked a link or button", zh="点击"),
        Kind(name="search", en="searched for something", zh="搜索"),
        Kind(name="message", en="said something in a group or chat", zh="发言"),
        Kind(name="reply", en="answered a message", zh="回复"),
        Kind(name="reaction", en="reacted to a message or content", zh="表情回应"),
        Kind(name="mention", en="named another person", zh="提及"),
        Kind(name="join", en="joined a group", zh="入群"),
        Kind(name="leave", en="left a group", zh="退群", active=False),
        Kind(name="invite", en="invited another person", zh="邀请"),
        Kind(name="share", en="passed something on", zh="分享"),
        Kind(name="arrive", en="came through a share", zh="到达"),
        Kind(name="follow", en="followed an account or added a contact", zh="关注"),
        Kind(name="unfollow", en="unfollowed or deleted a contact", zh="取消关注", active=False),
        Kind(name="relate", en="the relation of two people was stated or taken back", zh="标注关系", active=False),
        Kind(name="cart", en="put goods into the cart", zh="加购"),
        Kind(name="collect", en="put goods on the wish list", zh="收藏"),
        Kind(name="checkout", en="placed an order that is not paid yet", zh="下单未付"),
        Kind(name="order", en="paid for goods (one order or one line of it)", zh="购买"),
        Kind(name="cancel", en="an order was closed unpaid", zh="取消订单", active=False),
        Kind(name="refund", en="money was given back", zh="退款", active=False),
        Kind(name="review", en="wrote a review", zh="评价"),
        Kind(name="check_in", en="checked in or attended", zh="签到"),
        Kind(name="sent", en="we sent something", zh="已发送", active=False),
        Kind(name="delivered", en="what we sent arrived", zh="已送达", active=False),
        Kind(name="opened", en="opened what we sent", zh="已打开"),
        Kind(name="bounced", en="what we sent came back", zh="退回", active=False),
        Kind(name="failed", en="what we wanted to send was tried in vain", zh="发送失败", active=False),
        Kind(name="skipped", en="what we wanted to send was not sent, for a reason", zh="未发送", active=False),
        Kind(name="assigned", en="was put into an arm of an experiment", zh="实验分组", active=False),
        Kind(name="control_group", en="the global control group was set", zh="设定全局对照组", active=False),
        Kind(name="complained", en="complained about what we sent", zh="投诉", active=False),
        Kind(name="consent", en="gave or withdrew a consent", zh="授权", active=False),
        Kind(name="tag", en="an operator set or removed a tag", zh="打标签", active=False),
        Kind(name="recall", en="took a message back", zh="撤回消息"),
        Kind(name="edit", en="changed a message", zh="编辑消息"),
        Kind(name="group", en="a room's name or topic became known", zh="群资料", active=False),
        Kind(name="notice", en="the platform said something in a room", zh="系统通知", active=False),
        Kind(name="community", en="an operator named, placed or declared a community", zh="社群设定", active=False),
        Kind(name="note", en="an operator wrote a note", zh="备注", active=False),
        Kind(name="moderated", en="a message was held to a group's rules", zh="群规处理", active=False),
        Kind(name="agreed", en="agreed to a group's rules", zh="同意群规"),
        Kind(name="merge", en="an operator said that two people are one", zh="合并", active=False),
        Kind(name="unmerge", en="an operator took a merge back", zh="拆分", active=False),
        Kind(name="cost", en="money was spent on this", zh="成本", active=False),
        Kind(name="reward", en="a reward was granted", zh="奖励", active=False),
        Kind(name="offer", en="an offer was issued to a person", zh="发放优惠", active=False),
    )
}

PASSIVE_KINDS = tuple(kind.name for kind in KINDS.values() if not kind.active)
KIND_PATTERN = re.compile(r"[a-z][a-z0-9_]{0,63}\Z")
CURRENCY_PATTERN = re.compile(r"[A-Z]{3}\Z")
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
# A clock may run ahead a little; an event of next year is a mistake that would poison every "last seen".
FUTURE_SLACK = timedelta(days=1)
MAX_ID = 512
MAX_KEY = 512
MAX_TEXT = 100_000
MAX_PROPS = 100_000
MAX_VALUE = Decimal("99999999999999.9999")


EPOCH = EARLIEST
_sorted_json = msgspec.json.Encoder(order="sorted").encode


class Event(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """One event as a Python value, for sources that read row by row. Columnar paths use SCHEMA.

    `props` is a mapping here and a JSON object text in the log. `received_at` is set at landing.
    """

    id: str
    at: datetime
    kind: str
    source: str
    actor_key: str | None = None
    target_key: str | None = None
    group_key: str | None = None
    object_key: str | None = None
    parent_id: str | None = None
    campaign: str | None = None
    channel: str | None = None
    category: str | None = None
    value: Decimal | None = None
    currency: str | None = None
    text: str | None = None
    props: Mapping[str, Any] | None = None


# An event as a tuple of its fields in their order; the props may also be bytes of JSON with sorted names.
Row = tuple[Any, ...]
ROW_FIELDS = Event.__struct_fields__


def check(event: Event, *, now: datetime) -> Event:
    """Return the event unchanged, or raise BadEvent that names the field, the value and what is allowed."""
    if not _plainly_right(event):
        _check_fields(event)
    if event.at.tzinfo is None:
        raise BadEvent(f"at: {event.at.isoformat()} has no time zone; add one, e.g. {event.at.isoformat()}+08:00")
    if not EARLIEST <= event.at <= now + FUTURE_SLACK:
        raise BadEvent(f"at: {event.at.isoformat()} is not between 1970 and tomorrow; mend the time")
    return event


def _plainly_right(event: Event) -> bool:
    """Whether the fields are right at a glance: texts that are short together are short each. Says no when in doubt.

    This runs for every event that is ever received, and looking at each field by itself takes three times as long.
    """
    actor, target = event.actor_key or "", event.target_key or ""
    texts = "".join(
        (event.id, event.source, actor, target, event.group_key or "", event.object_key or "", event.parent_id or "",
         event.campaign or "", event.channel or "", event.category or "")
    )  # fmt: skip
    return (
        len(texts) <= MAX_ID
        and "\x00" not in texts
        and event.id != ""
        and event.source != ""
        and (event.kind in KINDS or KIND_PATTERN.match(event.kind) is not None)
        and (":" in actor or event.actor_key is None)
        and (":" in target or event.target_key is None)
        and event.text is None
        and event.value is None
        and event.currency is None
    )


def _check_fields(event: Event) -> None:
    _check_text("id", event.id, MAX_ID, required=True)
    _check_text("source", event.source, MAX_KEY, required=True)
    if event.kind not in KINDS and not KIND_PATTERN.match(event.kind):
        raise BadEvent(
            f"kind: {event.kind[:80]!r} is not a kind; write small letters, digits and _ starting with a letter, "
            f"at most 64 characters (known kinds: {', '.join(KINDS)})"
        )
    if event.actor_key is not None:
        _check_key("actor_key", event.actor_key)
    if event.target_key is not None:
        _check_key("target_key", event.target_key)
    _check_optional(event)
    if event.value is not None or event.currency is not None:
        _check_money(event.value, event.currency)


def _check_optional(event: Event) -> None:
    for name in ("group_key", "object_key", "parent_id", "campaign", "channel", "category"):
        _check_text(name, getattr(event, name), MAX_KEY)
    _check_text("text", event.text, MAX_TEXT)


def _check_key(name: str, key: str) -> None:
    _check_text(name, key, MAX_KEY, required=True)
    if ":" not in key:
        raise BadEvent(f"{name}: {key[:80]!r} has no namespace; write namespace:value, e.g. email:a@b.cn")


def _check_text(name: str, value: str | None, limit: int, *, required: bool = False) -> None:
    if value is None or value == "":
        if required:
            raise BadEvent(f"{name}: is empty; give a text of 1 to {limit} characters")
        return
    if len(value) > limit:
        raise BadEvent(f"{name}: has {len(value):,} characters; at most {limit:,} are allowed")
    if "\x00" in value:
        raise BadEvent(f"{name}: holds a NUL character; remove it")


def _check_money(value: Decimal | None, currency: str | None) -> None:
    if value is not None:
        if not value.is_finite() or abs(value) > MAX_VALUE:
            raise BadEvent(f"value: {value} is out of range; at most {MAX_VALUE} is allowed")
        if not currency:
            raise BadEvent("currency: is missing beside a value; give an ISO 4217 code such as CNY")
    if currency is not None and not CURRENCY_PATTERN.match(currency):
        raise BadEvent(f"currency: {currency[:80]!r} is not an ISO 4217 code; write three capital letters such as CNY")


def money(value: object) -> Decimal:
    """The amount as a Decimal with 4 places, half-up from the decimal text; floats go by their shortest text."""
    try:
        amount = Decimal(str(value)).quantize(Decimal("0.0001"), ROUND_HALF_UP)
    except InvalidOperation as error:
        raise BadEvent(f"value: {str(value)[:80]!r} is not an amount; write a number such as 12.50") from error
    if not amount.is_finite() or abs(amount) > MAX_VALUE:
        raise BadEvent(f"value: {str(value)[:80]!r} is out of range; at most {MAX_VALUE} is allowed")
    return amount


def props_text(props: Mapping[str, Any] | bytes | None) -> str | None:
    """The props as JSON object text with sorted keys (so equal props are equal text); None when empty. Bytes are such
    a text already."""
    if not props:
        return None
    text = (props if isinstance(props, bytes) else _sorted_json(props)).decode()
    if len(text) > MAX_PROPS:
        raise BadEvent(f"props: is {len(text):,} characters of JSON; at most {MAX_PROPS:,} are allowed")
    return text


def to_arrow(events: list[Event], *, received_at: datetime) -> pa.Table:
    """The events as a table of SCHEMA, one row each, in the order given."""
    return rows_to_arrow([msgspec.structs.astuple(event) for event in events], received_at=received_at)


def rows_to_arrow(rows: Sequence[Row], *, received_at: datetime) -> pa.Table:
    """The same of rows."""
    columns: dict[str, Sequence[Any]] = dict(zip(ROW_FIELDS, zip(*rows, strict=True), strict=True)) if rows else {}
    arrays = [_column(field, columns.get(field.name, ()), len(rows), received_at) for field in FIELDS]
    return pa.Table.from_arrays(arrays, schema=SCHEMA)


def _column(field: Field, values: Sequence[Any], rows: int, received_at: datetime) -> pa.Array:
    if field.name == "received_at":
        return pa.repeat(pa.scalar(received_at, field.type), rows)
    # Most columns of most sources; only where the first is empty are the others worth a look.
    if not rows or (values[0] is None and values.count(None) == rows):
        return pa.nulls(rows, field.type)
    if field.name == "at":  # as differences: Arrow would ask each for its zone, which takes three times as long
        return pa.array([at - EPOCH for at in values], pa.duration("us")).cast(pa.int64()).cast(TIME)
    if field.name == "value":
        values = [None if value is None else money(value) for value in values]
    elif field.name == "props":
        values = [props if type(props) is bytes and len(props) <= MAX_PROPS else props_text(props) for props in values]
    return pa.array(values, type=field.type)
