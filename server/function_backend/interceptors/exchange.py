"""One call on its way through the pipeline: what its stages share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import grpc

from function_backend.interceptors.forwarding import LOCAL_PEER, address_of, device_of
from function_backend.kernel.call import Call
from function_backend.kernel.identity import Principal


@dataclass(slots=True, kw_only=True)
class Exchange(Call):
    """The call as the pipeline sees it. Servicers get it too, and know it as a `Call`."""

    context: grpc.ServicerContext = field(repr=False)
    metadata: dict[str, str | bytes] = field(default_factory=dict, repr=False)
    """The caller's metadata; of a repeated key the last value."""
    repeated_metadata: bool = False
    """Whether a key stands there more than once."""
    trailing: tuple[tuple[str, str | bytes], ...] = field(default=(), repr=False)
    """What goes back to the caller after the answer, beside the request id."""
    started: float = 0.0
    """When it began, on `time.monotonic()`."""
    request_bytes: int = 0
    response_bytes: int = 0
    code: str = "OK"
    """The status, by its name in gRPC."""
    reason: str = ""
    """Why it failed, as in `ErrorReason`; empty when it did not."""
    message: str = ""
    """What the caller is told about the failure."""
    refused_caller: Principal | None = None
    """Whose credential it was that was refused, where that is known."""
    trace_id: str = ""
    span: Any = field(default=None, repr=False)
    """The span when the call is traced."""
    _watched: bool = False

    def peer(self) -> str:
        """Where the call comes from, for the log: the connection, or the client of the HTTP port."""
        peer = self.context.peer()
        return f"http:{self.client_address()}" if peer.startswith(LOCAL_PEER) else peer

    def client_address(self) -> str:
        """The network address of the caller, without a port; empty when it is not known."""
        return address_of(self.context, self.metadata)

    def client_device(self) -> str:
        """What the caller calls itself (`User-Agent`); empty when it does not. Nothing may depend on it."""
        return device_of(self.context, self.metadata)

    def interrupt_with(self, interrupt: Callable[[], None] | None) -> None:
        """Says how to stop the statement that runs now; only from the first one on does anybody watch for the end."""
        Call.interrupt_with(self, interrupt)
        if not self._watched:
            self.watch()

    def is_deserted(self) -> bool:
        """Whether the caller is known to have left before the answer."""
        return self.ended or (self._watched and not self.context.is_active())

    def watch(self) -> None:
        """From here on the call learns of its end when the caller leaves.

        Not from the beginning: telling gRPC costs a call that is answered from memory 5 % of its time.
        """
        self._watched = True
        if not self.context.add_callback(self.end):
            self.ended = True
