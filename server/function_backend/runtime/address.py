"""Addresses to listen on, and keeping one for this service before any worker exists."""

from __future__ import annotations

import errno
import socket
from collections.abc import Sequence
from dataclasses import dataclass


class AddressError(Exception):
    """The service cannot listen there; the message says why."""


@dataclass(frozen=True, slots=True)
class Address:
    """A host and a port, as `host:port` or `[host]:port`."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Address:
        """The address that the text says; ValueError when it says none."""
        host, colon, port = text.rpartition(":")
        if not colon or not port.isdecimal() or int(port) > 65_535:  # noqa: PLR2004 - the largest port there is
            raise ValueError(f"{text!r} is not an address; expected host:port, such as 127.0.0.1:50051")
        if host.startswith("[") != host.endswith("]") or (":" in host and not host.startswith("[")):
            raise ValueError(f"{text!r} is not an address; an IPv6 host stands in brackets, such as [::1]:50051")
        return cls(host.strip("[]") or "127.0.0.1", int(port))

    def with_port(self, port: int) -> Address:
        """The same host with another port."""
        return Address(self.host, port)

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Reservation:
    """Holds the port for the workers, which all bind it with SO_REUSEPORT, as long as the supervisor lives.

    It fails when anybody listens there already. Without it a second service of the same user would bind the port as
    well, without an error, and get every other call.
    """

    def __init__(self, addresses: Sequence[Address], sockets: Sequence[socket.socket]) -> None:
        self.addresses = tuple(addresses)
        """With numbers for names, and with the port that was found where 0 was asked for."""
        self._sockets = tuple(sockets)

    @property
    def port(self) -> int:
        """The port."""
        return self.addresses[0].port

    @classmethod
    def take(cls, wanted: Address) -> Reservation:
        """Binds every address that the host stands for; AddressError when that is not possible."""
        addresses: list[Address] = []
        sockets: list[socket.socket] = []
        port = wanted.port
        try:
            for family, host in _resolve(wanted):
                bound = socket.socket(family, socket.SOCK_STREAM)
                sockets.append(bound)
                _bind(bound, family, Address(host, port))
                port = bound.getsockname()[1]
                addresses.append(Address(host, port))
        except OSError as error:
            for taken in sockets:
                taken.close()
            raise AddressError(f"cannot listen on {wanted}: {_reason(error)}") from error
        return cls(addresses, sockets)

    def release(self) -> None:
        """Gives the port up."""
        for bound in self._sockets:
            bound.close()


def _resolve(wanted: Address) -> list[tuple[socket.AddressFamily, str]]:
    found = socket.getaddrinfo(wanted.host, wanted.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    return list(dict.fromkeys((family, str(address[0])) for family, _, _, _, address in found))


def _bind(bound: socket.socket, family: socket.AddressFamily, address: Address) -> None:
    # Connections of a service that has just ended do not count; a socket that listens does.
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    bound.bind((address.host, address.port))
    # Only now: with the option set, bind would not see another service of this user.
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)


def _reason(error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return "the port is in use; is the service running already? --listen 127.0.0.1:0 takes a free one"
    return error.strerror or str(error)
