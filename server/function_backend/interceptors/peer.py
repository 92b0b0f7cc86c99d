"""Where a call comes from, as gRPC names the other end of the connection."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import unquote


def peer_address(peer: str) -> IPv4Address | IPv6Address | None:
    """The address in a peer such as `ipv4:10.0.0.7:50312` or `ipv6:%5B::1%5D:50312`; None where there is none.

    An IPv4 address that comes in the clothes of IPv6 (`::ffff:10.0.0.7`) is the IPv4 one.
    """
    family, _, rest = peer.partition(":")
    if family not in ("ipv4", "ipv6"):
        return None
    host = unquote(rest).rpartition(":")[0].strip("[]").partition("%")[0]
    try:
        address = ip_address(host)
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address
