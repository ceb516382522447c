"""How much one sender may send: sizes, and token buckets per write key and per address."""

from __future__ import annotations

import math
import os
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields

from lianyi.errors import InputError

# Addresses remembered; the one not seen for longest is forgotten, which only ever gives it a full bucket.
REMEMBERED = 50_000


@dataclass(frozen=True, kw_only=True)
class Limits:
    """body: bytes of one request, packed and unpacked. key_rate, address_rate: requests a second in the long run, with
    ten times as many at once. Set by the environment: LIANYI_LIMIT_BODY, LIANYI_LIMIT_KEY_RATE …; 0 = no limit."""

    body: int = 500 * 1024
    key_rate: int = 5_000
    address_rate: int = 500


def limits_from(environment: Mapping[str, str] = os.environ) -> Limits:
    """The limits that the environment names; InputError where one is no number."""
    given: dict[str, int] = {}
    for field in fields(Limits):
        name = f"LIANYI_LIMIT_{field.name.upper()}"
        text = environment.get(name)
        if text is None:
            continue
        if not text.isascii() or not text.isdigit():
            raise InputError(f"{name}={text!r} is not a whole number; write e.g. {name}={field.default}")
        given[field.name] = int(text)
    return Limits(**given)


class Buckets:
    """One token bucket per name: `rate` tokens a second flow in, `burst` fit; each request takes one."""

    def __init__(self, rate: int, *, burst: int | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._burst = float(burst if burst is not None else rate * 10)
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, name: str) -> int:
        """Take a token: 0, or the whole seconds after which there is one again."""
        if not self._rate:
            return 0
        now = self._clock()
        tokens, since = self._buckets.get(name, (self._burst, now))
        tokens = min(self._burst, tokens + (now - since) * self._rate)
        allowed = tokens >= 1
        self._buckets[name] = (tokens - 1 if allowed else tokens, now)
        self._buckets.move_to_end(name)
        if len(self._buckets) > REMEMBERED:
            self._buckets.popitem(last=False)
        return 0 if allowed else max(1, math.ceil((1 - tokens) / self._rate))
