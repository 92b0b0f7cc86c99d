"""Where a call comes from: what gRPC says of the connection, or what the service's own HTTP port says of its caller."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import TYPE_CHECKING

from function_backend.interceptors.peer import peer_address

if TYPE_CHECKING:
    import grpc

FORWARDED_ADDRESS = "function-forwarded-address"
FORWARDED_DEVICE = "function-forwarded-device-bin"
"""Metadata that the HTTP port sends along. It counts on the local socket alone, which only this service can reach."""

LOCAL_PEER = "unix:"
"""What gRPC calls a connection over a socket of this machine."""

_LONGEST_DEVICE = 1000


def address_of(context: grpc.ServicerContext, metadata: Mapping[str, str | bytes]) -> str:
    """The caller's network address without its port; empty when it is not known."""
    peer = context.peer()
    if peer.startswith(LOCAL_PEER):
        forwarded = metadata.get(FORWARDED_ADDRESS)
        return _address(forwarded) if isinstance(forwarded, str) else ""
    found = peer_address(peer)
    return "" if found is None else str(found)


def device_of(context: grpc.ServicerContext, metadata: Mapping[str, str | bytes]) -> str:
    """What the caller calls itself."""
    if context.peer().startswith(LOCAL_PEER):
        forwarded = metadata.get(FORWARDED_DEVICE)
        return forwarded[:_LONGEST_DEVICE].decode(errors="replace") if isinstance(forwarded, bytes) else ""
    agent = metadata.get("user-agent")
    return agent[:_LONGEST_DEVICE] if isinstance(agent, str) else ""


def network_of(address: str) -> str:
    """What counts as one caller: an IPv4 address, or the IPv6 network of 64 bits that one customer has at the least."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)


def _address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return ""
