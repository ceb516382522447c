"""How the server's processes log: a sentence a line on standard error, with the action for machines behind it."""

from __future__ import annotations

import logging
import os
import re
import sys

# What strangers send may stand in a message: it must not forge a line, nor steer the terminal of whoever reads it.
_STEERING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")


def _escaped(found: re.Match[str]) -> str:
    return repr(found[0])[1:-1]


class Line(logging.Formatter):
    """`2026-01-31 12:00:00 INFO lianyi.worker: worker started [worker.started]`."""

    def format(self, record: logging.LogRecord) -> str:
        """One line; a traceback follows where there is one."""
        line = _STEERING.sub(_escaped, super().format(record))
        action = getattr(record, "action", None)
        head, sep, rest = line.partition("\n")
        return f"{head} [{action}]{sep}{rest}" if action else line

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # logging's name
        """The message, which is one line whatever is in it; a traceback is added behind it."""
        return super().formatMessage(record).replace("\n", "\\n")


def log_to_stderr() -> None:
    """Log to standard error from LIANYI_LOG (default INFO) upwards."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Line("%(asctime)s %(levelname)s %(name)s: %(message)s", "%Y-%m-%d %H:%M:%S"))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(os.environ.get("LIANYI_LOG", "INFO").upper())
    logging.getLogger("uvicorn.error").name = "uvicorn"
    # They would log whole addresses, in which platforms want secrets and tokens, whatever the level.
    for talker in ("httpx", "httpcore"):
        logging.getLogger(talker).setLevel(logging.WARNING)
