"""How each section is made, and what an experiment advises, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Said:
    """The same in Chinese and English."""

    zh: str
    en: str

    def fill(self, zh: str, en: str, *values: str) -> tuple[str, str]:
        """Both with a name in each language and the same values."""
        return self.zh.format(zh, *values), self.en.format(en, *values)


HOW: Mapping[str, Said] = {
    "money": Said(
        zh="复式账本中当月入账之和：订单减去当月退款，花费记在发生当月。“更正后”把迟到的退款记回其订单所属月份。"
        "金额是记账数，不是估计，故无区间；缺价格、汇率或毛利率的金额记为未知，不当作 0。",
        en="Sums of what the double-entry ledger booked in the month: orders less refunds of the month, costs "
        "when they arose. Corrected: late refunds in the month of their order. Amounts are book-keeping, not "
        "estimates, so they have no interval; an amount without price, rate or margin is unknown, not 0.",
    ),
    "people": Said(
        zh="留量 = 30 天内有活动的人数；月末留量 = 月初留量 + 流入 − 蒸发，是计数，故无区间。"
        "预测为今后数周，区间 90%，用自身历史检验过。",
        en="Stock: people active within 30 days. Stock at the end = stock at the start + inflow − evaporation; "
        "counted, so there is no interval. The forecast is of the coming weeks with a range of 90 %, tried on "
        "the brand's own past.",
    ),
    "funnel": Said(
        zh="当月首次进入任何触达或波纹的人，按代次与阶段；进入后 30 天内到达的阶段算作“推进”。这是描述，不是因果。",
        en="Whoever came into a message or ripple in the month, by generation and stage; a stage counts as moved "
        "within 30 days of coming in. It describes; it does not say what caused it.",
    ),
    "tried": Said(
        zh="当月有账目的活动与旅程：记账数为当月，真实带来（增量收入、ROI）为至今累计，来自对照组实验，区间 95%。"
        "没有对照组即未知。",
        en="Campaigns and journeys with entries in the month: booked and spent are of the month; what they truly "
        "brought and ROI are to date, from experiments, with intervals of 95 %. Where nobody was held out it "
        "is unknown.",
    ),
    "effects": Said(
        zh="观察窗口在当月结束的实验，被触达者对比对照组，意向性分析，每人效果与 95% 区间。",
        en="Experiments whose window closed in the month: the treated against those held out, as assigned, an "
        "effect a person with its interval of 95 %.",
    ),
    "communities": Said(
        zh="社群留量：当月内结束的最后一周对比月初前最后一周。按当前成员回看，故退出者不计入过去。",
        en="Stock of a community: the last week that ended in the month against the last one before it. A "
        "community's past is that of today's members, so who left is not in it.",
    ),
    "ripples": Said(
        zh="当月开始的波纹，数字至今累计；R 为每个分享者平均带来的人数，区间 95%，来自代际计数。",
        en="Ripples that began in the month, figures to date. R: people that one sharer brings on average, with "
        "an interval of 95 % from the counts of the generations.",
    ),
}
# {0}: the name; {1}: what was left after the cost, {2} and {3} its bounds; of hold_out {1}: what was spent.
TOLD: Mapping[str, Said] = {
    "repeat": Said(
        zh="可以再做“{0}”：扣除花费后真实多赚 {1}（95%：{2} 至 {3}）。",
        en="Repeat “{0}”: after its cost it truly left {1} (95 %: {2} to {3}).",
    ),
    "stop": Said(
        zh="停下或改动“{0}”：扣除花费后真实为 {1}（95%：{2} 至 {3}）。",
        en="Stop or change “{0}”: after its cost it truly left {1} (95 %: {2} to {3}).",
    ),
    "open": Said(
        zh="“{0}”尚无定论：扣除花费后 {1}（95%：{2} 至 {3}），区间含 0。下次按规划器放大人数。",
        en="“{0}” is not decided: after its cost {1} (95 %: {2} to {3}), and 0 lies within. Ask more people next "
        "time; the planner says how many.",
    ),
    "hold_out": Said(
        zh="下次做“{0}”时留出对照组：当月花了 {1}，带来了什么无从得知。",
        en="Hold people out of “{0}” next time: {1} were spent in the month, and what they brought is unknown.",
    ),
}
