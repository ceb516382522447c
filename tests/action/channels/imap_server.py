"""A real IMAP server (Twisted's) in a process of its own: `python -m … FOLDER`, user bounce, password right.

Files FOLDER/inbox/*.eml are its mails, in the order of their names; a mail that is marked as deleted and expunged is
deleted there. It prints its port, and ends when its input closes.
"""

from __future__ import annotations

import email
import importlib
import io
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# Twisted speaks its own way of types.
imap4: Any = importlib.import_module("twisted.mail.imap4")
portal: Any = importlib.import_module("twisted.cred.portal")
checkers: Any = importlib.import_module("twisted.cred.checkers")
protocol: Any = importlib.import_module("twisted.internet.protocol")
reactor: Any = importlib.import_module("twisted.internet.reactor")
implementer: Any = importlib.import_module("zope.interface").implementer
FOLDER = Path(sys.argv[1]) if len(sys.argv) > 1 else Path()


@implementer(imap4.IMessage)
class Mail:
    """One file."""

    def __init__(self, path: Path, number: int) -> None:
        self.path, self.number = path, number
        self.flags: list[str] = []

    def getUID(self) -> int:  # noqa: N802
        return self.number

    def getFlags(self) -> list[str]:  # noqa: N802
        return self.flags

    def getInternalDate(self) -> str:  # noqa: N802
        return "01-Mar-2026 12:00:00 +0000"

    def getHeaders(self, negate: bool, *names: str) -> dict[str, str]:  # noqa: N802
        headers = email.message_from_bytes(self.path.read_bytes())
        wanted = {name.lower() if isinstance(name, str) else name.decode().lower() for name in names}
        return {
            name.lower(): value
            for name, value in headers.items()
            if (name.lower() in wanted) is not negate or not wanted
        }

    def getBodyFile(self) -> io.BytesIO:  # noqa: N802
        return io.BytesIO(self.path.read_bytes().partition(b"\r\n\r\n")[2])

    def getSize(self) -> int:  # noqa: N802
        return len(self.path.read_bytes())

    def isMultipart(self) -> bool:  # noqa: N802
        return False


@implementer(imap4.IMailbox)
class Inbox:
    """The mails of the folder."""

    def __init__(self) -> None:
        self.mails = [Mail(path, number) for number, path in enumerate(sorted((FOLDER / "inbox").glob("*.eml")), 1)]

    def getFlags(self) -> list[str]:  # noqa: N802
        return ["\\Seen", "\\Deleted"]

    def getHierarchicalDelimiter(self) -> str:  # noqa: N802
        return "/"

    def getUIDValidity(self) -> int:  # noqa: N802
        return 1

    def getUID(self, place: int) -> int:  # noqa: N802
        return self.mails[place - 1].number

    def getUIDNext(self) -> int:  # noqa: N802
        return len(self.mails) + 1

    def getMessageCount(self) -> int:  # noqa: N802
        return len(self.mails)

    def getRecentCount(self) -> int:  # noqa: N802
        return 0

    def getUnseenCount(self) -> int:  # noqa: N802
        return sum("\\Seen" not in mail.flags for mail in self.mails)

    def isWriteable(self) -> bool:  # noqa: N802
        return True

    def addListener(self, listener: Any) -> None:  # noqa: N802
        """Nobody is told."""

    def removeListener(self, listener: Any) -> None:  # noqa: N802
        """Nobody is told."""

    def requestStatus(self, names: Any) -> Any:  # noqa: N802
        return imap4.statusRequestHelper(self, names)

    def _chosen(self, messages: Any, *, uid: bool) -> Iterator[tuple[int, Mail]]:
        messages.last = max((mail.number for mail in self.mails), default=0) if uid else len(self.mails)
        for place, mail in enumerate(self.mails, 1):
            if (mail.number if uid else place) in messages:
                yield place, mail

    def fetch(self, messages: Any, uid: Any) -> list[tuple[int, Mail]]:
        return list(self._chosen(messages, uid=bool(uid)))

    def store(self, messages: Any, flags: Any, mode: int, uid: Any) -> dict[int, list[str]]:
        changed = {}
        for place, mail in self._chosen(messages, uid=bool(uid)):
            mail.flags = [*({*mail.flags, *flags} if mode == 1 else flags)]
            changed[place] = mail.flags
        return changed

    def expunge(self) -> list[int]:
        gone = [mail for mail in self.mails if "\\Deleted" in mail.flags]
        for mail in gone:
            mail.path.unlink()
            self.mails.remove(mail)
        return [mail.number for mail in gone]


class Account(imap4.MemoryAccount):  # type: ignore[misc]
    """It has an inbox."""

    def __init__(self) -> None:
        super().__init__("bounce")
        self.addMailbox("INBOX", Inbox())


@implementer(portal.IRealm)
class Realm:
    """Everyone who may come in has the same account."""

    account: Any = None

    def requestAvatar(self, _name: Any, _mind: Any, *_interfaces: Any) -> Any:  # noqa: N802
        Realm.account = Realm.account or Account()
        return imap4.IAccount, Realm.account, lambda: None


class Factory(protocol.Factory):  # type: ignore[misc]
    """Makes a conversation."""

    def buildProtocol(self, _address: Any) -> Any:  # noqa: N802
        server = imap4.IMAP4Server()
        users = checkers.InMemoryUsernamePasswordDatabaseDontUse(bounce=b"right")
        server.portal = portal.Portal(Realm(), [users])
        server.challengers = {b"LOGIN": imap4.LOGINCredentials, b"PLAIN": imap4.PLAINCredentials}
        return server


if __name__ == "__main__":
    port = reactor.listenTCP(0, Factory(), interface="127.0.0.1")
    print(port.getHost().port, flush=True)

    def wait() -> None:
        sys.stdin.read()
        reactor.callFromThread(reactor.stop)

    threading.Thread(target=wait, daemon=True).start()
    reactor.run()
