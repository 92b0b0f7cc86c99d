"""Following what is published."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from function_backend.kernel.identity import Principal
from function_backend.kernel.stream import OpenStream
from function_backend.services.rules.adapters.follower import Following, Update
from function_backend.services.rules.adapters.publication_feed import PublicationFeed
from function_backend.services.rules.domain.distribution import Followed


class FollowingPublications:
    """The use case of following what is published."""

    def __init__(self, feed: PublicationFeed) -> None:
        self._feed = feed

    def watch(
        self,
        caller: Principal | None,
        stream: OpenStream,
        *,
        followed: Followed,
        heartbeat: float,
        known: frozenset[str],
        write: Callable[[Update], Iterable[bytes]],
    ) -> None:
        """Tells the stream what is published until it ends; returns at once."""
        if caller is None:
            raise RuntimeError("the pipeline lets nobody in without a principal")
        following = Following(
            tenant_id=caller.tenant_id, followed=followed, heartbeat=heartbeat, known=known, write=write
        )
        self._feed.follow(following, stream)
