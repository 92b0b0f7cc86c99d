"""A notification as an e-mail (RFC 5322), with text and HTML, and with what mail programs unsubscribe by (RFC 8058)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime, parseaddr
from uuid import UUID

import idna

from function_backend.services.notifications.domain.addresses import AddressError, checked_address, one_line
from function_backend.services.notifications.ports import OutgoingMessage, PermanentFailureError


class _Policy(EmailPolicy):
    """The usual one, with links left whole: a long word that is folded becomes one that mail programs cannot read."""

    def fold(self, name: str, value: str) -> str:
        return _whole(name, value) or super().fold(name, value)

    def fold_binary(self, name: str, value: str) -> bytes:
        return _whole(name, value).encode() or super().fold_binary(name, value)


_SMTP, _SMTPUTF8 = _Policy(linesep="\r\n"), _Policy(linesep="\r\n", utf8=True)
_LINK = "list-unsubscribe"


@dataclass(frozen=True, slots=True)
class Mailbox:
    """An address with the name of whom it belongs to, for a header and for the envelope."""

    name: str
    local: str
    domain: str
    """In ASCII (RFC 5891)."""

    @classmethod
    def of(cls, address: str, name: str = "") -> Mailbox:
        """The mailbox. Raises ValueError when it is none."""
        local, _, domain = address.rpartition("@")
        return cls(one_line(name), local, idna.encode(domain, uts46=True).decode())

    @classmethod
    def parse(cls, text: str) -> Mailbox:
        """The mailbox that a text such as `Function <no-reply@example.com>` names. Raises ValueError."""
        name, address = parseaddr(text)
        return cls.of(checked_address("email", address), name)

    @property
    def address(self) -> str:
        """As the envelope has it."""
        return f"{self.local}@{self.domain}"

    @property
    def is_ascii(self) -> bool:
        """Whether every server can take it; otherwise the server must have SMTPUTF8 (RFC 6531)."""
        return self.local.isascii()

    @property
    def header(self) -> Address:
        """As a header has it."""
        return Address(self.name, self.local, self.domain)


def _whole(name: str, value: str) -> str:
    """The header on one line when it is one with a link: shorter than the 998 characters that a line may have."""
    return f"{name}: {value}\r\n" if name.lower() == _LINK else ""


def message_id(notification_id: UUID, domain: str) -> str:
    """The same for each attempt, so that a mailbox which got it twice can tell."""
    return f"<{notification_id}@{domain}>"


def as_email(message: OutgoingMessage, *, sender: Mailbox, reply_to: Mailbox | None, now: datetime) -> EmailMessage:
    """The message. Raises PermanentFailureError when it cannot be one."""
    try:
        to = Mailbox.of(message.to, message.display_name)
        email = EmailMessage(policy=_SMTP if to.is_ascii and sender.is_ascii else _SMTPUTF8)
        email["From"] = sender.header
        email["To"] = to.header
        if reply_to is not None:
            email["Reply-To"] = reply_to.header
        email["Subject"] = message.subject
        email["Date"] = format_datetime(now)
        email["Message-ID"] = message_id(message.id, sender.domain)
        # RFC 3834: nobody's absence is to be answered to this.
        email["Auto-Submitted"] = "auto-generated"
        email["Content-Language"] = message.language
        if message.unsubscribe_url:
            email["List-Unsubscribe"] = f"<{message.unsubscribe_url}>"
            email["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        email.set_content(message.text)
        if message.html:
            email.add_alternative(message.html, subtype="html")
    except (ValueError, AddressError, idna.IDNAError, UnicodeError) as error:
        # A line end in a header is among these: the library refuses what would become a header of its own.
        raise PermanentFailureError(f"cannot be written as an e-mail ({type(error).__name__})") from None
    return email
