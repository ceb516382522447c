"""Circles of a map: none overlap, all are in it, and nothing moves without a reason."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from lianyi.insight.communities.layout import Spots, spots


def lay(sizes: list[int]) -> Spots:
    ids = [f"c{number}" for number in range(len(sizes))]
    source = np.arange(max(len(sizes) - 1, 0))
    return spots(ids, np.array(sizes), source, source + 1, np.ones(len(source)))


@settings(max_examples=40)
@given(st.lists(st.integers(3, 5000), min_size=1, max_size=40))
def test_circles_do_not_overlap_and_stay_in_the_square(sizes: list[int]) -> None:
    laid = lay(sizes)
    far = np.hypot(laid.x[:, None] - laid.x, laid.y[:, None] - laid.y)
    lack = laid.r[:, None] + laid.r - far
    np.fill_diagonal(lack, 0)
    assert lack.max(initial=0) < 0.02
    assert (laid.x - laid.r > -1e-6).all()
    assert (laid.y + laid.r < 1 + 1e-6).all()


def test_the_same_communities_stand_where_they_stood() -> None:
    one, other = lay([30, 20, 10, 5]), lay([30, 20, 10, 5])
    assert (one.x == other.x).all()
    assert (one.y == other.y).all()


def test_more_people_are_a_larger_circle() -> None:
    laid = lay([400, 100, 50])
    assert laid.r[0] > laid.r[1] > laid.r[2]
