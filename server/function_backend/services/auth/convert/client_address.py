"""Where a call comes from."""

from __future__ import annotations

from urllib.parse import unquote

from function_backend.kernel.call import Call


def client_address(call: Call) -> str:
    """The address of the peer as gRPC knows it; empty when it has none, as over a Unix socket.

    Behind a proxy it is the proxy's: what a caller writes into metadata about itself counts for nothing here.
    """
    context = getattr(call, "context", None)
    peer = "" if context is None else unquote(context.peer())
    family, _, rest = peer.partition(":")
    return rest.rpartition(":")[0].strip("[]") if family in {"ipv4", "ipv6"} else ""
