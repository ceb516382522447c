"""How the server's processes log: a sentence a line on standard error, with the action for machines behind it."""

from __future__ import annotations

import logging
import os
import sys


class Line(logging.Formatter):
    """`2026-01-31 12:00:00 INFO lianyi.worker: worker started [worker.started]`."""

    def format(self, record: logging.LogRecord) -> str:
        """One line; a traceback follows where there is one."""
        line = super().format(record)
        action = getattr(record, "action", None)
        head, sep, rest = line.partition("\n")
        return f"{head} [{action}]{sep}{rest}" if action else line


def log_to_stderr() -> None:
    """Log to standard error from LIANYI_LOG (default INFO) upwards."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Line("%(asctime)s %(levelname)s %(name)s: %(message)s", "%Y-%m-%d %H:%M:%S"))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(os.environ.get("LIANYI_LOG", "INFO").upper())
    logging.getLogger("uvicorn.error").name = "uvicorn"
