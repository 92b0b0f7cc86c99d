"""Collecting what is wrong with the values of a request, so that a caller hears of all of it at once."""

from __future__ import annotations

from function_backend.kernel.errors import FieldViolation, invalid_fields


class Checks:
    """The faults found so far."""

    __slots__ = ("violations",)

    def __init__(self) -> None:
        self.violations: list[FieldViolation] = []

    def refuse(self, path: str, description: str) -> None:
        """Notes a fault of the field."""
        self.violations.append(FieldViolation(path, description))

    def complete(self) -> None:
        """Raises INVALID_ARGUMENT with the faults, if there are any."""
        if self.violations:
            raise invalid_fields(*self.violations)
