"""How many people a second journeys move on, beside a bare UPDATE loop over the same rows in the same run.

    python benchmarks/journeys.py [--people 200000] [--folder DIR]

Both work on one SQLite file of a workspace. `peer` does what no engine can do with less: for each page of the same size
it selects the ids that are due and updates step, time and trail, in one transaction a page. `stepping` is the engine:
it claims, decides, writes where people are now, their trail, and the figures of the step. Steps: a wait that is over, a
split, and a goal. `sending` also puts a contact for each person into the outbox.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from datetime import timedelta
from pathlib import Path

PAGE = 5_000
STEPS = "- {do: wait, id: day, for: 1 day}\n- {do: split, id: ab, arms: [{name: a}, {name: b}]}\n- {do: goal, id: g}\n"
SENDS = "- {do: wait, id: day, for: 1 day}\n- {do: send, id: hello, content: hello, channel: hook}\n"


def main() -> None:
    """Run and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--people", type=int, default=200_000)
    arguments.add_argument("--folder", type=Path)
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        measure(Path(folder) / "bench", options.people)


def measure(folder: Path, people: int) -> None:
    """All three, one after the other."""
    from lianyi.settings import Settings
    from lianyi.workspace import Workspace

    ws = Workspace.create(folder, Settings(memory_mb=1024))
    from lianyi.doors.console.start import prepare

    prepare(folder)
    from lianyi.action.journeys import neighbours
    from lianyi.action.journeys.models import Enrolment
    from lianyi.action.work import queue

    neighbours.channels = lambda: ["hook"]  # type: ignore[assignment]
    neighbours.content_version = lambda _name: 1  # type: ignore[assignment]
    now = queue.clock()
    began = time.perf_counter()
    fill("steps", STEPS, people, now)
    spent = time.perf_counter() - began
    print(f"people {people:,}; load {os.getloadavg()[0]:.1f}; let in {people / spent:,.0f}/s")
    later = now + timedelta(days=1)
    bare = peer(later)
    print(f"peer, bare UPDATE: {bare:,.0f} people/s a step")
    reset("steps", now)
    ours = stepping(ws, later, steps=3)
    print(f"stepping:          {ours:,.0f} people/s a step; {ours / bare:.2f} of the peer")
    Enrolment.objects.all().delete()
    fill("sends", SENDS, people // 4, now)
    print(f"sending:           {stepping(ws, later, steps=2):,.0f} people/s a step, every other step a contact")


def fill(name: str, steps: str, people: int, now: object) -> None:
    """A running journey with people at its first step."""
    from lianyi.action.journeys import versions
    from lianyi.action.journeys.engine import current_flow
    from lianyi.action.journeys.enrolling import PAGE as COMING
    from lianyi.action.journeys.enrolling import Comer, enrol

    text = f"journey: {name}\ntriggers: [{{by: api}}]\nsteps:\n{steps}"
    journey = versions.apply(text, by="bench", now=now).journey  # type: ignore[arg-type]
    versions.start(journey, now=now)  # type: ignore[arg-type]
    flow = current_flow(journey)
    for start in range(0, people, COMING):
        comers = [
            Comer(person_id=f"p{number:08}", cause="bench", at=now)  # type: ignore[arg-type]
            for number in range(start, min(start + COMING, people))
        ]
        enrol(journey, flow, comers, now=now, matching=lambda _text, ids: set(ids))  # type: ignore[arg-type]


def reset(name: str, now: object) -> None:
    """Everybody back at the first step, as they came."""
    from lianyi.action.journeys.models import Enrolment

    due = now + timedelta(days=1)  # type: ignore[operator]
    Enrolment.objects.filter(journey__name=name).update(
        step="day", since=now, due_at=due, parked=True, trail="", worker=""
    )


def peer(now: object) -> float:
    """The bare loop: people a second for one step."""
    from django.db import transaction
    from django.db.models import F, TextField, Value
    from django.db.models.functions import Concat

    from lianyi.action.journeys.models import Enrolment

    moved, began = 0, time.perf_counter()
    trail = Concat(F("trail"), Value("day@1764000000\n"), output_field=TextField())
    while True:
        with transaction.atomic():
            due = Enrolment.objects.filter(state="going", due_at__lte=now, step="day").order_by("due_at", "id")
            ids = list(due.values_list("id", flat=True)[:PAGE])
            for start in range(0, len(ids), 1_000):
                some = Enrolment.objects.filter(id__in=ids[start : start + 1_000])
                moved += some.update(step="ab", since=now, due_at=now, trail=trail)
        if not ids:
            return moved / (time.perf_counter() - began)


def stepping(ws: object, now: object, *, steps: int) -> float:
    """The engine: moves a second, each of one person by one step."""
    from lianyi.action.journeys.engine import Engine
    from lianyi.action.journeys.models import Enrolment

    people = Enrolment.objects.filter(state="going").count()
    engine, began, moved = Engine(workspace=ws), time.perf_counter(), 0  # type: ignore[arg-type]
    while done := engine.step(now).people:  # type: ignore[arg-type]
        moved += done
    assert moved == people * steps, (moved, people)
    return moved / (time.perf_counter() - began)


if __name__ == "__main__":
    main()
