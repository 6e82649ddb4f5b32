"""Addresses: which client one stands for, where places are shared out by client.

A client is the address at the other end of the connection. Of IPv6 it is the first 64 bits, for
one customer of a provider has all addresses that begin with them. Behind a reverse proxy it is
the address that the proxy states in ``X-Forwarded-For``; uvicorn reads that header where the
connection comes from an address of `api.settings.Settings.proxies`, and from nowhere else: what
any client may write is believed of none.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, ip_address, ip_network

_NETWORK_BITS = 64


def client_at(address: Sequence[object] | None) -> str:
    """Return the client at one end of a connection.

    Parameters
    ----------
    address : sequence, optional
        Host and port, as ASGI and sockets give them; None and a path are those of a local socket.

    Returns
    -------
    str
        An IPv4 address, an IPv6 network, or the host as it is; "" when there is none.
    """
    host = str(address[0]) if address and not isinstance(address, str) else ""
    try:
        found = ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if isinstance(found, IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ip_network((found, _NETWORK_BITS), strict=False))
