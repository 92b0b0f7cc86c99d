"""The failures of data keys."""

from __future__ import annotations

from uuid import UUID

from function_backend.kernel.errors import NotFoundError, PreconditionError


class DataKeyNotFoundError(NotFoundError):
    """Nothing of the tenant was ever encrypted."""

    reason = "DATA_KEY_NOT_FOUND"

    def __init__(self, tenant_id: UUID) -> None:
        super().__init__(
            "The tenant has no data key yet; it gets one with the first value that is encrypted.",
            metadata={"tenant_id": str(tenant_id)},
        )


class DataKeyRotationRunningError(PreconditionError):
    """What was encrypted under the key before is still being encrypted under the newest."""

    reason = "DATA_KEY_ROTATION_RUNNING"

    def __init__(self, tenant_id: UUID) -> None:
        super().__init__(
            "The values of the tenant are still being encrypted anew; rotate again when GetDataKey has a finish_time.",
            metadata={"tenant_id": str(tenant_id)},
        )
