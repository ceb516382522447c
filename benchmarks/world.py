"""How fast a world is made, beside a bare copy of the same rows (one Arrow gather), in one run.

    python benchmarks/world.py [people] [days]

Prints events/s by the wall clock and by processor time (other jobs running count only in the first), peak memory, and
the ratio to the bare copy.
"""

from __future__ import annotations

import resource
import sys
import time

import numpy as np
import pyarrow as pa

from lianyi import world


def bare_copy(table: pa.Table) -> float:
    """Seconds to gather all rows of the table once, in disorder."""
    order = pa.array(np.random.default_rng(1).permutation(table.num_rows))
    began = time.perf_counter()
    table.take(order)
    return time.perf_counter() - began


def main(people: int, days: int) -> None:
    began, worked = time.perf_counter(), time.process_time()
    made = world.generate(world.WorldSettings(people=people, days=days))
    stream = made.events()
    first = next(stream)
    drawn = time.perf_counter() - began
    copy, count = bare_copy(first), first.num_rows
    for table in stream:
        copy += bare_copy(table)
        count += table.num_rows
    whole = time.perf_counter() - began - copy
    worked = time.process_time() - worked - copy
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{people:,} people, {days} days: {count:,} events in {whole:.1f} s ({drawn:.1f} s to the first batch)")
    print(f"{count / whole:,.0f} events/s, {count / worked:,.0f} per second of processor time")
    print(f"peak memory {memory:.2f} GiB; {whole / copy:.1f} x a bare copy of the rows")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 50_000, int(sys.argv[2]) if len(sys.argv) > 2 else 120)
