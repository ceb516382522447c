"""What ties people: kinds of contact, what each is worth, and how long it speaks for a tie."""

from __future__ import annotations

from dataclasses import dataclass

# Families of kinds that fade alike. half_life: in horizons; None = for good, until it is taken back.
HALF_LIVES: dict[str, float | None] = {"talk": 1.0, "brought": 3.0, "met": 2.0, "near": 0.5, "lasting": None}
FAMILIES = tuple(HALF_LIVES)
# More contact than this within one family, pair and day counts no more.
CAP = 3.0
# Who addresses more people than this unasked on one day is broadcasting, and ties nobody.
BROADCAST = 50
# An event with more people than this in one place ties nobody.
CROWD = 60
# Messages of one room that follow each other within this time are next to each other.
NEAR_SECONDS = 300


@dataclass(frozen=True, kw_only=True)
class TieKind:
    """One kind of contact. one, many, zh: as in "14 replies", "14 次回复". weight: of one contact, a direct answer = 1;
    judged, not measured: the model of strength learns what families are worth. unasked: can be sent to many at once.
    """

    name: str
    one: str
    many: str
    zh: str
    family: str
    weight: float = 1.0
    unasked: bool = False


TIE_KINDS = (
    TieKind(name="reply", one="reply", many="replies", zh="次回复", family="talk"),
    TieKind(name="mention", one="mention", many="mentions", zh="次提及", family="talk", unasked=True),
    TieKind(name="reaction", one="reaction", many="reactions", zh="次表情回应", family="talk", weight=0.5),
    TieKind(name="message", one="message", many="messages", zh="条私信", family="talk", unasked=True),
    TieKind(name="share", one="share", many="shares", zh="次分享", family="brought", unasked=True),
    TieKind(name="arrive", one="arrival", many="arrivals", zh="次经分享到达", family="brought"),
    TieKind(name="invite", one="invitation", many="invitations", zh="次邀请", family="brought", unasked=True),
    TieKind(name="together", one="meeting", many="meetings", zh="次同场", family="met"),
    TieKind(name="near", one="turn in the same talk", many="turns in the same talk", zh="次相邻发言", family="near"),
    TieKind(name="follow", one="follow", many="follows", zh="次关注", family="lasting"),
    TieKind(name="relate", one="stated relation", many="stated relations", zh="项已知关系", family="lasting"),
)
CODES = {kind.name: number for number, kind in enumerate(TIE_KINDS)}
UNASKED = tuple(number for number, kind in enumerate(TIE_KINDS) if kind.unasked)
# What counts as "they interacted again": somebody turned to somebody. Speaking one after the other does not.
DIRECT = tuple(number for number, kind in enumerate(TIE_KINDS) if kind.family not in {"near", "lasting"})
