"""`python -m lianyi.action.work JOB WORKER`: does one claimed job and ends. Started by the runner, not by people."""

from __future__ import annotations

import logging
import sys


def main() -> int:
    """Set Django up, do the job, say how it went in the job's row."""
    import django

    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s", level=logging.INFO)
    django.setup()
    from lianyi.action.work.doing import do

    return do(int(sys.argv[1]), worker=sys.argv[2])


if __name__ == "__main__":
    sys.exit(main())
