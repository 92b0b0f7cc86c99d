"""Lets a caller do only what its credential allows: the permission that the contract declares for the method."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache

from function_backend.interceptors.access_request import access_request
from function_backend.interceptors.exchange import Exchange
from function_backend.interceptors.method import Method
from function_backend.interceptors.peer import peer_address
from function_backend.interceptors.stage import Hook, Stage
from function_backend.kernel.clock import Clock
from function_backend.kernel.conditions import Circumstances
from function_backend.kernel.errors import PermissionDeniedError
from function_backend.kernel.identity import Principal
from function_backend.kernel.step_up import SECOND_FACTOR, StepUp


class PermissionMissingError(PermissionDeniedError):
    """The caller lacks the permission of the method."""

    reason = "PERMISSION_MISSING"

    def __init__(self, permission: str, method: str) -> None:
        super().__init__(
            f"The permission '{permission}' is missing.", metadata={"permission": permission, "method": method}
        )


class StepUpRequiredError(PermissionDeniedError):
    """The caller holds the permission, and would have to sign in in another way to use it."""

    reason = "STEP_UP_REQUIRED"

    def __init__(self, permission: str, step_up: StepUp) -> None:
        max_age = "" if step_up.max_age is None else str(int(step_up.max_age / timedelta(seconds=1)))
        how = " with a second factor" if step_up.second_factor else ""
        when = f", at most {max_age} seconds ago" if max_age else ""
        super().__init__(
            f"Sign in again{how}{when}.",
            metadata={
                "permission": permission,
                "acr_values": SECOND_FACTOR if step_up.second_factor else "",
                "max_age": max_age,
            },
        )


class Authorization(Stage):
    """Refuses by default: without a principal, without a permission, without a match."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def entering(self, method: Method) -> Hook | None:
        """Checks the permission that the contract declares, and the sign-in where it asks for one."""
        if method.anonymous:
            return None
        permission, path, resource_type, step_up = method.permission, method.path, method.resource_type, method.step_up
        now = self._clock.now

        def enter(exchange: Exchange) -> None:
            principal = exchange.principal
            if principal is None:
                raise PermissionMissingError(permission, path)
            if principal.conditional:
                principal = exchange.principal = principal.settled(_around(method, principal, exchange, now()))
            if not principal.permissions.allows(permission) and not (
                resource_type and principal.scoped and principal.scopes_of(permission, resource_type)
            ):
                around = _around(method, principal, exchange, now())
                missing = principal.missing_step_up(permission, resource_type, around)
                raise (
                    PermissionMissingError(permission, path)
                    if missing is None
                    else StepUpRequiredError(permission, missing)
                )
            if step_up is not None and not step_up.is_met(principal, now=now()):
                raise StepUpRequiredError(permission, step_up)

        return enter


def _around(method: Method, principal: Principal, exchange: Exchange, now: datetime) -> Circumstances:
    address = peer_address(exchange.context.peer())
    # Made when an expression asks for it, and once for all of them.
    request = cache(lambda: access_request(method, principal, now=now, address=address))
    return Circumstances(caller=principal, now=now, address=address, request=request)
