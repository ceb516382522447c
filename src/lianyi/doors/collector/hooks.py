"""Accounts that platforms may call, read without Django: their secrets are unsealed when a call comes."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lianyi.action.channels.keyring import Keyring
from lianyi.doors.operational import Reader
from lianyi.errors import WorkspaceError
from lianyi.memory.sources.callbacks.cipher import Cipher, Forged

QUERY = "SELECT kind, settings, sealed FROM channels_account WHERE name = ? AND is_on"
# By kind of channel: which of its settings is the id in every callback.
RECEIVERS: Mapping[str, str] = {"wecom_app": "corp_id", "wecom_mass": "corp_id", "wechat_service": "app_id"}
# Kinds whose calls are signed, and not sealed.
SIGNED = frozenset({"telegram", "discourse"})
# What is known of an account is used so long: a change of its settings shows at once, a storm of calls costs little.
KNOWN_SECONDS = 2.0
MOST_KNOWN = 1_000


@dataclass(frozen=True)
class Hook:
    """One address that a platform calls. settings: the account's, with its secrets. sealed: how calls are opened; None
    for those that are only held to `webhook_secret` (see signed.py)."""

    account: str
    kind: str
    settings: Mapping[str, Any]
    sealed: Cipher | None

    @property
    def cipher(self) -> Cipher:
        """Of a platform that seals its calls."""
        if self.sealed is None:
            raise Forged("callback", "calls of this kind are not sealed")
        return self.sealed

    @property
    def receiver(self) -> str:
        """Id of the corporation, or of the official account."""
        return self.cipher.receiver

    @property
    def is_wecom(self) -> bool:
        """Whether WeCom calls; the official account does otherwise."""
        return self.kind != "wechat_service"


class TableOfHooks:
    """The accounts of a workspace by name."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._reader = Reader(folder, "callbacks")
        self._known: dict[str, tuple[float, Hook | None]] = {}

    def hook(self, name: str) -> Hook | None:
        """The account of that name, where it is on and has token and key."""
        found = self._known.get(name)
        if found is None or time.monotonic() - found[0] > KNOWN_SECONDS:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            found = self._known[name] = time.monotonic(), self._read(name)
        return found[1]

    def _read(self, name: str) -> Hook | None:
        row = next(iter(self._reader.rows(QUERY, [name]) or ()), None)
        if row is None or (row[0] not in RECEIVERS and row[0] not in SIGNED):
            return None
        kind, settings, sealed = row
        try:
            secrets = Keyring(self._folder).unseal(sealed)
        except WorkspaceError:
            return None
        known = {**(json.loads(settings) if isinstance(settings, str) else settings), **secrets}
        if kind in SIGNED:
            return Hook(name, kind, known, None) if known.get("webhook_secret") else None
        token, key = known.get("callback_token"), known.get("callback_key")
        if not token or not key:
            return None
        return Hook(name, kind, known, Cipher.of(token, key, known[RECEIVERS[kind]]))
