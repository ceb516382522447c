"""What must stand in a message on the mainland: who sends it, and how to refuse more (通信短信息服务管理规定)."""

from __future__ import annotations

import re

REFUSE = "拒收请回复R"
# Any of the usual ways to say it counts.
_SAYS_HOW = re.compile(r"(回复?|退订|拒收).{0,6}(T|TD|R|N|退订)|(T|TD|R)退订", re.IGNORECASE)
SINGLE, PART = 70, 67
LONGEST = 500


def signed(text: str, sign_name: str) -> str:
    """With 【the sender】 in front, where it is not there."""
    return text if not sign_name or text.startswith("【") else f"【{sign_name}】{text}"


def refusable(text: str) -> str:
    """With the way to refuse at the end, where the text does not say it."""
    return text if _SAYS_HOW.search(text[-30:]) else f"{text.rstrip()} {REFUSE}"


def parts(text: str) -> int:
    """As how many messages a text counts: 70 letters fit into one, 67 into each part of a longer one."""
    length = len(text.encode("utf-16-le")) // 2
    return 1 if length <= SINGLE else -(-length // PART)
