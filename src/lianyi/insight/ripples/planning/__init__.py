"""Planning a ripple: whom to ask, under which rules, and what will come of it. See docs/methods/seeding.md.

Here stand question and answer; what works it out (network, crowd, making) loads the kernels and is imported late.
"""

from lianyi.insight.ripples.planning.answer import Forecast, Line, Seed, SeedPlan
from lianyi.insight.ripples.planning.request import Incentive, Request

__all__ = ["Forecast", "Incentive", "Line", "Request", "Seed", "SeedPlan"]
