"""The poster of a code: a content of kind poster, with the code's address on it."""

from __future__ import annotations

from pathlib import Path

from lianyi.action.codes.drawing import Poster, poster_png
from lianyi.action.codes.issuing import url_of
from lianyi.action.codes.models import Code
from lianyi.action.content import rendering
from lianyi.action.content.models import Version
from lianyi.action.content.picture_names import NAME
from lianyi.action.content.pictures import FOLDER
from lianyi.errors import InputError

FONTS = "fonts"


def poster_of(folder: Path, code: Code, version: Version, *, language: str) -> bytes:
    """The poster as PNG. InputError: not a poster, or letters that no font here has."""
    if version.content.kind != "poster":
        raise InputError(f"{version.content.name} is a {version.content.kind}, not a poster; choose a poster")
    spoken = language if language in version.bodies else version.fallback
    values = rendering.known_values({}, {}, version.variables, spoken)
    body = version.bodies[spoken]
    said = rendering.render_body("poster", body, values=values, language=spoken).props
    name = str(body.get("picture") or "")
    picture = folder / FOLDER / name if NAME.match(name) and (folder / FOLDER / name).is_file() else None
    poster = Poster(title=said["title"], text=said["text"], small=said["small"], picture=picture)
    return poster_png(poster, url_of(code), fonts=folder / FONTS)
