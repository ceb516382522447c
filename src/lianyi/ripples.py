"""Ripples of a workspace: plan whom to ask first, and whom to pass something on to. `ws.ripples.plan(people=20)`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lianyi.errors import NotFound
from lianyi.insight import zone
from lianyi.insight.ripples.planning import Request

if TYPE_CHECKING:
    from lianyi.insight.ripples.advice import Receiver
    from lianyi.insight.ripples.planning import SeedPlan
    from lianyi.workspace import Workspace

Say = Callable[[str, float | None], None]
# What a plan reads of the tables; people must be built, the rest as far as it is.
READ = ("people", "ties", "spread", "spread_factors", "memberships")


class Ripples:
    """What spreads among the people of one workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def plan(self, *, say: Say = lambda _message, _done: None, **request: Any) -> SeedPlan:
        """Whom to ask first; arguments are the fields of insight.ripples.planning.Request.

        E.g. plan(people=20), plan(budget=5000, costs={"kols": 200, "customers": 20}, goal="revenue"). Incentives may
        be plain mappings. InputError names the rule that can't be kept; NotFound says which table is missing.
        """
        return self.plans([request], say=say)[0]

    def plans(
        self, requests: Sequence[Mapping[str, Any]], *, say: Say = lambda _message, _done: None
    ) -> list[SeedPlan]:
        """Several plans on the same tables: what if the budget were twice as large? Each from its own request."""
        from lianyi.insight.ripples.planning.crowd import read_crowd
        from lianyi.insight.ripples.planning.making import make
        from lianyi.insight.ripples.planning.network import number_people, read_network

        asked = [Request.from_data(_plain(request)) for request in requests]
        states = self._workspace.states()
        if "people" not in states:
            raise NotFound("table people is not built yet; run: lianyi refresh")
        today = zone.local_day(states["people"].as_of, self._workspace.settings.timezone)
        tables = frozenset(name for name in READ if name in states)
        made = []
        with self._workspace.engine() as engine:
            for name in sorted(tables):
                engine.register(name, self._workspace.store.files(states[name]))
            say("reading", 0.05)
            number_people(engine)
            for request in asked:
                network = read_network(engine, tables, topic=request.topic, incentive=request.incentive)
                crowd = read_crowd(engine, tables, request, network.people, today=today)
                made.append(make(network, crowd, request, threads=self._workspace.settings.threads or 2, say=say))
        return made

    def receivers(
        self, key_or_id: str, *, thing: str | None = None, category: str | None = None, best: int = 5
    ) -> list[Receiver]:
        """Whom this person should pass a thing on to, the best first; empty where the person knows nobody.

        thing: an object key or a campaign; category: what it is, where no share of it tells. NotFound for somebody who
        is not there.
        """
        from lianyi.insight.ripples import advice

        person = self._workspace.person(key_or_id).person_id
        state = self._workspace.states().get("arrivals")
        if state is None:
            raise NotFound("table arrivals is not built yet; run: lianyi refresh")
        with self._workspace.engine() as engine:
            engine.register("arrivals", self._workspace.store.files(state))
            return advice.receivers(engine, person, thing=thing, category=category, at=state.as_of, best=best)


def _plain(request: Mapping[str, Any]) -> dict[str, Any]:
    """Incentives given as objects become mappings, as JSON has them."""
    from dataclasses import asdict, is_dataclass

    values = dict(request)
    given = values.get("incentives", ())
    values["incentives"] = [
        asdict(item) if is_dataclass(item) and not isinstance(item, type) else item for item in given
    ]
    return values
