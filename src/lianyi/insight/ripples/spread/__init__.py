"""Spread of things over a graph: reverse-reachable sets, seeds with a certificate, forward simulation.

Pure kernels on arrays: no tables, no clock; randomness is a seed. docs/methods/seeding.md has formulas and sources.
"""

from lianyi.insight.ripples.spread.graph import Graph, from_arcs
from lianyi.insight.ripples.spread.plan import Curve, Plan, plan
from lianyi.insight.ripples.spread.reverse_reachable import Sampler, Sets
from lianyi.insight.ripples.spread.rows import Model
from lianyi.insight.ripples.spread.rules import Offers, Rules
from lianyi.insight.ripples.spread.seeds import Choice, choose
from lianyi.insight.ripples.spread.simulate import Seeded, Simulator, Spread, seeded
from lianyi.insight.ripples.spread.uncertain import RobustChoice, choose_robust

__all__ = [
    "Choice",
    "Curve",
    "Graph",
    "Model",
    "Offers",
    "Plan",
    "RobustChoice",
    "Rules",
    "Sampler",
    "Seeded",
    "Sets",
    "Simulator",
    "Spread",
    "choose",
    "choose_robust",
    "from_arcs",
    "plan",
    "seeded",
]
