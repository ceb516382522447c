"""Counters of the collector, in the text format of Prometheus."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from lianyi.memory.inbox import Done, Waiting

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


class Metrics:
    """What happened since the process started."""

    def __init__(self) -> None:
        self.requests: Counter[tuple[str, int]] = Counter()
        self.events = 0
        self.rejected = 0
        self.bytes = 0
        self._waits: Counter[float] = Counter()
        self._wait_sum = 0.0
        self._wait_count = 0
        self.started = time.time()

    def kept(self, *, events: int, rejected: int, size: int, seconds: float) -> None:
        """Events were made durable, `seconds` after the request had been understood."""
        self.events += events
        self.rejected += rejected
        self.bytes += size
        self._wait_sum += seconds
        self._wait_count += 1
        for bound in BUCKETS:
            if seconds <= bound:
                self._waits[bound] += 1
                break

    def text(self, waiting: Waiting, done: Done, *, now: datetime) -> str:
        """Everything, one line a figure."""
        return "\n".join([*self._own(), *_inbox(waiting, done, now)]) + "\n"

    def _own(self) -> Iterator[str]:
        yield "# TYPE lianyi_requests_total counter"
        for (route, status), count in sorted(self.requests.items()):
            yield f'lianyi_requests_total{{route="{route}",status="{status}"}} {count}'
        yield from _figure("lianyi_events_accepted_total", "counter", self.events)
        yield from _figure("lianyi_calls_rejected_total", "counter", self.rejected)
        yield from _figure("lianyi_received_bytes_total", "counter", self.bytes)
        yield "# TYPE lianyi_durable_seconds histogram"
        total = 0
        for bound in BUCKETS:
            total += self._waits[bound]
            yield f'lianyi_durable_seconds_bucket{{le="{bound}"}} {total}'
        yield f'lianyi_durable_seconds_bucket{{le="+Inf"}} {self._wait_count}'
        yield f"lianyi_durable_seconds_sum {self._wait_sum:.6f}"
        yield f"lianyi_durable_seconds_count {self._wait_count}"
        yield from _figure("lianyi_start_time_seconds", "gauge", self.started)


def _inbox(waiting: Waiting, done: Done, now: datetime) -> Iterator[str]:
    yield from _figure("lianyi_inbox_events", "gauge", waiting.events)
    yield from _figure("lianyi_inbox_bytes", "gauge", waiting.bytes)
    age = (now - waiting.since).total_seconds() if waiting.since else 0.0
    yield from _figure("lianyi_inbox_oldest_seconds", "gauge", age)
    yield from _figure("lianyi_landed_total", "counter", done.landed)
    yield from _figure("lianyi_duplicates_total", "counter", done.duplicates)
    yield from _figure("lianyi_rejected_total", "counter", done.rejected)
    if done.landed_at is not None:
        yield from _figure("lianyi_landed_timestamp_seconds", "gauge", done.landed_at.timestamp())


def _figure(name: str, kind: str, value: float) -> Iterator[str]:
    yield f"# TYPE {name} {kind}"
    yield f"{name} {value}"
