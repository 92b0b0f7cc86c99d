"""What the use cases need from outside, and what a channel is: also for packages that add one.

A package adds a channel by an entry point of the group `function_backend.notification_channels`: its name is that of
the channel, and it names a callable that takes the options from the settings and returns a `ChannelAdapter`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol
from uuid import UUID

from function_backend.services.notifications.domain.template import (
    Json,
    Rendered,
    TemplateBody,
    TemplateProblem,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingMessage:
    """One message as a channel sends it."""

    id: UUID
    """The same for each attempt: a provider that knows it already does not deliver it again."""
    tenant_id: UUID
    to: str = field(repr=False)
    """The address, which has no control character in it."""
    display_name: str = field(repr=False)
    """On one line."""
    subject: str = field(repr=False)
    """On one line."""
    text: str = field(repr=False)
    html: str = field(repr=False)
    """Empty for none."""
    short_text: str = field(repr=False)
    category: str
    language: str
    unsubscribe_url: str = field(repr=False)
    """Empty where nobody can unsubscribe."""


class TemporaryFailureError(Exception):
    """It may work later; the message says why it did not, without the address and without what it says."""

    def __init__(self, why: str, *, retry_after: timedelta | None = None) -> None:
        super().__init__(why)
        self.retry_after = retry_after
        """How long the provider wants to be left alone."""


class PermanentFailureError(Exception):
    """It will not work; the message says why, without the address and without what it says."""


class ChannelAdapter(Protocol):
    """Hands messages to a provider. Several threads use it at once."""

    name: str
    """What it works with, such as `smtp`."""
    idempotent: bool
    """Whether the provider delivers a message once that is handed over twice with the same id."""

    def send(self, message: OutgoingMessage) -> str:
        """What the provider calls the message, which it has taken; empty when it does not say.

        It must return within a minute. Raises TemporaryFailureError or PermanentFailureError; whatever else it raises
        counts as temporary.
        """

    def close(self) -> None:
        """Ends connections."""


class TemplateEngine(Protocol):
    """Examines templates and writes with them; nothing that a template says harms the process."""

    def problems(self, body: TemplateBody) -> Sequence[TemplateProblem]:
        """What cannot be accepted of the template."""

    def render(self, body: TemplateBody, variables: Mapping[str, Json]) -> Rendered:
        """What the template says with the variables. Raises RenderingError."""


class RenderingError(Exception):
    """The template cannot be written with these variables; the message says where and why."""
