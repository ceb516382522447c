"""How much of a bare SMTP loop's rate the e-mail channel keeps: composing, marking and judging included.

Both send to the same real server (aiosmtpd, in a process of its own, which throws messages away), over as many
connections, in turns within one run. The bare loop hands aiosmtplib the same bytes again and again.

    python benchmarks/channel_smtp.py [MESSAGES] [CONNECTIONS]
"""

from __future__ import annotations

import asyncio
import datetime as dt
import statistics
import subprocess
import sys
import time
from pathlib import Path

import aiosmtplib
from django.conf import settings as django_settings

from lianyi.action.channels.contract import Fate, Message
from lianyi.action.channels.email.composing import compose
from lianyi.action.channels.kinds import Configured

SERVER = """
import asyncio, sys
from aiosmtpd.smtp import SMTP
class Drop:
    async def handle_DATA(self, server, session, envelope):
        return "250 taken"
async def main():
    make = lambda: SMTP(Drop(), hostname="mx.test")
    server = await asyncio.get_running_loop().create_server(make, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
asyncio.run(main())
"""
TEXT = "Dear Ann,\n\nthe first tea of spring is here. Come and taste it.\n" * 6
HTML = "<p>亲爱的安娜：</p><p>春茶到了。<a href='https://tea.test/r/abc'>来尝尝</a></p>" * 6
TURNS = 3


async def bare(port: int, count: int, connections: int, body: bytes) -> float:
    """Seconds of the bare loop."""
    numbers = iter(range(count))

    async def loop() -> None:
        async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False) as client:
            for number in numbers:
                await client.sendmail("hello@tea.test", [f"p{number}@example.cn"], body)

    began = time.perf_counter()
    await asyncio.gather(*(loop() for _ in range(connections)))
    return time.perf_counter() - began


async def channel(account: Configured, count: int, connections: int) -> float:
    """Seconds of the channel."""
    from lianyi.action.channels.email.channel import Mail

    numbers = iter(range(count))
    mail = Mail(account)

    async def loop() -> None:
        for number in numbers:
            message = Message(
                key=f"spring/{number}", to=f"p{number}@example.cn", subject="春茶到了", text=TEXT, html=HTML,
                headers={"List-Unsubscribe": f"<https://tea.test/u/{number}>",
                         "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"},
            )  # fmt: skip
            outcome = await mail.deliver(message)
            assert outcome.fate is Fate.SENT, outcome.reason

    began = time.perf_counter()
    await asyncio.gather(*(loop() for _ in range(connections)))
    await mail.close()
    return time.perf_counter() - began


def main() -> None:
    count, connections = (int(word) for word in (*sys.argv[1:3], *("3000", "8")[len(sys.argv) - 1 :]))
    django_settings.configure(USE_I18N=False)
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        assert server.stdin is not None
        port = int(server.stdout.readline())
        settings = {
            "host": "127.0.0.1", "port": port, "encryption": "none", "user": "", "password": "", "ca": "",
            "from_address": "hello@tea.test", "from_name": "茶店", "reply_to": "", "bounce_address": "b@tea.test",
            "messages_per_connection": 10_000,
        }  # fmt: skip
        account = Configured(name="mail", kind="email", settings=settings, seal="ab" * 32, folder=Path())
        body = compose(
            sender="hello@tea.test", sender_name="茶店", to="p@example.cn", subject="春茶到了", text=TEXT, html=HTML,
            message_id="x@tea.test", at=dt.datetime.now(dt.UTC),
        )  # fmt: skip
        ratios = []
        for turn in range(TURNS):
            first = asyncio.run(bare(port, count, connections, body))
            ours = asyncio.run(channel(account, count, connections))
            ratios.append(first / ours)
            print(f"turn {turn + 1}: bare loop {count / first:,.0f}/s, channel {count / ours:,.0f}/s")
        print(f"channel ÷ bare loop, {connections} connections, {count} messages: {statistics.median(ratios):.2f}")
        server.stdin.close()


if __name__ == "__main__":
    main()
