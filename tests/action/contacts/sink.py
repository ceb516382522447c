"""A real SMTP server (aiosmtpd) in a process of its own: `python -m … FILE`. It prints its port and adds a line to FILE
for each message it accepts: recipient, Message-ID. It drops nothing, however often the same comes."""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

MESSAGE_ID = re.compile(rb"^Message-ID:\s*(\S+)", re.IGNORECASE | re.MULTILINE)


class Sink:
    """Writes down what comes, before it says that it has it."""

    def __init__(self, path: Path) -> None:
        self.file = path.open("ab", buffering=0)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        found = MESSAGE_ID.search(envelope.content)
        self.file.write(b"%s\t%s\n" % (envelope.rcpt_tos[0].encode(), found[1] if found else b""))
        return "250 taken"


async def main() -> None:
    sink = Sink(Path(sys.argv[1]))
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(sink, hostname="mx.test"), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)  # ends with whoever started us


if __name__ == "__main__":
    asyncio.run(main())
