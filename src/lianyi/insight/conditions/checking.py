"""Which type each part of a condition has, and whether they fit together."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import NoReturn

from lianyi.insight.conditions import syntax as s
from lianyi.insight.conditions import vocabulary as words
from lianyi.insight.conditions.tokens import problem
from lianyi.insight.conditions.vocabulary import NUMBERS, Type

_SAY: Mapping[str, str] = {
    "count": "a number", "money": "a number", "real": "a number", "text": "a text", "truth": "a yes or no",
    "time": "a moment", "date": "a day", "list": "a list",
}  # fmt: skip
_MOMENTS = frozenset({"time", "date"})


def check(tree: s.Node, source: str, *, number: bool = False) -> None:
    """BadRule where parts do not fit, or where the whole is not a condition (not a number with `number`)."""
    checker = _Checker(source)
    found = checker.type(tree)
    if number:
        if found not in NUMBERS:
            checker.fail(tree, f"this is {_SAY[found]}; a number is needed")
    else:
        checker.condition(tree)


def type_of(node: s.Node, *, among: words.Among = "person") -> Type:
    """The type of a part of a condition that was checked before. among: what it is about."""
    return _Checker("", among=among).type(node)


class _Checker:
    def __init__(self, source: str, *, among: words.Among = "person") -> None:
        self.source = source
        self.among: words.Among = among

    def fail(self, node: s.Node, what: str) -> NoReturn:
        raise problem(self.source, node.place, what)

    def condition(self, node: s.Node) -> None:
        """A yes or no; a first or last time stands for "there is one"."""
        found = self.type(node)
        if found == "truth" or (isinstance(node, s.Aggregate) and found == "time"):
            return
        self.fail(node, f"this is {_SAY[found]}; compare it with something, e.g. {_EXAMPLES[found]}")

    def type(self, node: s.Node) -> Type:  # noqa: C901  one branch per kind of node
        match node:
            case s.Number():
                return "count" if node.value == node.value.to_integral_value() else "real"
            case s.Text() | s.Attribute():
                return "text"
            case s.Truth() | s.HasTag() | s.Consents() | s.InAudience() | s.Bridges():
                return "truth"
            case s.Related() | s.To() | s.Then():
                return self.beside(node)
            case s.Says():
                return "count" if node.days else "truth"
            case s.Name():
                return (words.WORDS[self.among].get(node.name) or words.BEHIND[node.name]).type
            case s.Aggregate():
                return self.aggregate(node)
            case s.DaysSince():
                if self.type(node.moment) not in _MOMENTS:
                    self.fail(
                        node.moment,
                        f"this is {_SAY[self.type(node.moment)]}; days_since() needs a moment, e.g. last_order",
                    )
                return "real"
            case s.Known():
                self.type(node.value)
                return "truth"
            case s.Negative() | s.Arithmetic():
                return self.arithmetic(node)
            case s.And() | s.Or():
                for item in node.items:
                    self.condition(item)
                return "truth"
            case s.Not():
                self.condition(node.item)
                return "truth"
            case _:
                return self.test(node)

    def beside(self, node: s.Related | s.To | s.Then) -> Type:
        """Conditions on other rows than this one: ties, the other person, events that follow."""
        match node:
            case s.Related():
                about = words.RELATED[node.how]
                self.among_all(node.tests, about.among)
                return "count" if about.counts else "truth"
            case s.To():
                self.among_all((node.item,), "person")
            case s.Then():
                self.among_all(node.selection.tests, "event")
        return "truth"

    def among_all(self, tests: tuple[s.Node, ...], among: words.Among) -> None:
        inner = _Checker(self.source, among=among)
        for test in tests:
            inner.condition(test)

    def aggregate(self, node: s.Aggregate) -> Type:
        self.among_all(node.selection.tests, "event")
        if node.field == "value":
            return "money"
        return words.AGGREGATES[node.how].type

    def arithmetic(self, node: s.Negative | s.Arithmetic) -> Type:
        parts = (node.value,) if isinstance(node, s.Negative) else (node.left, node.right)
        types = [self.type(part) for part in parts]
        for part, found in zip(parts, types, strict=True):
            if found not in NUMBERS:
                self.fail(part, f"this is {_SAY[found]}; only numbers can be added, subtracted, multiplied and divided")
        return types[0] if isinstance(node, s.Negative) else "real"

    def test(self, node: s.Node) -> Type:
        match node:
            case s.Compare():
                self.same(node.left, node.right)
                if self.type(node.left) in {"truth", "list"}:
                    self.fail(node.left, f"this is {_SAY[self.type(node.left)]}; it can't be compared")
            case s.Between():
                self.same(node.value, node.low)
                self.same(node.value, node.high)
                if self.type(node.value) not in NUMBERS | _MOMENTS:
                    self.fail(node.value, f"this is {_SAY[self.type(node.value)]}; between needs a number or a moment")
            case s.OneOf():
                for option in node.options:
                    self.same(node.value, option)
            case s.Holds():
                if self.type(node.value) != "text":
                    self.fail(node.value, f"this is {_SAY[self.type(node.value)]}; ~ looks into texts")
            case s.Member():
                self.member(node)
        return "truth"

    def member(self, node: s.Member) -> None:
        if not isinstance(node.value, s.Text):
            self.fail(node.value, 'a text in quotes is needed before `in`, e.g. "wecom" in channels')
        if not isinstance(node.list, s.Name) or words.PERSON.get(node.list.name, words.FIELDS["text"]).type != "list":
            lists = ", ".join(name for name, word in words.PERSON.items() if word.type == "list")
            self.fail(node.list, f'a list is needed after `in`: ("a", "b") or one of {lists}')
        if self.among != "person":
            self.fail(node.list, f"this is a list of the person; it can't stand among conditions on {self.among}s")

    def same(self, left: s.Node, right: s.Node) -> None:
        one, other = self.type(left), self.type(right)
        if one in NUMBERS and other in NUMBERS:
            return
        if one in _MOMENTS and isinstance(right, s.Text):
            self.day(right)
        elif one != other:
            self.fail(right, f"this is {_SAY[other]}, but it is compared with {_SAY[one]}")

    def day(self, node: s.Text) -> None:
        try:
            date.fromisoformat(node.value)
        except ValueError:
            self.fail(node, f"{node.value!r} is no day; write it as 2026-05-31")


_EXAMPLES: Mapping[str, str] = {
    "count": "… >= 3", "money": "… > 500", "real": "… > 0.5", "text": '… = "上海"', "time": "days_since(…) <= 60",
    "date": "days_since(…) <= 60", "list": '"wecom" in …', "truth": "…",
}  # fmt: skip
