"""From a hot topic to a draft: an audience of those who talk of it, a text, and a campaign that waits to be checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from lianyi.action.audiences import defining
from lianyi.action.audiences.models import Audience
from lianyi.action.campaigns import keeping
from lianyi.action.campaigns.models import Campaign
from lianyi.action.content import keeping as contents
from lianyi.action.content.models import Content
from lianyi.action.journeys import neighbours
from lianyi.errors import InputError
from lianyi.workspace import Workspace

# What somebody must be allowed beside drawing campaigns.
RIGHTS = ("audiences.edit", "content.edit")
DAYS, MOST_WORDS, SHORTEST, LONGEST = 30, 10, 2, 40
TEXTS = {
    "zh-hans": "最近不少朋友在聊「{word}」。你怎么看？回复告诉我们，我们会认真看每一条。",
    "en": "Many of you talk about “{word}” these days. What do you think? Reply and tell us; we read every line.",
}


@dataclass(frozen=True, kw_only=True)
class Drafted:
    """What was made. campaign: None where the brand has no channel yet; the audience and the text wait for one."""

    audience: Audience
    content: Content
    campaign: Campaign | None


def condition_of(words: Sequence[str]) -> str:
    """Everybody who said one of these words within DAYS. InputError says which word can't be asked for."""
    asked = list(dict.fromkeys(word.strip() for word in words if word.strip()))
    if not asked or len(asked) > MOST_WORDS:
        raise InputError(f"words: {len(asked)} were given; 1 to {MOST_WORDS} are allowed")
    for word in asked:
        if not SHORTEST <= len(word) <= LONGEST or '"' in word or "\\" in word:
            raise InputError(f"words: {word!r} must have {SHORTEST} to {LONGEST} characters, without quotes")
    listed = ", ".join(f'"{word}"' for word in asked)
    return f"says({listed}, within {DAYS} days)"


def draft(
    ws: Workspace, name: str, words: Sequence[str], *, by: str, now: datetime, channel: str = "",
    language: str = "zh-hans",
) -> Drafted:  # fmt: skip
    """Make all three or nothing. Where the name is taken a number stands behind it. channel: by default the first."""
    condition = condition_of(words)
    channels = neighbours.channels()
    if channel and channel not in channels:
        raise InputError(f"channel: there is no {channel!r}; there are {', '.join(channels) or 'none yet'}")
    free = _free(name.strip()[:80] or words[0])
    text = TEXTS[language].format(word=words[0].strip())
    with transaction.atomic():
        audience = defining.define(ws, free, condition, by=by, now=now, about=text[:200])
        version = contents.create(name=free, kind="text", bodies={language: {"text": text}}, fallback=language, by=by,
                                  now=now)  # fmt: skip
        campaign = None
        if channels:
            asked = {"name": free, "audience": free, "content": free, "channel": channel or channels[0]}
            campaign = keeping.draft(asked, by=by, new=True)
    return Drafted(audience=audience, content=version.content, campaign=campaign)


def _free(name: str) -> str:
    """The name, with a number behind where an audience, a content or a campaign bears it."""
    number = 1
    while True:
        tried = name if number == 1 else f"{name} {number}"
        if not any(model.objects.filter(name=tried).exists() for model in (Audience, Content, Campaign)):
            return tried
        number += 1
