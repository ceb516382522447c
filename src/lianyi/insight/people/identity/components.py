"""Connected components of an undirected graph over arrays."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


def components(nodes: int, a: Ints, b: Ints) -> Ints:
    """For each of the nodes 0 … nodes-1 the smallest node of its component; links are the pairs (a[i], b[i]).

    Each root hooks onto its smallest neighbouring root, then all paths are shortened to their root, until no link
    joins two roots (Shiloach and Vishkin, "An O(log n) parallel connectivity algorithm", 1982, in array operations).
    """
    root = np.arange(nodes, dtype=np.int64)
    while a.size:
        low, high = np.minimum(a, b), np.maximum(a, b)
        apart = low != high
        low, high = low[apart], high[apart]
        np.minimum.at(root, high, low)
        root = _shorten(root)
        a, b = root[low], root[high]
    return root


def _shorten(root: Ints) -> Ints:
    while True:
        further = root[root]
        if np.array_equal(further, root):
            return root
        root = further
