"""Where staff or providers decide who is really reached: what offering brought, and what reaching brought.

Intention to treat compares as assigned and is always unbiased. The effect on those who are reached because they were
assigned (complier average causal effect, CACE; Angrist, Imbens & Rubin 1996, JASA 91) is that divided by the difference
in shares reached. It needs that being assigned does nothing without being reached.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from lianyi.insight.effects.estimates import CONFIDENCE, Estimate, Floats, estimated, unknown
from lianyi.insight.effects.means import Sums, difference

# Below this F of the first stage the interval by the delta method does not hold (Staiger & Stock 1997).
WEAK = 10.0


def complier_effect(treated: Sums, control: Sums, *, confidence: float = CONFIDENCE) -> Estimate:
    """CACE. y of the sums: outcome; x: reached (0 or 1). Error by the delta method over both differences."""
    reached = difference(_of_x(treated), _of_x(control), confidence=confidence)
    offered = difference(treated, control, confidence=confidence)
    if not (reached.known and offered.known) or reached.estimate == 0:
        return unknown(treated=treated.n, control=control.n, method="cace", confidence=confidence)
    value = offered.estimate / reached.estimate
    parts = []
    for arm in (treated, control):
        yy, xx, xy = arm.variances()
        parts.append(max(yy - 2 * value * xy + value * value * xx, 0.0) / arm.n)
    f = math.inf if reached.se == 0 else (reached.estimate / reached.se) ** 2
    return estimated(
        value, math.sqrt(sum(parts)) / abs(reached.estimate), treated=treated.n, control=control.n, method="cace",
        df=offered.df, confidence=confidence, flags=("weak_first_stage",) if f < WEAK else (),
    )  # fmt: skip


def anderson_rubin(
    treated: Sums, control: Sums, *, confidence: float = CONFIDENCE, values: Floats | None = None
) -> tuple[float, float]:
    """Bounds of the CACE that hold however few are reached (Anderson & Rubin 1949): all effects b for which y - b·x
    does not differ between the arms. Infinite where no value on that side is ruled out."""
    centre = complier_effect(treated, control, confidence=confidence)
    if not centre.known:
        return -math.inf, math.inf
    grid = values if values is not None else centre.estimate + centre.se * np.linspace(-40, 40, 8001)
    fits = [b for b in grid if _rest(treated, control, float(b), confidence)]
    if not fits:
        return math.nan, math.nan
    low = -math.inf if fits[0] == grid[0] else float(fits[0])
    return low, math.inf if fits[-1] == grid[-1] else float(fits[-1])


def bounded_complier_effect(treated: Sums, control: Sums, *, confidence: float = CONFIDENCE) -> Estimate:
    """CACE with the interval that holds: by the delta method, or Anderson and Rubin's where few were reached."""
    found = complier_effect(treated, control, confidence=confidence)
    if not (found.known and "weak_first_stage" in found.flags):
        return found
    low, high = anderson_rubin(treated, control, confidence=confidence)
    return replace(found, low=low, high=high)


def _rest(treated: Sums, control: Sums, b: float, confidence: float) -> bool:
    rest = [
        Sums(n=arm.n, y=arm.y - b * arm.x, yy=arm.yy - 2 * b * arm.xy + b * b * arm.xx) for arm in (treated, control)
    ]
    found = difference(rest[0], rest[1], confidence=confidence)
    return found.low <= 0 <= found.high


def _of_x(arm: Sums) -> Sums:
    return Sums(n=arm.n, y=arm.x, yy=arm.xx)
