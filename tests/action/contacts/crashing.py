"""A sender in a process of its own, to be killed: `python -m … FOLDER fill PEOPLE PORT | send | again KEYS… | sent
KEYS…`. `send` works as the operations process does, with a short lease, and ends when nothing is due."""

from __future__ import annotations

import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

LEASE = timedelta(seconds=1.5)


def fill(folder: Path, people: int, port: int) -> None:
    """Tables of the database, an account, a policy, a campaign to everybody."""
    from lianyi.doors.console.start import prepare

    prepare(folder)
    from lianyi.action.channels import accounts
    from lianyi.action.contacts.asking import Ask, ask
    from lianyi.action.policy import keeping
    from tests.action.contacts.crowd import id_of

    now = datetime.now(UTC)
    settings = {"host": "127.0.0.1", "port": port, "encryption": "none", "from_address": "hello@tea.test"}
    accounts.add("mail", "email", settings, by="test", now=now)
    # Consent only: a cap would hide what is given twice.
    keeping.apply("consent: [{purposes: [marketing], needs: granted}]", by="test", now=now)
    body: dict[str, Any] = {"subject": "Spring tea", "text": "The first leaves are there."}
    ask(
        (
            Ask(key=f"spring/{number}", person_id=id_of(number), channel="mail", purpose="marketing", by="test",
                campaign="spring", body=body)
            for number in range(people)
        ),
        now=now,
    )  # fmt: skip


def send(folder: Path) -> None:
    """Until nothing is due and nothing is leased to anybody."""
    from lianyi.doors.console.start import configure

    configure(folder)
    import lianyi
    from lianyi.action.contacts.models import Contact
    from lianyi.action.contacts.sending import Sending
    from lianyi.doors.operations import Operations, utc_now

    stop = threading.Event()
    sending = Sending(lease=LEASE)

    def watch() -> None:
        while sending.due(utc_now()) or Contact.objects.filter(lease__isnull=False).exists():
            time.sleep(0.2)
        stop.set()

    print("sending", flush=True)
    threading.Thread(target=watch, daemon=True).start()
    Operations(workspace=lambda: lianyi.open(folder), rounds=(sending,), every=0.1).run(stop)


def resolve(folder: Path, keys: list[str], *, went_out: bool) -> None:
    """As a member of the team does on the queue's page."""
    from lianyi.doors.console.start import configure

    configure(folder)
    from lianyi.action.contacts import steering

    now = datetime.now(UTC)
    for start in range(0, len(keys), 500):
        steering.resolve(steering.chosen(keys=keys[start : start + 500]), went_out=went_out, by="test", now=now)


def main(folder: Path, what: str, *rest: str) -> None:
    if what == "fill":
        fill(folder, int(rest[0]), int(rest[1]))
    elif what == "send":
        send(folder)
    else:
        resolve(folder, list(rest), went_out=what == "sent")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], *sys.argv[3:])
