"""Watching the feed."""

from __future__ import annotations

from functools import partial

from function_backend.cloud_events.catalogue import EventCatalogue
from function_backend.events.log import EventFilter
from function_backend.kernel.identity import Principal
from function_backend.kernel.stream import OpenStream
from function_backend.persistence.unit_of_work import Transactions
from function_backend.services.events.adapters.feed import EventFeed
from function_backend.services.events.adapters.opening import sees_whole
from function_backend.services.events.adapters.watcher import Watching
from function_backend.services.events.domain.place import Beginning
from function_backend.services.events.service.selection import WriteCursor, check_types, place_to_begin


class WatchEvents:
    """The use case of watching."""

    def __init__(
        self,
        *,
        transactions: Transactions,
        catalogue: EventCatalogue,
        feed: EventFeed,
        write_cursor: WriteCursor,
        longest_queue: int,
    ) -> None:
        self._transactions = transactions
        self._catalogue = catalogue
        self._feed = feed
        self._write_cursor = write_cursor
        self._longest_queue = longest_queue

    def watch(
        self, caller: Principal, stream: OpenStream, *, wanted: EventFilter, beginning: Beginning, interval: float
    ) -> None:
        """Tells the stream events until it ends; returns at once."""
        check_types(self._catalogue, caller, wanted)
        with self._transactions.apart() as work:
            place = place_to_begin(work, beginning, write_cursor=self._write_cursor)
        watching = Watching(
            tenant_id=caller.tenant_id,
            wanted=wanted,
            sees=partial(self._catalogue.may_see, caller),
            sees_whole=partial(sees_whole, caller),
            interval=interval,
            longest_queue=self._longest_queue,
        )
        self._feed.watch(watching, place, stream)
