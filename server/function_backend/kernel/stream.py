"""A stream of answers that stays open without keeping a thread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from function_backend.kernel.errors import ServiceError

_MARK = "keeps_no_thread"

F = TypeVar("F", bound="Callable[..., None]")


class OpenStream(Protocol):
    """The caller's end of a stream. Any thread may use it, one message at a time."""

    def send(self, message: bytes) -> None:
        """Sends a message; returns when it has left, which is up to the caller's flow control."""

    def end(self, failure: ServiceError | None = None) -> None:
        """Ends the stream well, or with the failure; a second time changes nothing."""

    def cancel(self) -> None:
        """Breaks the stream off, even while a message is being sent."""

    def on_end(self, told: Callable[[], None]) -> None:
        """Calls back once when the stream is over, whoever ended it; at once when it is over already."""


def keeps_no_thread(method: F) -> F:
    """Marks a servicer's method that takes request, call and `OpenStream`, and returns while the stream stays open."""
    setattr(method, _MARK, True)
    return method


def is_without_thread(method: object) -> bool:
    """Whether the servicer's method is marked so."""
    return getattr(method, _MARK, False) is True
