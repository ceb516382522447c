"""What could be done about a person now, as the contact policy sees it; and whether the brand explores.

The table `next_best` says what each option is worth; whether a message may go at this moment (consent, quiet hours,
caps, spacing, suppression, control group) only the gate knows, so it is asked here, for the accounts of the channel.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from lianyi.action.contacts import facts, looking
from lianyi.action.policy.deciding import Verdict
from lianyi.action.team import audit
from lianyi.action.team.models import User
from lianyi.errors import InputError
from lianyi.insight.demand.next_best import exploring as rules
from lianyi.insight.demand.next_best.exploring import Exploring
from lianyi.memory.seen import replace_text
from lianyi.workspace import Workspace

MARKETING = "marketing"
NO_ACCOUNT = ("no account of this channel is set up", "尚未设置该渠道的账号")
# The account by which it could go soonest is the one that is told of.
BEST = (Verdict.SEND, Verdict.CONFIRM, Verdict.WAIT, Verdict.REFUSE)


def options(ws: Workspace, key_or_id: str, *, now: datetime) -> list[dict[str, Any]]:
    """Rows of `ws.demand.next_best`, each with policy: verdict (send, wait, refuse, confirm; none: no message), rule,
    until, said_en, said_zh. What the gate refuses stays in the list: it is named, not hidden."""
    channels = facts.Channels.read()
    return [
        {**row, "policy": _policy(ws, row, channels, now) if row["option"] == "show" and row["channel"] else None}
        for row in ws.demand.next_best(key_or_id)
    ]


def _policy(ws: Workspace, row: Mapping[str, Any], channels: facts.Channels, now: datetime) -> dict[str, Any]:
    accounts = sorted(name for name, word in channels.words.items() if word == row["channel"])
    if not accounts:
        return {"verdict": str(Verdict.REFUSE), "rule": "channel", "account": "", "until": None,
                "said_en": NO_ACCOUNT[0], "said_zh": NO_ACCOUNT[1]}  # fmt: skip
    asked = [
        (looking.would(ws, row["person_id"], channel=name, purpose=MARKETING, now=now)[0], name) for name in accounts
    ]
    decision, account = min(asked, key=lambda one: BEST.index(one[0].verdict))
    zone = ws.settings.timezone
    return {
        "verdict": str(decision.verdict), "rule": decision.rule, "account": account, "until": decision.until,
        "said_en": looking.verdict_in_words(decision, zone=zone, language="en"),
        "said_zh": looking.verdict_in_words(decision, zone=zone, language="zh-hans"),
    }  # fmt: skip


def exploring(folder: Path) -> Exploring:
    """Whether the next best is drawn by chance."""
    return rules.read(folder)


def explore(folder: Path, said: Mapping[str, Any], *, by: User | str) -> Exploring:
    """Say whether and how it is from the next refresh on. InputError says what is allowed."""
    unknown = set(said) - {"explore", "share", "scale"}
    if unknown:
        raise InputError(f"{min(unknown)}: is not known here; there are explore, share, scale")
    made = rules.checked(**said)
    replace_text(folder / rules.FILE, rules.written(made))
    audit.note(by, "next_best.explore", rules.FILE, explore=made.explore, share=made.share, scale=made.scale)
    return made
