"""What methods require and promise whose contract is not ours, and so cannot say it by our options.

This is the one place for it: a foreign method that is served and not listed here stops the start, as one of ours does
that declares no policy.
"""

from __future__ import annotations

from collections.abc import Mapping

from function.common.v1.options_pb2 import (
    IDEMPOTENCY_IDEMPOTENT,
    IDEMPOTENCY_NO_SIDE_EFFECTS,
    Idempotency,
    MethodPolicy,
)


def _policy(permission: str, idempotency: Idempotency.ValueType, *, wider: str) -> MethodPolicy:
    return MethodPolicy(permission=permission, idempotency=idempotency, wider_permissions=[wider])


_READ, _MANAGE = "jobs.installation.read", "jobs.installation.manage"
_OPERATIONS = "google.longrunning.Operations"

FOREIGN_POLICIES: Mapping[str, MethodPolicy] = {
    f"{_OPERATIONS}.GetOperation": _policy("jobs.read", IDEMPOTENCY_NO_SIDE_EFFECTS, wider=_READ),
    f"{_OPERATIONS}.ListOperations": _policy("jobs.read", IDEMPOTENCY_NO_SIDE_EFFECTS, wider=_READ),
    f"{_OPERATIONS}.WaitOperation": _policy("jobs.read", IDEMPOTENCY_NO_SIDE_EFFECTS, wider=_READ),
    f"{_OPERATIONS}.CancelOperation": _policy("jobs.cancel", IDEMPOTENCY_IDEMPOTENT, wider=_MANAGE),
    f"{_OPERATIONS}.DeleteOperation": _policy("jobs.delete", IDEMPOTENCY_IDEMPOTENT, wider=_MANAGE),
}
"""Full name of a method to what the options of ours would say of it."""
