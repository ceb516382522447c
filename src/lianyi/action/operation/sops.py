"""SOPs as configuration: what is said in groups by itself, at a word, a coming, a time or a festival, in steps.

One SOP holds in all groups that it was copied to; templates are a start for new ones. What runs is in running.py.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cache
from importlib import resources
from typing import Any
from zoneinfo import ZoneInfo

import yaml
from django.db import transaction
from django.db.models import Count

from lianyi.action.channels.kinds import kind_of
from lianyi.action.channels.models import Account
from lianyi.action.operation.models import Run, Sop
from lianyi.action.policy import clock
from lianyi.errors import InputError, NotFound
from lianyi.insight.demand.scenes.festivals import TITLES, of_year
from lianyi.workspace import Workspace

TRIGGERS = ("word", "new_member", "new_group", "periodic", "festival")
TIMED = frozenset({"periodic", "festival"})
GOALS = ("message", "reply", "reaction", "agreed", "order")
FESTIVALS = tuple(TITLES)
STEPS, LONGEST, GROUPS = 10, 4_000, 1_000
CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """An SOP as somebody writes it. trigger: see TRIGGERS. words: for `word`. days: weekdays 1 (Monday) to 7 of
    `periodic`, none = every day; names of festivals of `festival`. clock: HH:MM of both. steps: each with `text` and
    `after` (minutes after the one before). {who}, {group} and {rules} in a text are filled in. goal: kind (of GOALS)
    and count: when members did so much since it began, the rest is not said. rest_minutes: so long after a run the same
    words start no other one in that group."""

    name: str
    trigger: str
    account: str
    steps: Sequence[Mapping[str, Any]]
    words: Sequence[str] = ()
    days: Sequence[Any] = ()
    clock: str = ""
    goal: Mapping[str, Any] = field(default_factory=dict)
    rest_minutes: int = 10
    groups: Sequence[str] = ()


@cache
def templates() -> dict[str, dict[str, dict[str, Any]]]:
    """What the package brings, by language and name, as Wanted has it but for name, account and groups."""
    text = resources.files("lianyi.action.operation").joinpath("templates.yaml").read_text(encoding="utf-8")
    made: dict[str, dict[str, dict[str, Any]]] = yaml.safe_load(text)
    return made


def template(name: str, language: str) -> dict[str, Any]:
    """One of them; NotFound names all."""
    known = templates()["zh" if language.startswith("zh") else "en"]
    if name not in known:
        raise NotFound(f"there is no template {name!r}; there are {', '.join(known)}")
    return known[name]


def by_id(sop_id: int) -> Sop:
    """NotFound where there is none."""
    found = Sop.objects.filter(pk=sop_id).first()
    if found is None:
        raise NotFound(f"there is no SOP {sop_id}; `lianyi sops` lists them")
    return found


def keep(ws: Workspace, wanted: Wanted, *, by: str, now: datetime) -> Sop:
    """Make it, or change the one of this name; groups are added. InputError says what is wrong."""
    _check(wanted)
    _check_account(wanted.account)
    values = {
        "trigger": wanted.trigger, "account": wanted.account, "words": [word.strip() for word in wanted.words],
        "days": list(wanted.days), "clock": wanted.clock, "goal": dict(wanted.goal),
        "rest_minutes": wanted.rest_minutes,
        "steps": [{"text": str(one["text"]), "after": int(one.get("after", 0))} for one in wanted.steps],
    }  # fmt: skip
    with transaction.atomic():
        sop, _new = Sop.objects.update_or_create(
            name=wanted.name.strip(), defaults=values, create_defaults={**values, "by": by, "made_at": now}
        )
        sop.next_at = next_time(sop, ws.settings.timezone, after=now)
        sop.save(update_fields=["next_at"])
        copy(sop, wanted.groups, now=now)
    return sop


def copy(sop: Sop, groups: Sequence[str], *, now: datetime) -> int:
    """Let it hold in more groups; in how many of them it is new. Of a `new_group` SOP these are the new groups."""
    fresh = [key for key in dict.fromkeys(groups) if key not in sop.groups]
    wrong = [key for key in fresh if not key.startswith("group:") or len(key) > 512]
    if wrong:
        raise InputError(f"groups: {wrong[0]!r}; write keys like group:matrix/!room:example.cn")
    if len(sop.groups) + len(fresh) > GROUPS:
        raise InputError(f"groups: at most {GROUPS} for one SOP")
    sop.groups = [*sop.groups, *fresh]
    sop.save(update_fields=["groups"])
    if sop.trigger == "new_group" and sop.is_on:
        for key in fresh:
            begin(sop, key, occasion="copied", now=now)
    return len(fresh)


def turn(sop: Sop, *, on: bool, now: datetime) -> None:
    """Off: what runs ends, and nothing begins."""
    sop.is_on = on
    sop.save(update_fields=["is_on"])
    if not on:
        sop.runs.filter(ended_at__isnull=True).update(ended_at=now, due_at=None, why=Run.Why.STOPPED)


def begin(
    sop: Sop, group_key: str, *, occasion: str, now: datetime, actors: Sequence[str] = (), answers: str = ""
) -> None:
    """Start it on one occasion, once."""
    key, values = _begun(sop, group_key, occasion, now)
    Run.objects.get_or_create(key=key, defaults={**values, "actors": list(actors), "answers": answers})


def begin_all(sop: Sop, *, occasion: str, now: datetime) -> None:
    """Start it on one occasion in all of its groups, once in each."""
    begun = [_begun(sop, group_key, occasion, now) for group_key in sop.groups]
    Run.objects.bulk_create([Run(key=key, **values) for key, values in begun], ignore_conflicts=True, batch_size=50)


def _begun(sop: Sop, group_key: str, occasion: str, now: datetime) -> tuple[str, dict[str, Any]]:
    return f"{sop.pk}/{group_key}/{occasion}"[:700], {
        "sop": sop, "account": sop.account, "group_key": group_key, "began_at": now,
        "due_at": now + timedelta(minutes=sop.steps[0]["after"]),
    }  # fmt: skip


def next_time(sop: Sop, zone: str, *, after: datetime) -> datetime | None:
    """When the clock starts it next; None for others. Festivals are looked for within 400 days."""
    if sop.trigger not in TIMED:
        return None
    at = time.fromisoformat(sop.clock)
    today = after.astimezone(ZoneInfo(zone)).date()
    for offset in range(400):
        day = today + timedelta(days=offset)
        moment = clock.moment(datetime.combine(day, at), zone)
        if moment > after and _is_day(sop, day):
            return moment
    return None


def _is_day(sop: Sop, day: date) -> bool:
    if sop.trigger == "periodic":
        return not sop.days or day.isoweekday() in sop.days
    return any(name in sop.days and when == day for name, when in of_year(day.year))


def _check(wanted: Wanted) -> None:
    if not wanted.name.strip() or len(wanted.name) > 100:
        raise InputError("name: write a name of at most 100 characters")
    if wanted.trigger not in TRIGGERS:
        raise InputError(f"trigger: {wanted.trigger!r}; write one of {', '.join(TRIGGERS)}")
    _check_steps(wanted.steps)
    if wanted.trigger == "word" and not any(len(word.strip()) >= 2 for word in wanted.words):
        raise InputError("words: write at least one word of two characters or more")
    if wanted.trigger in TIMED and not CLOCK.fullmatch(wanted.clock):
        raise InputError(f"clock: {wanted.clock!r}; write a time like 09:30")
    allowed: Sequence[Any] = range(1, 8) if wanted.trigger == "periodic" else FESTIVALS
    if wanted.trigger in TIMED and not all(day in allowed for day in wanted.days):
        raise InputError(f"days: {list(wanted.days)!r}; write some of {', '.join(map(str, allowed))}")
    if wanted.trigger == "festival" and not wanted.days:
        raise InputError("days: write at least one festival")
    count = wanted.goal.get("count", 1)
    if wanted.goal and (wanted.goal.get("kind") not in GOALS or not _whole(count, 1, 100_000)):
        raise InputError(f"goal: {dict(wanted.goal)!r}; write kind (one of {', '.join(GOALS)}) and count")


def _check_account(name: str) -> None:
    able = [one.name for one in Account.objects.order_by("name") if hasattr(kind_of(one.kind).door(), "acting")]
    if name not in able:
        known = f"write one of {', '.join(able)}" if able else "set up a channel that acts in groups first, like Matrix"
        raise InputError(f"account: {name!r} is no channel that can speak in groups; {known}")


def _check_steps(steps: Sequence[Mapping[str, Any]]) -> None:
    if not 1 <= len(steps) <= STEPS:
        raise InputError(f"steps: write 1 to {STEPS} of them")
    for number, step in enumerate(steps, 1):
        text = step.get("text")
        if not isinstance(text, str) or not text.strip() or len(text) > LONGEST:
            raise InputError(f"steps: step {number} needs a text of at most {LONGEST} characters")
        if not _whole(step.get("after", 0), 0, 60 * 24 * 90):
            raise InputError(f"steps: after of step {number} must be minutes, a whole number, at most 90 days of them")


def _whole(value: Any, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def described(sop: Sop) -> dict[str, Any]:
    """An SOP as plain data, with how many of its runs are in which end."""
    names = ("id", "name", "trigger", "account", "words", "days", "clock", "steps", "goal", "rest_minutes", "groups",
             "is_on", "next_at", "by", "made_at")  # fmt: skip
    runs: dict[str, int] = {"going": 0, **dict.fromkeys(Run.Why.values, 0)}
    for row in sop.runs.order_by().values("why").annotate(n=Count("id")):
        runs[row["why"] or "going"] = row["n"]
    return {**{name: getattr(sop, name) for name in names}, "runs": runs}
