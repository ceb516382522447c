"""Words that tables of touches share."""

from __future__ import annotations

from collections.abc import Mapping

from lianyi.insight.tables import Column

NUMBER, GAP = "number", "gap"
OF: Mapping[str, Column] = {
    "audience": Column(
        en="all; bought (no: first orders, yes: repeat) or active (in 28 days) then; community, audience now",
        zh="all 全部；bought 当时买过没有（no 首购、yes 复购）；active 当时是否活跃；community、audience 按现在",
    ),
    "member": Column(en="yes or no, or which community or audience", zh="yes/no，或社群、人群编号"),
    "counted": Column(
        en="what counts: message = what we sent; any = also answers by staff, shares received, contents seen",
        zh="什么算一次触达：message 我们发的消息；any 另含员工回复、收到的分享、看过的内容",
    ),
}  # fmt: skip
