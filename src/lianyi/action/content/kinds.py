"""What each kind of content is made of, and what an e-mail is built from. Reading a body says every error at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lianyi.action.content import templates
from lianyi.errors import InputError

LANGUAGES = ("zh-hans", "en")
MAX_BLOCKS = 60


@dataclass(frozen=True, kw_only=True)
class Part:
    """One part of a body. form: `line` and `text` are templates on one or several lines, `markdown` one in small
    markdown, `url` a web address with variables, `picture` the name of a picture of the library or a web address,
    `plain` a text as it is, `choice` one of `choices`, `blocks` a list of blocks.
    """

    name: str
    form: str
    required: bool = False
    limit: int = 5_000
    choices: tuple[str, ...] = ()


PARTS: Mapping[str, tuple[Part, ...]] = {
    "text": (Part(name="text", form="text", required=True, limit=4_000),),
    "image": (
        Part(name="picture", form="picture", required=True),
        Part(name="alt", form="line", limit=300),
        Part(name="text", form="text", limit=4_000),
    ),
    "link": (
        Part(name="title", form="line", required=True, limit=128),
        Part(name="text", form="line", limit=512),
        Part(name="url", form="url", required=True, limit=2_000),
        Part(name="picture", form="picture"),
    ),
    "miniprogram": (
        Part(name="title", form="line", required=True, limit=64),
        Part(name="appid", form="plain", required=True, limit=64),
        Part(name="path", form="url", required=True, limit=1_024),
        Part(name="picture", form="picture", required=True),
    ),
    "email": (
        Part(name="subject", form="line", required=True, limit=300),
        Part(name="preheader", form="line", limit=300),
        Part(name="blocks", form="blocks", required=True),
        Part(name="footer", form="choice", choices=("marketing", "transactional")),
    ),
    "poster": (
        Part(name="title", form="line", required=True, limit=60),
        Part(name="text", form="text", limit=400),
        Part(name="picture", form="picture"),
        Part(name="small", form="line", limit=200),
    ),
}  # fmt: skip
BLOCKS: Mapping[str, tuple[Part, ...]] = {
    "heading": (Part(name="text", form="line", required=True, limit=300),),
    "text": (Part(name="text", form="markdown", required=True, limit=20_000),),
    "button": (
        Part(name="text", form="line", required=True, limit=100),
        Part(name="url", form="url", required=True, limit=2_000),
    ),
    "image": (
        Part(name="picture", form="picture", required=True),
        Part(name="alt", form="line", limit=300),
        Part(name="url", form="url", limit=2_000),
    ),
    "product": (
        Part(name="title", form="line", required=True, limit=200),
        Part(name="price", form="line", limit=60),
        Part(name="text", form="markdown", limit=2_000),
        Part(name="picture", form="picture"),
        Part(name="url", form="url", limit=2_000),
        Part(name="button", form="line", limit=60),
    ),
    "divider": (),
}  # fmt: skip
TEMPLATES = ("line", "text", "markdown", "url", "picture")


@dataclass(frozen=True, kw_only=True)
class Text:
    """One template of a body, where it stands (`blocks[2].url`), and its form."""

    place: str
    form: str
    text: str


def checked(kind: str, body: Any) -> dict[str, Any]:
    """The body with its parts and nothing else, or InputError with all that is wrong."""
    if kind not in PARTS:
        raise InputError(f"kind: {kind!r} is no kind of content; there are {', '.join(PARTS)}")
    problems: list[str] = []
    made = _parts(PARTS[kind], body, "", problems)
    if problems:
        raise InputError("; ".join(problems))
    return made


def texts(kind: str, body: Mapping[str, Any]) -> list[Text]:
    """All templates of a checked body."""
    found = _texts(PARTS[kind], body, "")
    for number, block in enumerate(body.get("blocks") or ()):
        found += _texts(BLOCKS[block["type"]], block, f"blocks[{number}].")
    return found


def _texts(parts: Sequence[Part], data: Mapping[str, Any], before: str) -> list[Text]:
    return [
        Text(place=before + part.name, form=part.form, text=data[part.name])
        for part in parts
        if part.form in TEMPLATES and data.get(part.name)
    ]


def _parts(parts: Sequence[Part], data: Any, before: str, problems: list[str]) -> dict[str, Any]:
    if not isinstance(data, Mapping):
        problems.append(f"{before or 'body'}: must be an object with {', '.join(part.name for part in parts)}")
        return {}
    known = {part.name for part in parts} | ({"type"} if before else set())
    problems += [f"{before}{name}: is not known here; there are {', '.join(sorted(known))}"
                 for name in data if name not in known]  # fmt: skip
    made: dict[str, Any] = {}
    for part in parts:
        value = data.get(part.name)
        if value in (None, "", []):
            if part.required:
                problems.append(f"{before}{part.name}: is missing")
        elif part.form == "blocks":
            made[part.name] = _blocks(value, problems)
        else:
            made[part.name] = _text(part, value, before + part.name, problems)
    return made


def _blocks(value: Any, problems: list[str]) -> list[dict[str, Any]]:
    if not isinstance(value, list) or len(value) > MAX_BLOCKS:
        problems.append(f"blocks: must be a list of at most {MAX_BLOCKS} blocks")
        return []
    made = []
    for number, block in enumerate(value):
        kind = block.get("type") if isinstance(block, Mapping) else None
        if not isinstance(kind, str) or kind not in BLOCKS:
            problems.append(f"blocks[{number}].type: {kind!r} is no block; there are {', '.join(BLOCKS)}")
        else:
            made.append({"type": kind, **_parts(BLOCKS[kind], block, f"blocks[{number}].", problems)})
    return made


def _text(part: Part, value: Any, place: str, problems: list[str]) -> str:
    if not isinstance(value, str) or len(value) > part.limit or "\x00" in value:
        problems.append(f"{place}: must be a text of at most {part.limit:,} characters")
        return ""
    if part.choices and value not in part.choices:
        problems.append(f"{place}: {value!r} is not one of {', '.join(part.choices)}")
    if part.form == "line" and ("\n" in value or "\r" in value):
        problems.append(f"{place}: must stand on one line")
    if part.form in TEMPLATES:
        try:
            templates.check(value)
        except templates.BadTemplate as error:
            problems.append(f"{place}: {error}")
    return value
