"""The small markdown of e-mails: paragraphs, line breaks, **bold**, *stressed*, [links](https://…), lists.

CommonMark by markdown-it with everything else turned off, HTML included. One reading gives both twins: the HTML and
the plain text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

_TARGET = re.compile(r"\]\((?:\{\{.*?\}\}|[^)\s{]|\{)*\)", re.DOTALL)
_PRINTED = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
Links = Callable[[str], str]
STYLES = {
    "paragraph_open": "margin:0 0 12px 0",
    "bullet_list_open": "margin:0 0 12px 0;padding-left:22px",
    "ordered_list_open": "margin:0 0 12px 0;padding-left:22px",
    "link_open": "color:#0b6e72",
}


@dataclass(frozen=True)
class Twins:
    """The same text twice."""

    html: str
    text: str


@cache
def _reader() -> MarkdownIt:
    return MarkdownIt("zero", {"breaks": True, "html": False, "maxNesting": 20}).enable(
        ["emphasis", "link", "newline", "escape", "entity", "list", "balance_pairs", "fragments_join"]
    )


def in_links(text: str) -> str:
    """The template with the values in its link addresses written as parts of addresses."""
    return _TARGET.sub(lambda target: _PRINTED.sub(r"{{ (\1) | in_url }}", target[0]), text)


def twins(text: str, links: Links) -> Twins:
    """HTML and plain text; every link goes through `links`, which may replace or refuse it."""
    reader = _reader()
    tokens = reader.parse(text)
    for token in tokens:
        for part in (token, *(token.children or ())):
            if part.type == "link_open":
                part.attrSet("href", links(str(part.attrGet("href") or "")))
            if part.type in STYLES:
                part.attrSet("style", STYLES[part.type])
    html = reader.renderer.render(tokens, reader.options, {})
    return Twins(html=html.strip(), text=_plain(tokens).strip())


def _plain(tokens: Sequence[Token]) -> str:
    parts: list[str] = []
    counters: list[int] = []
    for token in tokens:
        if token.type == "ordered_list_open":
            counters.append(int(token.attrGet("start") or 1))
        elif token.type == "bullet_list_open":
            counters.append(0)
        elif token.type in {"ordered_list_close", "bullet_list_close"}:
            counters.pop()
            parts.append("\n")
        elif token.type == "list_item_open":
            number = counters[-1]
            parts.append("  " * (len(counters) - 1) + (f"{number}. " if number else "- "))
            counters[-1] += bool(number)
        elif token.type == "inline":
            parts.append(_inline(token.children or ()) + ("\n" if counters else "\n\n"))
    return "".join(parts)


def _inline(tokens: Sequence[Token]) -> str:
    parts: list[str] = []
    hrefs: list[tuple[str, int]] = []
    for token in tokens:
        if token.type == "link_open":
            hrefs.append((str(token.attrGet("href")), len(parts)))
        elif token.type == "link_close":
            href, start = hrefs.pop()
            said = "".join(parts[start:])
            parts.append("" if said == href else f" <{href}>")
        elif token.type in {"softbreak", "hardbreak"}:
            parts.append("\n")
        else:
            parts.append(token.content)
    return "".join(parts)
