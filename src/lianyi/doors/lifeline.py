"""A process that another one started ends with it: its standard input is a pipe, and a pipe ends with who holds it."""

from __future__ import annotations

import os
import sys
import threading


def end_with_parent(stop: threading.Event) -> None:
    """Set `stop` once standard input ends."""
    threading.Thread(target=_watch, args=(stop,), daemon=True).start()


def _watch(stop: threading.Event) -> None:
    while os.read(sys.stdin.fileno(), 1):  # not through sys.stdin: its lock would be held when we end
        pass
    stop.set()
