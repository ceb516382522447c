"""What adverts have in common whatever they sell: a way to reach the seller, a price, a call, a link.

Each cue is one more place beside those of grams; its weight is learned with theirs. They know Chinese and English.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from lianyi.insight.listening.grams import BITS, Grams

CUES = tuple(
    re.compile(pattern)
    for pattern in (
        r"\d{6,}",
        r"(?:[加+➕家嘉佳]|联系|咨询|找).{0,6}(?:微|薇|威|v|q|扣|群|我|wx|私)",
        r"(?:微信|微|薇|vx|wx|qq|扣扣|企鹅|电话|热线)[号:： ]{0,3}[a-z0-9]{5,}",
        r"https?://|www\.|\.(?:com|cn|top|net|cc|co)\b",
        r"\d ?(?:元|块|rmb|¥|￥|折|%)|[¥$￥£]\s?\d",
        r"扫码|二维码|点击|领取|私聊|私信|进群|加群|入群|退订|拨打|详聊|滴滴|\b(?:click|call|reply|claim|txt|visit|dm)\b",
        r"兼职|日结|代购|返现|返佣|刷单|秒批|贷款|征信|免费|优惠|促销|特价|低价|出售|批发|代理|招聘|清仓|信誉|首充|代练|代充",
        r"赚钱|返利|佣金|名额|急速|包过|无效退款|\b(?:free|win|won|prize|cash|earn|income|guaranteed?|urgent|award|bonus|cheap)\b",
    )
)
LENGTHS = (8, 25, 60)
WIDE = len(CUES) + len(LENGTHS)


def with_cues(found: Grams, texts: Sequence[str]) -> Grams:
    """The same grams with the places of cues behind those of each text."""
    extra: list[int] = []
    sizes = np.zeros(len(texts), dtype=np.int64)
    for number, text in enumerate(texts):
        low = text.lower()
        mine = [place for place, cue in enumerate(CUES) if cue.search(low)]
        mine += [len(CUES) + place for place, length in enumerate(LENGTHS) if len(low) > length]
        extra += mine
        sizes[number] = len(mine)
    counts = np.diff(found.begin)
    begin = np.zeros(len(texts) + 1, dtype=np.int64)
    np.cumsum(counts + sizes, out=begin[1:])
    owner = np.repeat(np.arange(len(texts)), counts)
    places = np.empty(begin[-1], dtype=np.int32)
    mine_at = np.arange(len(found.places)) + (begin[:-1] - found.begin[:-1])[owner]
    places[mine_at] = found.places
    others = np.ones(len(places), dtype=bool)
    others[mine_at] = False
    places[others] = np.array(extra, dtype=np.int32) + (1 << BITS)
    return Grams(begin=begin, places=places)
