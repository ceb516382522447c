"""Steps of a self-check that many kinds have: the name, the connection, the certificate."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from urllib.parse import urlsplit

from django.utils.translation import gettext_noop as _

from lianyi.action.channels.calling import Broken
from lianyi.action.channels.kinds import Finding

ANSWERS_BUT = _("The server answers, but: {error}.")


def address(url: str) -> tuple[str, int]:
    """Host and port of a URL."""
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


async def looked(
    url: str, look: Callable[[list[Finding]], Awaitable[None]], close: Callable[[], Awaitable[None]], *,
    broken: str = "",
) -> list[Finding]:  # fmt: skip
    """Name and port of a URL; where it is reached, what `look` adds to the list by asking there. `close` is called in
    any case. broken: what is told of a connection that breaks, where its own words would tell a secret."""
    found = await reaches(*address(url))
    try:
        if worked(found):
            await look(found)
    except Broken as error:
        why = {"error": broken or str(error)}
        found.append(Finding(step="tls", ok=False, says=ANSWERS_BUT, values=why, setting="url"))
    finally:
        await close()
    return found


async def reaches(host: str, port: int, *, setting: str = "url") -> list[Finding]:
    """DNS and connection. setting: of the account, which names the host."""
    loop = asyncio.get_running_loop()
    try:
        await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        says = _("The name {host} is not known: {error}. Look for a typing error.")
        return [Finding(step="dns", ok=False, says=says, values={"host": host, "error": str(error)}, setting=setting)]
    found = [Finding(step="dns", ok=True, says=_("The name {host} is known."), values={"host": host})]
    where = {"host": host, "port": str(port)}
    try:
        async with asyncio.timeout(10):
            _reader, writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError) as error:
        says = _("Nobody answers at {host}, port {port}: {error}. Look at the port and the firewall.")
        why = {"error": str(error) or "no answer within 10 seconds"}
        return [*found, Finding(step="connection", ok=False, says=says, values=where | why, setting=setting)]
    writer.close()
    return [*found, Finding(step="connection", ok=True, says=_("{host} answers at port {port}."), values=where)]


def tls_failed(error: ssl.SSLError, *, certificate: str = "url", encryption: str = "url") -> Finding:
    """What is wrong with the other side's certificate, or with the kind of encryption; the settings that say so."""
    if isinstance(error, ssl.SSLCertVerificationError):
        says, why, setting = _("The certificate is not valid: {error}."), str(error.verify_message), certificate
    else:
        setting = encryption
        says = _("No encrypted connection: {error}. Perhaps this port wants another kind of encryption.")
        why = str(error.reason or error)
    return Finding(step="tls", ok=False, says=says, values={"error": why}, setting=setting)


def worked(findings: Sequence[Finding]) -> bool:
    """Whether all steps so far went well."""
    return all(finding.ok is not False for finding in findings)
