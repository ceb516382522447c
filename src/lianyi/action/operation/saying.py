"""What we say in groups about rules and measures, in the brand's language, and what of it the log knows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lianyi.action.operation.models import Case
from lianyi.action.team.rights import Text
from lianyi.memory.events import Event

SOURCE = "operation"
WHYS: Mapping[str, Text] = {
    "advert": gettext_lazy("it reads like an advert"),
    "link": gettext_lazy("newcomers may not post links yet"),
    "sensitive": gettext_lazy("it has words that may not be used here"),
    "copied": gettext_lazy("the same text came again and again"),
    "flood": gettext_lazy("too many messages within a minute"),
}


@contextmanager
def spoken(language: str) -> Iterator[None]:
    """In the language of the brand."""
    with translation.override("zh-hans" if language.startswith("zh") else "en"):
        yield


def user_of(actor: str) -> str:
    """matrix:@ann:example.cn → @ann:example.cn."""
    return actor.partition(":")[2]


def why(case: Case) -> str:
    """The reasons in a sentence's part, in the language that holds."""
    names = dict.fromkeys(reason["why"] for reason in case.reasons)
    return ", ".join(str(WHYS[name]) for name in names)


def notice(case: Case, *, minutes: int) -> str:
    """What the group and the person read when a measure was taken."""
    values = {"who": user_of(case.actor), "why": why(case), "minutes": minutes}
    if case.measure == "warn":
        return _("%(who)s, please mind the rules of this group: %(why)s.") % values
    if case.measure == "remove":
        return _("A message of %(who)s was removed: %(why)s. Please read the rules of this group.") % values
    if case.measure == "mute":
        return _("A message of %(who)s was removed: %(why)s. They can write again in %(minutes)s minutes.") % values
    return _("%(who)s was removed from the group: %(why)s.") % values


def restored(case: Case, *, with_text: bool, quoted: bool = True) -> str:
    """What the group reads when a measure was undone. The text is shown as it was: plain. Not quoted: as the log keeps
    it, for words of a person that stood in an event of ours would outlive their erasure."""
    values = {"who": user_of(case.actor), "text": case.text[:2_000] if quoted else "…"}
    if with_text:
        return _("We were wrong to remove a message of %(who)s. They wrote: %(text)s") % values
    return _("We were wrong: nothing is held against %(who)s.") % values


def told(case: Case, what: str, *, by: str, now: datetime) -> Event:
    """A movement of a case for the log. what: found, warn, remove, mute, expel, noted, fine."""
    props: dict[str, Any] = {
        "what": what, "why": [reason["why"] for reason in case.reasons], "measure": case.measure, "state": case.state,
        "newcomer": case.newcomer, "strikes": case.strikes, "by": by,
    }  # fmt: skip
    return Event(
        id=f"operation:{case.message_id}/{what}"[:512], at=now, kind="moderated", source=SOURCE, target_key=case.actor,
        group_key=case.group_key, parent_id=case.message_id, channel=word_of(case.group_key), props=props,
    )  # fmt: skip


def sent(key: str, group_key: str, text: str, *, purpose: str, to: Sequence[str], now: datetime) -> Event:
    """Something that we wrote into a group. The text may name people by their ids, which an erasure finds; what others
    wrote must not be quoted."""
    props = {"purpose": purpose, "people": len(to)} if len(to) != 1 else {"purpose": purpose}
    return Event(
        id=f"operation:{key}/sent"[:512], at=now, kind="sent", source=SOURCE, group_key=group_key, text=text,
        target_key=to[0] if len(to) == 1 else None, channel=word_of(group_key), props=props,
    )  # fmt: skip


def agreed(actor: str, group_key: str, version: int, *, at: datetime) -> Event:
    """A member agreed to a version of the rules."""
    return Event(
        id=f"operation:{group_key}/{actor}/agreed/{version}"[:512], at=at, kind="agreed", source=SOURCE,
        actor_key=actor, group_key=group_key, channel=word_of(group_key), props={"version": version},
    )  # fmt: skip


def word_of(group_key: str) -> str:
    """group:matrix/!room → matrix."""
    return group_key.partition(":")[2].partition("/")[0]
