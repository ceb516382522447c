"""Shares of groups: with Wilson's 95 % range (Wilson 1927), and whether one lies apart from everybody's.

A group is `apart` where its range lies below four fifths of everybody's share or above five quarters of it (the
four-fifths rule of the Uniform Guidelines on Employee Selection, 1978, a convention, no law here).
"""

from __future__ import annotations

from collections.abc import Mapping

Z = 1.959964
LEAST, MOST = 20, 12  # people of a group that is told of; groups of a dimension, the largest ones
FOUR_FIFTHS = 0.8
# dimension -> table and column by which people are grouped
DIMENSIONS: Mapping[str, tuple[str, str]] = {
    "community": ("memberships", "community_id"), "city": ("people", "city"), "stage": ("stages", "stage"),
    "value_band": ("values", "band"),
}  # fmt: skip


def wilson(count: int, people: int) -> tuple[float, float]:
    """Range of a share, 95 %."""
    share = count / people
    middle = (share + Z**2 / 2 / people) / (1 + Z**2 / people)
    reach = Z / (1 + Z**2 / people) * (share * (1 - share) / people + Z**2 / 4 / people**2) ** 0.5
    return max(0.0, middle - reach), min(1.0, middle + reach)


def apart(low: float, high: float, everybody: float | None) -> str:
    """low, high or '': how a group's range lies to everybody's share (None: the group is everybody)."""
    if everybody is None:
        return ""
    return "low" if high < FOUR_FIFTHS * everybody else "high" if low > everybody / FOUR_FIFTHS else ""
