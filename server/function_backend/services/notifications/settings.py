"""What can be set about notifications."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from function_backend.kernel.secret import Secret
from function_backend.services.notifications.domain.channel_policies import (
    ChannelPolicies,
    ChatPolicy,
    EmailPolicy,
    SmsPolicy,
    options_of,
)

_URLS = ("public_url", "sms_url", "chat_url")
_LINKS = ("invitation_link", "password_reset_link")
_TOKEN = "{token}"  # noqa: S105  a place for one


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationsSettings:
    """What can be set about notifications: by which ways they go, and how many.

    Where a provider is reached is for the operator alone to say, so no tenant can make the service call an address of
    its choice.
    """

    email_server: str = ""
    """Where e-mail is handed in, such as `smtp.example.com:587`; no e-mail is sent when empty."""
    email_security: Literal["starttls", "tls", "none"] = "starttls"
    """How the connection is encrypted: after it has begun (`starttls`, mostly on port 587), from the first byte on
    (`tls`, mostly on port 465), or not at all."""
    email_user: str = ""
    """The name to sign in with at the mail server; nobody signs in when empty."""
    email_password: Secret | None = None
    """The password to that."""
    email_ca: Path | None = None
    """A file with the certificates to trust for the mail server, instead of those of the system."""
    email_sender: str = ""
    """From whom e-mail is, such as `Function <no-reply@example.com>`."""
    email_reply_to: str = ""
    """Where answers go; to the sender when empty."""
    email_connections: int = 4
    """Connections to the mail server that one process keeps at most."""
    email_timeout: timedelta = timedelta(seconds=20)
    """How long one answer of the mail server may take."""
    sms_url: str = ""
    """Where text messages are handed in, an interface as Twilio's, such as `https://api.twilio.com`; none are sent when
    empty."""
    sms_account: str = ""
    """The account there."""
    sms_token: Secret | None = None
    """The token of the account."""
    sms_sender: str = ""
    """The number that text messages come from, or the id of a messaging service."""
    chat_url: str = ""
    """Where messages for chats are posted as signed JSON; none are sent when empty."""
    chat_secret: Secret | None = None
    """The key that they are signed with, at least 24 bytes in base64."""
    provider_timeout: timedelta = timedelta(seconds=20)
    """How long a call of a provider over HTTP may take."""
    plugins: tuple[str, ...] = ()
    """Further channels, each the name of an entry point of the group `function_backend.notification_channels`."""
    plugin_options: tuple[Secret, ...] = ()
    """Options of these, each as `<channel>.<option>=<value>`."""
    public_url: str = ""
    """Where the HTTP port is reached from outside, such as `https://api.example.com`, for links to unsubscribe; there
    are none when empty."""
    invitation_link: str = ""
    """The page that accepts invitations, with `{token}` where the token goes, best behind a `#`, such as
    `https://app.example.com/invitation#{token}`; the message has the token by itself when empty."""
    password_reset_link: str = ""
    """The same for the page that sets a new password."""
    language: str = "en"
    """The language for recipients of whom none is known, and where a template has none of theirs."""
    senders: int = 4
    """Notifications that one process sends at the same time."""
    tenant_per_second: float = 100.0
    """Notifications that a tenant may ask for per second, in the long run."""
    recipient_per_hour: int = 60
    """Notifications that one recipient gets by one channel per hour, in the long run; what is too much waits. What the
    service itself tells about accounts is counted by itself."""
    channel_per_second: float = 50.0
    """Notifications that go through one channel per second; with Redis of all hosts together, otherwise of each."""
    given_up_after: timedelta = timedelta(days=2)
    """How long it is tried to hand a notification over."""
    kept_for: timedelta = timedelta(days=90)
    """How long notifications stay, without what they say, after they are over."""
    most_templates: int = 1_000
    """Templates that a tenant may have."""

    def __post_init__(self) -> None:
        for name in ("email_connections", "senders", "recipient_per_hour", "most_templates"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1")
        for name in ("email_timeout", "provider_timeout", "given_up_after", "kept_for"):
            if getattr(self, name) <= timedelta():
                raise ValueError(f"{name} must be more than 0")
        for name in ("tenant_per_second", "channel_per_second"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be more than 0")
        for name in _URLS:
            _require_url(name, getattr(self, name))
        for name in _LINKS:
            if getattr(self, name) and _TOKEN not in getattr(self, name):
                raise ValueError(f"{name} must have {_TOKEN} where the token goes")
            _require_url(name, getattr(self, name).replace(_TOKEN, "token"))
        self._require_together("email_server", "email_sender")
        self._require_together("sms_url", "sms_account", "sms_token", "sms_sender")
        self._require_together("chat_url", "chat_secret")

    @property
    def channel_policies(self) -> ChannelPolicies:
        """What is said about channels."""
        email, sms, chat = None, None, None
        if self.email_server:
            email = EmailPolicy(
                server=self.email_server,
                security=self.email_security,
                user=self.email_user,
                password=self.email_password,
                ca=self.email_ca,
                sender=self.email_sender,
                reply_to=self.email_reply_to,
                connections=self.email_connections,
                timeout=self.email_timeout.total_seconds(),
            )
        if self.sms_url and self.sms_token is not None:
            sms = SmsPolicy(url=self.sms_url, account=self.sms_account, token=self.sms_token, sender=self.sms_sender)
        if self.chat_url and self.chat_secret is not None:
            chat = ChatPolicy(url=self.chat_url, secret=self.chat_secret)
        return ChannelPolicies(
            email=email,
            sms=sms,
            chat=chat,
            provider_timeout=self.provider_timeout.total_seconds(),
            plugins={name: options_of(name, self.plugin_options) for name in self.plugins},
        )

    def _require_together(self, first: str, *others: str) -> None:
        for name in others if getattr(self, first) else ():
            if not getattr(self, name):
                raise ValueError(f"{name} is missing; it is needed with {first}")


def _require_url(name: str, text: str) -> None:
    if text and (urlsplit(text).scheme not in ("http", "https") or not urlsplit(text).hostname):
        raise ValueError(f"{name} must be a URL that begins with https:// or http://")
