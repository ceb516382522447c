"""Who may be called: public addresses, and what the account allows. A guard against server-side request forgery.

The name is resolved here, every address it has is looked at, and the call goes to one that was looked at: a name that
answers differently the second time leads nowhere else.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Sequence

from lianyi.errors import InputError, RefusedError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def networks(text: str) -> list[Network]:
    """10.0.0.5, 192.168.0.0/16 as networks."""
    return [ipaddress.ip_network(word, strict=False) for word in text.replace(",", " ").split()]


def is_allowed(address: Address, allowed: Sequence[Network]) -> bool:
    """Whether the address is public, or one of those that are allowed."""
    inner = _inner(address)
    if any(inner in network or address in network for network in allowed):
        return True
    return inner.is_global and not inner.is_multicast and not inner.is_reserved


def _inner(address: Address) -> Address:
    """The IPv4 address that an IPv6 one leads to (mapped, 6to4, Teredo, NAT64)."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo[1] if address.teredo else None
    return address.ipv4_mapped or address.sixtofour or teredo or address


async def resolved(host: str, port: int, allowed: Sequence[Network]) -> str:
    """An address of the host that may be called. RefusedError where any of its addresses is inside a network;
    InputError where the name is not known."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise InputError(f"the name {host} is not known: {error}") from error
    addresses = [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
    for address in addresses:
        if not is_allowed(address, allowed):
            raise RefusedError(
                f"{host} leads to {address}, inside a network; the channel's setting “allowed” lists what may be called"
            )
    return str(addresses[0])
