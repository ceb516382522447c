"""Policies as YAML. What can't be read is named with its place; all mistakes at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import time
from enum import StrEnum
from typing import Any

import yaml

from lianyi.action.policy.rules import (
    DAYS,
    DAYS_IN_MONTH,
    NO_LIMIT,
    Cap,
    Confirm,
    Consent,
    Count,
    Needs,
    Per,
    Policy,
    Quiet,
    Rule,
    Spacing,
    Then,
    Window,
)
from lianyi.errors import BadRule

SECTIONS: Mapping[str, type[Rule]] = {
    "consent": Consent, "quiet_hours": Quiet, "caps": Cap, "windows": Window, "spacing": Spacing, "confirm": Confirm,
}  # fmt: skip
# Names in YAML that are words of Python.
AS_WRITTEN = {"start": "from"}
MOST_RULES = 100
MOST_TEXT = 100_000
_MISSING = object()


def read(text: str) -> Policy:
    """The policy of a YAML text. BadRule lists every mistake, each with its place and what is allowed."""
    if len(text) > MOST_TEXT:
        raise BadRule(f"the policy has {len(text):,} characters; at most {MOST_TEXT:,} are allowed")
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise BadRule(f"this is no YAML: {error}") from error
    return from_data(data)


def from_data(data: Any) -> Policy:
    """The policy of plain data, as YAML and JSON give it."""
    reader = _Reader()
    policy = reader.policy(data if data is not None else {})
    if reader.wrong:
        raise BadRule("\n".join(reader.wrong))
    return policy


def to_data(policy: Policy) -> dict[str, Any]:
    """The policy as plain data; what is as usual is left out."""
    data: dict[str, Any] = {}
    for name, kind in SECTIONS.items():
        rules = [_rule_data(kind, rule) for rule in getattr(policy, name)]
        if rules:
            data[name] = rules
    return {
        **data, "personalisation": policy.personalisation, "transactional": list(policy.transactional)
    }  # fmt: skip


def write(policy: Policy) -> str:
    """The policy as YAML, which reads back equal."""
    return str(yaml.safe_dump(to_data(policy), allow_unicode=True, sort_keys=False, width=120))


def _rule_data(kind: type[Rule], rule: Rule) -> dict[str, Any]:
    data = {}
    for each in fields(kind):
        value = getattr(rule, each.name)
        if value != each.default or each.name in {"most", "per", "needs"}:
            data[AS_WRITTEN.get(each.name, each.name)] = _plain(each.name, value)
    order = ("name", "from", "until", "most", "per", "count", "hours", "needs")
    return {**{name: data[name] for name in order if name in data}, **data}


def _plain(name: str, value: Any) -> Any:
    if value is None and name == "most":
        return NO_LIMIT
    if isinstance(value, time):
        return value.strftime("%H:%M")
    if isinstance(value, StrEnum):
        return str(value)
    return list(value) if isinstance(value, tuple) else value


@dataclass
class _Reader:
    """Reads and keeps count of what is wrong."""

    wrong: list[str] = field(default_factory=list)

    def policy(self, data: Any) -> Policy:
        usual = Policy()
        if not isinstance(data, Mapping):
            self.wrong.append(f"the policy must have sections: {', '.join(SECTIONS)}")
            return usual
        known = [*SECTIONS, "personalisation", "transactional"]
        self.wrong += [f"{name}: no such section; there are {', '.join(known)}" for name in data if name not in known]
        sections = {name: self.section(name, kind, data.get(name)) for name, kind in SECTIONS.items()}
        purpose = self.text("personalisation", data.get("personalisation", usual.personalisation))
        owed = self.texts("transactional", data.get("transactional", list(usual.transactional)))
        return Policy(**sections, personalisation=purpose or usual.personalisation, transactional=owed)

    def section(self, name: str, kind: type[Rule], entries: Any) -> tuple[Any, ...]:
        if entries is None:
            return ()
        if not isinstance(entries, Sequence) or isinstance(entries, str) or len(entries) > MOST_RULES:
            self.wrong.append(f"{name}: must be a list of at most {MOST_RULES} rules, each beginning with -")
            return ()
        rules = [self.rule(f"{name}[{number}]", kind, entry) for number, entry in enumerate(entries, start=1)]
        named = [rule.name for rule in rules if rule is not None and rule.name]
        self.wrong += [f"{name}: two rules are called {each!r}" for each in sorted(set(named)) if named.count(each) > 1]
        return tuple(rule for rule in rules if rule is not None)

    def rule(self, place: str, kind: type[Rule], entry: Any) -> Rule | None:
        if not isinstance(entry, Mapping):
            self.wrong.append(f"{place}: must have fields, e.g. {_EXAMPLES[kind]}")
            return None
        before = len(self.wrong)
        allowed = {AS_WRITTEN.get(each.name, each.name): each.name for each in fields(kind)}
        if kind in {Consent, Confirm}:
            del allowed["transactional"]  # never asked of messages that are owed, but by whoever asks for them
        for name in entry:
            if name not in allowed:
                self.wrong.append(f"{place}.{name}: no such field; there are {', '.join(allowed)}")
        values = {}
        for written, name in allowed.items():
            value = self.value(f"{place}.{written}", name, entry.get(written, _MISSING), needed=_needed(kind, name))
            if value is not _MISSING:
                values[name] = value
        if len(self.wrong) == before:
            self.together(place, values)
        return kind(**values) if len(self.wrong) == before else None

    def value(self, place: str, name: str, value: Any, *, needed: bool) -> Any:
        if value is _MISSING:
            if needed:
                self.wrong.append(f"{place}: is missing; {_ALLOWED[name]}")
            return _MISSING
        return _READ[name](self, place, value)

    def together(self, place: str, values: Mapping[str, Any]) -> None:
        if "start" in values and values["start"] == values["until"]:
            self.wrong.append(f"{place}: from and until are the same; to send nothing at all pause the queue")
        if values.get("most") == DAYS_IN_MONTH and values.get("per", Per.MONTH) is not Per.MONTH:
            self.wrong.append(f"{place}.most: {DAYS_IN_MONTH} goes with per: month only")

    # --- values ---------------------------------------------------------------------------------------------------

    def text(self, place: str, value: Any) -> str:
        if isinstance(value, str) and 0 < len(value.strip()) <= 60 and value.isprintable():
            return value.strip()
        self.wrong.append(f"{place}: {value!r} must be a text of 1 to 60 characters")
        return ""

    def texts(self, place: str, value: Any) -> tuple[str, ...]:
        if isinstance(value, str):
            value = [value]
        if not isinstance(value, Sequence):
            self.wrong.append(f"{place}: {value!r} must be a list of texts, e.g. [email, sms]")
            return ()
        return tuple(dict.fromkeys(self.text(place, each) for each in value))

    def clock(self, place: str, value: Any) -> time:
        # YAML 1.1 reads 21:00 without quotes as the number 1260, minutes of the day.
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 24 * 60:
            return time(value // 60, value % 60)
        match = re.fullmatch(r"([01]?[0-9]|2[0-3]):([0-5][0-9])", str(value))
        if match:
            return time(int(match[1]), int(match[2]))
        self.wrong.append(f"{place}: {value!r} must be a time from 00:00 to 23:59")
        return time()

    def days(self, place: str, value: Any) -> tuple[str, ...]:
        given = self.texts(place, value)
        self.wrong += [f"{place}: {day!r} is none of {', '.join(DAYS)}" for day in given if day and day not in DAYS]
        return tuple(day for day in DAYS if day in given)

    def most(self, place: str, value: Any) -> int | str | None:
        if value == NO_LIMIT:
            return None
        if value == DAYS_IN_MONTH and place.startswith("caps"):
            return DAYS_IN_MONTH
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 1_000_000:
            return value
        self.wrong.append(f"{place}: {value!r}; {_ALLOWED['most']}")
        return 0

    def hours(self, place: str, value: Any) -> float:
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= 24 * 366:
            return float(value)
        self.wrong.append(f"{place}: {value!r} must be a number of hours above 0, at most {24 * 366}")
        return 1.0

    def switch(self, place: str, value: Any) -> bool:
        if isinstance(value, bool):
            return value
        self.wrong.append(f"{place}: {value!r} must be true or false")
        return False

    def word(self, kind: type[StrEnum]) -> Callable[[str, Any], StrEnum]:
        def read_word(place: str, value: Any) -> StrEnum:
            if value in set(kind):
                return kind(value)
            self.wrong.append(f"{place}: {value!r} is none of {', '.join(kind)}")
            return next(iter(kind))

        return read_word


def _word(kind: type[StrEnum]) -> Callable[[_Reader, str, Any], StrEnum]:
    return lambda reader, place, value: reader.word(kind)(place, value)


_READ: Mapping[str, Callable[[_Reader, str, Any], Any]] = {
    "name": _Reader.text, "channels": _Reader.texts, "purposes": _Reader.texts, "transactional": _Reader.switch,
    "start": _Reader.clock, "until": _Reader.clock, "days": _Reader.days, "most": _Reader.most, "hours": _Reader.hours,
    "needs": _word(Needs), "per": _word(Per), "count": _word(Count), "then": _word(Then),
}  # fmt: skip
_ALLOWED: Mapping[str, str] = {
    "most": f"write a whole number (0 = none at all), {NO_LIMIT!r}, or in caps {DAYS_IN_MONTH!r}",
    "per": "write day, week or month",
    "hours": "write a number of hours",
    "needs": "write granted, not refused or nothing",
    "start": "write a time such as '21:00'",
    "until": "write a time such as '09:00'",
}
_EXAMPLES: Mapping[type[Rule], str] = {
    Consent: "- needs: granted", Quiet: "- from: '21:00'", Cap: "- most: 3", Window: "- hours: 48",
    Spacing: "- hours: 24", Confirm: "- channels: [wecom]",
}  # fmt: skip


def _needed(kind: type[Rule], name: str) -> bool:
    # A cap always says how many: leaving it out could be taken for none and for no limit.
    return name in {"per", "needs", "start", "until", "hours"} or (name == "most" and kind is Cap)
