"""A plan: whom to ask, what will come of it and how sure that is, how many are enough, and why each person."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from lianyi.errors import InputError
from lianyi.insight.kernels import Doubles, Ints
from lianyi.insight.ripples.planning import reasons
from lianyi.insight.ripples.planning.answer import Forecast, Line, Seed, SeedPlan
from lianyi.insight.ripples.planning.crowd import NO_COMMUNITY, Crowd
from lianyi.insight.ripples.planning.network import Network
from lianyi.insight.ripples.planning.request import SOURCES, Incentive, Request
from lianyi.insight.ripples.spread import Choice, Curve, Offers, Rules, Seeded, Simulator, choose_robust, seeded
from lianyi.insight.ripples.spread import plan as measure

Say = Callable[[str, float | None], None]
RUNS = 1000
RUNS_AT_BOUNDS = 300
DRAWS = 40  # of the chances, where it was learned how uncertain they are
MEAN_DELAY = 0.6  # days between being told and passing on: 4.5 hours in the middle, with a long tail
ENOUGH = 0.9
ASKED = Incentive(name="")


def make(
    network: Network, crowd: Crowd, request: Request, *, threads: int = 1, say: Say = lambda _message, _done: None
) -> SeedPlan:
    """Choose, measure, simulate, explain. Equal input, equal plan. InputError: a rule can't be kept."""
    say("choosing", 0.3)
    rules = _rules(crowd, request)
    choice, robust = _chosen(network, crowd, rules, request, threads)
    say("comparing", 0.6)
    measured = measure(
        network.graph, rules, worth=crowd.worth, seed=request.seed, threads=threads, epsilon=request.epsilon,
        choice=choice,
    )  # fmt: skip
    choice = measured.choice
    say("simulating", 0.8)
    forecast = _forecast(network, choice, measured.curve, rules, request, robust=robust, threads=threads)
    say("explaining", 0.95)
    seeds = _seeds(network, crowd, choice, measured.curve, rules, request)
    return SeedPlan(
        request=request, seeds=seeds, forecast=forecast, curve=_line(measured.curve),
        rivals={name: _line(curve) for name, curve in measured.rivals.items()}, enough=measured.enough(ENOUGH),
        cost=sum(seed.cost for seed in seeds), left_out=dict(crowd.left_out),
        asked_of=int(np.count_nonzero(crowd.allowed)), people=len(network.people), arcs=network.known,
        basis=network.basis, notes=_notes(network, crowd, request),
    )  # fmt: skip


def _rules(crowd: Crowd, request: Request) -> Rules:
    most = _by_number(request.most, crowd)
    if request.most_each is not None:
        most = dict.fromkeys(range(len(crowd.communities)), request.most_each) | most
    limits: dict[str, Any] = {
        "people": request.people, "budget": request.budget, "forbidden": ~crowd.allowed, "community": crowd.community,
        "most": most, "least": _by_number(request.least, crowd),
    }  # fmt: skip
    if not request.incentives:
        return Rules(**limits, cost=crowd.cost)
    person = np.flatnonzero(crowd.allowed).astype(np.int32)
    return Rules(**limits, offers=_offers(person, crowd.cost[person], request.incentives))


def _offers(person: Ints, cost: Doubles, incentives: Sequence[Incentive]) -> Offers:
    """Each incentive to each person; offer number = incentive × people + place of the person."""
    count = len(person)
    return Offers(
        person=np.tile(person, len(incentives)),
        cost=np.concatenate([cost + incentive.cost for incentive in incentives]),
        acceptance=np.repeat([incentive.acceptance for incentive in incentives], count),
        boost=np.repeat([incentive.boost for incentive in incentives], count),
    )


def _by_number(quota: Mapping[str, int], crowd: Crowd) -> dict[int, int]:
    unknown = [community for community in quota if community not in crowd.communities]
    if unknown:
        raise InputError(f"no community {unknown[0]!r}; table communities lists them")
    return {crowd.communities.index(community): seeds for community, seeds in quota.items()}


def _chosen(
    network: Network, crowd: Crowd, rules: Rules, request: Request, threads: int
) -> tuple[Choice | None, float | None]:
    """The choice for the worst case and the part of the best that it is sure of; None: to be chosen for the mean."""
    if not request.robust:
        return None, None
    lower, upper = network.bounds
    found = choose_robust(
        lower, upper, rules, epsilon=request.epsilon, worth=crowd.worth, seed=request.seed, threads=threads
    )
    return found.choice, found.robust


def _forecast(
    network: Network, choice: Choice, curve: Curve, rules: Rules, request: Request, *,
    robust: float | None, threads: int,
) -> Forecast:  # fmt: skip
    accept = boost = np.ones(len(choice.people))
    if rules.offers is not None:
        accept, boost = rules.offers.acceptance[choice.items], rules.offers.boost[choice.items]
    start = seeded(choice.people, accept, boost)
    simulator = Simulator(network.graph, seed=request.seed, threads=threads)
    outcome = simulator.run(start, RUNS)
    ends = _ends(network, start, request.seed, threads) / outcome.mean
    in_time = None
    if request.horizon is not None:
        delay = np.full(len(network.people), MEAN_DELAY)
        plain = seeded(choice.people, accept)
        by_then = simulator.run_in_time(plain, RUNS_AT_BOUNDS, delay=delay, moments=np.array([request.horizon]))
        in_time = float(by_then.mean())
    reach = float(curve.reach[-1])
    few, many = outcome.range(0.9)
    last = int(np.flatnonzero(outcome.generations)[-1]) + 1 if outcome.generations.any() else 1
    return Forecast(
        reach=reach, low=reach * ends[0], high=reach * ends[1], people=outcome.mean, people_low=few, people_high=many,
        in_time=in_time, generations=tuple(outcome.generations[:last].tolist()), certified=choice.certified,
        robust=robust,
    )  # fmt: skip


def _ends(network: Network, start: Seeded, seed: int, threads: int) -> Doubles:
    """Between which expected reaches the truth lies with 90 %: over draws of the chances where their doubt was learned,
    else with all chances at their lower, and all at their upper bounds."""
    graphs = list(network.draws(DRAWS, seed=seed)) or network.bounds
    reach = [Simulator(graph, seed=seed, threads=threads).run(start, RUNS_AT_BOUNDS).mean for graph in graphs]
    return np.asarray(np.quantile(reach, (0.05, 0.95) if len(reach) > 2 else (0.0, 1.0)), dtype=np.float64)


def _seeds(
    network: Network, crowd: Crowd, choice: Choice, curve: Curve, rules: Rules, request: Request
) -> tuple[Seed, ...]:
    """Added reach is read from the fresh sample; alone from the choosing one."""
    people = choice.people.tolist()
    facts = reasons.ties_of(network.ties, crowd, people, topic=request.topic is not None)
    adds = np.diff(curve.reach)
    count = int(np.count_nonzero(crowd.allowed))
    seeds = []
    for place, person in enumerate(people):
        item = int(choice.items[place])
        incentive = request.incentives[item // count] if rules.offers is not None else ASKED
        said = _amount(float(choice.alone[place] if place == 0 else adds[place]))
        why_en, why_zh = reasons.sentence(facts[place], said, first=place == 0, topic=request.topic)
        number = int(crowd.community[person])
        seeds.append(
            Seed(
                person_id=network.people[person].as_py(), name=crowd.names[person].as_py(),
                source=SOURCES[crowd.source[person]], incentive=incentive.name,
                cost=float(crowd.cost[person]) + incentive.cost, alone=float(choice.alone[place]),
                adds=float(adds[place]), community=None if number == NO_COMMUNITY else crowd.communities[number],
                why_en=why_en, why_zh=why_zh,
            )
        )  # fmt: skip
    return tuple(seeds)


def _amount(value: float) -> str:
    return f"{value:,.1f}" if value < 10 else f"{value:,.0f}"


def _line(curve: Curve) -> Line:
    return Line(reach=tuple(curve.reach.tolist()), low=tuple(curve.low.tolist()), high=tuple(curve.high.tolist()))


def _notes(network: Network, crowd: Crowd, request: Request) -> tuple[tuple[str, str], ...]:
    notes = list(network.notes)
    if crowd.worth_note is not None:
        notes.append(crowd.worth_note)
    if request.horizon is not None:
        notes.append((
            f"In time: each person waits {MEAN_DELAY:g} days on average before passing it on.",
            f"时限内触达：假设每人平均等待 {MEAN_DELAY:g} 天后才转发。",
        ))  # fmt: skip
    return tuple(notes)
