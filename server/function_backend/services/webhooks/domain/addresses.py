"""To which network addresses something is posted, and which URLs name a place at all.

Whoever registers an endpoint chooses where this service connects to. So it connects to addresses of the public internet
alone, and each is judged right before the connection is made to it, not by the name.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from urllib.parse import urlsplit

import idna

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# The special-purpose registries of IANA (RFC 6890 and its successors), written out: what `ipaddress` takes to be global
# differs between versions of Python.
_REFUSED: tuple[Network, ...] = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # behind a carrier's NAT
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link-local, and the metadata services of clouds
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # relays of 6to4
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
        "::/96",  # unspecified, loopback, IPv4-compatible
        "::ffff:0:0/96",  # IPv4-mapped
        "::ffff:0:0:0/96",  # IPv4-translated
        "64:ff9b::/96",  # NAT64: a way to any IPv4 address
        "64:ff9b:1::/48",  # NAT64 of a network's own
        "100::/64",  # discard
        "2001::/23",  # Teredo and other protocol assignments
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: a way to any IPv4 address
        "3fff::/20",  # documentation
        "5f00::/16",  # segment routing
        "fc00::/7",  # unique local
        "fe80::/10",  # link-local
        "fec0::/10",  # site-local
        "ff00::/8",  # multicast
    )
)
_PUBLIC_V6 = IPv6Network("2000::/3")

_PORTS = {"https": 443, "http": 80}
_LONGEST_NAME = 253


class UrlProblemError(ValueError):
    """The URL names no place to which something is posted; the text says why."""


class ForbiddenAddressError(Exception):
    """The address is one to which nothing is posted."""

    def __init__(self, address: Address) -> None:
        super().__init__(f"{address} is an address to which nothing is delivered")
        self.address = address


@dataclass(frozen=True, slots=True)
class AddressRules:
    """Which addresses are allowed."""

    allowed: Sequence[Network] = ()
    """Networks that are allowed although they are not of the public internet."""

    def check(self, address: Address) -> None:
        """Raises ForbiddenAddressError for an address to which nothing is posted."""
        if not self._allows(address):
            raise ForbiddenAddressError(address)

    def _allows(self, address: Address) -> bool:
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            # The system connects to the IPv4 address; allowed is what is allowed of that, by the settings alone.
            return _within(address.ipv4_mapped, self.allowed)
        if _within(address, self.allowed):
            return True
        if _within(address, _REFUSED):
            return False
        return isinstance(address, IPv4Address) or (address in _PUBLIC_V6 and not address.scope_id)


@dataclass(frozen=True, slots=True)
class Target:
    """Where a URL leads."""

    scheme: str
    host: str
    """A name in ASCII, or an address without brackets."""
    port: int
    path: str
    """With the query; at least `/`."""

    @property
    def literal(self) -> Address | None:
        """The address that the URL names itself; None when it has a name."""
        try:
            return ipaddress.ip_address(self.host)
        except ValueError:
            return None

    @property
    def host_header(self) -> str:
        """What the receiver is asked for: the host, and the port where it is not the usual one."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


def read_url(text: str, *, allow_http: bool = False) -> Target:
    """Where the URL leads. UrlProblemError says what is wrong with it."""
    if any(character <= " " or character in "\x7f\\" for character in text):
        raise UrlProblemError("must not hold spaces, backslashes or control characters")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise UrlProblemError("is not a URL") from None
    if parts.scheme not in _PORTS or (parts.scheme == "http" and not allow_http):
        raise UrlProblemError("must begin with https://" + (" or http://" if allow_http else ""))
    if "@" in parts.netloc:
        raise UrlProblemError("must not hold a user name or password; a secret can stand in the path")
    if "#" in text:
        raise UrlProblemError("must not hold a fragment (#…), which is never sent")
    if not parts.hostname:
        raise UrlProblemError("names no host")
    if port == 0:
        raise UrlProblemError("must not name the port 0")
    if not text.isascii() and not (parts.path + parts.query).isascii():
        raise UrlProblemError("must percent-encode what is not ASCII in its path and query")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, _host(parts.hostname), port or _PORTS[parts.scheme], path)


def _host(name: str) -> str:
    if "%" in name:
        raise UrlProblemError("must not name a zone of an address or hold % in its host")
    if ":" in name:
        try:
            return str(IPv6Address(name))
        except ValueError:
            raise UrlProblemError("names no valid address") from None
    try:
        encoded = name.rstrip(".") if name.isascii() else idna.encode(name, uts46=True).decode()
    except idna.IDNAError:
        raise UrlProblemError("names no valid host") from None
    labels = encoded.split(".")
    if len(encoded) > _LONGEST_NAME or not all(_is_label(label) for label in labels):
        raise UrlProblemError("names no valid host")
    return encoded.lower()


def _is_label(label: str) -> bool:
    plain = label.replace("-", "").replace("_", "")
    return 0 < len(label) <= 63 and plain.isascii() and plain.isalnum() and label[0] != "-" and label[-1] != "-"  # noqa: PLR2004  RFC 1035


def _within(address: Address, networks: Sequence[Network]) -> bool:
    return any(address.version == network.version and address in network for network in networks)
