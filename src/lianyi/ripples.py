"""Ripples of a workspace: plan whom to ask first, whose word carries, whom to pass something on to.

E.g. `ws.ripples.plan(people=20)`, `ws.ripples.influence(rising=True)`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from lianyi import influence
from lianyi.errors import InputError, NotFound
from lianyi.insight import zone
from lianyi.insight.ripples.planning import Request

if TYPE_CHECKING:
    from lianyi.insight.ripples.advice import Receiver
    from lianyi.insight.ripples.planning import SeedPlan
    from lianyi.workspace import Workspace

Say = Callable[[str, float | None], None]
Row = dict[str, Any]
ORDERS = {
    "reached": "reached DESC", "latest": "last_at DESC", "revenue": "revenue DESC NULLS LAST", "depth": "depth DESC",
    "r_now": "r_now DESC NULLS LAST",
}  # fmt: skip
# What a plan reads of the tables; people must be built, the rest as far as it is.
READ = ("people", "ties", "spread", "spread_factors", "memberships")

NEXT = """
SELECT n.*, p.name FROM (SELECT * FROM next_people WHERE ripple_id = ?) AS n
LEFT JOIN people AS p ON p.person_id = n.person_id ORDER BY n.rank
"""


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

    def largest(self, *, kind: str | None = None, limit: int = 50, skip: int = 0, by: str = "reached") -> list[Row]:
        """Rows of table `ripples` with the `title` of the thing (None where it has none, or it is no thing), by one of
        ORDERS. InputError for another order, NotFound before a refresh."""
        if by not in ORDERS:
            raise InputError(f"by: {by!r} is no order of ripples; there are {', '.join(ORDERS)}")
        self._workspace.needs("ripples")
        where = "WHERE kind = ?" if kind else ""
        page = f"SELECT * FROM ripples {where} ORDER BY {ORDERS[by]}, ripple_id LIMIT ? OFFSET ?"
        query = f"{self._titled(page)} ORDER BY {ORDERS[by]}, ripple_id"
        return self._workspace.rows(query, [*([kind] if kind else []), limit, skip])

    def one(self, ripple_id: str) -> Row:
        """One row of table `ripples` with `title`, its `generations` and, as far as they are made, its `forecasts` and
        `next_people` (rows of that table with names, the likeliest first; none where it no longer runs)."""
        self._workspace.needs("ripples")
        found = self._workspace.rows(self._titled("SELECT * FROM ripples WHERE ripple_id = ?"), [ripple_id])
        if not found:
            raise NotFound(f"no ripple {ripple_id!r}; see: lianyi ripples")
        generations = "SELECT * FROM ripple_generations WHERE ripple_id = ? ORDER BY generation"
        forecasts = 'SELECT * FROM forecasts WHERE ripple_id = ? ORDER BY "at"'
        made = self._workspace.states()
        return {
            **found[0],
            "generations": self._workspace.rows(generations, [ripple_id]),
            "forecasts": self._workspace.rows(forecasts, [ripple_id]) if "forecasts" in made else [],
            "next_people": self._workspace.rows(NEXT, [ripple_id]) if {"next_people", "people"} <= set(made) else [],
        }

    def began(self, since: datetime, until: datetime, *, limit: int = 5) -> list[Row]:
        """Rows of `ripples` with `title` that began in [since, until) and reached anybody, the widest first."""
        self._workspace.needs("ripples")
        chosen = (
            "SELECT * FROM ripples WHERE began_at >= ? AND began_at < ? AND reached > 0 "
            "ORDER BY reached DESC, ripple_id LIMIT ?"
        )
        query = f"{self._titled(chosen)} ORDER BY reached DESC, ripple_id"
        return self._workspace.rows(query, [since, until, limit])

    def titles(self, ripple_ids: Sequence[str]) -> dict[str, Row]:
        """kind, name and title of each of these ripples, by id."""
        marks = ", ".join("?" for _ in ripple_ids) or "NULL"
        query = f"SELECT ripple_id, kind, name FROM ripples WHERE ripple_id IN ({marks})"
        return {row["ripple_id"]: row for row in self._workspace.rows(self._titled(query), list(ripple_ids))}

    def branches(self, ripple_id: str, *, most: int = 400) -> list[Row]:
        """The people of a ripple with the most others behind them, rows of `arrivals` with names. Whoever is in the
        answer has the parent in it too, for a parent has more people behind than a child."""
        return self._workspace.rows(
            """
            SELECT a.*, p.name FROM (
                SELECT * FROM arrivals WHERE ripple_id = ? AND len(flags) = 0
                ORDER BY reach DESC, generation, "at", person_id LIMIT ?
            ) AS a LEFT JOIN people AS p ON p.person_id = a.person_id
            ORDER BY a.reach DESC, a.generation, a."at", a.person_id
            """,
            [ripple_id, most],
        )

    def forecasts(self, ripple_id: str | None = None) -> list[Row]:
        """How good forecasts were, a row per point and kind; or, of one ripple, each forecast and what became of it."""
        from lianyi.insight.ripples.forecasting import record

        self._workspace.needs("forecasts")
        return self._workspace.rows(
            record.SCORES if ripple_id is None else record.OF_RIPPLE, [ripple_id] if ripple_id else []
        )

    def influence(self, *, topic: str = "", rising: bool = False, limit: int = 50, skip: int = 0) -> list[Row]:
        """Whose word carries: people by how many are expected to come through them, each with a sentence.

        topic: one of `topics()`. rising: only who brings more than before. InputError for a topic that is not there.
        """
        return influence.listed(self._workspace, topic=topic, rising=rising, limit=limit, offset=skip)

    def topics(self) -> list[Row]:
        """Topics of which influence is known: topic, people, most (reach of the first)."""
        return influence.topics(self._workspace)

    def _titled(self, ripples: str) -> str:
        """SQL: the same rows with what the thing is called."""
        if "things" not in self._workspace.states():
            return f"SELECT r.*, CAST(NULL AS VARCHAR) AS title FROM ({ripples}) AS r"
        return (
            f"SELECT r.*, t.title FROM ({ripples}) AS r LEFT JOIN things AS t "
            "ON t.object_key = r.name AND r.kind IN ('content', 'share')"
        )

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
