"""What each column of a person means."""

from __future__ import annotations

from collections.abc import Mapping

from lianyi.insight.people.profile.preferences import TOP_CATEGORIES
from lianyi.insight.people.profile.rhythm import PREFERRED_HOURS
from lianyi.insight.tables import Column

PROFILE_COLUMNS: Mapping[str, Column] = {
    "person_id": Column(en="id of the person; stays when the tables are rebuilt", zh="用户编号，重建后不变"),
    "name": Column(en="name", zh="姓名/昵称"),
    "avatar": Column(en="address of the picture", zh="头像"),
    "gender": Column(en="female or male, empty where unknown", zh="性别：female 女，male 男，未知为空"),
    "birthday": Column(en="birthday as stated", zh="生日（原文）"),
    "birth_month": Column(en="month of the birthday", zh="生日月份"),
    "birth_day": Column(en="day of the month of the birthday", zh="生日日"),
    "age": Column(
        en="whole years at as_of, where the year of birth is known", zh="年龄（知道出生年份时）", unit="years"
    ),
    "country": Column(en="country", zh="国家"),
    "province": Column(en="province or state", zh="省份"),
    "city": Column(en="city", zh="城市"),
    "language": Column(en="language", zh="语言"),
    "company": Column(en="company", zh="公司"),
    "level": Column(en="membership level", zh="会员等级"),
    "attributes": Column(
        en="JSON: every attribute with its best value (verified before unverified, then the newest); values as text",
        zh="JSON：全部属性的最佳值（先已验证，后最新），值为文本",
    ),
    "attribute_sources": Column(
        en="JSON: where each value comes from: source, at (seconds since 1970), verified, values (how many different)",
        zh="JSON：每个属性的来源 source、时间 at（1970 年起秒数）、是否已验证 verified、出现过几个不同值 values",
    ),
    "conflicts": Column(en="attributes for which different values were stated", zh="有冲突值的属性个数"),
    "first_seen": Column(en="first event that they did or that was done to them", zh="首次出现（行为或被动）"),
    "last_seen": Column(en="last event that they did or that was done to them", zh="最近出现（行为或被动）"),
    "first_active": Column(en="first day on which they showed life", zh="首次活跃日"),
    "last_active": Column(en="last day on which they showed life", zh="最近活跃日"),
    "days_active": Column(en="days on which they showed life", zh="活跃天数", unit="days"),
    "events": Column(en="events they did", zh="行为事件数"),
    "counts": Column(en="events they did, by kind", zh="各类行为次数"),
    "channels": Column(en="channels they used", zh="使用过的渠道"),
    "groups": Column(
        en="groups they are in: did something there and have not left since", zh="所在群（有行为且之后未退群）"
    ),
    "orders": Column(en="orders paid (lines of one order count once)", zh="支付订单数（同一订单多行计一次）"),
    "order_days": Column(en="days with an order", zh="下单天数", unit="days"),
    "gross_spend": Column(en="paid, in the brand's currency", zh="支付金额（品牌币种）", unit="currency"),
    "refunds": Column(en="given back, in the brand's currency", zh="退款金额（品牌币种）", unit="currency"),
    "net_spend": Column(en="gross_spend − refunds, exact", zh="净消费 = 支付 − 退款（精确）", unit="currency"),
    "spend_by_currency": Column(en="net spend by currency, never added up", zh="各币种净消费，不相加"),
    "first_order": Column(en="time of the first order", zh="首单时间"),
    "last_order": Column(en="time of the last order", zh="最近下单时间"),
    "recency_days": Column(
        en="days from the day of the last order to as_of's day", zh="距最近下单天数（R）", unit="days"
    ),
    "frequency": Column(en="orders (F of RFM)", zh="购买次数（F）"),
    "monetary": Column(en="net_spend ÷ orders", zh="单均净消费（M）", unit="currency"),
    "r_score": Column(
        en="recency score 1–5 among the brand's buyers, 5 = most recent fifth", zh="近度得分 1–5，5 为最近的五分之一"
    ),
    "f_score": Column(en="frequency score 1–5 among the brand's buyers", zh="频度得分 1–5"),
    "m_score": Column(en="net spend score 1–5 among the brand's buyers", zh="净消费得分 1–5"),
    "cycle_days": Column(
        en="median of the days between order days; empty below two order days",
        zh="购买周期：下单日间隔的中位数",
        unit="days",
    ),
    "cycle_spread": Column(
        en="interquartile range of the days between order days; empty below three order days",
        zh="购买周期离散度：间隔的四分位距",
        unit="days",
    ),
    "consumption_level": Column(
        en="by net spend among people with net spend > 0: low ≤ 50 %, mid ≤ 80 %, high ≤ 95 %, top above; none without",
        zh="消费等级：净消费为正者中 low ≤50%，mid ≤80%，high ≤95%，top 以上；无消费为 none",
    ),
    "preferred_hour": Column(en="hour in which they showed life on most days", zh="最常活跃的小时", unit="hour"),
    "preferred_hours": Column(
        en=f"up to {PREFERRED_HOURS} hours with most days of life, most first",
        zh=f"最常活跃的至多 {PREFERRED_HOURS} 个小时",
        unit="hour",
    ),
    "preferred_weekday": Column(en="weekday with most days of life, 1 = Monday", zh="最常活跃的星期，1 = 周一"),
    "categories": Column(
        en=f"up to {TOP_CATEGORIES} categories: share of the weight of all acts, weight, orders, carts, views",
        zh=f"至多 {TOP_CATEGORIES} 个偏好类目：权重占比 share、权重 weight、订单 orders、加购 carts、浏览 views",
    ),
    "top_category": Column(en="the category with most weight", zh="最偏好类目"),
    "brought": Column(
        en="people who first came through them (share or invitation)",
        zh="带来的人数（分享或邀请，按首次）",
        unit="people",
    ),
    "brought_buyers": Column(
        en="of these, people whose first order came afterwards", zh="其中之后首次下单的人数", unit="people"
    ),
    "consents": Column(
        en="last word on each purpose and channel: granted or not, since when, by which source and event",
        zh="各用途、渠道的最新授权：是否同意、起始时间、来源与事件编号",
    ),
    "keys": Column(en="all keys of the person", zh="全部标识"),
}
