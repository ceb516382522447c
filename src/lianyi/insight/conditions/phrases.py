"""How figures are said in English and in Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from lianyi.insight.conditions import syntax as s
from lianyi.insight.conditions import vocabulary as words
from lianyi.insight.conditions.text import event_text, text

WEEKEND = {6, 7}
_BESIDE_EN: Mapping[words.Among, tuple[str, str]] = {
    "tie": ("tie", "ties"),
    "belonging": ("membership of a community", "memberships of communities"),
    "coming": ("arrival through a ripple", "arrivals through ripples"),
}
_BESIDE_ZH: Mapping[words.Among, tuple[str, str]] = {
    "tie": ("段", "关系"),
    "belonging": ("个", "所属社群"),
    "coming": ("次", "经波纹到达"),
}


@dataclass(frozen=True)
class Wording:
    """The words around the value (or the two values, with `middle` between them)."""

    before: str
    after: str
    middle: str = ""


class Phrases(Protocol):
    """One language. joint: between two statements; of, share, part_first: "12 messages of 20 messages (60%)"."""

    joint: str
    of: str
    share: tuple[str, str]
    part_first: bool
    brackets: tuple[str, str]

    def counted(self, number: int, selection: s.Selection) -> Wording:
        """3 orders of “母婴” in 60 days; number is 1 or more than one."""

    def days(self, number: int, selection: s.Selection) -> Wording:
        """3 days with messages in 60 days."""

    def none(self, selection: s.Selection) -> str:
        """No orders in 7 days."""

    def figure(self, how: str, field: str | None, selection: s.Selection) -> Wording:
        """Orders worth 320.00 in 90 days; last order on 2026-05-01."""

    def said(self, number: int, windows: tuple[s.Window, ...]) -> Wording:
        """Said “过敏” on 2 days."""

    def unsaid(self, node: s.Says) -> str:
        """Did not say “过敏”."""

    def tag(self, name: str) -> str:
        """Tag “高消费”."""

    def no_tag(self, name: str) -> str:
        """Without tag “高消费”."""

    def label(self, name: str) -> str:
        """city: …"""

    def column(self, word: words.Word) -> str:
        """net spend: …"""

    def related(self, number: int, node: s.Related) -> Wording:
        """2 ties (band = strong, to somebody with: orders >= 1)."""

    def unrelated(self, node: s.Related) -> str:
        """No ties (…)."""

    def stated(self, node: s.Bridges | s.Consents | s.InAudience) -> tuple[str, str]:
        """Has consented to marketing by email; and its opposite."""


class English:
    """Evidence in English."""

    joint = "; "
    of = " of "
    share = (" (", "%)")
    brackets = (" (", ")")
    part_first = True

    def counted(self, number: int, selection: s.Selection) -> Wording:
        return Wording("", f" {self._noun(selection, one=number == 1)}{self._which(selection)}")

    def days(self, number: int, selection: s.Selection) -> Wording:
        unit = "day" if number == 1 else "days"
        return Wording("", f" {unit} with {self._noun(selection)}{self._which(selection)}")

    def none(self, selection: s.Selection) -> str:
        return f"no {self._noun(selection)}{self._which(selection)}"

    def figure(self, how: str, field: str | None, selection: s.Selection) -> Wording:
        noun, one, which = self._noun(selection), self._noun(selection, one=True), self._which(selection)
        named = words.FIELDS[field].en if field else ""
        match how:
            case "first" | "last":
                return Wording(f"{how} {one}{which} on ", "")
            case "distinct":
                many = {"category": "categories", "other": "people"}.get(field or "", f"{named}s")
                return Wording("", f" different {many} in {noun}{which}")
        size = {"sum": "total", "avg": "average", "max": "largest", "min": "smallest"}[how]
        return Wording(f"{size} {named} of {noun}{which}: ", "")

    def said(self, number: int, windows: tuple[s.Window, ...]) -> Wording:
        return Wording("said “", f" {'day' if number == 1 else 'days'}{self._when(windows)}", "” on ")

    def unsaid(self, node: s.Says) -> str:
        return f"did not say {' or '.join(f'“{word}”' for word in node.words)}{self._when(node.windows)}"

    def tag(self, name: str) -> str:
        return f"tag “{name}”"

    def no_tag(self, name: str) -> str:
        return f"without tag “{name}”"

    def label(self, name: str) -> str:
        return f"{name}: "

    def column(self, word: words.Word) -> str:
        return f"{word.en}: "

    def related(self, number: int, node: s.Related) -> Wording:
        noun = _BESIDE_EN[words.RELATED[node.how].among][number > 1]
        return Wording("", f" {noun}{self._bracket(node)}")

    def unrelated(self, node: s.Related) -> str:
        return f"no {_BESIDE_EN[words.RELATED[node.how].among][1]}{self._bracket(node)}"

    def stated(self, node: s.Bridges | s.Consents | s.InAudience) -> tuple[str, str]:
        match node:
            case s.Bridges():
                pair = f"“{node.one}” and “{node.other}”"
                return f"belongs to both {pair}", f"does not belong to both {pair}"
            case s.Consents():
                what = f"{node.purpose}{f' by {node.channel}' if node.channel else ''}"
                return f"has consented to {what}", f"has not consented to {what}"
        return f"in audience “{node.name}”", f"not in audience “{node.name}”"

    def _bracket(self, node: s.Related) -> str:
        return f" ({'; '.join(beside_text(test, words.RELATED[node.how].among, self) for test in node.tests)})" * bool(
            node.tests
        )

    def to(self, condition: str) -> str:
        """What is asked of the other person."""
        return f"to people with: {condition}"

    def then(self, node: s.Then) -> str:
        """What follows an event, or does not."""
        selection = node.selection
        which = self._which(replace(selection, windows=()))
        after = f"{node.window.amount} {node.window.unit[:-1] if node.window.amount == 1 else node.window.unit}"
        return f"{'not ' if node.never else ''}followed by {self._noun(selection, one=True)}{which} within {after}"

    def word(self, word: words.Word) -> str:
        """What a field is called."""
        return word.en

    def _noun(self, selection: s.Selection, *, one: bool = False) -> str:
        said = []
        for kind in selection.kinds:
            about = words.kind_words(kind)
            plain = about.one if one else about.many
            special = about.received_one if one else about.received_many
            said.append((special or f"{plain} received") if selection.received else plain)
        return " or ".join(said)

    def _which(self, selection: s.Selection) -> str:
        match selection.tests:
            case (s.Holds(value=s.Name(name="category"), options=(only,)),):
                tests = f" of “{only.value}”"
            case ():
                tests = ""
            case many:
                tests = f" ({', '.join(self._test(test) for test in many)})"
        return tests + self._when(selection.windows)

    def _test(self, test: s.Node) -> str:
        match test:
            case s.Holds(value=s.Name(name=name)):
                return f"{words.FIELDS[name].en} has {' or '.join(f'“{option.value}”' for option in test.options)}"
            case s.Between(value=s.Name(name="hour"), low=s.Number(value=low), high=s.Number(value=high)):
                return f"{low}:00–{high}:59"
            case s.Compare(left=s.Name(name=name), right=s.Text(value=value)):
                return f"{words.FIELDS[name].en} {test.op} {value}"
            case s.Compare(left=s.Name(name=name), right=s.Number(value=number)):
                return f"{words.FIELDS[name].en} {test.op} {number}"
            case s.OneOf(value=s.Name(name="weekday"), options=(s.Number(value=first), s.Number(value=second))) if {
                first,
                second,
            } == WEEKEND:
                return "on weekends"
            case s.Then():
                return self.then(test)
        return event_text(test)

    def _when(self, windows: tuple[s.Window, ...]) -> str:
        match span(windows):
            case (older, within):
                return f" {older.amount} to {within.amount} {within.unit} ago"
        said = ""
        for window in windows:
            unit = window.unit[:-1] if window.amount == 1 else window.unit
            said += f" more than {window.amount} {unit} ago" if window.older else f" in {window.amount} {unit}"
        return said


class Chinese:
    """Evidence in Chinese."""

    joint = "；"
    of = "中"
    share = ("（", "%）")
    brackets = ("（", "）")
    part_first = False
    _units: Mapping[str, str] = {"hours": "小时", "days": "天", "weeks": "周"}

    def counted(self, number: int, selection: s.Selection) -> Wording:  # noqa: ARG002
        measure = words.kind_words(selection.kinds[0]).measure
        return Wording(f"{self._which(selection)}{self._verb(selection)} ", f" {measure}")

    def days(self, number: int, selection: s.Selection) -> Wording:  # noqa: ARG002  Chinese has one form for all numbers
        return Wording(f"{self._which(selection)}有 ", f" 天{self._verb(selection)}")

    def none(self, selection: s.Selection) -> str:
        return f"{self._when(selection.windows)}没有{self._what(selection)}{self._verb(selection)}"

    def figure(self, how: str, field: str | None, selection: s.Selection) -> Wording:
        which, verb = self._which(selection), self._verb(selection)
        named = words.FIELDS[field].zh if field else ""
        match how:
            case "first" | "last":
                return Wording(f"{which}{'首次' if how == 'first' else '最近'}{verb}于 ", "")
            case "distinct":
                return Wording(f"{which}{verb}涉及 ", f" 个不同{named}")
        size = {"sum": "合计", "avg": "平均", "max": "最高", "min": "最低"}[how]
        return Wording(f"{which}{verb}{size}{named} ", "")

    def said(self, number: int, windows: tuple[s.Window, ...]) -> Wording:  # noqa: ARG002
        return Wording(f"{self._when(windows)}说到“", " 天", "” ")

    def unsaid(self, node: s.Says) -> str:
        return f"{self._when(node.windows)}没有说到{'、'.join(f'“{word}”' for word in node.words)}"

    def tag(self, name: str) -> str:
        return f"标签“{name}”"

    def no_tag(self, name: str) -> str:
        return f"无标签“{name}”"

    def label(self, name: str) -> str:
        return f"{name}："

    def column(self, word: words.Word) -> str:
        return f"{word.zh}："

    def related(self, number: int, node: s.Related) -> Wording:  # noqa: ARG002
        measure, noun = _BESIDE_ZH[words.RELATED[node.how].among]
        return Wording("", f" {measure}{noun}{self._bracket(node)}")

    def unrelated(self, node: s.Related) -> str:
        return f"没有{_BESIDE_ZH[words.RELATED[node.how].among][1]}{self._bracket(node)}"

    def stated(self, node: s.Bridges | s.Consents | s.InAudience) -> tuple[str, str]:
        match node:
            case s.Bridges():
                pair = f"“{node.one}”与“{node.other}”"
                return f"同属{pair}", f"不同属{pair}"
            case s.Consents():
                what = f"{node.channel}渠道的“{node.purpose}”" if node.channel else f"“{node.purpose}”"
                return f"已授权{what}", f"未授权{what}"
        return f"在人群“{node.name}”中", f"不在人群“{node.name}”中"

    def _bracket(self, node: s.Related) -> str:
        return f"（{'；'.join(beside_text(test, words.RELATED[node.how].among, self) for test in node.tests)}）" * bool(
            node.tests
        )

    def to(self, condition: str) -> str:
        """What is asked of the other person."""
        return f"对方满足：{condition}"

    def then(self, node: s.Then) -> str:
        """What follows an event, or does not."""
        what = f"{self._what(node.selection)}{self._verb(node.selection)}"
        after = f"之后 {node.window.amount} {self._units[node.window.unit]}内"
        return f"{after}{'没有' if node.never else '有'}{what}"

    def word(self, word: words.Word) -> str:
        """What a field is called."""
        return word.zh

    def _verb(self, selection: s.Selection) -> str:
        said = []
        for kind in selection.kinds:
            about = words.kind_words(kind)
            said.append((about.received_zh or f"收到{about.zh}") if selection.received else about.zh)
        verb = "或".join(said)
        match selection.tests:
            case (s.Holds(value=s.Name(name="category"), options=(only,)),):
                return f"{verb}“{only.value}”"
        return verb

    def _which(self, selection: s.Selection) -> str:
        return self._when(selection.windows) + self._what(selection)

    def _what(self, selection: s.Selection) -> str:
        match selection.tests:
            case (s.Holds(value=s.Name(name="category"), options=(_,)),) | ():
                return ""
        return f"（{'，'.join(self._test(test) for test in selection.tests)}）"

    def _test(self, test: s.Node) -> str:
        match test:
            case s.Holds(value=s.Name(name=name)):
                return f"{words.FIELDS[name].zh}含{'或'.join(f'“{option.value}”' for option in test.options)}"
            case s.Between(value=s.Name(name="hour"), low=s.Number(value=low), high=s.Number(value=high)):
                return f"{low}–{high} 点"
            case s.Compare(left=s.Name(name=name), right=s.Text(value=value)):
                return f"{words.FIELDS[name].zh} {test.op} {value}"
            case s.Compare(left=s.Name(name=name), right=s.Number(value=number)):
                return f"{words.FIELDS[name].zh} {test.op} {number}"
            case s.OneOf(value=s.Name(name="weekday"), options=(s.Number(value=first), s.Number(value=second))) if {
                first,
                second,
            } == WEEKEND:
                return "周末"
            case s.Then():
                return self.then(test)
        return event_text(test)

    def _when(self, windows: tuple[s.Window, ...]) -> str:
        match span(windows):
            case (older, within):
                return f"{older.amount}–{within.amount} {self._units[within.unit]}前"
        said = ""
        for window in windows:
            unit = self._units[window.unit]
            said += f"{window.amount} {unit}前" if window.older else f"{window.amount} {unit}内"
        return said


class _Beside(Protocol):
    """What beside_text needs of a language."""

    def to(self, condition: str) -> str:
        """What is asked of the other person."""

    def word(self, word: words.Word) -> str:
        """What a field is called."""


def beside_text(test: s.Node, among: words.Among, language: _Beside) -> str:
    """A condition on a row beside the person: its field by name, the rest as it is written."""
    match test:
        case s.To():
            return language.to(text(test.item))
        case s.Compare(left=s.Name(name=name), right=s.Text(value=value) | s.Number(value=value)):
            return f"{language.word(words.WORDS[among][name])} {test.op} {value}"
    return event_text(test)


def span(windows: tuple[s.Window, ...]) -> tuple[s.Window, s.Window] | None:
    """The older and the newer border of two windows that make a span: 14 to 74 days ago."""
    match sorted(windows, key=lambda window: not window.older):
        case [s.Window(older=True) as older, s.Window(older=False) as within] if older.unit == within.unit:
            return older, within
    return None


ENGLISH, CHINESE = English(), Chinese()
