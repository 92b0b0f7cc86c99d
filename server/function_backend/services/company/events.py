"""What happens to companies, as the rest of the world is told."""

from __future__ import annotations

from dataclasses import dataclass

from function_backend.kernel.events import DomainEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyEvent(DomainEvent):
    """Something happened to a company."""

    subject_type = "company"

    document: bytes
    """The company after it, as it is sent."""
    changed_fields: tuple[str, ...]
    """The fields that differ from before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyCreated(CompanyEvent):
    """A company was created."""

    type = "function.company.v1.CompanyCreated"


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyUpdated(CompanyEvent):
    """A company was changed."""

    type = "function.company.v1.CompanyUpdated"


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyDeleted(CompanyEvent):
    """A company was deleted."""

    type = "function.company.v1.CompanyDeleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyUndeleted(CompanyEvent):
    """A deleted company was brought back."""

    type = "function.company.v1.CompanyUndeleted"
