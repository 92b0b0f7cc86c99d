"""Reading resources of another slice, by their ids or all of them, as the caller of the current call sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from uuid import UUID

    from function_backend.kernel.call import Call

    Reader = Callable[[UUID, Call], bytes]


class ResourcePages(Protocol):
    """All resources of a type, page by page."""

    def count(self) -> int:
        """How many the caller sees."""

    def page(self, after: UUID | None, *, limit: int) -> Sequence[tuple[UUID, bytes]]:
        """Those after the given one in the order of their ids, with their messages; none when that was the last one."""


class References:
    """What each slice lets others read: the type of a resource to the function that reads one as it is sent.

    A reader keeps to what the caller may see of the type's resources; that the caller may read the type at all is for
    whoever asks to see to.
    """

    def __init__(self) -> None:
        self._readers: dict[str, Reader] = {}
        self._pages: dict[str, ResourcePages] = {}

    def learn(self, readers: Mapping[str, Reader], pages: Mapping[str, ResourcePages] | None = None) -> None:
        """Takes over the readers of a slice."""
        self._readers.update(readers)
        self._pages.update(pages or {})

    def pages(self, resource_type: str) -> ResourcePages:
        """All resources of the type, as the caller of the current call sees them."""
        return self._pages[resource_type]

    def read(self, resource_type: str, resource_id: UUID, call: Call) -> bytes:
        """The resource as a serialised message. Raises what its slice refuses with when the caller sees none."""
        return self._readers[resource_type](resource_id, call)
