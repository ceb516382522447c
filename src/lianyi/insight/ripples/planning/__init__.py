"""Planning a ripple: whom to ask, under which rules, and what will come of it. See docs/methods/seeding.md."""

from lianyi.insight.ripples.planning.crowd import Crowd, read_crowd
from lianyi.insight.ripples.planning.making import Forecast, Line, Seed, SeedPlan, make
from lianyi.insight.ripples.planning.network import Network, number_people, read_network
from lianyi.insight.ripples.planning.request import Incentive, Request

__all__ = [
    "Crowd",
    "Forecast",
    "Incentive",
    "Line",
    "Network",
    "Request",
    "Seed",
    "SeedPlan",
    "make",
    "number_people",
    "read_crowd",
    "read_network",
]
