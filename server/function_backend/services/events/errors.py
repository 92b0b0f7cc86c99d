"""The failures of the feed."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from function_backend.kernel.errors import (
    FieldViolation,
    InvalidArgumentError,
    LimitExceededError,
    NotFoundError,
    PermissionDeniedError,
    PreconditionError,
    Resource,
)

_COME_BACK = timedelta(seconds=5)
_GO_ON = timedelta(milliseconds=100)


class InvalidEventCursorError(InvalidArgumentError):
    """The cursor is not one of this tenant's feed."""

    reason = "INVALID_EVENT_CURSOR"

    def __init__(self) -> None:
        field = "start.cursor"
        description = "is not a cursor of this tenant's feed; begin with a time, with the oldest event, or now"
        super().__init__(
            f"{field}: {description}", metadata={"violations": "1"}, violations=[FieldViolation(field, description)]
        )


class EventCursorExpiredError(PreconditionError):
    """What follows the place is not kept any more."""

    reason = "EVENT_CURSOR_EXPIRED"

    def __init__(self, *, oldest_cursor: str, oldest_at: datetime, missed: int) -> None:
        time = oldest_at.isoformat().replace("+00:00", "Z")
        super().__init__(
            f"Events after this cursor have been dropped; go on with the oldest that is kept, of {time}.",
            metadata={"oldest_cursor": oldest_cursor, "oldest_time": time, "missed": str(missed)},
        )


class UnknownEventTypeError(InvalidArgumentError):
    """There is no such type."""

    reason = "UNKNOWN_EVENT_TYPE"

    def __init__(self, name: str, nearest: str) -> None:
        field = "filter.types"
        hint = f"; is '{nearest}' meant?" if nearest else "; ListEventTypes lists those that there are"
        super().__init__(
            f"There are no events of the type '{name}'{hint}",
            metadata={"type": name, "nearest": nearest},
            violations=[FieldViolation(field, f"there are no events of the type '{name}'{hint}")],
        )


class EventTypeHiddenError(PermissionDeniedError):
    """The caller may see no events of the type."""

    reason = "EVENT_TYPE_HIDDEN"

    def __init__(self, name: str, permission: str) -> None:
        super().__init__(
            f"Events of the type '{name}' need the permission '{permission}'.",
            metadata={"type": name, "permission": permission},
        )


class TooManyEventWatchersError(LimitExceededError):
    """The worker has as many watchers as it takes."""

    reason = "TOO_MANY_EVENT_WATCHERS"

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"The server has {limit:,} watchers and takes no more; try again, or list events instead.",
            metadata={"limit": str(limit)},
            retry_after=_COME_BACK,
        )


class EventWatcherTooSlowError(LimitExceededError):
    """The watcher did not take its events as fast as they came."""

    reason = "EVENT_WATCHER_TOO_SLOW"

    def __init__(self, *, cursor: str, waiting: int) -> None:
        super().__init__(
            f"{waiting:,} events waited to be taken; go on from the cursor, faster or with fewer events.",
            metadata={"cursor": cursor, "waiting": str(waiting)},
            retry_after=_GO_ON,
        )


class EventNotFoundError(NotFoundError):
    """The tenant has no event with this id that the caller may see."""

    reason = "EVENT_NOT_FOUND"

    def __init__(self, event_id: UUID) -> None:
        super().__init__(
            f"The event {event_id} does not exist, or is not kept any more.",
            metadata={"event": str(event_id)},
            resource=Resource("event", str(event_id)),
        )
