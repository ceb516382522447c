"""Least squares with cluster-robust errors that hold with few and unequal clusters.

Variance: CR2, the bias-reduced sandwich of Bell & McCaffrey (2002, Survey Methodology 28); with one row a cluster it is
HC2, which for two means is Welch's. Degrees of freedom: their Satterthwaite approximation (Pustejovsky & Tipton 2018,
JBES 36, section 2.3, working independence). Both are reckoned from k × k sums of each cluster, never from the blocks of
the hat matrix: with Z = X (X'X)^-1/2, everything that is needed of the block Z_g Z_g' lies in the eigenvalues of
Z_g' Z_g. So a million rows cost a few passes, and a cluster may be as large as it likes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from lianyi.errors import InputError
from lianyi.insight.effects.estimates import Floats, Ints

# An eigenvalue of a cluster's block of the hat matrix so near to 1 means that the cluster alone fixes a coefficient.
SURE = 1 - 1e-9


@dataclass(frozen=True, kw_only=True)
class Fit:
    """Coefficients with their covariance. clusters: how many there are. alone: clusters that fix a coefficient by
    themselves, whose part of the error is not known."""

    coefficients: Floats
    covariance: Floats
    clusters: int
    alone: int
    _root: Floats  # (X'X)^-1/2
    _blocks: _Blocks

    def contrast(self, weights: Floats) -> tuple[float, float, float]:
        """Value, standard error and degrees of freedom of a weighted sum of the coefficients."""
        value = float(weights @ self.coefficients)
        variance = float(weights @ self.covariance @ weights)
        return value, float(np.sqrt(max(variance, 0.0))), self._freedom(weights)

    def _freedom(self, weights: Floats) -> float:
        inner, size = self._blocks.reach(self._root @ weights)
        own = np.einsum("gk,gk->g", inner, inner)
        crossed = inner.T @ inner
        top = float((size - own).sum()) ** 2
        below = float((size**2 - 2 * size * own).sum() + (crossed**2).sum())
        return top / below if below > 0 else 0.0


class _Blocks(Protocol):
    """The diagonal blocks Z_g Z_g' of the hat matrix."""

    def stretch(self, moments: Floats) -> Floats:
        """Z_g'(I - Z_g Z_g')^-1/2 u_g by cluster, of Z_g'u_g (or of the rows z u themselves)."""

    def reach(self, direction: Floats) -> tuple[Floats, Floats]:
        """Of q_g = (I - Z_g Z_g')^-1/2 Z_g d: Z_g'q_g (clusters × k) and q_g'q_g."""

    @property
    def alone(self) -> int:
        """How many fix a direction by themselves."""


@dataclass(frozen=True)
class _Rows:
    """Each row is a cluster: z is n × k, the one eigenvalue z'z."""

    z: Floats
    value: Floats

    def stretch(self, moments: Floats) -> Floats:
        return np.asarray(moments * _stretch(self.value)[:, None])

    def reach(self, direction: Floats) -> tuple[Floats, Floats]:
        q = self.z @ direction * _stretch(self.value)
        return self.z * q[:, None], q**2

    @property
    def alone(self) -> int:
        return int((self.value > SURE).sum())


@dataclass(frozen=True)
class _Clusters:
    """inner: Z_g'Z_g, clusters × k × k, with its eigenvalues and vectors."""

    inner: Floats
    values: Floats
    vectors: Floats

    def stretch(self, moments: Floats) -> Floats:
        turned = np.einsum("gki,gk->gi", self.vectors, moments) * _stretch(self.values)
        return np.asarray(np.einsum("gki,gi->gk", self.vectors, turned))

    def reach(self, direction: Floats) -> tuple[Floats, Floats]:
        turned = np.einsum("gki,k->gi", self.vectors, direction) * _stretch(self.values)
        along = np.einsum("gki,gi->gk", self.vectors, turned)
        inner = np.einsum("gkl,gl->gk", self.inner, along)
        return inner, np.einsum("gk,gk->g", along, inner)

    @property
    def alone(self) -> int:
        return int((self.values[:, -1] > SURE).sum())


def fit(y: Floats, x: Floats, cluster: Ints | None = None, weight: Floats | None = None) -> Fit:
    """Least squares of y (n) on x (n × k). cluster: 0 to clusters - 1 for each row, None: each row for itself.

    weight: weights of rows, as those of a survey: they change the estimate, the error is that of the weighted one.
    InputError where x has not full rank."""
    if weight is not None:
        scale = np.sqrt(weight)
        y, x = y * scale, x * scale[:, None]
    if cluster is not None:
        return fit_sums(*_sums(y, x, cluster))
    root, back = _roots(x.T @ x)
    coefficients = root @ root @ (x.T @ y)
    z = x @ root
    blocks = _Rows(z, np.einsum("nk,nk->n", z, z))
    return _fit(coefficients, blocks, z * (y - x @ coefficients)[:, None], root, back)


def _sums(y: Floats, x: Floats, cluster: Ints) -> tuple[Floats, Floats]:
    count, k = int(cluster.max()) + 1, x.shape[1]
    gram = np.empty((count, k, k))
    for i in range(k):
        for j in range(i, k):
            gram[:, i, j] = gram[:, j, i] = np.bincount(cluster, x[:, i] * x[:, j], count)
    moment = np.stack([np.bincount(cluster, x[:, i] * y, count) for i in range(k)], axis=1)
    return gram, moment.astype(np.float64)


def fit_sums(gram: Floats, moment: Floats) -> Fit:
    """The same of sums by cluster: gram (clusters × k × k) X_g'X_g, moment (clusters × k) X_g'y_g."""
    root, back = _roots(gram.sum(axis=0))
    coefficients = root @ root @ moment.sum(axis=0)
    inner = root @ gram @ root
    values, vectors = np.linalg.eigh(inner)
    blocks = _Clusters(inner, np.clip(values, 0.0, None), vectors)
    return _fit(coefficients, blocks, (moment - gram @ coefficients) @ root, root, back)


def _fit(coefficients: Floats, blocks: _Rows | _Clusters, score: Floats, root: Floats, back: Floats) -> Fit:
    adjusted = blocks.stretch(score) @ back
    bread = root @ root
    return Fit(
        coefficients=coefficients, covariance=bread @ (adjusted.T @ adjusted) @ bread, clusters=len(score),
        alone=blocks.alone, _root=root, _blocks=blocks,
    )  # fmt: skip


def _roots(gram: Floats) -> tuple[Floats, Floats]:
    """(X'X)^-1/2 and (X'X)^1/2."""
    values, vectors = np.linalg.eigh(gram)
    if values[0] <= 1e-11 * max(float(values[-1]), 1e-300):
        raise InputError("the columns of the regression depend on each other; leave one out")
    return (vectors / np.sqrt(values)) @ vectors.T, (vectors * np.sqrt(values)) @ vectors.T


def _stretch(values: Floats) -> Floats:
    """(1 - λ)^-1/2; 1 where a cluster fixes a direction by itself (the generalised inverse leaves it alone)."""
    return np.where(values > SURE, 1.0, 1 / np.sqrt(1 - np.minimum(values, SURE)))
