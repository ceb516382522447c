"""Bursts in simulated worlds whose planted ones are known: how many are found within an hour, and false alarms a day.

    python -m benchmarks.bursts [--people 3000] [--seeds 20260101 7 8]

Peer, counts only: an alarm where a room had N messages within an hour, N chosen so that it raises as many false alarms
as ours (the peer may look at the truth to choose N; ours may not). A burst is found by an alarm in its room between its
beginning and its end; an alarm is false where it finds none.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lianyi import world
from lianyi.insight.listening.scanning import DAY, HOUR, QUIET, Stream, habits, scan
from lianyi.world.settings import WorldSettings

CHINA = 8 * HOUR
Alarm = tuple[str, int, int]
Planted = tuple[str, int, int]


def simulated(people: int, seed: int) -> tuple[list[Stream], list[Planted], int]:
    """Streams of rooms, planted bursts (room, begin, end in local minutes), messages."""
    made = world.generate(WorldSettings(people=people, seed=seed, days=365))
    kinds = pa.array(["message", "reply"])
    parts = [batch.filter(pc.is_in(batch["kind"], kinds)).select(["at", "group_key", "actor_key"])
             for batch in made.events()]  # fmt: skip
    said = pa.concat_tables(parts).sort_by("at")
    minute = said["at"].cast(pa.int64()).to_numpy() // 60_000_000 + CHINA
    room = said["group_key"].combine_chunks().dictionary_encode()
    person = said["actor_key"].combine_chunks().dictionary_encode().indices.to_numpy().astype(np.int64)
    order = np.argsort(room.indices.to_numpy(), kind="stable")
    cuts = np.flatnonzero(np.diff(room.indices.to_numpy()[order])) + 1
    streams = [
        Stream(name=room.dictionary[int(room.indices[int(rows[0])].as_py())].as_py(), minute=minute[rows],
               person=person[rows]) for rows in np.split(order, cuts)
    ]  # fmt: skip
    truth = [(row["group_key"], begin := int(row["at"].timestamp() // 60) + CHINA, begin + int(row["hours"] * HOUR))
             for row in made.truth().bursts.to_pylist()]  # fmt: skip
    return streams, truth, said.num_rows


def counted(streams: Sequence[Stream], least: int) -> list[Alarm]:
    """Alarms of the peer: room, alarm, last message within QUIET of another alarm."""
    found: list[Alarm] = []
    for stream in streams:
        begin = np.searchsorted(stream.minute, stream.minute - HOUR, side="right")
        for at in stream.minute[np.arange(len(begin)) - begin + 1 >= least].tolist():
            if found and found[-1][0] == stream.name and at - found[-1][2] <= QUIET:
                found[-1] = (*found[-1][:2], at)
            else:
                found.append((stream.name, at, at))
    return found


def judged(alarms: Sequence[Alarm], truth: Sequence[Planted]) -> tuple[list[int], int]:
    """Minutes until each planted burst was found (only those found), and the number of false alarms."""
    delays, true = [], set()
    for room, begin, end in truth:
        mine = [number for number, alarm in enumerate(alarms) if alarm[0] == room and begin <= alarm[1] <= end]
        true |= set(mine)
        delays += [min(alarms[number][1] for number in mine) - begin] if mine else []
    return delays, len(alarms) - len(true)


def main() -> None:
    """Measure all seeds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=3_000)
    parser.add_argument("--seeds", type=int, nargs="+", default=[20260101, 7, 8])
    given = parser.parse_args()
    for seed in given.seeds:
        streams, truth, messages = simulated(given.people, seed)
        first = int(min(stream.minute[0] for stream in streams) // DAY)
        today = int(max(stream.minute[-1] for stream in streams) // DAY)
        began = time.process_time()
        usual = habits(streams, first, today)
        ours = [(one.name, one.found, one.ended) for stream in streams for one in scan(stream, usual, first)]
        seconds = time.process_time() - began
        delays, false = judged(ours, truth)
        peers = (judged(counted(streams, least), truth) for least in range(6, 200))
        peer, peer_false = next((told, wrong) for told, wrong in peers if wrong <= false)
        days = today - first + 1
        print(f"seed {seed}: {messages:,} messages, {len(streams)} rooms, {days} days, {seconds:.1f} s of processor")
        for who, told, wrong in (("ours", delays, false), ("counts", peer, peer_false)):
            hour = sum(delay <= HOUR for delay in told)
            print(f"  {who}: {hour} of {len(truth)} within the hour, median {np.median(told):.0f} minutes, "
                  f"false alarms {wrong / days:.3f} a day")  # fmt: skip


if __name__ == "__main__":
    main()
