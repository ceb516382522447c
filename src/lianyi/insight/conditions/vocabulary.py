"""The words of the language: columns of a person, fields of an event, kinds, figures; each with its type and names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from lianyi.memory.events import KINDS

# What a word stands for. count: a whole number; money: with cents; real: any number.
Type = Literal["count", "money", "real", "text", "truth", "time", "date", "list"]
NUMBERS = frozenset({"count", "money", "real"})

ALL = "*"
ACTIVE = "activity"
SAYING = ("message", "reply", "review")
UNITS: Mapping[str, int] = {"hours": 3_600_000_000, "days": 86_400_000_000, "weeks": 7 * 86_400_000_000}


@dataclass(frozen=True, kw_only=True)
class Word:
    """A column or field: its type and what people call it."""

    type: Type
    en: str
    zh: str


@dataclass(frozen=True, kw_only=True)
class KindWords:
    """How a number of events of a kind is said: 3 orders, 购买 3 次; and when they were done to the person."""

    one: str
    many: str
    zh: str
    measure: str = "次"
    received_one: str = ""
    received_many: str = ""
    received_zh: str = ""


COLUMNS: Mapping[str, Word] = {
    "gender": Word(type="text", en="gender", zh="性别"),
    "birth_month": Word(type="count", en="month of birth", zh="生日月份"),
    "birth_day": Word(type="count", en="day of birth", zh="生日日"),
    "age": Word(type="count", en="age", zh="年龄"),
    "country": Word(type="text", en="country", zh="国家"),
    "province": Word(type="text", en="province", zh="省份"),
    "city": Word(type="text", en="city", zh="城市"),
    "language": Word(type="text", en="language", zh="语言"),
    "company": Word(type="text", en="company", zh="公司"),
    "level": Word(type="text", en="membership level", zh="会员等级"),
    "conflicts": Word(type="count", en="attributes in conflict", zh="冲突属性数"),
    "first_seen": Word(type="time", en="first seen", zh="首次出现"),
    "last_seen": Word(type="time", en="last seen", zh="最近出现"),
    "first_active": Word(type="date", en="first active", zh="首次活跃"),
    "last_active": Word(type="date", en="last active", zh="最近活跃"),
    "days_active": Word(type="count", en="days active", zh="活跃天数"),
    "events": Word(type="count", en="events", zh="事件数"),
    "channels": Word(type="list", en="channels", zh="渠道"),
    "groups": Word(type="list", en="groups", zh="所在群"),
    "orders": Word(type="count", en="orders", zh="订单数"),
    "order_days": Word(type="count", en="days with an order", zh="下单天数"),
    "gross_spend": Word(type="money", en="paid", zh="支付金额"),
    "refunds": Word(type="money", en="refunded", zh="退款金额"),
    "net_spend": Word(type="money", en="net spend", zh="净消费"),
    "first_order": Word(type="time", en="first order", zh="首单"),
    "last_order": Word(type="time", en="last order", zh="最近下单"),
    "recency_days": Word(type="count", en="days since the last order", zh="距最近下单天数"),
    "frequency": Word(type="count", en="orders", zh="购买次数"),
    "monetary": Word(type="money", en="net spend per order", zh="单均净消费"),
    "r_score": Word(type="count", en="recency score", zh="近度得分"),
    "f_score": Word(type="count", en="frequency score", zh="频度得分"),
    "m_score": Word(type="count", en="net spend score", zh="金额得分"),
    "cycle_days": Word(type="real", en="purchase cycle in days", zh="购买周期（天）"),
    "cycle_spread": Word(type="real", en="spread of the cycle in days", zh="周期离散度（天）"),
    "consumption_level": Word(type="text", en="consumption level", zh="消费等级"),
    "preferred_hour": Word(type="count", en="preferred hour", zh="最常活跃小时"),
    "preferred_weekday": Word(type="count", en="preferred weekday", zh="最常活跃星期"),
    "top_category": Word(type="text", en="top category", zh="最偏好类目"),
    "brought": Word(type="count", en="people brought", zh="带来人数"),
    "brought_buyers": Word(type="count", en="buyers brought", zh="带来的购买者"),
    "keys": Word(type="list", en="keys", zh="标识"),
}
# Not stored, but worked out from what is.
DERIVED: Mapping[str, Word] = {
    "top_share": Word(type="real", en="share of the top category", zh="最偏好类目占比"),
    "group_count": Word(type="count", en="groups", zh="所在群数"),
    "channel_count": Word(type="count", en="channels", zh="渠道数"),
    "this_month": Word(type="count", en="this month", zh="本月"),
}
# From tables that are made after the tags: word -> table and column.
LATE_COLUMNS: Mapping[str, tuple[str, str]] = {
    "stage": ("stages", "stage"),
    "lapsed": ("stages", "lapsed"),
    "p_alive": ("purchase_clocks", "p_alive"),
    "p_active": ("leaving", "chance"),
    "value": ("values", "value_365"),
    "value_band": ("values", "band"),
}
LATE_WORDS: Mapping[str, Word] = {
    "stage": Word(type="text", en="stage", zh="阶段"),
    "lapsed": Word(type="truth", en="dropped out", zh="已沉寂"),
    "p_alive": Word(type="real", en="chance to be still a buyer", zh="仍会购买的概率"),
    "p_active": Word(type="real", en="chance to show life within 30 days", zh="30 天内活跃的概率"),
    "value": Word(type="money", en="value of the next year", zh="未来一年价值"),
    "value_band": Word(type="text", en="value band", zh="价值层级"),
}
PERSON: Mapping[str, Word] = {**COLUMNS, **DERIVED, **LATE_WORDS}

FIELDS: Mapping[str, Word] = {
    "category": Word(type="text", en="category", zh="类目"),
    "title": Word(type="text", en="title", zh="标题"),
    "object": Word(type="text", en="thing", zh="对象"),
    "group": Word(type="text", en="group", zh="群"),
    "channel": Word(type="text", en="channel", zh="渠道"),
    "source": Word(type="text", en="source", zh="来源"),
    "campaign": Word(type="text", en="campaign", zh="活动"),
    "text": Word(type="text", en="text", zh="内容"),
    "other": Word(type="text", en="the other person", zh="对方"),
    "value": Word(type="money", en="amount", zh="金额"),
    "quantity": Word(type="real", en="quantity", zh="数量"),
    "discount": Word(type="real", en="discount", zh="折扣幅度"),
    "hour": Word(type="count", en="hour", zh="小时"),
    "weekday": Word(type="count", en="weekday", zh="星期"),
    "day_of_month": Word(type="count", en="day of the month", zh="几号"),
}
# What may be asked of a tie, of a belonging to a community, of a coming through a ripple.
TIES: Mapping[str, Word] = {
    "band": Word(type="text", en="band", zh="强度档"),
    "trend": Word(type="text", en="trend", zh="走势"),
    "relation": Word(type="text", en="stated relation", zh="已标注关系"),
    "strength": Word(type="real", en="strength", zh="强度"),
    "closeness": Word(type="real", en="closeness", zh="结构强度"),
    "common": Word(type="count", en="acquaintances in common", zh="共同熟人"),
    "toward": Word(type="real", en="share of contact from the person", zh="主动占比"),
    "reciprocity": Word(type="real", en="reciprocity", zh="互惠度"),
    "days": Word(type="count", en="days with contact", zh="接触天数"),
    "first_at": Word(type="time", en="first contact", zh="首次接触"),
    "last_at": Word(type="time", en="last contact", zh="最近接触"),
}
BELONGINGS: Mapping[str, Word] = {
    "community": Word(type="text", en="community", zh="社群"),
    "role": Word(type="text", en="role", zh="角色"),
    "how": Word(type="text", en="how they belong", zh="归属方式"),
    "height": Word(type="count", en="height", zh="层级"),
    "weight": Word(type="real", en="weight", zh="归属强度"),
    "standing": Word(type="count", en="rank in it", zh="名次"),
    "said": Word(type="count", en="messages in it", zh="发言数"),
    "answers": Word(type="count", en="answers in it", zh="回答数"),
    "partners": Word(type="count", en="partners in it", zh="互动对象数"),
}
COMINGS: Mapping[str, Word] = {
    "ripple": Word(type="text", en="ripple", zh="波纹"),
    "kind": Word(type="text", en="kind of ripple", zh="波纹类型"),
    "depth": Word(type="count", en="generations of the ripple", zh="波纹代数"),
    "generation": Word(type="count", en="generation", zh="第几代"),
    "brought": Word(type="count", en="people brought", zh="带来人数"),
    "brought_buyers": Word(type="count", en="buyers brought", zh="带来的购买者"),
    "reach": Word(type="count", en="people behind", zh="后续人数"),
    "shares": Word(type="count", en="shares", zh="分享次数"),
    "how": Word(type="text", en="how one knows", zh="依据方式"),
    "category": Word(type="text", en="category", zh="类目"),
    "incentive": Word(type="text", en="incentive", zh="激励"),
    "newcomer": Word(type="truth", en="newcomer", zh="新人"),
    "orders": Word(type="count", en="orders that followed", zh="随后订单数"),
    "revenue": Word(type="money", en="revenue that followed", zh="随后收入"),
    "at": Word(type="time", en="when they came", zh="到达时间"),
    "converted_at": Word(type="time", en="first order that followed", zh="随后首单"),
}
# Names stand for an id and for names in both languages.
NAMED: Mapping[str, tuple[str, ...]] = {
    "community": ("community_id", "name_en", "name_zh"),
    "ripple": ("ripple_id", "ripple_name"),
}
# Columns behind NAMED.
BEHIND = {name: Word(type="text", en="name", zh="名称") for names in NAMED.values() for name in names}
# What the words of a test are about.
Among = Literal["person", "event", "tie", "belonging", "coming"]
WORDS: Mapping[Among, Mapping[str, Word]] = {
    "person": PERSON, "event": FIELDS, "tie": TIES, "belonging": BELONGINGS, "coming": COMINGS,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Beside:
    """A function over rows beside a person: what the rows are, and whether it counts them or asks if there is one."""

    among: Among
    counts: bool


RELATED: Mapping[str, Beside] = {
    "tied": Beside(among="tie", counts=False),
    "ties": Beside(among="tie", counts=True),
    "member": Beside(among="belonging", counts=False),
    "memberships": Beside(among="belonging", counts=True),
    "arrived": Beside(among="coming", counts=False),
    "arrivals": Beside(among="coming", counts=True),
}
# Fields that go around: between 22 and 5.
ROUND = frozenset({"hour", "weekday"})

_SAID: Mapping[str, KindWords] = {
    "view": KindWords(one="view", many="views", zh="浏览"),
    "click": KindWords(one="click", many="clicks", zh="点击"),
    "search": KindWords(one="search", many="searches", zh="搜索"),
    "message": KindWords(one="message", many="messages", zh="发言", measure="条"),
    "reply": KindWords(one="reply", many="replies", zh="回复", measure="条"),
    "reaction": KindWords(one="reaction", many="reactions", zh="表情回应"),
    "mention": KindWords(one="mention", many="mentions", zh="提及他人", received_zh="被提及"),
    "join": KindWords(one="group joined", many="groups joined", zh="入群"),
    "leave": KindWords(one="group left", many="groups left", zh="退群"),
    "invite": KindWords(one="invitation", many="invitations", zh="邀请", measure="人", received_zh="被邀请"),
    "share": KindWords(one="share", many="shares", zh="分享"),
    "arrive": KindWords(
        one="arrival through a share", many="arrivals through shares", zh="经分享到达",
        received_one="arrival through their share", received_many="arrivals through their shares",
        received_zh="他人经其分享到达",
    ),
    "follow": KindWords(one="follow", many="follows", zh="关注"),
    "cart": KindWords(one="cart addition", many="cart additions", zh="加购"),
    "collect": KindWords(one="wish list addition", many="wish list additions", zh="收藏"),
    "checkout": KindWords(one="checkout", many="checkouts", zh="下单未付"),
    "order": KindWords(one="order", many="orders", zh="购买"),
    "cancel": KindWords(one="cancelled order", many="cancelled orders", zh="取消订单"),
    "refund": KindWords(one="refund", many="refunds", zh="退款"),
    "review": KindWords(one="review", many="reviews", zh="评价", measure="条"),
    "complained": KindWords(one="complaint", many="complaints", zh="投诉"),
    "bounced": KindWords(one="message bounced", many="messages bounced", zh="退回"),
    "unfollow": KindWords(one="unfollow", many="unfollows", zh="取消关注"),
    "delivered": KindWords(one="delivery", many="deliveries", zh="送达"),
    "check_in": KindWords(one="check-in", many="check-ins", zh="签到"),
    "opened": KindWords(one="message opened", many="messages opened", zh="打开触达"),
    "sent": KindWords(one="message sent", many="messages sent", zh="发送", received_one="message from us",
                      received_many="messages from us", received_zh="收到触达"),
}  # fmt: skip


def kind_words(kind: str) -> KindWords:
    """How to speak of a kind; one without words of its own is called by its name."""
    if kind in _SAID:
        return _SAID[kind]
    zh = KINDS[kind].zh if kind in KINDS else kind
    if kind == ACTIVE:
        return KindWords(one="act", many="acts", zh="活跃行为")
    if kind == ALL:
        return KindWords(one="event", many="events", zh="事件", measure="个")
    return KindWords(one=f"{kind} event", many=f"{kind} events", zh=zh)


@dataclass(frozen=True, kw_only=True)
class Figure:
    """What an event function gives. fields: fields of the event that it may be asked of; needs: it needs one."""

    type: Type
    fields: frozenset[str] = frozenset()

    @property
    def needs(self) -> bool:
        """Whether a field must be named."""
        return bool(self.fields)


_MEASURED = frozenset({"value", "quantity", "discount"})
AGGREGATES: Mapping[str, Figure] = {
    "count": Figure(type="count"),
    "any": Figure(type="truth"),
    "days": Figure(type="count"),
    "first": Figure(type="time"),
    "last": Figure(type="time"),
    "sum": Figure(type="real", fields=_MEASURED),
    "avg": Figure(type="real", fields=_MEASURED),
    "max": Figure(type="real", fields=_MEASURED),
    "min": Figure(type="real", fields=_MEASURED),
    "distinct": Figure(
        type="count", fields=frozenset({"object", "category", "group", "channel", "source", "campaign", "other"})
    ),
}
# What is asked of tables that are made after the tags.
LATE = (*RELATED, "bridges", "in_audience")
FUNCTIONS = (*AGGREGATES, "says", "says_days", "has_tag", "days_since", "known", "attr", "consents", *LATE)
KEYWORDS = frozenset({"and", "or", "not", "in", "between", "within", "older", "than", "received", "true", "false"})
