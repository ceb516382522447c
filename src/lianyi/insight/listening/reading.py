"""How likely a text is an advert, and its tone: good, bad or plain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lianyi.insight.kernels import Doubles
from lianyi.insight.listening.cues import with_cues
from lianyi.insight.listening.grams import grams
from lianyi.insight.listening.linear import Linear, chance, shipped

# Above these an advert is called one, and a tone one (set on the simulated world, whose truth is known).
ADVERT, TONE = 0.6, 0.6
AT_ONCE = 20_000


@dataclass(frozen=True, kw_only=True)
class Reading:
    """Per text: the chance that it is an advert; how far its tone is good rather than bad (−1 to 1); and the tone as a
    whole number: 1 good, −1 bad, 0 plain."""

    advert: Doubles
    leaning: Doubles
    tone: NDArray[np.int8]


def read(texts: Sequence[str], models: Mapping[str, Linear] | None = None) -> Reading:
    """Read texts, AT_ONCE of them at a time."""
    models = models or shipped()
    parts = [_read(texts[start : start + AT_ONCE], models) for start in range(0, len(texts), AT_ONCE)]
    advert, leaning, tone = zip(*parts, strict=True) if parts else ((), (), ())
    return Reading(
        advert=np.concatenate([np.zeros(0), *advert]),
        leaning=np.concatenate([np.zeros(0), *leaning]),
        tone=np.concatenate([np.zeros(0, dtype=np.int8), *tone]),
    )


def _read(texts: Sequence[str], models: Mapping[str, Linear]) -> tuple[Doubles, Doubles, NDArray[np.int8]]:
    found = grams(texts)
    advert = chance(models["advert"].scores(with_cues(found, texts)))
    good, bad = chance(models["good"].scores(found)), chance(models["bad"].scores(found))
    tone = np.where((good >= TONE) & (good > bad), 1, np.where((bad >= TONE) & (bad >= good), -1, 0))
    return advert, good - bad, tone.astype(np.int8)
