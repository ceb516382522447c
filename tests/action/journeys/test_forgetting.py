"""An erased person is in no journey, no task, and no list of strangers."""

from __future__ import annotations

import pytest

from lianyi.action import forgetting
from lianyi.action.journeys import tasks
from lianyi.action.journeys.models import Choice, Enrolment, Stranger, Task
from lianyi.errors import InputError
from lianyi.memory.draining import land
from lianyi.workspace import Workspace
from tests.action.journeys.conftest import NOW, Run
from tests.doors.standing import ANNA, BO

TEXT = """journey: tea
triggers: [{by: api}]
steps:
- {do: split, id: ab, arms: [{name: a}, {name: b}]}
- {do: task, id: ring, title: Ring them}
- {do: wait, id: day, for: 1 day}
"""


def test_erasure_reaches_journeys_and_tasks(run: Run, brand: Workspace) -> None:
    going = run(TEXT)
    anna, bo = brand.person(ANNA).person_id, brand.person(BO).person_id
    going.come(anna, bo)
    going.turn()
    Stranger.objects.create(happening="x", event={}, at=NOW, event_id="e", who=ANNA)
    forgetting.erase(brand, ANNA)
    assert set(Enrolment.objects.values_list("person_id", flat=True)) == {bo}
    assert set(Task.objects.values_list("person_id", flat=True)) == {bo}
    assert (Choice.objects.count(), Stranger.objects.count()) == (1, 0)


def test_a_task_that_is_done_stands_in_the_timeline_and_is_closed_once(run: Run, brand: Workspace) -> None:
    anna = brand.person(ANNA).person_id
    task = tasks.give(person_id=anna, title="Ring", text="", to="olga", due_at=None, by="olga", key="t1")
    tasks.close(brand, task, done=True, by="olga", note="wants green tea", now=brand.clock())
    land(brand.inbox, brand.lake, brand.clock())
    assert any(event["text"] == "Ring · wants green tea" for event in brand.timeline(ANNA))
    with pytest.raises(InputError, match="closed already by olga"):
        tasks.close(brand, task, done=False, by="ann", now=NOW)
