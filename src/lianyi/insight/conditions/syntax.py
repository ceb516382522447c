"""The tree of a condition. Nodes are values; `place` is where the node stands in the text and is not compared."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields, replace
from decimal import Decimal


@dataclass(frozen=True)
class Node:
    """Any part of a condition."""

    place: int = field(default=0, compare=False, repr=False, kw_only=True)


@dataclass(frozen=True)
class Number(Node):
    """60 or 0.5, never negative (that is Negative)."""

    value: Decimal


@dataclass(frozen=True)
class Text(Node):
    """ "母婴"."""

    value: str


@dataclass(frozen=True)
class Truth(Node):
    """true or false."""

    value: bool


@dataclass(frozen=True)
class Name(Node):
    """A column of a person, or a field of an event inside the parentheses of an event function."""

    name: str


@dataclass(frozen=True)
class Attribute(Node):
    """attr("level"): any attribute of a person as text; inside an event function prop("coupon")."""

    name: str


@dataclass(frozen=True)
class Window(Node):
    """within 60 days (newer than), or older than 60 days."""

    amount: int
    unit: str
    older: bool = False


@dataclass(frozen=True)
class Selection(Node):
    """Which events of a person: kinds (or ALL or ACTIVE), done or received, windows, and tests on their fields."""

    kinds: tuple[str, ...]
    received: bool = False
    windows: tuple[Window, ...] = ()
    tests: tuple[Node, ...] = ()


@dataclass(frozen=True)
class Aggregate(Node):
    """One figure over a selection. how: a name of AGGREGATES. field: what is summed or told apart."""

    how: str
    selection: Selection
    field: str | None = None


@dataclass(frozen=True)
class Says(Node):
    """says("过敏", within 90 days): said one of the words on at least one day; says_days counts the days."""

    words: tuple[str, ...]
    windows: tuple[Window, ...] = ()
    days: bool = False


@dataclass(frozen=True)
class HasTag(Node):
    """has_tag("高消费")."""

    tag: str


@dataclass(frozen=True)
class Consents(Node):
    """consents("marketing", "email"): the last word on this purpose and channel is yes; '' = on any channel."""

    purpose: str
    channel: str = ""


@dataclass(frozen=True)
class InAudience(Node):
    """in_audience("Regulars")."""

    name: str


@dataclass(frozen=True)
class Related(Node):
    """tied(band = "strong", to(orders >= 1)): rows beside the person that pass the tests. how: a name of RELATED."""

    how: str
    tests: tuple[Node, ...] = ()


@dataclass(frozen=True)
class To(Node):
    """to(orders >= 1) among conditions on ties: the other person fulfils a condition."""

    item: Node


@dataclass(frozen=True)
class Bridges(Node):
    """bridges("A", "B"): belongs to both communities."""

    one: str
    other: str


@dataclass(frozen=True)
class Then(Node):
    """then(order, within 3 days) among conditions on an event: the same person did such an event after it, in time.

    never: then_no(…): there was none, and the time is over.
    """

    selection: Selection
    never: bool = False

    @property
    def window(self) -> Window:
        """Within what time after the first event."""
        return self.selection.windows[0]


@dataclass(frozen=True)
class DaysSince(Node):
    """days_since(last_order): days from a moment to as_of; whole days for dates."""

    moment: Node


@dataclass(frozen=True)
class Known(Node):
    """known(city): there is a value."""

    value: Node


@dataclass(frozen=True)
class Negative(Node):
    """-x."""

    value: Node


@dataclass(frozen=True)
class Arithmetic(Node):
    """left op right with + - * /."""

    op: str
    left: Node
    right: Node


@dataclass(frozen=True)
class Compare(Node):
    """left op right with = != < <= > >=."""

    op: str
    left: Node
    right: Node


@dataclass(frozen=True)
class Between(Node):
    """value between low and high, both in it; hours and weekdays go around (22 to 5)."""

    value: Node
    low: Node
    high: Node


@dataclass(frozen=True)
class OneOf(Node):
    """value in ("上海", "杭州")."""

    value: Node
    options: tuple[Node, ...]


@dataclass(frozen=True)
class Holds(Node):
    """value ~ ("母婴", "奶粉"): the text holds one of these, capitals or not."""

    value: Node
    options: tuple[Text, ...]


@dataclass(frozen=True)
class Member(Node):
    """ "wecom" in channels."""

    value: Node
    list: Node


@dataclass(frozen=True)
class Not(Node):
    """not x."""

    item: Node


@dataclass(frozen=True)
class And(Node):
    """a and b and …: at least two."""

    items: tuple[Node, ...]


@dataclass(frozen=True)
class Or(Node):
    """a or b or …: at least two."""

    items: tuple[Node, ...]


def walk(node: Node) -> Iterator[Node]:
    """The node and everything below it."""
    yield node
    for part in fields(node):
        value = getattr(node, part.name)
        for item in value if isinstance(value, tuple) else (value,):
            if isinstance(item, Node):
                yield from walk(item)


def tags_in(node: Node) -> tuple[str, ...]:
    """The tags that a condition asks for, in the order of the text."""
    return tuple(part.tag for part in walk(node) if isinstance(part, HasTag))


def audiences_in(node: Node) -> tuple[str, ...]:
    """The audiences that a condition asks for, in the order of the text."""
    return tuple(part.name for part in walk(node) if isinstance(part, InAudience))


def replaced(node: Node, by: Callable[[Node], Node | None]) -> Node:
    """The tree with every part for which `by` gives another one replaced by that."""
    new = by(node)
    if new is not None:
        return new

    def inner(value: object) -> object:
        if isinstance(value, Node):
            return replaced(value, by)
        return tuple(inner(item) for item in value) if isinstance(value, tuple) else value

    changed = {part.name: inner(getattr(node, part.name)) for part in fields(node) if part.name != "place"}
    return replace(node, **changed)  # type: ignore[arg-type]  # the values of its own fields


def texts_in(node: Node) -> tuple[str, ...]:
    """Every text that stands in a condition: values, words, names of attributes and tags."""
    found: list[str] = []
    for part in walk(node):
        if isinstance(part, Text):
            found.append(part.value)
        elif isinstance(part, Says):
            found += part.words
        elif isinstance(part, Attribute):
            found.append(part.name)
        elif isinstance(part, HasTag):
            found.append(part.tag)
        elif isinstance(part, Bridges):
            found += (part.one, part.other)
        elif isinstance(part, InAudience):
            found.append(part.name)
    return tuple(found)
