"""Which option is taken: the best one, or by a chance of its own where the brand explores. Off unless it says so.

`next_best.yaml` in the workspace: {explore: epsilon, share: 0.1} draws any allowed option for that share of people;
{explore: softmax, scale: 2.0} draws each in proportion to exp(gain / scale), scale in the brand's currency. Options are
things to do, never prices: what an offer gives is one number of a published rule.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from lianyi.errors import InputError

Doubles = NDArray[np.float64]
FILE = "next_best.yaml"
OFF, EPSILON, SOFTMAX = "off", "epsilon", "softmax"
WAYS = (OFF, EPSILON, SOFTMAX)
MOST_SHARE, MOST_SCALE = 0.5, 1e6


@dataclass(frozen=True, kw_only=True)
class Exploring:
    """explore: off, epsilon or softmax. share: of people for whom any allowed option is drawn (epsilon). scale: the
    difference in gain that makes an option e times as likely (softmax), in the brand's currency."""

    explore: str = OFF
    share: float = 0.1
    scale: float = 1.0


def read(folder: Path) -> Exploring:
    """What the workspace says; off where it says nothing."""
    path = folder / FILE
    return parsed(path.read_text(encoding="utf-8")) if path.exists() else Exploring()


def parsed(text: str) -> Exploring:
    """From YAML. InputError says what is wrong and what is allowed."""
    try:
        data = yaml.safe_load(text) or {}
    except yaml.YAMLError as error:
        raise InputError(f"{FILE}: {error}") from error
    known = asdict(Exploring())
    if not isinstance(data, dict) or set(data) - set(known):
        raise InputError(f"{FILE}: write a mapping of {', '.join(known)}")
    # YAML reads a bare `off` as false
    data = {name: OFF if name == "explore" and value is False else value for name, value in data.items()}
    return checked(**{**known, **data})


def checked(*, explore: Any, share: Any, scale: Any) -> Exploring:
    """The same of plain values."""
    if explore not in WAYS:
        raise InputError(f"explore = {explore!r}; write {', '.join(WAYS)}")
    for name, value, most in (("share", share, MOST_SHARE), ("scale", scale, MOST_SCALE)):
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= most:
            raise InputError(f"{name} = {value!r}; write a number above 0 and at most {most:g}")
    return Exploring(explore=explore, share=float(share), scale=float(scale))


def written(exploring: Exploring) -> str:
    """As YAML, of which `parsed` makes the same."""
    text: str = yaml.safe_dump(asdict(exploring), sort_keys=False)
    return text


def chances(gains: Doubles, allowed: NDArray[np.bool_], exploring: Exploring) -> Doubles:
    """(n, options) chances. Option 0 is to do nothing: always allowed, worth 0, and taken where no gain is known to be
    above it. gains: NaN where unknown; to a softmax such an option is worth as much as nothing."""
    if exploring.explore == SOFTMAX:
        return _softmax(gains, allowed, exploring.scale)
    return explore(gains, allowed, exploring.share if exploring.explore == EPSILON else 0.0)


def explore(gains: Doubles, allowed: NDArray[np.bool_], share: float) -> Doubles:
    """(n, options) chances: the best allowed option, but with `share` any allowed one at equal chances. Option 0 is to
    do nothing: always allowed, and taken where a gain is not known (NaN). Every allowed option keeps a chance, so that
    what is logged can judge other policies."""
    if not 0 <= share <= 1:
        raise InputError(f"share = {share}; the share of exploration is 0 to 1")
    options = allowed.copy()
    options[:, 0] = True
    known = np.where(options & np.isfinite(gains), gains, -np.inf)
    known[:, 0] = 0.0
    chance = share * options / options.sum(axis=1, keepdims=True)
    chance[np.arange(len(gains)), known.argmax(axis=1)] += 1 - share
    return np.asarray(chance, dtype=np.float64)


def _softmax(gains: Doubles, allowed: NDArray[np.bool_], scale: float) -> Doubles:
    options = allowed.copy()
    options[:, 0] = True
    worth = np.where(np.isfinite(gains), gains, 0.0) / scale
    worth[:, 0] = 0.0
    worth = np.where(options, worth, -np.inf)
    weight = np.exp(worth - worth.max(axis=1, keepdims=True))
    return np.asarray(weight / weight.sum(axis=1, keepdims=True), dtype=np.float64)


def draw(chances: Doubles, dice: Doubles) -> tuple[NDArray[np.int64], Doubles]:
    """(option, its chance) per row; dice: (n,) uniform numbers in [0, 1)."""
    upto = np.cumsum(chances, axis=1)
    option = np.minimum((dice[:, None] >= upto).sum(axis=1), chances.shape[1] - 1)
    return option.astype(np.int64), chances[np.arange(len(option)), option]


def dice(people: Sequence[str], day: int) -> Doubles:
    """A number in [0, 1) per person and day that is the same whenever it is asked for: exploration is not drawn anew
    at each refresh of a day."""
    return np.array(
        [int.from_bytes(hashlib.blake2b(f"{day} {one}".encode(), digest_size=6).digest(), "big") for one in people]
    ) / float(1 << 48)  # fmt: skip
