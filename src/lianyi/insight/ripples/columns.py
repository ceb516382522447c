"""What the columns of the tables of ripples mean."""

from __future__ import annotations

from collections.abc import Mapping

from lianyi.insight.ripples.earned import WINDOW_DAYS
from lianyi.insight.tables import Column

ARRIVALS: Mapping[str, Column] = {
    "ripple_id": Column(en="the ripple", zh="波纹"),
    "person_id": Column(en="who came", zh="到达的人"),
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
