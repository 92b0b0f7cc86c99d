"""What a change must pass before it is committed, where a tenant has bound something to it.

A slice that lets changes be judged describes each as a `ProposedChange` and asks the gate of its operation; the slice
that judges says how. Neither knows the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from uuid import UUID

    from function_backend.kernel.call import Call
    from function_backend.kernel.errors import ServiceError


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedChange:
    """A change that is valid and not yet made."""

    resource_type: str
    """Such as `company`."""
    resource_id: UUID
    before: bytes | None
    """The resource as a serialised message, as it is until then; None for a new one."""
    after: bytes
    """The resource as it will be written."""
    changed_fields: tuple[str, ...] = ()
    """The names of the fields that differ."""


class Judgement(Protocol):
    """What was found about a change. It is to be written (`Gate.write`) with the change, or with the refusal."""

    @property
    def refusal(self) -> ServiceError | None:
        """Why the change must not be made; None when it may be."""


class Gate(Protocol):
    """Judges the changes of one operation in one call."""

    def judge(self, change: ProposedChange) -> Judgement:
        """What is to be said about the change. It asks nothing of the database."""

    def write(self, work: Any, judgements: Sequence[Any]) -> None:  # noqa: ANN401  unknown to the kernel
        """Writes what is to be kept of its judgements, in the unit of work that is handed over."""


class Gates:
    """Opens the gate of an operation."""

    def __init__(self) -> None:
        self._open: Callable[[str, Call], Gate | None] | None = None

    def learn(self, open_gate: Callable[[str, Call], Gate | None] | None) -> None:
        """Takes over the gates of a slice; one slice of the service has them."""
        if open_gate is not None:
            self._open = open_gate

    def open(self, operation: str, call: Call) -> Gate | None:
        """What the changes of an operation, such as `company.create`, must pass in a call; None when it is nothing."""
        return None if self._open is None else self._open(operation, call)
