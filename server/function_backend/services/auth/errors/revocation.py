"""The failures of following revocations."""

from __future__ import annotations

from datetime import timedelta

from function_backend.kernel.errors import LimitExceededError

_COME_BACK = timedelta(seconds=5)


class TooManyWatchersError(LimitExceededError):
    """This worker has as many streams open as it may."""

    reason = "TOO_MANY_WATCHERS"

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"{limit} streams watch for revocations here; try again on another connection.",
            metadata={"limit": str(limit)},
            retry_after=_COME_BACK,
        )
