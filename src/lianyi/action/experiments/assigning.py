"""Arms, told to the log: an event about each person of both arms at the moment when their place takes hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from lianyi.action.experiments.control import Control
from lianyi.insight.effects.words import CONTROL, TREATMENT, experiment_of
from lianyi.memory.events import Event
from lianyi.workspace import Workspace

SOURCE = "lianyi"


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One experiment. kind, name: e.g. campaign, spring. share: of treatment."""

    kind: str
    name: str
    share: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """One person's place. held: in the control arm. cluster: the community that was assigned as a whole, "" = none."""

    person_id: str
    held: bool
    at: datetime
    cluster: str = ""


def tell(ws: Workspace, trial: Trial, places: Sequence[Place], control: Control, *, now: datetime) -> int:
    """Put these places into the inbox; how many. People of the global control group take no part: nothing would reach
    them in either arm. An event is named by experiment and person, so that telling twice is telling once."""
    part = [one for one in places if not control.holds(one.person_id)]
    keys = _keys(ws, [one.person_id for one in part])
    events = [_event(trial, one, keys[one.person_id]) for one in part if one.person_id in keys]
    if events:
        ws.inbox.put_now(events, received_at=now)
    return len(events)


def _event(trial: Trial, place: Place, key: str) -> Event:
    experiment = experiment_of(trial.kind, trial.name)
    props = {
        "experiment": experiment, "of": trial.kind, "arm": CONTROL if place.held else TREATMENT, "share": trial.share,
        **({"cluster": place.cluster} if place.cluster else {}),
    }  # fmt: skip
    return Event(
        id=f"assigned:{experiment}/{place.person_id}", at=place.at, kind="assigned", source=SOURCE, target_key=key,
        campaign=trial.name if trial.kind == "campaign" else None, props=props,
    )  # fmt: skip


def _keys(ws: Workspace, people: Iterable[str]) -> Mapping[str, str]:
    """The first key of each person whom the tables know."""
    rows = ws.look_up("people", list(dict.fromkeys(people)), columns=["person_id", "keys"]).to_pylist()
    return {row["person_id"]: row["keys"][0] for row in rows if row["keys"]}
