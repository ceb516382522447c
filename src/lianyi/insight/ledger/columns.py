"""What the columns of the ledger mean."""

from __future__ import annotations

from collections.abc import Mapping

from lianyi.insight.tables import Column

ENTRIES: Mapping[str, Column] = {
    "event_id": Column(en="the event in the log that it comes from", zh="所依据的事件"),
    "account": Column(en="what it is about, e.g. revenue.order, cost.message", zh="科目"),
    "contra": Column(en="where the money came from or went to: the other side of the entry", zh="对应科目（对方）"),
    "source": Column(en="source of the event", zh="事件来源"),
    "at": Column(en="when it happened", zh="发生时间"),
    "day": Column(en="its day: a late refund stands on the day on which it came", zh="记账日；迟到退款记在发生日"),
    "of_day": Column(
        en="the day that it is about: of a refund the day of its order; empty: that order is not known",
        zh="所属日；退款为原订单日，空为原订单未知",
    ),
    "amount": Column(
        en="what the brand gained (above 0) or lost (below); empty: unknown, e.g. no price is known",
        zh="品牌所得（正）或所付（负）；空为未知，如无价目",
        unit="money",
    ),
    "currency": Column(en="its currency", zh="币种"),
    "brand_amount": Column(
        en="the same in the brand's currency, by the rate of the day; empty: unknown",
        zh="按当日汇率折合品牌币种的金额；空为未知",
        unit="money",
    ),
    "rate": Column(en="the exchange rate used", zh="所用汇率"),
    "units": Column(en="messages, lines of orders; of labour: minutes", zh="数量：消息条数、订单行数；人工为分钟"),
    "order_no": Column(en="the order", zh="订单号"),
    "person_id": Column(en="buyer, receiver, or who got the reward", zh="买家、接收人或受奖人"),
    "booked_by": Column(
        en="how the order came to stand where it stands: named (it says so), arrival, click, none; costs: named",
        zh="归集依据：named 订单自述、arrival 到达、click 点击、none 无；成本均为 named",
    ),
    "campaign": Column(en="campaign", zh="活动"),
    "journey": Column(en="journey", zh="旅程"),
    "step": Column(en="step of the journey", zh="旅程步骤"),
    "content": Column(en="content", zh="内容"),
    "channel": Column(en="channel", zh="渠道"),
    "category": Column(en="category of the goods", zh="类目"),
    "ripple": Column(en="ripple: by which the buyer came, or whose campaign was paid for", zh="波纹"),
    "generation": Column(en="generation of the buyer in it; 0 = what was paid for its stone", zh="代；0 为投石成本"),
    "sharer": Column(en="through whom the buyer came, or who got the reward", zh="经谁到达，或受奖的分享者"),
    "community": Column(en="the community where the person belongs most firmly", zh="该人归属最强的社群"),
    "group_key": Column(en="group", zh="群"),
    "member": Column(en="member of the team", zh="团队成员"),
}

SPLITS: Mapping[str, Column] = {
    "dimension": Column(en="by what it is split: all, campaign, journey, step, …", zh="拆分维度"),
    "member": Column(en="one of it; empty text: belongs to none", zh="维度成员；空文本为不属于任何成员"),
    "month": Column(en="first day of the month in which it was booked", zh="记账月（首日）"),
    "of_month": Column(
        en="first day of the month that it is about: late refunds go to the month of their order",
        zh="所属月（首日）；迟到退款归原订单月",
    ),
    "account": Column(en="account", zh="科目"),
    "amount": Column(
        en="sum in the brand's currency of what is known; empty: nothing is",
        zh="已知部分合计（品牌币种）",
        unit="money",
    ),
    "original": Column(en="dimension currency: the sum in that currency", zh="维度为币种时：原币合计", unit="money"),
    "count": Column(en="entries", zh="笔数"),
    "unknown": Column(en="of these, with an unknown amount", zh="其中金额未知的笔数"),
    "without_rate": Column(en="of these, for want of an exchange rate", zh="其中因缺少汇率而未知的笔数"),
    "units": Column(en="messages, lines of orders; of labour: minutes", zh="数量；人工为分钟"),
    "orders": Column(en="revenue.order: different orders", zh="订单数（仅订单科目）"),
}

PEOPLE: Mapping[str, Column] = {
    "person_id": Column(en="the person", zh="用户"),
    "account": Column(en="account", zh="科目"),
    "amount": Column(en="sum in the brand's currency of what is known", zh="已知部分合计（品牌币种）", unit="money"),
    "count": Column(en="entries", zh="笔数"),
    "unknown": Column(en="of these, with an unknown amount", zh="其中金额未知的笔数"),
    "last_day": Column(en="day of the last of them", zh="最近一笔的日期"),
}

CHECKS: Mapping[str, Column] = {
    "kind": Column(en="kind of event", zh="事件类型"),
    "source": Column(en="source of the events", zh="来源"),
    "currency": Column(en="currency; empty text: none was said", zh="币种；空文本为未注明"),
    "events": Column(en="events in the log", zh="日志中的事件数"),
    "said": Column(en="sum of their values", zh="事件金额合计", unit="money"),
    "again": Column(
        en="of this, what refunds said that had been said before or is more than was paid",
        zh="其中重复陈述或超出实付的退款",
        unit="money",
    ),
    "entries": Column(en="entries in the ledger", zh="账目笔数"),
    "booked": Column(en="sum of their amounts", zh="账目金额合计", unit="money"),
    "difference": Column(en="said − again − booked; must be 0", zh="差额，应为 0", unit="money"),
}
