"""What the editor sends, as a body: parts by their names, blocks as `blocks-0-text`, stand-ins as lines."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from lianyi.action.content.kinds import BLOCKS, PARTS, Part
from lianyi.action.team.rights import Text
from lianyi.errors import InputError

KINDS: Mapping[str, Text] = {
    "email": _("E-mail"), "text": _("Text"), "link": _("Link card"), "image": _("Picture"),
    "miniprogram": _("Mini-program card"), "poster": _("Poster"),
}  # fmt: skip
LANGUAGES: Mapping[str, Text] = {"zh-hans": "简体中文", "en": "English"}
TITLES: Mapping[str, Text] = {
    "text": _("Text"), "picture": _("Picture"), "alt": _("What the picture shows"), "title": _("Title"),
    "url": _("Web address"), "appid": _("AppID of the mini-program"), "path": _("Page path"), "subject": _("Subject"),
    "preheader": _("Preview line"), "footer": _("Foot"), "price": _("Price"), "button": _("Button"),
    "small": _("Beside the code"),
}  # fmt: skip
BLOCK_TITLES: Mapping[str, Text] = {
    "heading": _("Heading"), "text": _("Text"), "button": _("Button"), "image": _("Picture"),
    "product": _("Product"), "divider": _("Line"),
}  # fmt: skip
FOOTERS: Mapping[str, Text] = {
    "marketing": _("Marketing: why one gets it, and unsubscribe"), "transactional": _("Transactional: none"),
}  # fmt: skip
MOST = 60
_BLOCK = re.compile(r"blocks-(\d+)-type\Z")


def body_of(kind: str, data: QueryDict) -> dict[str, Any]:
    """The body that was written, not checked yet."""
    body: dict[str, Any] = {
        part.name: data.get(part.name, "") for part in PARTS[kind] if part.form != "blocks" and data.get(part.name)
    }
    if kind == "email":
        body["blocks"] = blocks_of(data)
    return {name: value.replace("\r\n", "\n") if isinstance(value, str) else value for name, value in body.items()}


def blocks_of(data: QueryDict) -> list[dict[str, str]]:
    """The blocks in their order. What an act asks for (`add:text`, `up:2`, `down:2`, `remove:2`) is done first."""
    numbers = sorted(int(found[1]) for name in data if (found := _BLOCK.match(name)) and len(found[1]) < 4)[:MOST]
    blocks = []
    for number in numbers:
        kind = data.get(f"blocks-{number}-type", "")
        if kind in BLOCKS:
            texts = {part.name: data.get(f"blocks-{number}-{part.name}", "") for part in BLOCKS[kind]}
            blocks.append({"type": kind, **{n: t.replace("\r\n", "\n") for n, t in texts.items() if t}})
    return _done(blocks, data.get("act", ""))


def _done(blocks: list[dict[str, str]], act: str) -> list[dict[str, str]]:
    what, _colon, which = act.partition(":")
    if what == "add" and which in BLOCKS:
        return [*blocks, {"type": which}]
    if not which.isdecimal() or int(which) >= len(blocks):
        return blocks
    at = int(which)
    if what == "remove":
        return blocks[:at] + blocks[at + 1 :]
    to = at - 1 if what == "up" else at + 1
    if what in {"up", "down"} and 0 <= to < len(blocks):
        blocks[at], blocks[to] = blocks[to], blocks[at]
    return blocks


def shown_parts(kind: str, body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The parts of a kind for the form."""
    return [_field(part, part.name, body) for part in PARTS[kind] if part.form != "blocks"]


def shown_blocks(blocks: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The blocks for the form."""
    return [
        {
            "number": number, "type": block["type"], "title": BLOCK_TITLES[block["type"]], "first": number == 0,
            "last": number == len(blocks) - 1,
            "fields": [_field(part, f"blocks-{number}-{part.name}", block) for part in BLOCKS[block["type"]]],
        }
        for number, block in enumerate(blocks)
    ]  # fmt: skip


def _field(part: Part, name: str, data: Mapping[str, Any]) -> dict[str, Any]:
    choices = [(value, FOOTERS[value]) for value in part.choices]
    return {
        "name": name, "title": TITLES[part.name], "value": data.get(part.name, ""), "form": part.form,
        "limit": part.limit, "required": part.required, "long": part.form in {"text", "markdown"}, "choices": choices,
        "markdown": part.form == "markdown", "picture": part.form == "picture",
    }  # fmt: skip


def stand_ins_of(text: str, before: Mapping[str, Mapping[str, str]], language: str) -> dict[str, dict[str, str]]:
    """Lines `person.name = friend` as stand-ins of one language; those of other languages stay."""
    made = {name: {key: said for key, said in texts.items() if key not in (language, "")}
            for name, texts in before.items()}  # fmt: skip
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        name, equals, said = line.partition("=")
        if not equals or not name.strip() or not said.strip():
            raise InputError(f"stand-ins, line {number}: {line[:60]!r}; write e.g. person.name = friend")
        made.setdefault(name.strip(), {})[language] = said.strip()
    return {name: texts for name, texts in made.items() if texts}


def stand_in_lines(variables: Mapping[str, Mapping[str, str]], language: str) -> str:
    """Stand-ins of one language as lines."""
    said = {name: texts.get(language) or texts.get("") for name, texts in variables.items()}
    return "\n".join(f"{name} = {text}" for name, text in said.items() if text)
