"""Reading resources of another slice by their ids, as the caller of the current call sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from uuid import UUID

    from function_backend.kernel.call import Call

    Reader = Callable[[UUID, Call], bytes]


class References:
    """What each slice lets others read: the type of a resource to the function that reads one as it is sent.

    A reader keeps to what the caller may see of the type's resources; that the caller may read the type at all is for
    whoever asks to see to.
    """

    def __init__(self) -> None:
        self._readers: dict[str, Reader] = {}

    def learn(self, readers: Mapping[str, Reader]) -> None:
        """Takes over the readers of a slice."""
        self._readers.update(readers)

    def read(self, resource_type: str, resource_id: UUID, call: Call) -> bytes:
        """The resource as a serialised message. Raises what its slice refuses with when the caller sees none."""
        return self._readers[resource_type](resource_id, call)
