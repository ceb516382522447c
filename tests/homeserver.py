"""A real Matrix homeserver (Synapse) on loopback, in a process of its own: SQLite, no federation, ends with the test.

    with homeserver(folder) as server:
        bot = server.register("bot")      # its access token

Nothing is limited; `slow_down` limits one user, as public homeservers do.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml

NAME = "tea.test"
START_SECONDS = 60.0
_WIDE = {"per_second": 100_000, "burst_count": 100_000}


@dataclass(frozen=True)
class Homeserver:
    """One that runs. url: of its client-server API. folder: its data; the log is in `homeserver.log`."""

    url: str
    folder: Path
    secret: str
    name: str = NAME

    def register(self, user: str, *, admin: bool = False) -> str:
        """A new user; returns their access token."""
        at = f"{self.url}/_synapse/admin/v1/register"
        nonce = httpx.get(at, trust_env=False).raise_for_status().json()["nonce"]
        password = secrets.token_hex(8)
        words = [nonce, user, password, "admin" if admin else "notadmin"]
        mac = hmac.new(self.secret.encode(), "\x00".join(words).encode(), hashlib.sha1).hexdigest()
        body = {"nonce": nonce, "username": user, "password": password, "admin": admin, "mac": mac}
        answer = httpx.post(at, json=body, trust_env=False, timeout=30)
        return str(answer.raise_for_status().json()["access_token"])

    def ask(self, token: str, method: str, path: str, body: Any = None, **query: str) -> Any:
        """One call of the client-server API (`path` after /_matrix/client/v3/) in the name of a user."""
        answer = httpx.request(
            method, f"{self.url}/_matrix/client/v3/{path}", json=body, params=query, trust_env=False, timeout=30,
            headers={"Authorization": f"Bearer {token}"},
        )  # fmt: skip
        return answer.raise_for_status().json()

    def slow_down(self, admin: str, user: str, *, per_second: int, burst: int) -> None:
        """Limit how fast a user may send messages; `admin` is the token of one who may."""
        httpx.post(
            f"{self.url}/_synapse/admin/v1/users/{self.user(user)}/override_ratelimit", trust_env=False, timeout=30,
            json={"messages_per_second": per_second, "burst_count": burst},
            headers={"Authorization": f"Bearer {admin}"},
        ).raise_for_status()  # fmt: skip

    def user(self, name: str) -> str:
        """The full id of a user here."""
        return f"@{name}:{self.name}"


@contextmanager
def homeserver(folder: Path) -> Iterator[Homeserver]:
    """Start one with its data in a folder, wait until it answers, stop it in the end."""
    folder.mkdir(exist_ok=True)
    secret = secrets.token_hex(16)
    for _try in range(3):  # the free port that we found may be taken before the server does
        port = _free_port()
        _configure(folder, port, secret)
        with (folder / "homeserver.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-W", "ignore", "-m", "synapse.app.homeserver", "-c", str(folder / "homeserver.yaml")],
                stdout=log, stderr=log, cwd=folder, env={**os.environ, "PYTHONWARNINGS": "ignore"},
            )  # fmt: skip
            try:
                if _answers(process, port):
                    yield Homeserver(f"http://127.0.0.1:{port}", folder, secret)
                    return
            finally:
                process.terminate()
                try:
                    process.wait(15)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
    raise AssertionError(f"Synapse did not start:\n{(folder / 'homeserver.log').read_text()[-3000:]}")


def _answers(process: subprocess.Popen[bytes], port: int) -> bool:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/health", trust_env=False).status_code == 200:
                return True
        except httpx.TransportError:
            time.sleep(0.1)
    return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _configure(folder: Path, port: int, secret: str) -> None:
    config = {
        "server_name": NAME, "pid_file": str(folder / "homeserver.pid"), "report_stats": False,
        "listeners": [{"port": port, "type": "http", "bind_addresses": ["127.0.0.1"],
                       "resources": [{"names": ["client"], "compress": False}]}],
        "database": {"name": "sqlite3", "args": {"database": str(folder / "homeserver.db")}},
        "media_store_path": str(folder / "media"), "signing_key_path": str(folder / "signing.key"),
        "log_config": str(folder / "log.yaml"), "registration_shared_secret": secret,
        "macaroon_secret_key": secrets.token_hex(16), "form_secret": secrets.token_hex(16),
        "trusted_key_servers": [], "federation_domain_whitelist": [], "enable_metrics": False,
        "rc_message": _WIDE, "rc_registration": _WIDE, "rc_joins": {"local": _WIDE, "remote": _WIDE},
        "rc_joins_per_room": _WIDE,
        "rc_invites": {"per_room": _WIDE, "per_user": _WIDE, "per_issuer": _WIDE},
        "rc_login": {"address": _WIDE, "account": _WIDE, "failed_attempts": _WIDE},
        "bcrypt_rounds": 4,
    }  # fmt: skip
    (folder / "homeserver.yaml").write_text(yaml.safe_dump(config))
    logging = {"version": 1, "handlers": {"err": {"class": "logging.StreamHandler"}},
               "root": {"level": "WARNING", "handlers": ["err"]}}  # fmt: skip
    (folder / "log.yaml").write_text(yaml.safe_dump(logging))
    if not (folder / "signing.key").exists():
        import signedjson.key

        with (folder / "signing.key").open("w") as file:
            signedjson.key.write_signing_keys(file, [signedjson.key.generate_signing_key("a_1")])
