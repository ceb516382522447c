"""The page of a campaign: what it says, and what it discloses."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from lianyi.action.codes.models import Landing
from lianyi.action.content import rendering
from lianyi.action.content.models import Version
from lianyi.errors import InputError


def save(
    *, campaign: str, version: Version | None, disclosure: Mapping[str, str], asks_first: bool, by: str, now: datetime
) -> Landing:
    """Say what the page of a campaign shows. Its texts are filled in once, with what the brand and the version's
    stand-ins say: a page for strangers knows no person."""
    campaign = campaign.strip()
    if not campaign or len(campaign) > 200:
        raise InputError("campaign: write the name that its links carry, at most 200 characters")
    strange = [language for language in disclosure if language not in ("zh-hans", "en")]
    if strange or any(len(text) > 2_000 for text in disclosure.values()):
        raise InputError("disclosure: write zh-hans and en, at most 2,000 characters each")
    page = _page(version) if version else {}
    landing, _ = Landing.objects.update_or_create(
        campaign=campaign,
        defaults={
            "version": version.pk if version else None, "page": page, "asks_first": asks_first, "by": by,
            "disclosure": {language: text for language, text in disclosure.items() if text}, "changed_at": now,
        },
    )  # fmt: skip
    return landing


def _page(version: Version) -> dict[str, dict[str, str]]:
    kind = version.content.kind
    if kind not in ("link", "poster"):
        raise InputError(f"a page shows a content of kind link or poster, not {kind}")
    page = {}
    for language, body in version.bodies.items():
        values = rendering.known_values({}, {}, version.variables, language)
        props = rendering.render_body(kind, {**body, "url": ""}, values=values, language=language).props
        page[language] = {name: str(props.get(name) or "") for name in ("title", "text", "picture")}
    return page
