"""The failures of granting permissions."""

from __future__ import annotations

from function_backend.kernel.errors import FieldViolation, InvalidArgumentError, PermissionDeniedError, invalid_fields


class PermissionEscalationError(PermissionDeniedError):
    """A caller tried to grant what it does not hold."""

    reason = "PERMISSION_ESCALATION"

    def __init__(self, permission: str) -> None:
        super().__init__(
            f"The permission '{permission}' cannot be granted by a caller that does not hold it.",
            metadata={"permission": permission},
        )


def unknown_permissions(found: list[tuple[int, str, str | None]]) -> InvalidArgumentError:
    """An INVALID_ARGUMENT for permissions that no method declares: where each stands, what it is, what is like it."""
    return invalid_fields(
        *(
            FieldViolation(
                f"permissions[{place}]",
                f"'{name}' is not a permission of this service" + (f"; did you mean '{like}'?" if like else ""),
            )
            for place, name, like in found
        )
    )
