"""What a message says in a sign-up chain (接龙): so many places for who wrote it, taken back, or nothing.

A chain is passed on by copying: of a numbered list the last line is the writer's own, whatever names stand above.
Nobody is signed up by somebody else's list.
"""

from __future__ import annotations

import re

from lianyi.insight.listening.folding import ROWS, fold

MOST, SHORT = 99, 20
ASKING = re.compile(r"[?吗呢]")
_NUMBERS = {"一": 1, "两": 2, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9, "十": 10,
            "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6}  # fmt: skip
_COUNT = r"(\d{1,2}|[一两二三四五六七八九十]|one|two|three|four|five|six)"
_UNIT = r"(?:份|个|位|人|盒|件|张|瓶|包|斤|套|箱)"
LINE = re.compile(r"^\s*(\d{1,3})\s*[.、)）:：]\s*(\S.*)$")
_END = r"[.!。! ~]*$"
BACK = re.compile(
    r"^(?:[-−]\s*1|取消|取消报名|取消接龙|退出接龙|退出|不参加了|我不去了|我不要了|cancel|count me out|i'?m out)" + _END
)
BARE = re.compile(
    r"^(?:接龙|接|报名|我报名|我要报名|参加|我参加|算我一个|加我一个|count me in|sign me up|i'?m in)" + _END
)
PLUS = re.compile(r"^\+\s*(\d{1,2})(?!\d)")
ASKS = re.compile(rf"^(?:我)?(?:接|要|报|来|订|拼)\s*{_COUNT}\s*{_UNIT}")
PLEASE = re.compile(rf"^{_COUNT}\b.*(?:\bfor me|\bplease)\b")
COUNTED = re.compile(rf"{_COUNT}\s*{_UNIT}")


def entry_of(text: str) -> int | None:
    """Places that the writer asks for, 0 = takes back what they had, None = the message is none. The number in front of
    a line of a list is its place in the list; how many they want stands behind it, 1 where
    nothing does and it is as short as a name."""
    rows = [fold(row) for row in ROWS.split(text[:20_000]) if row.strip()]
    if not rows:
        return None
    numbered = [found for row in rows if (found := LINE.match(row))]
    if numbered:
        said = _asked(numbered[-1][2].strip())
        if said is not None:
            return said
        counted = COUNTED.search(numbered[-1][2])
        if counted or (len(numbered[-1][2]) <= SHORT and not ASKING.search(numbered[-1][2])):
            return _number(counted[1]) if counted else 1
        return None
    return _asked(rows[0]) if len(rows) == 1 else None


def _asked(row: str) -> int | None:
    if BACK.match(row):
        return 0
    if BARE.match(row):
        return 1
    found = PLUS.match(row) or ASKS.match(row) or PLEASE.match(row)
    return _number(found[1]) if found else None


def _number(said: str) -> int:
    return min(MOST, max(1, _NUMBERS.get(said) or int(said)))
