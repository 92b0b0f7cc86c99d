"""E-mail over SMTP (RFC 5321), with TLS, authentication and connections that are kept."""

from __future__ import annotations

import smtplib
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from function_backend.services.notifications.adapters.mime import Mailbox, as_email, message_id
from function_backend.services.notifications.domain.channel_policies import EmailPolicy
from function_backend.services.notifications.ports import (
    OutgoingMessage,
    PermanentFailureError,
    TemporaryFailureError,
)

_PERMANENT = 500
_IDLE_SECONDS = 30.0
_AUTHENTICATION = frozenset({530, 534, 535, 538})
"""Codes by which a server asks for other credentials: that is the operator's fault, and so may be mended."""


class SmtpChannel:
    """See `ChannelAdapter`. SMTP knows no key that makes handing over safe to repeat."""

    name = "smtp"
    idempotent = False

    def __init__(
        self,
        policy: EmailPolicy,
        *,
        sender: Mailbox,
        reply_to: Mailbox | None,
        now: Callable[[], datetime],
    ) -> None:
        self._policy = policy
        self._host, self._port = policy.address
        self._sender = sender
        self._reply_to = reply_to
        self._now = now
        self._context = _context(policy) if policy.security != "none" else None
        self._free: deque[tuple[smtplib.SMTP, float]] = deque()
        self._room = threading.BoundedSemaphore(policy.connections)
        self._closed = False

    def send(self, message: OutgoingMessage) -> str:
        """The Message-ID."""
        email = as_email(message, sender=self._sender, reply_to=self._reply_to, now=self._now())
        to = Mailbox.of(message.to)
        with self._room:
            connection = self._connection()
            try:
                self._hand_over(connection, to, email.as_bytes())
            except BaseException:
                # Nobody knows where the conversation has stopped.
                _drop(connection)
                raise
            self._keep(connection)
        return message_id(message.id, self._sender.domain)

    def close(self) -> None:
        """Ends connections that are not in use."""
        self._closed = True
        while self._free:
            _drop(self._free.pop()[0])

    def _hand_over(self, connection: smtplib.SMTP, to: Mailbox, text: bytes) -> None:
        options = []
        if not (to.is_ascii and self._sender.is_ascii):
            if not connection.has_extn("smtputf8"):
                raise PermanentFailureError("the mail server takes no addresses with such letters (SMTPUTF8)")
            options = ["SMTPUTF8", "BODY=8BITMIME"]
        try:
            connection.sendmail(self._sender.address, [to.address], text, mail_options=options)
        except smtplib.SMTPRecipientsRefused as error:
            code, said = next(iter(error.recipients.values()))
            raise _failure(code, said) from None
        except smtplib.SMTPResponseException as error:
            raise _failure(error.smtp_code, error.smtp_error) from None
        except (smtplib.SMTPException, OSError, ValueError) as error:
            raise TemporaryFailureError(f"the mail server broke off ({_cause(error)})") from None

    def _connection(self) -> smtplib.SMTP:
        """One that is kept and still answers, or a new one."""
        with suppress(IndexError):
            while True:
                connection, kept_at = self._free.pop()
                if time.monotonic() - kept_at < _IDLE_SECONDS and _answers(connection):
                    return connection
                _drop(connection)
        try:
            return self._connect()
        except smtplib.SMTPResponseException as error:
            code = error.smtp_code
            if code in _AUTHENTICATION:
                raise TemporaryFailureError(
                    f"the mail server refuses the credentials of the settings ({code})"
                ) from None
            raise TemporaryFailureError(f"the mail server refuses connections ({code})") from None
        except (smtplib.SMTPException, OSError, ValueError) as error:
            raise TemporaryFailureError(f"the mail server cannot be reached ({_cause(error)})") from None

    def _connect(self) -> smtplib.SMTP:
        policy = self._policy
        if policy.security == "tls":
            connection: smtplib.SMTP = smtplib.SMTP_SSL(
                self._host, self._port, timeout=policy.timeout, context=self._context
            )
        else:
            connection = smtplib.SMTP(self._host, self._port, timeout=policy.timeout)
        try:
            if policy.security == "starttls":
                connection.starttls(context=self._context)
            connection.ehlo_or_helo_if_needed()
            if policy.user and policy.password is not None:
                connection.login(policy.user, policy.password.reveal())
        except BaseException:
            _drop(connection)
            raise
        return connection

    def _keep(self, connection: smtplib.SMTP) -> None:
        if self._closed:
            _drop(connection)
        else:
            self._free.append((connection, time.monotonic()))


def _context(policy: EmailPolicy) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=None if policy.ca is None else str(policy.ca))


def _failure(code: int, said: bytes | str) -> TemporaryFailureError | PermanentFailureError:
    """What a refusal means: 4xx may work later, 5xx will not (RFC 5321 section 4.2.1)."""
    # What a server says may repeat the address; the code and the enhanced code (RFC 3463) say enough.
    text = said.decode("ascii", "replace") if isinstance(said, bytes) else said
    enhanced = text.split(" ", 1)[0]
    why = f"the mail server says {code}" + (f" {enhanced}" if enhanced.replace(".", "").isdigit() else "")
    if code in _AUTHENTICATION or code < _PERMANENT:
        return TemporaryFailureError(why)
    return PermanentFailureError(why)


def _cause(error: Exception) -> str:
    return type(error).__name__ if not isinstance(error, OSError) else (error.strerror or type(error).__name__)


def _answers(connection: smtplib.SMTP) -> bool:
    try:
        return connection.noop()[0] == 250  # noqa: PLR2004  RFC 5321: done
    except (smtplib.SMTPException, OSError, ValueError):
        return False


def _drop(connection: smtplib.SMTP) -> None:
    with suppress(smtplib.SMTPException, OSError, ValueError):
        connection.close()
