"""Rules of a group as data: what is measured, from where on it is acted, in which steps; and keeping their versions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max

from lianyi.action.operation.models import Ruleset
from lianyi.errors import InputError

MODES = ("off", "dry", "live")
# Rising; each holds what stands before it, and from `remove` on the message goes.
LADDER = ("warn", "remove", "mute", "expel")
# Whose first step is a warning; others begin with removal.
MILD = frozenset({"flood", "copied", "link"})
LANGUAGES = ("zh", "en")
LONGEST = 4_000


@dataclass(frozen=True, kw_only=True)
class Rules:
    """mode: off; dry = only the queue sees it; live = acted on, rules and welcomes are posted. Adverts are acted on
    from the chance `act_from`, and put before a person from `ask_from`; newcomers have limits of their own for
    newcomer_hours or their first newcomer_messages, and may post links only with newcomer_links. flood: messages of
    one person within a minute; copies: of the same text in a day. Strikes count for strike_days. exempt: keys that are
    never judged, beside the group's moderators and staff."""

    mode: str = "dry"
    act_from: float = 0.95
    ask_from: float = 0.6
    newcomer_act_from: float = 0.9
    newcomer_ask_from: float = 0.45
    newcomer_hours: int = 72
    newcomer_messages: int = 3
    newcomer_links: bool = False
    flood: int = 8
    copies: int = 3
    mute_minutes: int = 60
    strike_days: int = 30
    exempt: tuple[str, ...] = ()

    def step(self, reasons: set[str], strikes: int) -> str:
        """The measure for these reasons by who was acted against so often before."""
        first = 0 if reasons <= MILD else 1
        return LADDER[min(first + strikes, len(LADDER) - 1)]


def read(given: Mapping[str, Any]) -> Rules:
    """Rules from plain data; InputError says which is wrong and what is allowed."""
    known = {field.name: field.default for field in fields(Rules)}
    values: dict[str, Any] = {}
    for name, value in given.items():
        value = "off" if name == "mode" and value is False else value  # as YAML reads it
        if name not in known:
            raise InputError(f"{name}: no such rule; there are {', '.join(known)}")
        values[name] = _typed(name, value, known[name])
    made = Rules(**values)
    if made.mode not in MODES:
        raise InputError(f"mode: {made.mode!r}; write one of {', '.join(MODES)}")
    if not made.ask_from <= made.act_from or not made.newcomer_ask_from <= made.newcomer_act_from:
        raise InputError("ask_from must not lie above act_from: what is acted on was asked about before")
    if made.newcomer_act_from > made.act_from or made.newcomer_ask_from > made.ask_from:
        raise InputError("newcomers' limits must not lie above those of members: they are screened harder")
    return made


def _typed(name: str, value: Any, usual: Any) -> Any:
    if isinstance(usual, bool):
        if not isinstance(value, bool):
            raise InputError(f"{name}: {value!r}; write true or false")
        return value
    if isinstance(usual, float):
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0.05 <= value <= 1:
            raise InputError(f"{name}: {value!r}; write a chance from 0.05 to 1")
        return float(value)
    if isinstance(usual, int):
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 100_000:
            raise InputError(f"{name}: {value!r}; write a whole number from 1 to 100000")
        return value
    if isinstance(usual, tuple):
        if not isinstance(value, list | tuple) or not all(isinstance(one, str) and ":" in one for one in value):
            raise InputError(f"{name}: {value!r}; write a list of keys like matrix:@ann:example.cn")
        return tuple(value)
    if not isinstance(value, str) or len(value) > 300:
        raise InputError(f"{name}: {value!r}; write a text of at most 300 characters")
    return value


def current(group_key: str) -> Ruleset | None:
    """The version that holds in a group: its own, else that of all groups; None where there is none."""
    own = Ruleset.objects.filter(group_key=group_key).order_by("-version").first()
    return own or Ruleset.objects.filter(group_key="").order_by("-version").first()


def all_current() -> list[Ruleset]:
    """The versions that hold, that of all groups first."""
    newest: dict[str, Ruleset] = {}
    for row in Ruleset.objects.order_by("group_key", "-version"):
        newest.setdefault(row.group_key, row)
    return list(newest.values())


def versions(group_key: str) -> list[Ruleset]:
    """All versions of a group's own rules, the newest first."""
    return list(Ruleset.objects.filter(group_key=group_key).order_by("-version"))


def rules_of(ruleset: Ruleset) -> Rules:
    """Its measures, read."""
    return read(ruleset.measures)


def is_live(group_key: str) -> bool:
    """Whether an operator turned acting on in this very group."""
    ruleset = current(group_key)
    return ruleset is not None and ruleset.group_key == group_key and rules_of(ruleset).mode == "live"


def publish(
    group_key: str, *, says: Mapping[str, str], measures: Mapping[str, Any], account: str, by: str, now: datetime,
    welcome: Mapping[str, str] | None = None,
) -> Ruleset:  # fmt: skip
    """A new version. Where its text differs from the last one it is posted in the group once that is live, and members
    are asked to agree anew. InputError says what is wrong."""
    if group_key and not group_key.startswith("group:"):
        raise InputError(f"group_key: {group_key!r}; write one like group:matrix/!room:example.cn, or nothing for all")
    texts, greeting = _texts("says", says), _texts("welcome", welcome or {})
    if not texts:
        raise InputError("says: write what members agree to, in zh, en or both")
    held = {**asdict(read(measures))}
    held["exempt"] = list(held["exempt"])
    if held["mode"] == "live" and not (group_key and account):
        raise InputError("mode: live is for one group with the channel that acts in it; rules for all others are dry")
    with transaction.atomic():
        own = Ruleset.objects.filter(group_key=group_key)
        last = own.order_by("-version").first()
        version = (own.aggregate(n=Max("version"))["n"] or 0) + 1
        same = last if last is not None and last.says == texts else None
        posts = held["mode"] == "live" and not (same and same.posted_id)
        return Ruleset.objects.create(
            group_key=group_key, version=version, text_version=same.text_version if same else version, says=texts,
            welcome=greeting, measures=held, account=account, by=by, made_at=now,
            posted_id=same.posted_id if same else "", post_next_at=now if posts else None,
        )  # fmt: skip


def _texts(name: str, given: Mapping[str, str]) -> dict[str, str]:
    texts = {language: text.strip() for language, text in given.items() if text.strip()}
    if set(texts) - set(LANGUAGES) or any(len(text) > LONGEST for text in texts.values()):
        raise InputError(f"{name}: write texts in zh, en or both, at most {LONGEST} characters each")
    return texts


def text_of(texts: Mapping[str, str], language: str) -> str:
    """What members read, in a language where there is one."""
    short = "zh" if language.startswith("zh") else "en"
    return str(texts.get(short) or next(iter(texts.values()), ""))
