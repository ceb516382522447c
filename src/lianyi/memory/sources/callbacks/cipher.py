"""The envelope of WeCom's and the official account's callbacks: signature and encryption, as both document them.

Signature: SHA-1 of token, timestamp, nonce and the encrypted text, sorted and joined. Encryption: AES-256-CBC with the
first half of the key as initial vector, padded PKCS#7 to blocks of 32 bytes, over 16 random bytes, the length of the
message (4 bytes, big-endian), the message, and the id of whom it is for.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers import Cipher as Aes
from cryptography.hazmat.primitives.ciphers import algorithms, modes

BLOCK = 32
AES_BLOCK = 16
RANDOM = 16
LENGTH = 4
KEY_LETTERS = 43


class Forged(ValueError):
    """The call is not from the platform, or token, key or id differ here and there. `step`: signature, key, receiver.

    The text never holds anything of the call: it is shown to operators and kept.
    """

    def __init__(self, step: str, reason: str) -> None:
        super().__init__(reason)
        self.step = step


@dataclass(frozen=True)
class Cipher:
    """The secrets of one callback address. token: for signatures; key: 32 bytes; receiver: corp id or app id."""

    token: str
    key: bytes
    receiver: str

    @classmethod
    def of(cls, token: str, encoding_key: str, receiver: str) -> Cipher:
        """From the 43 letters that the platform shows (EncodingAESKey). ValueError where they are no key."""
        return cls(token, decoded_key(encoding_key), receiver)

    def signed(self, timestamp: str, nonce: str, sealed: str = "") -> str:
        """The signature of a call; without `sealed`, the official account's of its first check."""
        parts = sorted([self.token, timestamp, nonce, *([sealed] if sealed else [])])
        return hashlib.sha1("".join(parts).encode(), usedforsecurity=False).hexdigest()

    def verify(self, signature: str, timestamp: str, nonce: str, sealed: str = "") -> None:
        """Forged unless the signature is right; compared in constant time."""
        if not hmac.compare_digest(signature.encode(), self.signed(timestamp, nonce, sealed).encode()):
            raise Forged("signature", "the signature is wrong: the Token here and on the platform differ")

    def open(self, sealed: str) -> bytes:
        """The message inside. Forged where the key does not fit, or where it is meant for somebody else."""
        try:
            raw = base64.b64decode(sealed, validate=True)
        except (binascii.Error, ValueError):
            raise Forged("key", "the encrypted text is no base64") from None
        if not raw or len(raw) % AES_BLOCK:
            raise Forged("key", "the encrypted text is cut off")
        machine = Aes(algorithms.AES(self.key), modes.CBC(self.key[:AES_BLOCK])).decryptor()
        plain = machine.update(raw) + machine.finalize()
        pad = plain[-1]
        if not 1 <= pad <= BLOCK or plain[-pad:] != bytes([pad]) * pad:
            raise Forged("key", "it can't be decrypted: the EncodingAESKey here and on the platform differ")
        plain = plain[:-pad]
        size = int.from_bytes(plain[RANDOM : RANDOM + LENGTH], "big")
        end = RANDOM + LENGTH + size
        if len(plain) < RANDOM + LENGTH or end > len(plain):
            raise Forged("key", "it can't be decrypted: the EncodingAESKey here and on the platform differ")
        if not hmac.compare_digest(plain[end:], self.receiver.encode()):
            raise Forged("receiver", "it is for another corporation or account: look at the id")
        return plain[RANDOM + LENGTH : end]

    def seal(self, message: bytes, random: bytes) -> str:
        """The inverse of `open`, for whoever plays the platform. random: 16 bytes."""
        plain = random + len(message).to_bytes(LENGTH, "big") + message + self.receiver.encode()
        pad = BLOCK - len(plain) % BLOCK
        machine = Aes(algorithms.AES(self.key), modes.CBC(self.key[:AES_BLOCK])).encryptor()
        sealed = machine.update(plain + bytes([pad]) * pad) + machine.finalize()
        return base64.b64encode(sealed).decode("ascii")


def decoded_key(encoding_key: str) -> bytes:
    """The 32 bytes behind 43 letters and digits. ValueError says what is wrong."""
    if len(encoding_key) != KEY_LETTERS or not (encoding_key.isascii() and encoding_key.isalnum()):
        raise ValueError("43 letters and digits, as the platform shows it")
    return base64.b64decode(encoding_key + "=")
