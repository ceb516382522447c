"""Where communities stand on the map: circles as large as their people, near to those they are tied to.

Each view (the top, or the inside of one community) is laid out by itself in a unit square: forces as in Fruchterman
and Reingold ("Graph drawing by force-directed placement", 1991), then circles pushed apart until none overlap. Seeded
by the ids, so that a refresh that changes nothing moves nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import md5

import numpy as np

from lianyi.insight.kernels import Doubles, Longs

# A view shows so many circles; the others are in the table below it.
SHOWN = 60
FILLED = 0.42  # of the square
ROUNDS = 80


@dataclass(frozen=True, kw_only=True)
class Spots:
    """Centre and radius of each circle in the unit square."""

    x: Doubles
    y: Doubles
    r: Doubles


def spots(ids: Sequence[str], size: Longs, source: Longs, target: Longs, weight: Doubles) -> Spots:
    """Lay out at most SHOWN communities; ties by index, each once."""
    count = len(ids)
    if count == 0:
        return Spots(x=np.empty(0), y=np.empty(0), r=np.empty(0))
    r = np.sqrt(size / size.sum() * FILLED / np.pi)
    r = np.clip(r, 0.012, 0.3)
    place = np.array([_start(name) for name in ids])
    pull = weight / max(float(weight.max(initial=0.0)), 1e-9)
    reach = 0.75 / np.sqrt(count)
    for step in range(ROUNDS):
        heat = 0.06 * (1 - step / ROUNDS)
        apart = place[:, None, :] - place[None, :, :]
        far = np.sqrt((apart**2).sum(axis=2)) + 1e-6
        move = (apart / far[:, :, None] * (reach**2 / far)[:, :, None]).sum(axis=1)
        along = place[target] - place[source]
        drawn = along * (np.sqrt((along**2).sum(axis=1)) / reach * pull)[:, None]
        np.add.at(move, source, drawn)
        np.add.at(move, target, -drawn)
        move -= 0.4 * (place - 0.5)
        length = np.sqrt((move**2).sum(axis=1)) + 1e-9
        place = place + move / length[:, None] * np.minimum(length, heat)[:, None]
    place = _apart(place, r)
    return _fitted(place, r)


def _start(name: str) -> tuple[float, float]:
    digest = md5(name.encode(), usedforsecurity=False).digest()
    return int.from_bytes(digest[:4], "big") / 2**32, int.from_bytes(digest[4:8], "big") / 2**32


def _apart(place: Doubles, r: Doubles) -> Doubles:
    """Push overlapping circles apart."""
    wanted = r[:, None] + r[None, :] + 0.012
    np.fill_diagonal(wanted, 0.0)
    for _ in range(150):
        away = place[:, None, :] - place[None, :, :]
        far = np.sqrt((away**2).sum(axis=2)) + 1e-9
        lack = np.maximum(wanted - far, 0.0)
        np.fill_diagonal(lack, 0.0)
        if lack.max(initial=0.0) < 1e-4:
            break
        place = place + (away / far[:, :, None] * (0.5 * lack)[:, :, None]).sum(axis=1)
    return place


def _fitted(place: Doubles, r: Doubles) -> Spots:
    """Shrunk and moved into the unit square."""
    low = (place - r[:, None]).min(axis=0)
    high = (place + r[:, None]).max(axis=0)
    scale = 1 / max(float((high - low).max()), 1e-9)
    middle = (1 - (high - low) * scale) / 2
    moved = (place - low) * scale + middle
    return Spots(x=moved[:, 0], y=moved[:, 1], r=r * scale)
