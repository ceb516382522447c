"""How well two covers agree: normalised mutual information for overlapping communities, in two normalisations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

Array = NDArray[np.float64]


def onmi_max(truth: Sequence[Iterable[int]], found: Sequence[Iterable[int]], nodes: int) -> float:
    """McDaid, Greene & Hurley (2011): mutual information over the larger entropy."""
    first, second = _matrix(truth, nodes), _matrix(found, nodes)
    if not (first.shape[0] and second.shape[0]):
        return 0.0
    entropy_x, given_y = _entropies(first, second)
    entropy_y, given_x = _entropies(second, first)
    x, y = entropy_x.sum(), entropy_y.sum()
    information = 0.5 * (x - given_y.sum() + y - given_x.sum())
    return float(information / max(x, y)) if max(x, y) > 0 else 1.0


def onmi_lfk(truth: Sequence[Iterable[int]], found: Sequence[Iterable[int]], nodes: int) -> float:
    """Lancichinetti, Fortunato & Kertész (2009): one minus the mean of each community's relative conditional entropy.

    A community of all nodes tells nothing: its relative entropy counts as 1.
    """
    first, second = _matrix(truth, nodes), _matrix(found, nodes)
    if not (first.shape[0] and second.shape[0]):
        return 0.0
    parts = []
    for one, other in ((first, second), (second, first)):
        entropy, given = _entropies(one, other)
        parts.append(np.divide(given, entropy, out=np.ones_like(given), where=entropy > 0).mean())
    return float(1.0 - 0.5 * sum(parts))


def _matrix(cover: Sequence[Iterable[int]], nodes: int) -> csr_matrix:
    groups = [sorted(set(group)) for group in cover]
    rows = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
    columns = np.array([node for group in groups for node in group], np.int64)
    return csr_matrix((np.ones(len(rows)), (rows, columns)), (len(groups), nodes))


def _entropies(one: csr_matrix, other: csr_matrix) -> tuple[Array, Array]:
    """H(X_k) of each community, and the least H(X_k | Y_l) of those Y_l that tell what X_k is rather than what not."""
    nodes = one.shape[1]
    both = np.asarray((one @ other.T).todense())
    size_x, size_y = np.asarray(one.sum(1)).ravel()[:, None], np.asarray(other.sum(1)).ravel()[None, :]
    only_x, only_y, none = size_x - both, size_y - both, nodes - size_x - size_y + both
    h11, h10, h01, h00 = (_h(cell / nodes) for cell in (both, only_x, only_y, none))
    entropy = (_h(size_x / nodes) + _h(1 - size_x / nodes)).ravel()
    given = h11 + h10 + h01 + h00 - (_h(size_y / nodes) + _h(1 - size_y / nodes))
    given = np.where(h11 + h00 >= h10 + h01, given, entropy[:, None])
    return entropy, np.minimum(given.min(axis=1), entropy)


def _h(share: Array) -> Array:
    return np.where(share > 0, -share * np.log2(np.maximum(share, 1e-300)), 0.0)
