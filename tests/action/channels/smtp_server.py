"""A real SMTP server in a process of its own (aiosmtpd): `python -m … FOLDER [--tls how] [--login user:password]`.

It prints its port, and keeps each message that it accepts as a file FOLDER/<number>.eml whose first lines say who gave
it to whom. Some recipients make it behave as servers do on bad days, see `Behaviour`.
"""

from __future__ import annotations

import argparse
import asyncio
import ssl
import sys
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

CODES = {
    "busy": "450 4.2.1 mailbox busy, try later",
    "nobody": "550 5.1.1 no such user here",
    "full": "452 4.2.2 over quota",
}


class Behaviour:
    """By the recipient's name: busy, nobody, full are refused; spam is refused after the data; cut and hush break the
    connection once the data are there, hush after keeping them; gone breaks it before."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.count = 0

    async def handle_MAIL(  # noqa: N802  aiosmtpd's names
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address.startswith("refused@"):
            return "553 5.7.1 not your address"
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        name = address.partition("@")[0]
        if name == "gone":
            assert server.transport is not None
            server.transport.close()
            return "421 bye"
        if name in CODES:
            return f"{CODES[name]} <{address}>"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        name = envelope.rcpt_tos[0].partition("@")[0]
        assert server.transport is not None
        if name == "spam":
            return "554 5.7.1 looks like spam"
        if name != "cut":
            self._keep(envelope, session)
        if name in {"cut", "hush"}:
            server.transport.close()
        return "250 taken"

    def _keep(self, envelope: Envelope, session: Session) -> None:
        self.count += 1
        assert isinstance(envelope.content, bytes)
        assert session.peer
        head = f"{envelope.mail_from}\n{','.join(envelope.rcpt_tos)}\n{session.peer[1]}\n".encode()
        (self.folder / f"{self.count:06}.eml").write_bytes(head + envelope.content)


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--tls", choices=["starttls", "tls"])
    parser.add_argument("--login", default="")
    given = parser.parse_args()
    context = None
    if given.tls:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(given.folder / "cert.pem", given.folder / "key.pem")
    options: dict[str, Any] = {"hostname": "mx.test"}
    if given.login:
        user, _colon, password = given.login.partition(":")

        def judge(_server: Any, _session: Any, _envelope: Any, _how: str, data: Any) -> AuthResult:
            right = (data.login, data.password) == (user.encode(), password.encode())
            return AuthResult(success=right, handled=False)

        options |= {"auth_required": True, "authenticator": judge, "auth_require_tls": bool(given.tls == "starttls")}
    if given.tls == "starttls":
        options |= {"tls_context": context, "require_starttls": True}
    (given.folder / "kept").mkdir(exist_ok=True)
    behaviour = Behaviour(given.folder / "kept")
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(behaviour, **options), "127.0.0.1", 0, ssl=context if given.tls == "tls" else None
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    loop = asyncio.get_running_loop()
    await loop.run_in_executor(None, sys.stdin.read)  # ends with whoever started us


if __name__ == "__main__":
    asyncio.run(main())
