"""What is listened for, as configuration: themes by their words, words of complaint, sensitive words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from lianyi.errors import BadRule
from lianyi.memory.events import KIND_PATTERN

FILE = "listening.yaml"
GAP = "○"
PARTS = ("themes", "complaint", "sensitive")


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A named list of words, small letters, with its name in both languages."""

    name: str
    en: str
    zh: str
    words: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Words:
    """themes: what people talk about. complaint: words of those who complain. sensitive: lists to be looked at."""

    themes: tuple[Listed, ...]
    complaint: tuple[str, ...]
    sensitive: tuple[Listed, ...]


def read_words(folder: Path) -> Words:
    """The words of a workspace: shipped ones, with the lists replaced that its `listening.yaml` names."""
    path = folder / FILE
    if not path.exists():
        return shipped_words()
    return parse_words(path.read_text(encoding="utf-8"), origin=str(path), base=shipped_words())


@cache
def shipped_words() -> Words:
    """The words that the package brings."""
    return parse_words(shipped_text(), origin="shipped")


def shipped_text() -> str:
    """The YAML of the shipped words, to start from."""
    return resources.files("lianyi.insight.listening").joinpath("shipped.yaml").read_text(encoding="utf-8")


def parse_words(text: str, *, origin: str, base: Words | None = None) -> Words:
    """Words from YAML; BadRule says which list is wrong and what is allowed."""
    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise BadRule(f"{origin}: is not YAML: {error}") from error
    if not isinstance(found, dict) or set(found) - set(PARTS):
        raise BadRule(f"{origin}: must be a mapping with {', '.join(PARTS)}")
    base = base or Words(themes=(), complaint=(), sensitive=())
    return Words(
        themes=_lists(origin, "theme", found["themes"]) if "themes" in found else base.themes,
        complaint=_words(f"{origin}: complaint", found["complaint"]) if "complaint" in found else base.complaint,
        sensitive=_lists(origin, "list", found["sensitive"]) if "sensitive" in found else base.sensitive,
    )


def _lists(origin: str, field: str, items: Any) -> tuple[Listed, ...]:
    if not isinstance(items, list):
        raise BadRule(f"{origin}: a list of mappings with {field}, en, zh, words is needed, not {items!r}")
    made: list[Listed] = []
    for item in items:
        if not isinstance(item, Mapping) or set(item) - {field, "en", "zh", "words"}:
            raise BadRule(f"{origin}: {item!r} must be a mapping with {field}, en, zh, words")
        name = str(item.get(field, ""))
        if not KIND_PATTERN.match(name) or name in {one.name for one in made}:
            raise BadRule(f"{origin}: {field} {name!r}; write small letters, digits and _, each name once")
        words = _words(f"{origin}: {field} {name}", item.get("words"))
        made.append(Listed(name=name, en=str(item.get("en") or name), zh=str(item.get("zh") or name), words=words))
    return tuple(made)


def _words(place: str, items: Any) -> tuple[str, ...]:
    if not isinstance(items, list) or not all(isinstance(item, str) and item.strip() for item in items):
        raise BadRule(f"{place}: words are a list of texts, not {items!r}")
    return tuple(dict.fromkeys(item.strip().lower() for item in items))


class Finder:
    """Finds which of many terms stand in a text: by their first two characters, so that a thousand goods cost no more
    than ten. A term that begins or ends with a Latin letter or digit ends there, also in the text."""

    def __init__(self, terms: Iterable[tuple[str, str]]) -> None:
        """terms: what stands in the text (small letters), and what it means."""
        self._by_start: dict[str, list[tuple[str, str]]] = {}
        for term, meaning in terms:
            if len(term) >= 2:
                self._by_start.setdefault(term[:2], []).append((term, meaning))

    def find(self, text: str) -> list[str]:
        """Meanings found in a text of small letters, each once, in order."""
        return list(dict.fromkeys(meaning for _, _, meaning in self.places(text)))

    def places(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Where terms stand: begin, end, meaning."""
        for place in range(len(text) - 1):
            for term, meaning in self._by_start.get(text[place : place + 2], ()):
                if text.startswith(term, place) and _whole(text, place, term):
                    yield place, place + len(term), meaning

    def without(self, text: str) -> str:
        """The text with a gap for each term: what is left is what was said of them."""
        kept, at = [], 0
        for begin, end, _ in self.places(text):
            if begin >= at:
                kept += [text[at:begin], GAP]
            at = max(at, end)
        return "".join([*kept, text[at:]]) if kept else text


def _whole(text: str, place: int, term: str) -> bool:
    end = place + len(term)
    before = place > 0 and _latin(term[0]) and _latin(text[place - 1])
    after = end < len(text) and _latin(term[-1]) and _latin(text[end])
    return not before and not after


def _latin(letter: str) -> bool:
    return letter.isascii() and letter.isalnum()


def by_name(lists: Sequence[Listed]) -> list[tuple[str, str]]:
    """Terms of lists as Finder takes them."""
    return [(word, one.name) for one in lists for word in one.words]
