"""Looking at a content before it goes out: as a chosen person, and with what the linter says about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lianyi.action.content import linting, rendering
from lianyi.action.content.linting import Finding
from lianyi.action.content.models import Picture
from lianyi.action.content.rendering import Rendered
from lianyi.workspace import Workspace

EXAMPLE = {"unsubscribe_url": "https://unsubscribe.invalid/example"}


def known_names(ws: Workspace) -> list[str]:
    """The variables that a person may have: the columns of table `people`."""
    return sorted(f"person.{name}" for name in ws.tables()["people"].columns)


def findings(
    ws: Workspace, kind: str, bodies: Mapping[str, Any], variables: Mapping[str, Any], *, channel: str = ""
) -> list[Finding]:
    """What the linter says of a checked content."""

    def there(name: str) -> bool:
        return Picture.objects.filter(name=name).exists()

    return linting.lint(kind, bodies, variables, known=known_names(ws), pictures=there, channel=channel)


def person_of(ws: Workspace, key_or_id: str) -> dict[str, Any]:
    """What templates see of a person; {} for nobody in particular. NotFound where nobody is known by that key."""
    return {**ws.person(key_or_id).profile} if key_or_id else {}


def preview(
    ws: Workspace, kind: str, body: Mapping[str, Any], stand_ins: Mapping[str, Any], *, language: str, person: str
) -> Rendered:
    """How a checked body reads for a person. InputError says what can't be filled in."""
    values = rendering.known_values(person_of(ws, person), EXAMPLE, stand_ins, language)
    return rendering.render_body(kind, body, values=values, language=language)
