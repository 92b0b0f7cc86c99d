"""Addresses by which people are reached, as they are kept, and as they are compared."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from uuid import UUID

EMAIL, SMS, CHAT = "email", "sms", "chat"

_PHONE = re.compile(r"\+[1-9][0-9]{5,14}")
_PUNCTUATION = str.maketrans("", "", " ().-/")
# Cc: controls, line ends among them. Cf: invisible ones. Cs: halves of surrogate pairs. Zl and Zp: line separators.
_REFUSED_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


class AddressError(ValueError):
    """The text is no address of the channel; the message says why, to be read after the name of the field."""


def checked_address(channel: str, text: str) -> str:
    """The address in its usual form. Raises AddressError.

    Nothing with a line end passes, whatever the channel: it would become a header or a command of its own.
    """
    if any(unicodedata.category(sign) in _REFUSED_CATEGORIES for sign in text):
        raise AddressError("has a control character or a line end; remove it")
    if channel == EMAIL:
        return _email(text)
    if channel == SMS:
        return _phone(text)
    found = text.strip()
    if not found:
        raise AddressError("must not be empty")
    return found


def holder_digest(channel: str, address: str) -> bytes:
    """Who has the address, as preferences name them; links carry it instead of the address."""
    return hashlib.blake2b(f"{channel}:{address.casefold()}".encode(), digest_size=16).digest()


def user_digest(user_id: UUID) -> bytes:
    """The user, as preferences name them."""
    return hashlib.blake2b(f"user:{user_id}".encode(), digest_size=16).digest()


def one_line(text: str) -> str:
    """The text on one line, without what cannot be seen: for subjects and names in headers."""
    plain = "".join(" " if unicodedata.category(sign) in _REFUSED_CATEGORIES else sign for sign in text)
    return " ".join(plain.split())


def _email(text: str) -> str:
    # Loaded with the first address, or by the warm-ups of the slices that check more of them.
    from email_validator import EmailNotValidError, validate_email  # noqa: PLC0415

    try:
        return validate_email(text.strip(), check_deliverability=False, strict=True).normalized
    except EmailNotValidError as error:
        said = "".join(sign if sign.isprintable() else "?" for sign in str(error))
        raise AddressError(f"is no e-mail address: {said.split('. ')[0].rstrip('.')[:200]}") from None


def _phone(text: str) -> str:
    number = text.strip().translate(_PUNCTUATION)
    if not _PHONE.fullmatch(number):
        raise AddressError("is no phone number; write + and the country code first, such as +4366412345678")
    return number
