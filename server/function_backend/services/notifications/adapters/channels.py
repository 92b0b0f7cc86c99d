"""The channels that the settings name: those of the service, and those of packages that are installed beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from importlib.metadata import entry_points

from function_backend.kernel.secret import Secret
from function_backend.services.notifications.adapters.mime import Mailbox
from function_backend.services.notifications.adapters.smtp import MailServer, SmtpChannel
from function_backend.services.notifications.adapters.twilio import TwilioChannel
from function_backend.services.notifications.adapters.webhook import WebhookChannel
from function_backend.services.notifications.domain.addresses import CHAT, EMAIL, SMS
from function_backend.services.notifications.ports import ChannelAdapter
from function_backend.services.notifications.settings import NotificationsSettings

PLUGINS = "function_backend.notification_channels"
_MAIL_PORT = 587


def open_channels(settings: NotificationsSettings, now: Callable[[], datetime]) -> Mapping[str, ChannelAdapter]:
    """The channels by their names, in the order in which they are preferred.

    ValueError says what is wrong with the settings. Nothing connects before something is sent.
    """
    found: dict[str, ChannelAdapter] = {}
    if settings.email_server:
        found[EMAIL] = _email(settings, now)
    if settings.sms_url and settings.sms_token is not None:
        found[SMS] = TwilioChannel(
            url=settings.sms_url,
            account=settings.sms_account,
            token=settings.sms_token,
            sender=settings.sms_sender,
            timeout=settings.provider_timeout.total_seconds(),
        )
    if settings.chat_url and settings.chat_secret is not None:
        found[CHAT] = WebhookChannel(
            url=settings.chat_url,
            secret=settings.chat_secret,
            timeout=settings.provider_timeout.total_seconds(),
            now=now,
        )
    for name in settings.plugins:
        found[name] = _plugin(name, options_of(name, settings.plugin_options))
    return found


def options_of(channel: str, texts: Sequence[Secret]) -> Mapping[str, str]:
    """The options of one channel among those of all."""
    prefix = f"{channel}."
    pairs = (text.reveal().removeprefix(prefix).partition("=") for text in texts if text.reveal().startswith(prefix))
    return {name: value for name, _, value in pairs}


def _email(settings: NotificationsSettings, now: Callable[[], datetime]) -> SmtpChannel:
    host, _, port = settings.email_server.rpartition(":") if ":" in settings.email_server else ("", "", "")
    try:
        server = MailServer(
            host=(host or settings.email_server).strip("[]"),
            port=int(port or _MAIL_PORT),
            security=settings.email_security,
            user=settings.email_user,
            password=settings.email_password,
            ca=settings.email_ca,
            timeout=settings.email_timeout.total_seconds(),
        )
        sender = Mailbox.parse(settings.email_sender)
        reply_to = Mailbox.parse(settings.email_reply_to) if settings.email_reply_to else None
    except ValueError as error:
        raise ValueError(f"notifications: the settings of e-mail cannot be used: {error}") from None
    return SmtpChannel(server, sender=sender, reply_to=reply_to, connections=settings.email_connections, now=now)


def _plugin(name: str, options: Mapping[str, str]) -> ChannelAdapter:
    found = [each for each in entry_points(group=PLUGINS) if each.name == name]
    if len(found) != 1:
        known = ", ".join(sorted(each.name for each in entry_points(group=PLUGINS))) or "none"
        raise ValueError(
            f"notifications.plugins: {len(found)} installed packages have the channel '{name}'; installed: {known}"
        )
    adapter: ChannelAdapter = found[0].load()(options)
    return adapter
