"""Lets a caller do only what its credential allows: the permission that the contract declares for the method."""

from __future__ import annotations

from function_backend.interceptors.exchange import Exchange
from function_backend.interceptors.method import Method
from function_backend.interceptors.stage import Hook, Stage
from function_backend.kernel.errors import PermissionDeniedError


class PermissionMissingError(PermissionDeniedError):
    """The caller lacks the permission of the method."""

    reason = "PERMISSION_MISSING"

    def __init__(self, permission: str, method: str) -> None:
        super().__init__(
            f"The permission '{permission}' is missing.", metadata={"permission": permission, "method": method}
        )


class Authorization(Stage):
    """Refuses by default: without a principal, without a permission, without a match."""

    def entering(self, method: Method) -> Hook | None:
        """Checks the permission that the contract declares."""
        if method.anonymous:
            return None
        permission, path = method.permission, method.path

        def enter(exchange: Exchange) -> None:
            principal = exchange.principal
            if principal is None or not principal.permissions.allows(permission):
                raise PermissionMissingError(permission, path)

        return enter
