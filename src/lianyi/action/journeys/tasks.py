"""Tasks of the team: seen, done, dropped. What is done is a note on the person."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q, QuerySet

from lianyi.action.journeys.models import Task
from lianyi.action.journeys.world import current_ids, keys_of
from lianyi.action.team.models import User
from lianyi.errors import InputError, NotFound
from lianyi.memory.events import Event
from lianyi.workspace import Workspace

State = Task.State


def of(user: User | None = None, *, state: str = State.OPEN) -> QuerySet[Task]:
    """Tasks in a state: all, or those that a member may take (theirs, or their role's)."""
    found = Task.objects.select_related("journey").filter(state=state)
    return found.filter(Q(to=user.name) | Q(to=user.role)) if user else found


def task_of(pk: int) -> Task:
    """One task. NotFound where there is none."""
    found = Task.objects.filter(pk=pk).first()
    if found is None:
        raise NotFound(f"there is no task {pk}; lianyi tasks lists them")
    return found


def give(*, person_id: str, title: str, text: str, to: str, due_at: datetime | None, by: str, key: str) -> Task:
    """A task that a member gives by hand. InputError: no title."""
    title = title.strip()
    if not title or len(title) > 200:
        raise InputError("title: write 1 to 200 characters")
    return Task.objects.create(
        key=key, person_id=person_id, title=title, text=text.strip(), to=to.strip() or "operator", due_at=due_at, by=by
    )


def close(workspace: Workspace, task: Task, *, done: bool, by: str, note: str = "", now: datetime) -> None:
    """Done or dropped, with a note. InputError where somebody has closed it already."""
    state = State.DONE if done else State.DROPPED
    changed = Task.objects.filter(pk=task.pk, state=State.OPEN).update(
        state=state, done_by=by, done_at=now, note=note.strip()
    )
    if not changed:
        raise InputError(f"this task was closed already by {Task.objects.get(pk=task.pk).done_by}")
    task.refresh_from_db()
    if task.person_id:
        _remember(workspace, task, now)


def _remember(workspace: Workspace, task: Task, now: datetime) -> None:
    """A note on the person's timeline: what was done, by whom."""
    person = current_ids(workspace, [task.person_id]).get(task.person_id, task.person_id)
    keys = keys_of(workspace, [person]).get(person)
    if keys:
        text = " · ".join(part for part in (task.title, task.note) if part)
        event = Event(
            id=f"task:{task.key}", at=now, kind="note", source="operator", target_key=keys[0], text=text,
            props={"by": task.done_by, "task": task.pk, "state": task.state},
        )  # fmt: skip
        workspace.inbox.put_now([event], received_at=now)
