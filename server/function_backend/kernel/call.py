"""The call that the current thread is working on: the one ambient value besides the trace context."""

from __future__ import annotations

import time
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from function_backend.kernel.identity import Principal


@dataclass(slots=True)
class Call:
    """What the layers share about one call, from the first interceptor to the last statement."""

    method: str
    """Full name, such as `/function.company.v1.CompanyService/GetCompany`."""
    request_id: str
    deadline: float | None = None
    """The moment on `time.monotonic()` by which the answer must be there; None when the caller set none."""
    principal: Principal | None = None
    minimum_position: int | None = None
    """The WAL position that reads of this call must include, from the caller's consistency token."""
    committed_position: int | None = None
    """The WAL position behind the last commit of this call, for the consistency token of the answer."""
    credential: str = field(default="", repr=False)
    """The caller's secret, for what only the caller may read again; never logged."""
    ended: bool = False
    """Whether the call is over for the caller: answered, cancelled or timed out."""
    _interrupt: Callable[[], None] | None = field(default=None, repr=False)

    @property
    def tenant_id(self) -> UUID | None:
        """The caller's tenant once the caller is known."""
        return None if self.principal is None else self.principal.tenant_id

    def remaining(self) -> float | None:
        """Seconds until the deadline, negative when it has passed; None without a deadline."""
        return None if self.deadline is None else self.deadline - time.monotonic()

    def client_address(self) -> str:
        """The network address of the caller, without a port; empty when it is not known."""
        return ""

    def client_device(self) -> str:
        """What the caller calls itself (`User-Agent`); empty when it does not. Nothing may depend on it."""
        return ""

    def interrupt_with(self, interrupt: Callable[[], None] | None) -> None:
        """Says how to stop the statement that runs now; None when none runs any more."""
        self._interrupt = interrupt

    def end(self) -> None:
        """Marks the call as over and stops the statement that still runs for it."""
        self.ended = True
        interrupt = self._interrupt
        if interrupt is not None:
            interrupt()


current_call: ContextVar[Call | None] = ContextVar("current_call", default=None)
