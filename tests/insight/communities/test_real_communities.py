"""Real networks whose communities are known; other sets of the same kinds judge whether this generalises."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import adjusted_mutual_info_score, normalized_mutual_info_score

from lianyi.insight.communities.detection import find
from tests.real_data import real

pytestmark = pytest.mark.data

Ties = tuple[int, NDArray[np.int32], NDArray[np.int32], NDArray[np.float64]]


def undirected(nodes: int, pairs: list[tuple[int, int]], weights: list[float] | None = None) -> Ties:
    """Each pair once, with the sum of its weights; without weights 1."""
    sums: dict[tuple[int, int], float] = {}
    for (a, b), weight in zip(pairs, weights or [1.0] * len(pairs), strict=True):
        if a != b:
            key = (min(a, b), max(a, b))
            sums[key] = sums.get(key, 0.0) + weight
    ends = np.array(sorted(sums), np.int32)
    total = np.array([sums[a, b] for a, b in ends.tolist()])
    return nodes, ends[:, 0].copy(), ends[:, 1].copy(), total


def plain(ties: Ties) -> Ties:
    """The same ties, all alike."""
    return *ties[:3], np.ones(len(ties[3]))


def email() -> tuple[Ties, NDArray[np.int64]]:
    """E-mail of a research institute; departments."""
    lines = real("email_eu_core/email-Eu-core.txt").read_text().split()
    numbers = np.array(lines, np.int64).reshape(-1, 2)
    departments = np.array(real("email_eu_core/email-Eu-core-department-labels.txt").read_text().split(), np.int64)
    truth = np.empty(1005, np.int64)
    truth[departments[::2]] = departments[1::2]
    return plain(undirected(1005, [(a, b) for a, b in numbers.tolist()])), truth


def school() -> tuple[Ties, NDArray[np.int64]]:
    """Contacts in a school, weighted by their number; classes, and the teachers as one more."""
    with real("primary_school/primaryschool.csv").open() as file:
        rows = [line.split() for line in file][1:]
    classes = {person: room for row in rows for person, room in ((row[1], row[3]), (row[2], row[4]))}
    place = {person: at for at, person in enumerate(sorted(classes))}
    rooms = sorted(set(classes.values()))
    truth = np.array([rooms.index(classes[person]) for person in sorted(classes)])
    return undirected(len(place), [(place[row[1]], place[row[2]]) for row in rows]), truth


def table(path: Path) -> list[list[str]]:
    """Rows of a compressed CSV file without its header."""
    with gzip.open(path, "rt") as file:
        return list(csv.reader(file))[1:]


def agreement(ties: Ties, truth: NDArray[np.int64], seed: int = 0) -> tuple[float, float]:
    """NMI and AMI of the main level among those who have ties."""
    label = find(*ties, seed=seed).label
    tied = label >= 0
    return (
        float(normalized_mutual_info_score(truth[tied], label[tied])),
        float(adjusted_mutual_info_score(truth[tied], label[tied])),
    )


def test_departments_of_an_institute() -> None:
    """Leiden at resolution 1 gives NMI .57 and AMI .54, at resolutions picked by hand .75 and .68."""
    ties, truth = email()
    scores = np.array([agreement(ties, truth, seed) for seed in range(3)])
    assert scores[:, 0].mean() >= 0.74
    assert scores[:, 1].mean() >= 0.68


def test_classes_of_a_school_and_weights_help() -> None:
    ties, truth = school()
    weighted, unweighted = agreement(ties, truth), agreement(plain(ties), truth)
    assert weighted[0] >= 0.85
    assert weighted[0] > unweighted[0]


def test_blocs_of_weblogs_are_not_split_into_pieces() -> None:
    nodes = table(real("communities_classic/polblogs_nodes.csv.gz"))
    edges = table(real("communities_classic/polblogs_edges.csv.gz"))
    ties = plain(undirected(len(nodes), [(int(row[0]), int(row[1])) for row in edges]))
    truth = np.array([row[-1] == "left" for row in nodes]).astype(np.int64)
    assert agreement(ties, truth)[0] > 0.65
