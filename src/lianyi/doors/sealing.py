"""Keys under a passphrase: scrypt makes a Fernet key of it (128 MiB and about a second for each guess)."""

from __future__ import annotations

import base64
import os
from typing import TYPE_CHECKING

from lianyi.errors import InputError

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

SALT = 16
COST = 2**17


def _fernet(passphrase: str, salt: bytes) -> Fernet:
    from cryptography.fernet import Fernet
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    made = Scrypt(salt=salt, length=32, n=COST, r=8, p=1).derive(passphrase.encode())
    return Fernet(base64.urlsafe_b64encode(made))


def sealed(content: bytes, passphrase: str) -> bytes:
    """The content, readable by who knows the passphrase."""
    salt = os.urandom(SALT)
    return salt + bytes(_fernet(passphrase, salt).encrypt(content))


def opened(content: bytes, passphrase: str) -> bytes:
    """What was sealed; InputError where the passphrase is another."""
    from cryptography.fernet import InvalidToken

    try:
        return bytes(_fernet(passphrase, content[:SALT]).decrypt(content[SALT:]))
    except InvalidToken as error:
        raise InputError("this is not the passphrase of the backup's keys") from error
