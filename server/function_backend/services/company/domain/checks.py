"""Collecting everything that is wrong with a company, instead of stopping at the first fault."""

from __future__ import annotations

from function_backend.kernel.errors import FieldViolation, invalid_fields


class Checks:
    """The faults found so far, each with the path of its field.

    The checks of this package take a value as the caller sent it and give it back normalised; what they refuse they
    report here and give back as it was.
    """

    __slots__ = ("_root", "violations")

    def __init__(self, root: str = "company") -> None:
        self._root = root
        self.violations: list[FieldViolation] = []

    def refuse(self, path: str, description: str) -> None:
        """Reports a fault of the field at the path below the company."""
        self.violations.append(FieldViolation(f"{self._root}.{path}", description))

    def refuse_field(self, parent: str, field: str, description: str) -> None:
        """Reports a fault of a field of the value at the path `parent`, or of the company itself when that is empty."""
        self.refuse(f"{parent}.{field}" if parent else field, description)

    def complete(self) -> None:
        """Raises INVALID_ARGUMENT with all the faults, when there are any."""
        if self.violations:
            raise invalid_fields(*self.violations)
