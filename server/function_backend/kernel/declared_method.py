"""What the contract says about a method, as far as the slices need to know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from function_backend.kernel.step_up import StepUp


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredMethod:
    """A method and what it asks of its callers."""

    path: str
    """As on the wire, such as `/function.company.v1.CompanyService/GetCompany`."""
    permission: str
    """Empty for an anonymous method."""
    only_reads: bool
    resource_type: str
    """The type of the resources for some of which the permission may be held; empty for the whole tenant alone."""
    step_up: StepUp | None
    wider_permissions: tuple[str, ...] = ()
    """What lets a caller do more with the method."""
