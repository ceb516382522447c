"""The accounts: what an entry is about, and from where the money comes or whereto it goes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

MESSAGE, INCENTIVE, GIFT, MEDIA = "cost.message", "cost.incentive", "cost.gift", "cost.media"
LABOUR, OTHER, GOODS = "cost.labour", "cost.other", "cost.goods"
ORDER, REFUND = "revenue.order", "revenue.refund"
SETTLED = "settled.message"
# What offers took off orders: told beside the rest and in no sum, as the revenue is what was paid, without it.
GIVEN = "given.offer"


@dataclass(frozen=True, kw_only=True)
class Account:
    """One account: its contra account, and what it is called."""

    name: str
    contra: str
    en: str
    zh: str


ACCOUNTS: Mapping[str, Account] = {
    account.name: account
    for account in (
        Account(name=ORDER, contra="customers", en="Orders", zh="订单"),
        Account(name=REFUND, contra="customers", en="Refunds", zh="退款"),
        Account(name=GOODS, contra="stock", en="Goods", zh="商品成本"),
        Account(name=MESSAGE, contra="providers", en="Messages", zh="消息费"),
        Account(name=INCENTIVE, contra="people", en="Incentives", zh="激励"),
        Account(name=GIFT, contra="stock", en="Gifts", zh="赠品"),
        Account(name=MEDIA, contra="media", en="Media", zh="媒体投放"),
        Account(name=LABOUR, contra="team", en="Labour", zh="人工"),
        Account(name=OTHER, contra="others", en="Other costs", zh="其他成本"),
        Account(name=SETTLED, contra="providers", en="Invoices of priced messages", zh="已按价目计费消息的账单"),
        Account(
            name=GIVEN,
            contra="customers",
            en="Taken off by offers (less in the revenue already)",
            zh="优惠减免（收入中已扣除）",
        ),
    )
}
# What a cost event may say it is about (props `what`), and the account that it goes to.
WHAT: Mapping[str, str] = {
    "messages": MESSAGE, "message": MESSAGE, "incentive": INCENTIVE, "reward": INCENTIVE, "coupon": INCENTIVE,
    "gift": GIFT, "gifts": GIFT, "media": MEDIA, "labour": LABOUR, "labor": LABOUR, "goods": GOODS,
}  # fmt: skip
COSTS = tuple(name for name in ACCOUNTS if name.startswith("cost."))
# Costs of what was done; goods are the cost of what was sold.
SPENT = tuple(name for name in COSTS if name != GOODS)
RESULT = (ORDER, REFUND, *COSTS)
