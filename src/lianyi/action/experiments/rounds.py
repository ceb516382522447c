"""The round that tells the log who has which place in the journeys that hold people out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from lianyi.action.experiments.assigning import Place, Trial, tell
from lianyi.action.experiments.control import current
from lianyi.action.experiments.models import Told
from lianyi.insight.effects.words import JOURNEY
from lianyi.workspace import Workspace

PAGE = 2_000
EVERY = timedelta(seconds=10)
# Enrolments get their numbers before they are seen by others; those of unfinished transactions must not be passed over.
SETTLED = timedelta(minutes=1)


@dataclass(kw_only=True)
class Assignments:
    """The round of journeys' assignments, see action.rounds.Round. Two at once tell the same events, which is once."""

    name: str = "assignments"

    def due(self, now: datetime) -> bool:
        """Somebody has come into a journey since."""
        from lianyi.action.journeys.models import Enrolment

        told = Told.objects.filter(name=JOURNEY).first()
        if told is not None and told.due_at is not None and told.due_at > now:
            return False
        last = told.enrolment if told else 0
        return bool(Enrolment.objects.filter(pk__gt=last, entered_at__lte=now - SETTLED).exists())

    def work(self, workspace: Workspace, now: datetime, stop: Callable[[], bool]) -> bool:
        """A page of enrolments."""
        from lianyi.action.journeys.engine import holdouts
        from lianyi.action.journeys.models import Enrolment

        if stop():
            return False
        told, _new = Told.objects.get_or_create(name=JOURNEY)
        rows = list(
            Enrolment.objects.filter(pk__gt=told.enrolment, entered_at__lte=now - SETTLED)
            .order_by("pk")
            .values_list("pk", "journey_id", "journey__name", "number", "person_id", "state", "entered_at", "nth")[
                :PAGE
            ]
        )
        by_trial: dict[Trial, list[Place]] = defaultdict(list)
        shares = {version: holdouts(*version) for version in {(row[1], row[3]) for row in rows}}
        for _pk, journey, name, number, person, state, at, nth in rows:
            share = shares[journey, number]
            if share > 0 and nth == 0 and person:
                trial = Trial(kind=JOURNEY, name=name, share=1 - share)
                by_trial[trial].append(Place(person_id=person, held=state == Enrolment.State.HELD, at=at))
        control = current()
        for trial, places in by_trial.items():
            tell(workspace, trial, places, control, now=now)
        more = len(rows) == PAGE
        last = rows[-1][0] if rows else told.enrolment
        Told.objects.filter(pk=told.pk).update(enrolment=last, due_at=None if more else now + EVERY)
        return more
