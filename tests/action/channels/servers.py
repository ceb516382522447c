"""Starts servers for tests, each in a process of its own that ends with the test."""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
import ipaddress
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from lianyi.action.channels import accounts
from lianyi.action.channels.contract import Message, Outcome
from lianyi.action.channels.kinds import kind_of


@dataclass(frozen=True)
class Kept:
    """One message as the server got it."""

    sender: str
    to: str
    port: int
    raw: bytes


@dataclass(frozen=True)
class Server:
    """A server that runs. `ca`: the certificate by which it can be trusted."""

    port: int
    folder: Path
    ca: str = ""

    def kept(self) -> list[Kept]:
        """The messages it accepted so far."""
        found = []
        for path in sorted((self.folder / "kept").iterdir()):
            sender, to, port, raw = path.read_bytes().split(b"\n", 3)
            found.append(Kept(sender.decode(), to.decode(), int(port), raw))
        return found


@contextmanager
def running(module: str, *arguments: str) -> Iterator[int]:
    """A module that prints its port first and ends when its input closes."""
    command = [sys.executable, "-W", "ignore", "-m", module, *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            assert line.strip(), f"{module} did not start"
            yield int(line)
        finally:
            process.stdin.close()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


@contextmanager
def smtp(folder: Path, *, tls: str = "", login: str = "") -> Iterator[Server]:
    """An SMTP server on loopback."""
    folder.mkdir(exist_ok=True)
    ca = certificate(folder) if tls else ""
    options = [*(["--tls", tls] if tls else []), *(["--login", login] if login else [])]
    with running("tests.action.channels.smtp_server", str(folder), *options) as port:
        yield Server(port, folder, ca)


def certificate(folder: Path) -> str:
    """A certificate for 127.0.0.1 that signs itself; returns it, to be trusted."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM)
    (folder / "cert.pem").write_bytes(pem)
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return pem.decode()


@dataclass(frozen=True)
class Call:
    """One HTTP call as the receiver got it."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Receiver:
    """An HTTP receiver that runs."""

    url: str
    folder: Path

    def calls(self, path: str = "") -> list[Call]:
        """The calls so far, of one path or all; names of headers in small letters."""
        found = []
        for file in sorted((self.folder / "kept").iterdir()):
            said = json.loads(file.read_text())
            headers = {name.lower(): value for name, value in said["headers"]}
            found.append(Call(said["path"], headers, base64.b64decode(said["body"])))
        return [one for one in found if not path or one.path.partition("?")[0] == path]

    def answer(self, path: str, data: object) -> None:
        """Say this at a path from now on."""
        file = self.folder / "answers.json"
        known = json.loads(file.read_text()) if file.exists() else {}
        file.write_text(json.dumps({**known, path: data}))


@contextmanager
def receiver(folder: Path) -> Iterator[Receiver]:
    """An HTTP receiver on loopback."""
    folder.mkdir(exist_ok=True)
    with running("tests.action.channels.http_server", str(folder)) as port:
        yield Receiver(f"http://127.0.0.1:{port}", folder)


def delivered(kind: str, name: str, *messages: Message) -> list[Outcome]:
    """What the channel of an account says of messages that are given to it at once."""
    account = accounts.configured(accounts.by_name(name))

    async def go() -> list[Outcome]:
        channel = await kind_of(kind).door().open(account)
        try:
            return list(await asyncio.gather(*(channel.deliver(one) for one in messages)))
        finally:
            await channel.close()

    return asyncio.run(go())


@dataclass(frozen=True)
class Simulated:
    """Providers that run as their documentation describes them (platforms.py)."""

    url: str
    folder: Path

    def kept(self, what: str) -> list[Any]:
        """What was taken so far, of one kind."""
        said = [json.loads(file.read_text()) for file in sorted((self.folder / "kept").iterdir())]
        return [one["data"] for one in said if one["what"] == what]

    def set(self, **rules: Any) -> None:
        """See platforms.rules."""
        file = self.folder / "state.json"
        known = json.loads(file.read_text()) if file.exists() else {}
        file.write_text(json.dumps({**known, **rules}))

    def fetched(self) -> int:
        """How many tokens were fetched."""
        return int((self.folder / "fetched").read_text())


@contextmanager
def simulated(folder: Path) -> Iterator[Simulated]:
    """The providers on loopback."""
    folder.mkdir(exist_ok=True)
    with running("tests.action.channels.platforms", str(folder)) as port:
        yield Simulated(f"http://127.0.0.1:{port}/", folder)
