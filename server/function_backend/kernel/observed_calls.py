"""Calls that the audit trail is to tell of though they changed nothing: those denied, and sensitive reads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Protocol
from uuid import UUID

from function_backend.kernel.identity import Principal


class Observation(Enum):
    """Why a call is told of."""

    DENIED = "denied"
    """It was refused: its caller may not make it, or is not let in."""
    SENSITIVE_READ = "sensitive_read"
    """It reads what the contract declares sensitive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedCall:
    """One such call."""

    observation: Observation
    method: str
    """As on the wire, such as `/function.company.v1.CompanyService/ExportCompanies`."""
    request_id: str
    caller: Principal
    """Who called; of a refused credential, whose it was."""
    at: datetime
    resource_type: str = ""
    """The type of the resources that the method is about; empty where it is about none."""
    resource_id: UUID | None = None
    """The resource that was read, where it was one."""
    status: str = "OK"
    """The status, by its name in gRPC."""
    reason: str = ""
    """Why it was refused, as in `ErrorReason`."""
    permission: str = ""
    """The permission of the method."""
    address: str = ""
    """Where it came from; empty when it is not known."""


class CallObserver(Protocol):
    """Writes such calls down; one slice of the service has it."""

    def observes(self, observation: Observation) -> bool:
        """Whether such calls are written down at all."""

    def observe(self, call: ObservedCall) -> None:
        """Writes the call down, or takes note of it to do so soon.

        Where calls are written down before they are answered, it raises what keeps it from doing so.
        """
