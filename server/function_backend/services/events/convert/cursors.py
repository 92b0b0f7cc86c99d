"""Places in the feed as cursors: signed, so that nobody makes one up or takes one to another tenant."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from function_backend.kernel.pagination import InvalidPageTokenError, PageTokens
from function_backend.services.events.domain.place import Place
from function_backend.services.events.errors import InvalidEventCursorError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Cursors:
    """Writes and reads cursors."""

    def __init__(self, tokens: PageTokens) -> None:
        self._tokens = tokens

    def write(self, tenant_id: UUID, place: Place) -> str:
        """The cursor of the place."""
        return self._tokens.write(_bound(tenant_id), place_key(place))

    def read(self, tenant_id: UUID, cursor: str) -> Place:
        """The place of the cursor; InvalidEventCursorError when it is not one of this tenant."""
        try:
            key = self._tokens.read(_bound(tenant_id), cursor)
        except InvalidPageTokenError:
            key = None
        if key is None:
            raise InvalidEventCursorError
        return place_of(key)


def place_key(place: Place) -> tuple[str, str]:
    """The place as the key of a token."""
    return str(place.position), str((place.moment - _EPOCH) // _MICROSECOND)


def place_of(key: Sequence[str]) -> Place:
    """The place of such a key."""
    position, moment = key
    return Place(int(position), _EPOCH + int(moment) * _MICROSECOND)


def _bound(tenant_id: UUID) -> tuple[str, ...]:
    return "event cursor", str(tenant_id)
