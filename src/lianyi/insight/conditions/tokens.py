"""From text to words. Chinese brackets, commas and quotes are taken for their Latin twins."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lianyi.errors import BadRule

_TOKEN = re.compile(
    r"""(?P<space>\s+)
      | (?P<number>\d+(?:\.\d+)?)
      | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<text>"(?:[^"\\]|\\.)*" | '(?:[^'\\]|\\.)*' | “[^”]*”)
      | (?P<op><=|>=|!=|==|<>|≤|≥|≠|[-+*/<>=~(),.|（），])""",
    re.VERBOSE | re.DOTALL,
)
_SAME = {"==": "=", "<>": "!=", "≠": "!=", "≤": "<=", "≥": ">=", "（": "(", "）": ")", "，": ","}
MAX_TEXT = 4000


@dataclass(frozen=True)
class Token:
    """kind: number, name, text, op or end. value: the text, without quotes for texts."""

    kind: str
    value: str
    place: int

    def __str__(self) -> str:
        if self.kind == "end":
            return "the end"
        return f"“{self.value}”" if self.kind == "text" else f"`{self.value}`"


def tokens(source: str) -> list[Token]:
    """The words of a condition, an `end` after the last. BadRule shows a sign that can't stand in one."""
    if len(source) > MAX_TEXT:
        raise BadRule(
            f"the condition has {len(source):,} characters; at most {MAX_TEXT:,} are allowed; part it into tags"
        )
    found: list[Token] = []
    place = 0
    while place < len(source):
        match = _TOKEN.match(source, place)
        if match is None:
            raise problem(source, place, _unreadable(source, place))
        kind = str(match.lastgroup)
        if kind == "text":
            found.append(Token(kind, _unquoted(match.group()), place))
        elif kind != "space":
            value = _SAME.get(match.group(), match.group())
            found.append(Token(kind, value, place))
        place = match.end()
    found.append(Token("end", "", len(source)))
    return found


def problem(source: str, place: int, what: str) -> BadRule:
    """The error with the line and a mark under the place."""
    start = source.rfind("\n", 0, place) + 1
    end = source.find("\n", place)
    line = source[start : end if end >= 0 else len(source)]
    # a Chinese sign is as wide as two others in a terminal
    width = sum(2 if ord(sign) > 0x2E80 else 1 for sign in source[start:place])
    return BadRule(f"column {place - start + 1}: {what}\n  {line}\n  {' ' * width}^")


def quoted(value: str) -> str:
    """A text as it is written in a condition."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _unquoted(written: str) -> str:
    if written[0] == "“":
        return written[1:-1]
    return re.sub(r"\\(.)", r"\1", written[1:-1], flags=re.DOTALL)


def _unreadable(source: str, place: int) -> str:
    sign = source[place]
    if sign in "\"'“":
        return f"the text that begins with {sign} has no end; close it with {'”' if sign == '“' else sign}"
    if sign.isalpha():
        return f'{sign!r} can\'t stand here; texts stand in quotes, e.g. "母婴"'
    return f"{sign!r} can't stand in a condition"
