"""The socket of the HTTP port, opened before anything that serves it is loaded."""

from __future__ import annotations

import socket

from function_backend.runtime.address import Address, AddressError


def open_monitor(listen: str) -> socket.socket | None:
    """The socket for the port; None when the address is empty. Raises AddressError when it cannot listen there."""
    if not listen:
        return None
    address = Address.parse(listen)
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_STREAM)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        opened.bind((address.host, address.port))
        opened.listen(64)
    except OSError as error:
        opened.close()
        raise AddressError(f"cannot listen on {address} (metrics.listen): {error.strerror or error}") from error
    return opened
