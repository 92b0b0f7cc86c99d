"""The channels that the settings name: those of the service, and those of packages that are installed beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from importlib.metadata import entry_points

from function_backend.services.notifications.domain.addresses import CHAT, EMAIL, SMS
from function_backend.services.notifications.domain.channel_policies import (
    ChannelPolicies,
    ChatPolicy,
    EmailPolicy,
    SmsPolicy,
)
from function_backend.services.notifications.ports import ChannelAdapter

PLUGINS = "function_backend.notification_channels"


def open_channels(policies: ChannelPolicies, now: Callable[[], datetime]) -> Mapping[str, ChannelAdapter]:
    """The channels by their names, in the order in which they are preferred.

    ValueError says what is wrong with the settings. Nothing connects before something is sent.
    """
    found: dict[str, ChannelAdapter] = {}
    if policies.email is not None:
        found[EMAIL] = _email(policies.email, now)
    if policies.sms is not None:
        found[SMS] = _sms(policies.sms, policies.provider_timeout)
    if policies.chat is not None:
        found[CHAT] = _chat(policies.chat, policies.provider_timeout, now)
    for name, options in policies.plugins.items():
        found[name] = _plugin(name, options)
    return found


# What no setting names is not loaded, clients for HTTP and mail least of all: a start is mostly loading.


def _email(policy: EmailPolicy, now: Callable[[], datetime]) -> ChannelAdapter:
    from function_backend.services.notifications.adapters.mime import Mailbox  # noqa: PLC0415
    from function_backend.services.notifications.adapters.smtp import SmtpChannel  # noqa: PLC0415

    try:
        sender = Mailbox.parse(policy.sender)
        reply_to = Mailbox.parse(policy.reply_to) if policy.reply_to else None
        return SmtpChannel(policy, sender=sender, reply_to=reply_to, now=now)
    except ValueError as error:
        raise ValueError(f"notifications: the settings of e-mail cannot be used: {error}") from None


def _sms(policy: SmsPolicy, timeout: float) -> ChannelAdapter:
    from function_backend.services.notifications.adapters.twilio import TwilioChannel  # noqa: PLC0415

    return TwilioChannel(policy, timeout=timeout)


def _chat(policy: ChatPolicy, timeout: float, now: Callable[[], datetime]) -> ChannelAdapter:
    from function_backend.services.notifications.adapters.webhook import WebhookChannel  # noqa: PLC0415

    return WebhookChannel(policy, timeout=timeout, now=now)


def _plugin(name: str, options: Mapping[str, str]) -> ChannelAdapter:
    found = [each for each in entry_points(group=PLUGINS) if each.name == name]
    if len(found) != 1:
        known = ", ".join(sorted(each.name for each in entry_points(group=PLUGINS))) or "none"
        raise ValueError(
            f"notifications.plugins: {len(found)} installed packages have the channel '{name}'; installed: {known}"
        )
    adapter: ChannelAdapter = found[0].load()(options)
    return adapter
