"""The columns of `ties` and `person_ties`, and what each means."""

from __future__ import annotations

from lianyi.insight.tables import Column

SHARED = {
    "strength": Column(
        en="probability that the two interact again within the horizon, calibrated on the brand's own past",
        zh="在预测期内再次互动的概率（按本品牌历史校准）",
    ),
    "band": Column(en="strong, medium or weak among the brand's own ties", zh="强、中、弱（按本品牌关系分布）"),
    "trend": Column(en="new, warming, steady or cooling", zh="新建、升温、平稳或降温"),
    "weight": Column(
        en="contact so far, capped a day and faded by kind; for graphs", zh="互动量（每日封顶、按类型衰减）"
    ),
    "closeness": Column(
        en="structural strength: common acquaintances, the rarer the more (Adamic–Adar)",
        zh="结构强度：共同好友，越稀有权重越高（Adamic–Adar）",
    ),
    "common": Column(en="acquaintances in common", zh="共同好友数", unit="people"),
}
REST = {
    "reciprocity": Column(
        en="0 = all from one side, 1 = evenly from both; empty without direction",
        zh="互惠度：0 单向，1 对等；无方向为空",
    ),
    "days": Column(en="days with contact", zh="互动天数", unit="days"),
    "counts": Column(en="contacts by kind", zh="各类互动次数"),
    "channels": Column(en="channels of contact", zh="互动渠道"),
    "groups": Column(en="groups in which they had contact", zh="共同互动的群数", unit="groups"),
    "relation": Column(en="what an operator or import stated, empty where nobody did", zh="已知关系，未填写为空"),
    "first_at": Column(en="first contact", zh="首次互动"),
    "last_at": Column(en="last contact", zh="最近互动"),
    "horizon_days": Column(en="for how many days ahead strength speaks", zh="预测期天数", unit="days"),
    "evidence_en": Column(en="why, in English", zh="依据（英文）"),
    "evidence_zh": Column(en="why, in Chinese", zh="依据（中文）"),
}
TIE_COLUMNS = {
    "person_a": Column(en="one of the two, the smaller id", zh="用户甲（编号较小）"),
    "person_b": Column(en="the other", zh="用户乙"),
    **SHARED,
    "toward": Column(
        en="share of directed contact from a to b; empty without any", zh="甲→乙占有向互动的比例，无则为空"
    ),
    **REST,
    "model": Column(en="the model that gave strength, as JSON; the same in all rows", zh="强度模型（JSON），各行相同"),
}
PERSON_COLUMNS = {
    "person_id": Column(en="the person", zh="用户"),
    "other_id": Column(en="whom the person is tied to", zh="对方"),
    **SHARED,
    "toward": Column(
        en="share of directed contact from the person to the other; empty without any", zh="该用户→对方占有向互动的比例"
    ),
    **REST,
}
