"""For every shipped tag: what makes somebody have it, and what only looks like it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tests.insight.log import AS_OF, Log

SHANGHAI = ZoneInfo("Asia/Shanghai")
Story = Callable[["Teller"], object]


class Teller:
    """Writes what one person does into a log. `ago`: days before as_of; `hour`: local."""

    def __init__(self, log: Log, who: str) -> None:
        self.log, self.who = log, who

    def when(self, ago: float, hour: int | None = None) -> datetime:
        moment = AS_OF - timedelta(days=ago)
        return moment if hour is None else moment.astimezone(SHANGHAI).replace(hour=hour)

    def act(self, kind: str, *agos: float, hour: int | None = None, **fields: object) -> Teller:
        for ago in agos:
            self.log.add(kind, self.who, self.when(ago, hour), **fields)
        return self

    def buy(self, *agos: float, value: str = "10", hour: int | None = None, **fields: object) -> Teller:
        return self.act("order", *agos, hour=hour, value=value, **fields)

    def say(self, text: str, *agos: float) -> Teller:
        return self.act("message", *agos, text=text, group_key="group:w/1")

    def get(self, kind: str, ago: float, *others: str, **fields: object) -> Teller:
        for other in others:
            self.log.add(kind, other, self.when(ago), target=self.who, **fields)
        return self

    def weekend(self, kind: str, weeks: int, **fields: object) -> Teller:
        """On the last Saturdays at ten."""
        saturday = (AS_OF.astimezone(SHANGHAI).isoweekday() - 6) % 7 or 7
        return self.act(kind, *(saturday + 7 * week for week in range(weeks)), hour=10, **fields)


OTHERS = tuple(f"user:o{number}" for number in range(16))
DISCOUNT = {"price": 20, "quantity": 1}
FULL = {"price": 10, "quantity": 1}


def _speaks(t: Teller, *agos: float) -> None:
    t.say("hello", *agos)


def _brings(t: Teller, *names: str, buys: bool = False) -> None:
    for name in names:
        t.log.add("arrive", f"{t.who}/{name}", t.when(20), target=t.who)
        if buys:
            t.log.add("order", f"{t.who}/{name}", t.when(10), value="1")


# tag: (what makes it hold, what does not)
EXAMPLES: Mapping[str, tuple[Story, Story]] = {
    "newcomer": (lambda t: t.act("view", 3), lambda t: t.act("view", 15, 1)),
    "active": (lambda t: t.act("view", 1, 9, 29), lambda t: t.act("view", 1, 1, 9)),
    "core": (lambda t: t.act("view", *range(1, 11)), lambda t: t.act("view", *range(1, 10))),
    "daily_visitor": (lambda t: t.act("view", *range(1, 12)), lambda t: t.act("view", *range(1, 30, 3))),
    "old_friend": (lambda t: t.act("view", 400, 3), lambda t: t.act("view", 400, 50)),
    "returned": (lambda t: t.act("view", 100, 3), lambda t: t.act("view", 100, 50, 3)),
    "dormant": (lambda t: t.act("view", 90), lambda t: t.act("view", 90, 10)),
    "lost": (lambda t: t.act("view", 200), lambda t: t.act("view", 170)),
    "seen_once": (lambda t: t.act("view", 40), lambda t: t.act("view", 40, 39)),
    "fading": (
        lambda t: t.act("view", *range(35, 45), 3),
        lambda t: t.act("view", *range(35, 45), *range(3, 10)),
    ),
    "birthday_this_month": (
        lambda t: t.act("identify", 9, props={"birthday": "1990-06-15"}),
        lambda t: t.act("identify", 9, props={"birthday": "1990-07-15"}),
    ),
    "unclear_profile": (
        lambda t: t.act("identify", 9, props={"city": "a", "name": "x"}).act(
            "identify", 8, props={"city": "b", "name": "y"}
        ),
        lambda t: t.act("identify", 9, props={"city": "a", "name": "x"}).act(
            "identify", 8, props={"city": "b", "name": "x"}
        ),
    ),
    "buyer": (lambda t: t.buy(300), lambda t: t.act("checkout", 3)),
    "first_purchase": (lambda t: t.buy(20), lambda t: t.buy(20, 10)),
    "prospect": (lambda t: t.act("cart", 3), lambda t: t.act("cart", 3).buy(2)),
    "repeat_buyer": (lambda t: t.buy(50, 20), lambda t: t.buy(50, 50)),
    "frequent_buyer": (lambda t: t.buy(80, 50, 20, 1), lambda t: t.buy(100, 50, 20, 1)),
    "high_spender": (lambda t: t.buy(9, value="5000"), lambda t: t.buy(9, value="1")),
    "top_spender": (lambda t: t.buy(9, value="900000"), lambda t: t.buy(9, value="1")),
    "champion": (lambda t: t.buy(*range(1, 13), value="500"), lambda t: t.buy(1, value="500")),
    "win_back": (lambda t: t.buy(*range(300, 312), value="500"), lambda t: t.buy(*range(1, 13), value="500")),
    "big_basket": (lambda t: t.buy(9, value="6000"), lambda t: t.buy(9, value="1")),
    "small_frequent": (lambda t: t.buy(*range(1, 13), value="0.1"), lambda t: t.buy(*range(1, 13), value="900")),
    "rebuy_due": (lambda t: t.buy(90, 60, 30), lambda t: t.buy(62, 32, 2)),
    "at_risk": (lambda t: t.buy(120, 110, 100), lambda t: t.buy(110, 60, 10)),
    "regular": (lambda t: t.buy(90, 60, 31, 1), lambda t: t.buy(200, 198, 60, 1)),
    "lapsed_buyer": (lambda t: t.buy(200).act("view", 2), lambda t: t.buy(200, 100)),
    "discount_seeker": (lambda t: t.buy(9, 8, props=DISCOUNT), lambda t: t.buy(9, 8, props=FULL)),
    "full_price": (lambda t: t.buy(9, 8, props=FULL), lambda t: t.buy(9, 8, props=DISCOUNT)),
    "refund_prone": (
        lambda t: t.buy(9, value="10").act("refund", 8, 7, value="4"),
        lambda t: t.buy(9, value="100").act("refund", 8, 7, value="4"),
    ),
    "cart_abandoner": (lambda t: t.act("cart", 3), lambda t: t.act("cart", 3).buy(2)),
    "unpaid_order": (lambda t: t.act("checkout", 3), lambda t: t.act("checkout", 3).buy(3)),
    "window_shopper": (lambda t: t.act("view", *range(1, 12)), lambda t: t.act("view", *range(1, 12)).buy(40)),
    "wish_list": (lambda t: t.act("collect", 1, 2, 3), lambda t: t.act("collect", 1, 2, 100)),
    "one_category": (
        lambda t: t.act("view", 1, 2, 3, 4, 5, category="a").act("view", 3, category="b"),
        lambda t: t.act("view", 1, 2, 3, category="a").act("view", 3, category="b"),
    ),
    "explorer": (
        lambda t: [t.buy(9, category=name) for name in "abcd"],
        lambda t: [t.buy(9, category=name) for name in "abca"],
    ),
    "bulk_buyer": (lambda t: t.buy(9, props={"quantity": 6}), lambda t: t.buy(9, props={"quantity": 5})),
    "night_owl": (
        lambda t: t.act("view", 1, 2, 3, 4, hour=23).act("view", 5, hour=12),
        lambda t: t.act("view", 1, 2, 3, 4, hour=21).act("view", 5, hour=23),
    ),
    "early_bird": (
        lambda t: t.act("view", 1, 2, 3, hour=6).act("view", 5, 6, hour=12),
        lambda t: t.act("view", 1, 2, 3, hour=9).act("view", 5, 6, hour=6),
    ),
    "lunch_break": (
        lambda t: t.act("view", 1, 2, 3, hour=13).act("view", 5, 6, hour=9),
        lambda t: t.act("view", 1, 2, 3, hour=14).act("view", 5, 6, hour=12),
    ),
    "weekender": (lambda t: t.weekend("view", 5).act("view", 1), lambda t: t.act("view", *range(1, 15))),
    "weekend_buyer": (lambda t: t.weekend("order", 4, value="1"), lambda t: t.buy(*range(1, 15))),
    "night_buyer": (lambda t: t.buy(1, 2, 3, hour=23), lambda t: t.buy(1, 2, 3, hour=20)),
    "new_member": (
        lambda t: t.act("join", 3, group_key="group:w/1"),
        lambda t: t.act("join", 9, group_key="group:w/1"),
    ),
    "silent_newcomer": (
        lambda t: t.act("join", 9, group_key="group:w/1").act("view", 3),
        lambda t: t.act("join", 9, group_key="group:w/1").say("hi", 8),
    ),
    "lurker": (lambda t: t.act("reaction", 9, group_key="group:w/1"), lambda t: t.say("hi", 50)),
    "active_speaker": (lambda t: _speaks(t, 1, 2, 3, 4, 5), lambda t: _speaks(t, 1, 1, 1, 1, 1, 2, 3, 4)),
    "answerer": (
        lambda t: [t.act("reply", 9, 8, target=other, text="x") for other in OTHERS[:5]],
        lambda t: t.act("reply", *range(1, 20), target=OTHERS[0], text="x"),
    ),
    "topic_starter": (
        lambda t: t.get("reply", 9, *OTHERS[:5], text="x"),
        lambda t: t.get("reply", 9, *OTHERS[:4], text="x"),
    ),
    "well_liked": (lambda t: t.get("reaction", 9, *OTHERS[:5]), lambda t: t.get("reaction", 9, *[OTHERS[0]] * 9)),
    "often_mentioned": (lambda t: t.get("mention", 9, *OTHERS[:3]), lambda t: t.get("mention", 99, *OTHERS[:3])),
    "in_many_groups": (
        lambda t: [t.act("join", 9, group_key=f"group:w/{name}") for name in "abc"],
        lambda t: t.act("join", 9, 8, 7, group_key="group:w/a"),
    ),
    "left_all_groups": (
        lambda t: t.act("join", 9, group_key="group:w/a").act("leave", 8, group_key="group:w/a"),
        lambda t: t.act("leave", 8, group_key="group:w/a").act("join", 7, group_key="group:w/a"),
    ),
    "multi_channel": (
        lambda t: [t.act("view", 9, channel=name) for name in ("web", "wechat", "email")],
        lambda t: t.act("view", 9, 8, 7, channel="web"),
    ),
    "reviewer": (lambda t: t.act("review", 9, 8, 7, text="ok"), lambda t: t.act("review", 9, 8, text="ok")),
    "event_goer": (lambda t: t.act("check_in", 9, 8), lambda t: t.act("check_in", 9, 9)),
    "responsive": (
        lambda t: t.get("sent", 9, *["wecom_user:a"] * 4).act("opened", 8, 7),
        lambda t: t.get("sent", 9, *["wecom_user:a"] * 4).act("opened", 8),
    ),
    "unresponsive": (
        lambda t: t.get("sent", 9, *["wecom_user:a"] * 5),
        lambda t: t.get("sent", 9, *["wecom_user:a"] * 5).act("click", 8),
    ),
    "complainer": (lambda t: t.act("complained", 300), lambda t: t.act("bounced", 3)),
    "sharer": (lambda t: t.act("share", 1, 2, 3), lambda t: t.act("share", 1, 1, 1, 2)),
    "inviter": (
        lambda t: [t.act("invite", 9, target=other) for other in OTHERS[:3]],
        lambda t: t.act("invite", 9, 8, 7, target=OTHERS[3]),
    ),
    "bringer": (lambda t: _brings(t, "a", "b", "c"), lambda t: _brings(t, "a", "b", "b")),
    "buyer_bringer": (lambda t: _brings(t, "a", buys=True), lambda t: _brings(t, "a")),
    "came_by_share": (lambda t: t.act("arrive", 9), lambda t: t.act("share", 9)),
    "opinion_leader": (lambda t: t.get("mention", 9, *OTHERS[:15]), lambda t: t.get("mention", 9, *OTHERS[:14] * 3)),
    "asks_price": (lambda t: t.say("请问多少钱一盒", 9), lambda t: t.say("my price", 40)),
    "asks_discount": (lambda t: t.say("any Promo Code?", 9), lambda t: t.say("discounted", 9)),
    "asks_delivery": (lambda t: t.say("什么时候发货呀", 9), lambda t: t.say("今天天气好", 9)),
    "asks_advice": (lambda t: t.say("求推荐防晒", 9), lambda t: t.say("不错", 9)),
    "recommends": (lambda t: t.say("强烈推荐！", 9, 8), lambda t: t.say("强烈推荐！", 9, 9)),
    "praises": (lambda t: t.say("Love it!", 9, 8), lambda t: t.say("lovely items", 9, 8)),
    "unhappy": (lambda t: t.say("真的很失望", 9), lambda t: t.say("scampi", 9)),
    "talks_refund": (lambda t: t.say("我要退货", 9), lambda t: t.say("refunds", 99)),
    "talks_rebuy": (lambda t: t.say("回购第三次", 9), lambda t: t.say("买了", 9)),
    "group_buying": (lambda t: t.say("接龙 3", 9, 8), lambda t: t.say("接龙 3", 9)),
    "parenting": (lambda t: t.say("孩子上幼儿园", 9, 8), lambda t: t.say("my kidney", 9, 8)),
    "pets": (lambda t: t.say("my dog is happy", 9, 8), lambda t: t.say("my dogma", 9, 8)),
    "skincare": (lambda t: t.say("敏感肌能用吗", 9, 8), lambda t: t.say("敏感肌能用吗", 9, 200)),
    "cooking": (lambda t: t.say("这个食谱好", 9, 8), lambda t: t.say("吃饭", 9, 8)),
    "outdoors": (lambda t: t.say("周末露营", 9, 8), lambda t: t.say("周末加班", 9, 8)),
    "fitness": (lambda t: t.say("GYM time", 9, 8), lambda t: t.say("gymnastics", 9, 8)),
    "gift_giver": (lambda t: t.say("想送妈妈", 9), lambda t: t.say("gifted", 9)),
    "reader": (lambda t: t.say("书单来了", 9, 8), lambda t: t.say("novelty", 9, 8)),
    "koc": (
        lambda t: t.buy(50, 20).act("share", 1, 2, 3),
        lambda t: t.buy(50, 20, value="1").act("share", 1, 2, 3).act("refund", 9, 8, value="1"),
    ),
    "vip_at_risk": (lambda t: t.buy(120, 110, 100, value="7000"), lambda t: t.buy(120, 110, 100, value="0.1")),
    "vip_unhappy": (
        lambda t: t.buy(9, value="7000").say("很失望", 3),
        lambda t: t.buy(9, value="0.1").say("很失望", 3),
    ),
    "night_parent": (
        lambda t: t.act("view", 1, 2, 3, 4, 5, 6, hour=23).say("孩子", 9, 8),
        lambda t: t.act("view", 1, 2, 3, 4, 5, 6, hour=11).say("孩子", 9, 8),
    ),
    "night_spender": (
        lambda t: t.buy(1, 2, 3, 4, 5, value="7000", hour=23),
        lambda t: t.buy(1, 2, 3, 4, 5, value="0.1", hour=23),
    ),
    "talks_never_bought": (lambda t: _speaks(t, 1, 2, 3, 4, 5), lambda t: t.buy(99).say("x", 1, 2, 3, 4, 5)),
    "silent_regular": (
        lambda t: t.buy(50, 20).act("join", 90, group_key="group:w/1"),
        lambda t: t.buy(50, 20).say("hi", 9),
    ),
    "hot_prospect": (lambda t: t.act("cart", 3), lambda t: t.act("view", 3)),
    "deal_sensitive_prospect": (lambda t: t.say("有优惠券吗", 3), lambda t: t.say("有优惠券吗", 3).buy(2)),
    "helper_fan": (
        lambda t: [t.buy(50, 20).act("reply", 9, 8, target=other, text="x") for other in OTHERS[:5]],
        lambda t: [t.act("reply", 9, 8, target=other, text="x") for other in OTHERS[:5]],
    ),
    "weekend_outdoors": (
        lambda t: t.weekend("message", 5, text="露营去", group_key="group:w/1"),
        lambda t: t.weekend("message", 5, text="在家", group_key="group:w/1"),
    ),
    "rebuy_due_talking": (lambda t: t.buy(90, 60, 30).say("how much", 3), lambda t: t.buy(90, 60, 30)),
}
