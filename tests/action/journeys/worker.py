"""A process that moves people of a workspace's journeys on until nothing is due: `python -m … FOLDER PAGE`."""

from __future__ import annotations

import sys
from pathlib import Path


def main() -> None:
    """Work until nothing is due."""
    from lianyi.doors.console.start import configure

    folder, page = Path(sys.argv[1]), int(sys.argv[2])
    configure(folder)
    import lianyi
    from lianyi.action.journeys.engine import Engine
    from lianyi.action.work import queue

    engine = Engine(workspace=lianyi.open(folder), page=page)
    print("ready", flush=True)
    sys.stdin.readline()
    while engine.step(queue.clock()).people:
        pass


if __name__ == "__main__":
    main()
