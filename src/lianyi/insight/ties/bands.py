"""Strong, medium and weak: borders on the workspace's own distribution of strength, with hysteresis.

The borders are Otsu's (1979) for three classes: they part the living ties so that each band is as uniform as can be in
how often its pairs are expected to meet within the horizon, −ln(1 − strength). A tie changes its band only when it is
beyond the border by MARGIN, so that nobody flickers.
"""

from __future__ import annotations

import numpy as np

from lianyi.insight.kernels import Doubles

BANDS = ("weak", "medium", "strong")
# Ties this unlikely to be used again are weak whatever the others are, and do not draw the borders.
FAINT = 0.05
MARGIN = 0.25  # log-odds
BINS = 120
MOST = 5.0  # expected meetings
_FEW = 30
# Borders for workspaces with few ties: two in five and four in five, in log-odds.
_USUAL = (-0.405465, 1.386294)


def borders(counts: Doubles) -> tuple[float, float]:
    """(weak | medium, medium | strong) in log-odds, from how many ties lie in each of the BINS bins of meetings."""
    if counts.sum() < _FEW or np.count_nonzero(counts) < 3:
        return _USUAL
    middle = (np.arange(BINS) + 0.5) * MOST / BINS
    mass, moment = np.cumsum(counts), np.cumsum(counts * middle)
    first, second = np.triu_indices(BINS - 1, k=1)
    below = _between(mass[first], moment[first])
    inside = _between(mass[second] - mass[first], moment[second] - moment[first])
    above = _between(mass[-1] - mass[second], moment[-1] - moment[second])
    best = int(np.argmax(below + inside + above))
    edges = np.log(np.expm1((np.array([first[best], second[best]]) + 1) * MOST / BINS))  # meetings to log-odds
    return float(edges[0]), float(edges[1])


def _between(mass: Doubles, moment: Doubles) -> Doubles:
    return np.divide(moment**2, mass, out=np.zeros_like(moment), where=mass > 0)


def bin_sql(odds: str) -> str:
    """SQL: the bin of the meetings that log-odds expect, 0 to BINS − 1. (Far up, ln(1 + exp(odds)) is odds.)"""
    return f"CAST(floor(least({BINS - 1}e0, ln(1 + exp(least({odds}, 20e0))) * {BINS / MOST}e0)) AS INTEGER)"


def band_sql(odds: str, before: str, edges: tuple[float, float]) -> str:
    """SQL: the band of log-odds, given the band before (NULL where there was none)."""
    weak, strong = edges

    def at_least(edge: float, was: tuple[str, ...]) -> str:
        listed = ", ".join(f"'{band}'" for band in was)
        easier = f"CASE WHEN {before} IN ({listed}) THEN {edge - MARGIN:.6f}e0"
        return f"{odds} >= {easier} WHEN {before} IS NOT NULL THEN {edge + MARGIN:.6f}e0 ELSE {edge:.6f}e0 END"

    return (
        f"CASE WHEN {at_least(strong, ('strong',))} THEN 'strong' "
        f"WHEN {at_least(weak, ('medium', 'strong'))} THEN 'medium' ELSE 'weak' END"
    )
