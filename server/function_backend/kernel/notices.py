"""Telling a person what concerns them, from any slice, in the transaction in which it happened.

A slice that has something to tell describes it as a `Notice`; the slice that sends knows how it is worded and by which
way it goes. Neither knows the other.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What one person is to be told."""

    template: str
    """The name of a built-in template, such as `auth.invitation`."""
    key: str
    """Makes the notice itself unique in the tenant: the same again is told once."""
    user_id: UUID
    email: str
    """Empty for a person who has none; the notice cannot be sent then."""
    display_name: str
    variables: Mapping[str, str] = field(repr=False)
    """What the template needs; secrets may be among them."""
    language: str = ""
    """Such as `de-AT`; the usual one of the service when empty."""
    expires_at: datetime | None = None
    """After this it is of no use any more."""


class Notices:
    """Hands notices to the slice that sends."""

    def __init__(self) -> None:
        self._send: Callable[[Any, Notice], bool] | None = None

    def learn(self, send: Callable[[Any, Notice], bool] | None) -> None:
        """Takes over how a slice sends; one slice of the service does."""
        if send is not None:
            self._send = send

    @property
    def is_set_up(self) -> bool:
        """Whether anything is ever sent: where it is not, nobody needs to find out whom to tell."""
        return self._send is not None

    def send(self, work: Any, notice: Notice) -> bool:  # noqa: ANN401  unknown to the kernel
        """Whether the notice will be sent: it is written in the unit of work that is handed over.

        False where the installation has no way to reach the person; the caller then does what it did before.
        """
        return self._send is not None and self._send(work, notice)
