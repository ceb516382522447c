"""How fast contacts go out, against a bare SMTP loop with the same concurrency, in one run.

    python benchmarks/sending.py [PEOPLE] [AT_ONCE]

Both send the same letters over kept connections to the same server (aiosmtpd, in a process of its own). The bare loop
is aiosmtplib with letters glued together from text: no gate, no outbox, no library that makes letters, nothing written
down. Ours claims, asks the gate (consent, caps, spacing, suppression), renders a content version, writes down before
and after, and tells the log.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import formatdate, make_msgid
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import aiosmtplib
from tests.action.contacts.crowd import id_of, key_of, put_people

POLICY = """
consent: [{purposes: [marketing], channels: [email], needs: granted}]
caps: [{most: 3, per: week}, {most: 1, per: day, count: each channel}]
spacing: [{hours: 20}]
"""
TEXT = "Hello {{ person.name }},\n\nthe first leaves of this spring are there. " + "Come and taste them with us. " * 20


@dataclass(frozen=True)
class Speed:
    """Messages per second, and the processor time of this process for each, in milliseconds."""

    a_second: float
    milliseconds: float


class Clock:
    """Runs from its making."""

    def __init__(self) -> None:
        self.began, self.used = time.perf_counter(), time.process_time()

    def speed(self, messages: int) -> Speed:
        """Of so many messages since then."""
        took, used = time.perf_counter() - self.began, time.process_time() - self.used
        return Speed(messages / took, 1000 * used / messages)


@contextmanager
def sink(path: Path) -> Iterator[int]:
    """The port of a running server."""
    command = [sys.executable, "-W", "ignore", "-m", "tests.action.contacts.sink", str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield int(process.stdout.readline())
        process.stdin.close()


async def bare(port: int, people: int, at_once: int) -> Speed:
    """The loop."""
    numbers = iter(range(people))

    async def one() -> None:
        async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False) as client:
            for number in numbers:
                to = key_of(number).partition(":")[2]
                head = (
                    f"From: hello@tea.test\r\nTo: {to}\r\nSubject: Spring tea\r\nDate: {formatdate()}\r\n"
                    f"Message-ID: {make_msgid(domain='tea.test')}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
                )
                text = TEXT.replace("{{ person.name }}", f"Person {number}").replace("\n", "\r\n")
                await client.mail("hello@tea.test")
                await client.rcpt(to)
                await client.data((head + text).encode())

    clock = Clock()
    await asyncio.gather(*(one() for _ in range(at_once)))
    return clock.speed(people)


def prepared(folder: Path, people: int, port: int, at_once: int) -> Any:
    """A brand, its people, an account, a content, a campaign in the outbox."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "lianyi.doors.console.settings"
    os.environ["LIANYI_WORKSPACE"] = str(folder)
    from lianyi.doors.console.start import configure, prepare

    configure(folder)
    from tests.doors.standing import make_brand

    ws = make_brand(folder)
    prepare(folder)
    from lianyi.action.channels import accounts
    from lianyi.action.contacts.asking import Ask, ask
    from lianyi.action.content.models import Content, Version
    from lianyi.action.policy import keeping

    now = datetime.now(UTC)
    settings = {"host": "127.0.0.1", "port": port, "encryption": "none", "from_address": "hello@tea.test",
                "messages_per_connection": 10_000}  # fmt: skip
    accounts.add("mail", "email", settings, by="bench", now=now, at_once=at_once)
    keeping.apply(POLICY, by="bench", now=now)
    content = Content.objects.create(name="spring", kind="text", by="bench")
    version = Version.objects.create(
        content=content, number=1, bodies={"en": {"text": TEXT}}, fallback="en", variables={}, by="bench"
    )
    put_people(ws, people)
    began = time.perf_counter()
    ask(
        (
            Ask(key=f"spring/{number}", person_id=id_of(number), channel="mail", purpose="marketing", by="bench",
                campaign="spring", content=version.pk)
            for number in range(people)
        ),
        now=now,
    )  # fmt: skip
    print(f"asked for: {people / (time.perf_counter() - began):,.0f} contacts/s")
    return ws


def ours(ws: Any, people: int) -> Speed:
    """The sender."""
    from lianyi.action.contacts.models import Contact
    from lianyi.action.contacts.sending import Sending

    sending = Sending(portion_seconds=600)
    clock = Clock()
    while sending.due(datetime.now(UTC)):
        sending.work(ws, datetime.now(UTC), lambda: False)
    speed = clock.speed(people)
    assert Contact.objects.filter(state="sent").count() == people
    return speed


def main() -> None:
    people = int(sys.argv[1]) if len(sys.argv) > 1 else 5_000
    at_once = int(sys.argv[2]) if len(sys.argv) > 2 else 8
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with sink(folder / "taken") as port:
            ws = prepared(folder / "brand", people, port, at_once)
            loops = [asyncio.run(bare(port, people, at_once))]
            own = ours(ws, people)
            loops.append(asyncio.run(bare(port, people, at_once)))
            taken = len((folder / "taken").read_text().splitlines())
    assert taken == 3 * people, taken
    for name, speed in (("bare loop before", loops[0]), ("ours", own), ("bare loop after", loops[1])):
        print(f"{name}: {speed.a_second:,.0f} messages/s, {speed.milliseconds:.2f} ms of our processor each")
    mean = 2 / sum(1 / loop.a_second for loop in loops)
    print(f"ours / bare loop = {own.a_second / mean:.2f} ({at_once} at once, {people:,} people)")


if __name__ == "__main__":
    main()
