"""What the columns of the tables of ripples mean."""

from __future__ import annotations

from collections.abc import Mapping

from lianyi.insight.ripples.earned import WINDOW_DAYS
from lianyi.insight.tables import Column

ARRIVALS: Mapping[str, Column] = {
    "ripple_id": Column(en="the ripple", zh="波纹"),
    "person_id": Column(en="who came", zh="到达的人"),
    "stone": Column(
        en="what it belongs to: campaign, content (thing), group (room) or share, and its name",
        zh="所属：campaign 活动、content 内容、group 群或 share 单次分享，及其名称",
    ),
    "category": Column(en="category of what was shared", zh="所分享内容的类目"),
    "incentive": Column(en="incentive of the share", zh="分享的激励"),
    "at": Column(en="when they came; a seed: when they first shared", zh="到达时间；种子用户为首次分享时间"),
    "generation": Column(
        en="steps from where the known chain begins: 0 = a seed, or (how = unknown) one of whom nobody knows who "
        "brought them",
        zh="距已知链条起点的代数：0 = 种子用户，或（unknown）不知由谁带来的人",
    ),
    "parent_person_id": Column(en="through whom they came", zh="经谁到达"),
    "parent_event_id": Column(en="the share or invitation that they came through", zh="所经的分享或邀请事件"),
    "event_id": Column(en="the event of the arrival; a seed: of the first share", zh="到达事件；种子为首次分享"),
    "how": Column(
        en="how one knows: seed, code (code or link), line (the platform says so), estimate, unknown",
        zh="依据：seed 种子、code 活码或链接、line 平台记录、estimate 推断、unknown 未知",
    ),
    "probability": Column(en="of the parent being right; 1 = exact, empty = unknown", zh="上级正确的概率；空为未知"),
    "flags": Column(
        en="why it is not counted: bot (link scanner), burst, ring (closed circle)",
        zh="不计入的原因：bot 链接扫描、burst 突发刷量、ring 闭环互推",
    ),
    "seed_person_id": Column(en="where the chain to this person begins", zh="这条链的起点"),
    "newcomer": Column(en="nothing was known of the person before", zh="此前从未出现过"),
    "delay_hours": Column(en="from the share to the arrival", zh="从分享到到达的时长", unit="hours"),
    "interval_hours": Column(en="from the parent's arrival to this one", zh="从上级到达到此次到达的时长", unit="hours"),
    "brought": Column(en="people who came through this person and count", zh="直接带来的有效人数", unit="people"),
    "reach": Column(en="people who count behind this person at any distance", zh="其后各代有效人数合计", unit="people"),
    "shares": Column(en="shares by the person in this ripple", zh="在此波纹中的分享次数"),
    "shared_at": Column(en="first of them", zh="首次分享时间"),
    "further": Column(en="further comings to the same ripple", zh="再次到达次数"),
    "self_opened": Column(en="of these, through a share of one's own", zh="其中打开自己分享的次数"),
    "also_from": Column(en="others through whom the person came again", zh="再次到达所经的其他人"),
    "converted_at": Column(
        en=f"first order within {WINDOW_DAYS} days that counts for this arrival",
        zh=f"{WINDOW_DAYS} 天内归于此次到达的首单时间",
    ),
    "orders": Column(en="orders that count for this arrival", zh="归于此次到达的订单数"),
    "revenue": Column(en="their net value; each order counts once", zh="其净额；每单只计一次", unit="money"),
}  # fmt: skip

_RATES: Mapping[str, Column] = {
    "r": Column(en="people whom one person brings, in the end", zh="人均最终带来人数 R"),
    "r_low": Column(en="lower end of its 95 % interval", zh="R 的 95% 区间下限"),
    "r_high": Column(en="upper end", zh="R 的 95% 区间上限"),
}

_SUMS: Mapping[str, Column] = {
    "median_delay_hours": Column(en="median time from share to arrival", zh="分享到到达的中位时长", unit="hours"),
    "buyers": Column(en="people with an order that counts for their arrival", zh="到达后下单人数", unit="people"),
    "conversion": Column(en="buyers among those who came", zh="到达者下单率"),
    "revenue": Column(en="net value of their orders, each once", zh="订单净额，每单只计一次", unit="money"),
}

GENERATIONS: Mapping[str, Column] = {
    "ripple_id": Column(en="the ripple", zh="波纹"),
    "generation": Column(en="0 = where the known chains begin", zh="代；0 为已知链条起点"),
    "people": Column(en="people who count", zh="有效人数", unit="people"),
    "sharers": Column(en="of these, who passed it on", zh="其中继续分享的人数", unit="people"),
    "brought": Column(en="people whom they brought", zh="带来的人数", unit="people"),
    "share_rate": Column(en="sharers among them", zh="分享率"),
    "newcomers": Column(en="people of whom nothing was known before", zh="此前从未出现的人数", unit="people"),
    "estimated": Column(en="people whose parent is an estimate", zh="上级为推断的人数", unit="people"),
    "apart": Column(en="set apart: bots, bursts, rings", zh="单列不计：机器人、突发刷量、闭环", unit="people"),
    "complete": Column(en="share of what they will bring that is to be seen by now", zh="至今应已显现的比例"),
    **_RATES,
    "k": Column(en="newcomers whom one person brings", zh="人均带来的新人数 K"),
    **_SUMS,
}

RIPPLES: Mapping[str, Column] = {
    "ripple_id": Column(en="its id", zh="编号"),
    "kind": Column(
        en="campaign, content (one sharing of a thing), group (invitations into a room), share (of nothing named)",
        zh="campaign 活动、content 内容、group 群邀请、share 单次分享",
    ),
    "name": Column(en="the campaign, the thing, the room", zh="活动、内容或群"),
    "category": Column(en="category of what was shared", zh="类目"),
    "incentive": Column(en="incentive of the shares", zh="激励"),
    "began_at": Column(en="first share or arrival", zh="开始时间"),
    "last_at": Column(en="last arrival", zh="最后到达时间"),
    "seeds": Column(en="people who began by themselves", zh="种子人数", unit="people"),
    "reached": Column(en="people who came, seeds not counted", zh="到达人数（不含种子）", unit="people"),
    "unknown": Column(en="of these, nobody knows through whom", zh="其中来路不明的人数", unit="people"),
    "estimated": Column(en="of these, through whom is an estimate", zh="其中上级为推断的人数", unit="people"),
    "newcomers": Column(en="of these, nothing was known before", zh="其中此前从未出现的人数", unit="people"),
    "sharers": Column(en="people who shared, seeds included", zh="分享人数（含种子）", unit="people"),
    "shares": Column(en="shares", zh="分享次数"),
    "depth": Column(en="last generation", zh="最深代数"),
    "width": Column(en="people of the largest generation", zh="最宽一代人数", unit="people"),
    "virality": Column(en="structural virality: mean distance of two people in one tree", zh="结构性传播度"),
    **_RATES,
    "r_now": Column(en="R at the moment, from those who came lately", zh="当前 R"),
    "r_now_low": Column(en="lower end of its 95 % interval", zh="当前 R 的 95% 区间下限"),
    "r_now_high": Column(en="upper end", zh="当前 R 的 95% 区间上限"),
    "trend": Column(
        en="growing or fading where the interval says so; over; open: too early to say",
        zh="growing 扩大、fading 减弱（区间可判定时）、over 已止、open 尚难判断",
    ),
    "k": Column(en="newcomers whom one person brings", zh="人均带来的新人数 K"),
    "share_rate": Column(en="sharers among all people of the ripple", zh="分享率"),
    **_SUMS,
    "apart": Column(en="set apart: bots, bursts, rings", zh="单列不计：机器人、突发刷量、闭环", unit="people"),
    "bots": Column(en="link scanners", zh="链接扫描器"),
    "bursts": Column(en="people of bursts", zh="突发刷量人数"),
    "rings": Column(en="people of closed circles", zh="闭环互推人数"),
    "self_opened": Column(en="own shares opened again", zh="打开自己分享的次数"),
    "further": Column(en="further comings of people who were there already", zh="已到达者的再次到达次数"),
}  # fmt: skip


def _amplified(what: str, en: str, zh: str) -> Mapping[str, Column]:
    """Columns of how often people reached by two do something, against what each ripple alone would make of them."""
    return {
        f"{what}_rate": Column(en=f"share of those reached by both who {en} in either", zh=f"两者均触及者的{zh}率"),
        f"{what}_expected": Column(en="the same, were the two independent", zh="若相互独立时的预期"),
        f"{what}_ratio": Column(en="rate / expected; above 1 they amplify each other", zh="实际/预期，>1 为放大"),
        f"{what}_low": Column(en="lower end of its 95 % interval", zh="95% 区间下限"),
        f"{what}_high": Column(en="upper end", zh="95% 区间上限"),
    }


OVERLAPS: Mapping[str, Column] = {
    "ripple_a": Column(en="one ripple", zh="波纹甲"),
    "ripple_b": Column(en="another", zh="波纹乙"),
    "common": Column(en="people in both", zh="两者均触及的人数", unit="people"),
    "share_a": Column(en="of the one's people", zh="占甲的比例"),
    "share_b": Column(en="of the other's people", zh="占乙的比例"),
    "expected": Column(en="people in both, were they chosen by chance", zh="随机时预期的重叠", unit="people"),
    "lift": Column(en="common / expected", zh="重叠/预期"),
    **_amplified("shared", "shared", "分享"),
    **_amplified("bought", "bought", "下单"),
}
