"""Drafting, checking, starting, pausing, stopping campaigns. What is checked is what is sent: ids are written down."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from django.db import IntegrityError, transaction

from lianyi.action.campaigns.models import Campaign
from lianyi.action.experiments.clusters import communities
from lianyi.action.journeys import neighbours
from lianyi.action.journeys.document import clock
from lianyi.action.journeys.reading import Problem
from lianyi.errors import InputError, LianyiError, NotFound
from lianyi.insight.chance import chance
from lianyi.insight.effects.words import COMMUNITY, UNITS
from lianyi.workspace import Workspace

State = Campaign.State
FOLDER = "campaigns"
_KINDS: Mapping[str, tuple[type, ...]] = {
    "str": (str,), "float": (int, float), "bool": (bool,), "int": (int,), "datetime | None": (datetime, type(None)),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What is asked of a campaign; fields as of models.Campaign."""

    name: str
    audience: str
    content: str
    channel: str
    purpose: str = "marketing"
    holdout: float = 0.1
    unit: str = "person"
    at: datetime | None = None
    window: str = ""
    confirm: bool = False
    priority: int = 0


@dataclass(frozen=True, kw_only=True)
class Checked:
    """What a check found: all problems, and whom it would be for (None where the audience can't be read)."""

    problems: tuple[Problem, ...]
    people: int | None = None
    held: int | None = None
    as_of: datetime | None = None


def campaign_of(name: str) -> Campaign:
    """The campaign of this name. NotFound lists the last ones."""
    found = Campaign.objects.filter(name=name).first()
    if found is None:
        known = ", ".join(Campaign.objects.values_list("name", flat=True)[:20]) or "none yet"
        raise NotFound(f"there is no campaign {name!r}; there are: {known}")
    return found


def draft(data: Mapping[str, Any], *, by: str, new: bool = False) -> Campaign:
    """Write a campaign down, or (unless it must be `new`) change one that does not run yet. InputError: unusable
    fields, or it runs already."""
    asked = _draft(data)
    values = {field.name: getattr(asked, field.name) for field in fields(Draft) if field.name != "name"}
    known = Campaign.objects.filter(name=asked.name).first()
    if known is None:
        try:
            return Campaign.objects.create(name=asked.name, by=by, **values)
        except IntegrityError as error:
            raise InputError(f"{asked.name!r} was taken meanwhile") from error
    if new:
        raise InputError(f"there is a campaign {asked.name!r} already; choose another name")
    changed = Campaign.objects.filter(pk=known.pk, state__in=(State.DRAFT, State.CHECKED))
    if not changed.update(**values, state=State.DRAFT, people=None, as_of=None):
        raise InputError(f"campaign {asked.name!r} is {known.state}; make another one")
    known.refresh_from_db()
    return known


def _draft(data: Mapping[str, Any]) -> Draft:
    known = {field.name for field in fields(Draft)}
    for name in data:
        if name not in known:
            raise InputError(f"{name}: there is no such field; there are {', '.join(sorted(known))}")
    values = dict(data)
    if isinstance(values.get("at"), str):
        values["at"] = moment(values["at"]) if values["at"] else None
    for name in ("name", "audience", "content", "channel"):
        text = values.get(name)
        if not isinstance(text, str) or not text.strip():
            raise InputError(f"{name}: is missing")
        values[name] = text.strip()
    for field in fields(Draft):
        value = values.get(field.name, field.default)
        if not isinstance(value, _KINDS[str(field.type)]) or (isinstance(value, bool) and field.type != "bool"):
            raise InputError(f"{field.name}: {value!r} is no {field.type}")
    return Draft(**values)


def moment(text: str) -> datetime:
    """A time in ISO 8601 with its zone. InputError says what to write."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise InputError(f"at: {text!r} is no time; write e.g. 2026-11-11T09:00:00+08:00") from error
    if at.tzinfo is None:
        raise InputError(f"at: {text!r} has no time zone; add one, e.g. {text}+08:00")
    return at.astimezone(UTC)


def check(workspace: Workspace, campaign: Campaign, *, now: datetime) -> Checked:
    """All that is wrong, and whom it would be for. Without problems the people are written down and it is `checked`."""
    problems = [*_problems(campaign, now)]
    try:
        ids, as_of = neighbours.members(workspace, campaign.audience)
    except LianyiError as error:
        return Checked(problems=(Problem(path="audience", says=str(error)), *problems))
    try:
        clusters = communities(workspace, ids) if campaign.unit == COMMUNITY else {}
    except LianyiError as error:
        return Checked(problems=(Problem(path="unit", says=str(error)), *problems))
    held = sum(is_held(campaign, person, clusters.get(person, "")) for person in ids.to_pylist())
    if not len(ids):
        problems.append(Problem(path="audience", says=f"{campaign.audience!r} is empty as of {as_of:%Y-%m-%d %H:%M}"))
    if not problems:
        _write(
            workspace, campaign, ids, pa.array([clusters.get(person, "") for person in ids.to_pylist()], pa.string())
        )
        version = neighbours.content_version(campaign.content)
        rows = Campaign.objects.filter(pk=campaign.pk, state__in=(State.DRAFT, State.CHECKED))
        rows.update(state=State.CHECKED, people=len(ids), as_of=as_of, version=version, given=0, asked=0)
        campaign.refresh_from_db()
    return Checked(problems=tuple(problems), people=len(ids), held=held, as_of=as_of)


def _problems(campaign: Campaign, now: datetime) -> list[Problem]:
    found: list[Problem] = []

    def tried(path: str, attempt: Any) -> None:
        try:
            attempt()
        except LianyiError as error:
            found.append(Problem(path=path, says=str(error)))

    tried("content", lambda: neighbours.content_version(campaign.content))
    known = neighbours.channels
    tried("channel", lambda: neighbours.must_be(campaign.channel, known=known(), what="channel account"))
    if campaign.window:
        tried("window", lambda: window_of(campaign.window))
    if not 0 <= campaign.holdout < 1:
        found.append(Problem(path="holdout", says=f"{campaign.holdout} is no share; write 0 to less than 1"))
    if campaign.unit not in UNITS:
        found.append(Problem(path="unit", says=f"{campaign.unit!r} is none of {', '.join(UNITS)}"))
    if campaign.at is not None and campaign.at < now:
        found.append(Problem(path="at", says=f"{campaign.at:%Y-%m-%d %H:%M} UTC is over already"))
    if not campaign.purpose:
        found.append(Problem(path="purpose", says="is missing; write one word as consents name it"))
    return found


def window_of(text: str) -> tuple[str, str]:
    """`09:00-21:00` as its two times. InputError says what to write."""
    begin, dash, end = text.partition("-")
    if not dash:
        raise InputError(f"{text!r} is no window; write e.g. 09:00-21:00")
    clock(begin)
    clock(end)
    if begin == end:
        raise InputError(f"{text!r} begins when it ends")
    return begin, end


def is_held(campaign: Campaign, person_id: str, cluster: str = "") -> bool:
    """Whether this person gets nothing, so that there is somebody to compare with. Always the same. cluster: the
    community that is held out as a whole, as it was when the campaign was checked."""
    unit = cluster or person_id
    return campaign.holdout > 0 and chance(f"campaign/{campaign.name}", unit) < campaign.holdout


def start(campaign: Campaign, *, now: datetime) -> None:
    """Run it (from `at` on, where it has one). InputError: it is not checked, or not paused."""
    rows = Campaign.objects.filter(pk=campaign.pk)
    started = rows.filter(state=State.CHECKED).update(state=State.RUNNING, started_at=campaign.at or now)
    if not started and not rows.filter(state=State.PAUSED).update(state=State.RUNNING):
        raise InputError(f"{campaign.name} is {campaign.state}; check it first, then start it")
    campaign.refresh_from_db()


def pause(campaign: Campaign) -> None:
    """Give nothing more to the outbox; what is in it already can be paused there."""
    if not Campaign.objects.filter(pk=campaign.pk, state=State.RUNNING).update(state=State.PAUSED):
        raise InputError(f"{campaign.name} is {campaign.state}; only one that runs can be paused")
    campaign.refresh_from_db()


def stop(campaign: Campaign, *, now: datetime) -> int:
    """End it for good and take back what was not sent; how many contacts that were."""
    with transaction.atomic():
        rows = Campaign.objects.filter(pk=campaign.pk, state__in=(State.RUNNING, State.PAUSED, State.CHECKED))
        if not rows.update(state=State.STOPPED, ended_at=now):
            raise InputError(f"{campaign.name} is {campaign.state} already")
        taken = neighbours.take_back(campaign=campaign.name, now=now)
    campaign.refresh_from_db()
    return taken


def remove(workspace: Workspace, campaign: Campaign) -> None:
    """Throw away a campaign that never ran."""
    if not Campaign.objects.filter(pk=campaign.pk, state__in=(State.DRAFT, State.CHECKED)).delete()[0]:
        raise InputError(f"{campaign.name} is {campaign.state}; what ran is kept")
    path_of(workspace, campaign).unlink(missing_ok=True)


# --- whom it is for -------------------------------------------------------------------------------------------------


def path_of(workspace: Workspace, campaign: Campaign) -> Path:
    """The file with the ids of a campaign's people."""
    return workspace.folder / FOLDER / f"{campaign.pk}.parquet"


def _write(workspace: Workspace, campaign: Campaign, ids: pa.Array, clusters: pa.Array) -> None:
    path = path_of(workspace, campaign)
    path.parent.mkdir(exist_ok=True)
    fresh = path.with_suffix(f".{os.getpid()}")
    pq.write_table(pa.table({"person_id": ids, "cluster": clusters}), fresh, compression="zstd")
    fresh.replace(path)


def people_of(workspace: Workspace, campaign: Campaign) -> pa.Array:
    """The ids of a campaign's people, sorted, as they were checked; those erased since are empty."""
    return _read(workspace, campaign, "person_id")


def clusters_of(workspace: Workspace, campaign: Campaign) -> pa.Array:
    """The community of each of people_of as it was then, empty where people are held out one by one."""
    if campaign.unit != COMMUNITY:
        return pa.repeat(pa.scalar("", pa.string()), pq.read_metadata(_written(workspace, campaign)).num_rows)
    return _read(workspace, campaign, "cluster")


def _read(workspace: Workspace, campaign: Campaign, column: str) -> pa.Array:
    return pq.read_table(_written(workspace, campaign), columns=[column])[column].combine_chunks()


def _written(workspace: Workspace, campaign: Campaign) -> Path:
    path = path_of(workspace, campaign)
    if not path.exists():
        raise InputError(f"whom {campaign.name} is for is not written down; check it again")
    return path


def forget(workspace: Workspace, person_ids: set[str]) -> int:
    """Take people out of all campaigns; in how many they were. Their places stay, so that nobody is passed over."""
    changed = 0
    for campaign in Campaign.objects.exclude(state=State.DRAFT):
        if not path_of(workspace, campaign).exists():
            continue
        ids = people_of(workspace, campaign)
        gone = pc.is_in(ids, value_set=pa.array(sorted(person_ids), pa.string()))
        if pc.any(gone).as_py():
            _write(workspace, campaign, pc.if_else(gone, "", ids), clusters_of(workspace, campaign))
            changed += 1
    return changed
