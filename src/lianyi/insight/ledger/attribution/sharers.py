"""The people of a share chain as touches: from the seed to who brought the buyer."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from lianyi.insight.ledger.attribution.models import Ints, Touches

MOST = 64  # generations


def touches_of(orders: pa.Table, arrivals: pa.Table) -> tuple[Touches, Ints, list[str]]:
    """The chain of each order as touches; the numbers of the orders that have one; the people by number.

    orders: number, ripple_id, person_id. arrivals: ripple_id, person_id, parent_person_id. age: generations from the
    buyer, so that `decay` halves from one generation to the seventh before it. A circle in the parents ends the chain.
    """
    parent = {
        (ripple, person): above
        for ripple, person, above in zip(
            *(arrivals[name].to_pylist() for name in ("ripple_id", "person_id", "parent_person_id")), strict=True
        )
        if above is not None
    }
    people: dict[str, int] = {}
    path: list[int] = []
    player: list[int] = []
    age: list[int] = []
    numbers: list[int] = []
    rows = zip(*(orders[name].to_pylist() for name in ("number", "ripple_id", "person_id")), strict=True)
    for number, ripple, buyer in rows:
        chain = _above(parent, ripple, buyer)
        for place, person in enumerate(chain):
            path.append(len(numbers))
            player.append(people.setdefault(person, len(people)))
            age.append(len(chain) - place)
        if chain:
            numbers.append(number)
    made = Touches(
        path=np.array(path, dtype=np.int64),
        player=np.array(player, dtype=np.int64),
        age=np.array(age, dtype=np.float64),
    )
    return made, np.array(numbers, dtype=np.int64), list(people)


def _above(parent: dict[tuple[str, str], str], ripple: str, buyer: str) -> list[str]:
    """From the seed down to who brought the buyer."""
    chain: list[str] = []
    seen = {buyer}
    person = parent.get((ripple, buyer))
    while person is not None and person not in seen and len(chain) < MOST:
        chain.append(person)
        seen.add(person)
        person = parent.get((ripple, person))
    return chain[::-1]
