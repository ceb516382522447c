"""Tag rules: read from YAML, checked, put in an order in which each comes after the tags it asks for.

- tag: night_owl
  zh: 夜猫子
  en: Night owl
  when: count(message|reply, hour between 22 and 5) / count(message|reply) > 0.5 and count(message|reply) >= 5
  weight: count(message|reply, hour between 22 and 5) / count(message|reply)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from graphlib import CycleError, TopologicalSorter
from importlib import resources
from pathlib import Path
from typing import Any, Literal

import yaml

from lianyi.errors import BadRule, SensitiveTag
from lianyi.insight.conditions import parse, text
from lianyi.insight.conditions import syntax as s
from lianyi.insight.conditions.tokens import problem
from lianyi.insight.conditions.vocabulary import LATE_COLUMNS
from lianyi.insight.people.tags.sensitive import sensitive_in

Source = Literal["rule", "keyword", "compound"]
FIELDS = ("tag", "zh", "en", "when", "weight", "about_zh", "about_en", "sensitive", "disabled")
BASIS = "separate consent"
MAX_NAME = 60


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One tag and when people have it. consent: the purpose that they must have granted a consent for, '' for none.
    origin: the file it comes from."""

    tag: str
    zh: str
    en: str
    when: s.Node
    weight: s.Node | None = None
    about_zh: str = ""
    about_en: str = ""
    consent: str = ""
    origin: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """All that the tag is called."""
        return tuple(dict.fromkeys((self.tag, self.zh, self.en)))

    @property
    def source(self) -> Source:
        """keyword: from what people say; compound: from other tags alone; rule: all else."""
        parts = [part for part in s.walk(self.when) if isinstance(part, s.Says | s.HasTag | s.Name | s.Aggregate)]
        if any(isinstance(part, s.Says) for part in parts):
            return "keyword"
        return "compound" if all(isinstance(part, s.HasTag) for part in parts) else "rule"

    @property
    def condition(self) -> str:
        """The rule as a line of the language."""
        return text(self.when)


@cache
def shipped_rules() -> tuple[Rule, ...]:
    """The rules that come with Lianyi."""
    folder = resources.files(__package__) / "shipped"
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".yaml")), key=lambda file: file.name)
    found = [rule for file in files for rule in _read(file.name, file.read_text(encoding="utf-8")).values() if rule]
    return in_order(found)


def read_rules(folder: Path) -> tuple[Rule, ...]:
    """The shipped rules with those of a brand's tags/*.yaml: one of the same tag replaces, `disabled: true` takes away.

    BadRule names file, entry and place; SensitiveTag the class of information that a rule points to.
    """
    rules: dict[str, Rule] = {rule.tag: rule for rule in shipped_rules()}
    own: dict[str, str] = {}
    for file in sorted(folder.glob("*.y*ml")):
        for tag, rule in _read(file.name, file.read_text(encoding="utf-8")).items():
            if tag in own:
                raise BadRule(f"{file.name}: tag {tag!r} stands in {own[tag]} already; keep one of them")
            own[tag] = file.name
            if rule is None:
                rules.pop(tag, None)
            else:
                rules[tag] = rule
    return in_order(rules.values())


def in_order(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """The rules, each after the tags it asks for. BadRule names two rules of one name, and circles."""
    named = names_of(rules := tuple(rules))
    by_tag = {rule.tag: rule for rule in rules}
    # sorted: sets of texts have another order in every process, and the order of rules must not
    graph = {rule.tag: sorted({named[tag].tag for tag in s.tags_in(rule.when) if tag in named}) for rule in rules}
    try:
        return tuple(by_tag[tag] for tag in TopologicalSorter(graph).static_order())
    except CycleError as error:
        raise BadRule(
            f"tags ask for each other in a circle: {' -> '.join(error.args[1])}; break it in one rule"
        ) from error


def names_of(rules: Sequence[Rule]) -> Mapping[str, Rule]:
    """Each rule by its tag and its names in both languages."""
    named: dict[str, Rule] = {}
    for rule in rules:
        for name in rule.names:
            other = named.setdefault(name, rule)
            if other is not rule:
                raise BadRule(
                    f"{rule.origin}: tag {rule.tag!r} and tag {other.tag!r} ({other.origin}) are both called {name!r}; "
                    "rename one"
                )
    return named


def _read(name: str, content: str) -> dict[str, Rule | None]:
    """The rules of one file by tag; None for one that is disabled."""
    try:
        entries = yaml.safe_load(content)
    except yaml.YAMLError as error:
        raise BadRule(f"{name}: {error}") from error
    if entries is None:
        return {}
    if not isinstance(entries, list):
        raise BadRule(f"{name}: holds no list; write entries that begin with `- tag: …`")
    found: dict[str, Rule | None] = {}
    for number, entry in enumerate(entries, 1):
        tag, rule = _entry(f"{name}, entry {number}", entry)
        if tag in found:
            raise BadRule(f"{name}, entry {number}: tag {tag!r} stands in this file already; keep one of them")
        found[tag] = rule
    return found


def _entry(place: str, entry: Any) -> tuple[str, Rule | None]:
    if not isinstance(entry, dict):
        raise BadRule(f"{place}: is no mapping; write `- tag: …` with `when: …` below")
    unknown = sorted(str(key) for key in entry if key not in FIELDS)
    if unknown:
        hint = "; a condition with a comma between { } is cut there, put it in quotes" if ")" in unknown[0] else ""
        raise BadRule(f"{place}: unknown field {unknown[0]!r}; there are {', '.join(FIELDS)}{hint}")
    tag = _name(place, entry, "tag")
    if entry.get("disabled") is True:
        return tag, None
    place = f"{place} (tag {tag!r})"
    zh, en = (_name(place, entry, language) if entry.get(language) else tag for language in ("zh", "en"))
    when = _condition(place, entry, "when")
    weight = _condition(place, entry, "weight") if "weight" in entry else None
    consent = _allowed(place, entry.get("sensitive"), (tag, zh, en), *(part for part in (when, weight) if part))
    return tag, Rule(
        tag=tag, zh=zh, en=en, when=when, weight=weight, consent=consent, origin=place.split(",")[0],
        about_zh=str(entry.get("about_zh", "")), about_en=str(entry.get("about_en", "")),
    )  # fmt: skip


def _name(place: str, entry: Mapping[str, Any], field: str) -> str:
    value = entry.get(field)
    if not isinstance(value, str) or not 1 <= len(" ".join(value.split())) <= MAX_NAME:
        raise BadRule(f"{place}: {field} = {value!r}; write a text of 1 to {MAX_NAME} characters")
    return " ".join(value.split())


def _condition(place: str, entry: Mapping[str, Any], field: str) -> s.Node:
    value = entry.get(field)
    if not isinstance(value, str | int | float) or isinstance(value, bool) or not str(value).strip():
        raise BadRule(f"{place}: {field} is missing or no text; write a condition such as `orders >= 2`")
    try:
        tree = parse(str(value), number=field == "weight")
        not_late(tree, str(value))
    except BadRule as error:
        raise BadRule(f"{place}, {field}, {error}") from error
    return tree


def not_late(tree: s.Node, source: str) -> None:
    """BadRule where a condition asks for what is only known after the tags: ties, communities, value, audiences."""
    for part in s.walk(tree):
        late = isinstance(part, s.Name) and part.name in LATE_COLUMNS
        if late or isinstance(part, s.Related | s.Bridges | s.InAudience):
            raise problem(
                source,
                part.place,
                "ties, communities, ripples, stage, value and audiences are worked out after the tags, so no tag can "
                "ask for them; "
                "make an audience of it",
            )


def _allowed(place: str, basis: Any, names: tuple[str, ...], *conditions: s.Node) -> str:
    """The purpose of the consent that a sensitive rule rests on, '' for a rule that is not sensitive."""
    found = sensitive_in(names, *conditions)
    if found is None:
        return ""
    word, kind = found
    what = f"{place}: {word!r} points to {kind.name} ({kind.zh})"
    if kind.closed:
        raise SensitiveTag(f"{what}; Lianyi makes no tags on this, whatever the basis. Take the rule out")
    if basis is None:
        raise SensitiveTag(
            f"{what}, which is refused by default. If each person has given a separate consent for it (PIPL 29), add\n"
            f"  sensitive: {{basis: {BASIS}, purpose: <purpose of the consent>, why: <text>}}"
        )
    if not isinstance(basis, dict) or basis.get("basis") != BASIS or not basis.get("purpose") or not basis.get("why"):
        raise SensitiveTag(f"{what}; `sensitive` must state `basis: {BASIS}`, `purpose` and `why`, not {basis!r}")
    return str(basis["purpose"])
