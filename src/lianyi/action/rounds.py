"""Work that is never over: audiences that follow the log, journeys that go on, contacts that wait to be sent.

Each is a round, done again and again in the process of doors.operations, in a thread of its own, so that one that is
slow or fails holds up no other. The process is started when something is due and ends when nothing was for a while.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from lianyi.workspace import Workspace


class Round(Protocol):
    """One kind of work. Several processes may do rounds of one kind at once: what is taken on is claimed first, by a
    conditional UPDATE whose count is checked."""

    name: str

    def due(self, now: datetime) -> bool:
        """Whether there is anything to do. Asked every second: one quick query."""

    def work(self, workspace: Workspace, now: datetime, stop: Callable[[], bool]) -> bool:
        """Do a portion of about a second, looking at `stop` between safe points. True: there is more to do at once."""


def rounds() -> tuple[Round, ...]:
    """All kinds of rounds. Django must be set up."""
    from lianyi.action.audiences.following import AudienceRound
    from lianyi.action.campaigns.sending import Campaigns
    from lianyi.action.channels.rounds import Returns
    from lianyi.action.contacts.sending import Sending
    from lianyi.action.experiments.rounds import Assignments
    from lianyi.action.inbox.rounds import Inbox
    from lianyi.action.journeys.rounds import Journeys
    from lianyi.action.operation.rounds import Operation
    from lianyi.action.reports.sending import Reports
    from lianyi.action.rewards.rounds import Settling

    outwards = (Sending(), Journeys(), Campaigns(), Settling(), Operation(), Inbox(), Reports())
    return (AudienceRound(), Returns(), Assignments(), *outwards)
