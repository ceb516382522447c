"""WeChat's XML inside messages, read without entities or document types, so that no file can make us expand any."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

MAX_DEPTH = 50
MAX_LENGTH = 1_000_000


class BadXml(ValueError):
    """The text is no XML that can be read safely."""


@dataclass
class Node:
    """One element: its tag, attributes, children, and the text directly in it."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Node] = field(default_factory=list)
    text: str = ""

    def all(self, tag: str) -> Iterator[Node]:
        """Every element below of that tag, in the order of the file."""
        for child in self.children:
            if child.tag == tag:
                yield child
            yield from child.all(tag)

    def value(self, *path: str) -> str:
        """The text of the first element below of that tag (then of its tag …), trimmed; empty where there is none."""
        node: Node | None = self
        for tag in path:
            node = next(node.all(tag), None) if node else None
        return node.text.strip() if node else ""


def looks_like_xml(text: str) -> bool:
    """Whether a message's text is XML (after the sender's id and a line end, as WeChat stores it in groups)."""
    return text.lstrip().startswith("<") or _body(text) is not text


def parse(text: str) -> Node:
    """The outermost element. BadXml where it is broken, too deep, too long, or declares a document type."""
    body = _body(text).strip()
    if len(body) > MAX_LENGTH:
        raise BadXml(f"XML of {len(body):,} characters; at most {MAX_LENGTH:,} are read")
    builder = _Builder()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.text
    parser.StartDoctypeDeclHandler = builder.refuse
    parser.EntityDeclHandler = builder.refuse
    try:
        parser.Parse(body, True)  # noqa: FBT003  expat takes it by place
    except (expat.ExpatError, UnicodeError) as error:
        raise BadXml(f"broken XML: {error}") from error
    return builder.root.children[0]


def _body(text: str) -> str:
    first, separator, rest = text.partition("\n")
    if separator and first.rstrip().endswith(":") and rest.lstrip().startswith("<"):
        return rest
    return text


class _Builder:
    def __init__(self) -> None:
        self.root = Node("")
        self._open = [self.root]

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if len(self._open) > MAX_DEPTH:
            raise BadXml(f"XML deeper than {MAX_DEPTH} elements")
        node = Node(tag, dict(attributes))
        self._open[-1].children.append(node)
        self._open.append(node)

    def end(self, _tag: str) -> None:
        self._open.pop()

    def text(self, data: str) -> None:
        self._open[-1].text += data

    def refuse(self, *_: object) -> None:
        raise BadXml("XML with a document type or entities is not read")
