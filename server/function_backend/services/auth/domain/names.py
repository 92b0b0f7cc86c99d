"""Names to sign in with, names to read, and e-mail addresses: as they are kept, and as they are compared."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from function_backend.services.auth.domain.checks import Checks

if TYPE_CHECKING:
    from email_validator import EmailNotValidError

LONGEST_USER_NAME = 64
LONGEST_EMAIL = 254
LONGEST_DISPLAY_NAME = 200

_MOST_FOLDS = 8
_MARKS = frozenset("._-")
# Cc: controls. Cf: invisible, and able to turn the direction of what follows. Cs: halves of surrogate pairs. Zl and Zp:
# the line and paragraph separators.
_REFUSED_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
# Letters and marks that show nothing: two names that look the same would be two users.
_INVISIBLE = frozenset(
    [
        "\u034f",
        "\u115f",
        "\u1160",
        "\u17b4",
        "\u17b5",
        "\u180b",
        "\u180c",
        "\u180d",
        "\u180f",
        "\u3164",
        "\uffa0",
        *map(chr, range(0xFE00, 0xFE10)),
        *map(chr, range(0xE0100, 0xE01F0)),
    ]
)


def warm_up() -> None:
    """Loads what e-mail addresses are checked with, which takes 25 ms, before the first one comes."""
    import email_validator  # noqa: F401, PLC0415


def fold(text: str) -> str:
    """The text as it is compared: without regard to case, width and the ways of composing a letter."""
    for _ in range(_MOST_FOLDS):
        folded = unicodedata.normalize("NFKC", text.casefold())
        if folded == text:
            break
        text = folded
    return text


def check_user_name(checks: Checks, path: str, text: str) -> str:
    """The user name in NFKC; a fault is noted when it has no place in one."""
    name = unicodedata.normalize("NFKC", text.strip())
    if not name:
        checks.refuse(path, "must not be empty")
    elif max(len(name), len(fold(name))) > LONGEST_USER_NAME:
        checks.refuse(path, f"has more than {LONGEST_USER_NAME} characters")
    elif (unfit := _unfit(name)) is not None:
        checks.refuse(path, f"has U+{ord(unfit):04X}; letters, digits, '.', '_' and '-' are allowed")
    elif name[0] in _MARKS or unicodedata.category(name[0])[0] == "M":
        checks.refuse(path, "must begin with a letter or digit")
    return name


def check_email(checks: Checks, path: str, text: str) -> str:
    """The e-mail address in its usual form, empty for none; a fault is noted when it is no address."""
    from email_validator import EmailNotValidError, validate_email  # noqa: PLC0415 - see `warm_up`

    if not text.strip():
        return ""
    try:
        found = validate_email(text.strip(), check_deliverability=False, strict=True).normalized
    except EmailNotValidError as error:
        checks.refuse(path, f"is no e-mail address: {_first_sentence(error)}")
        return ""
    if max(len(found), len(fold(found))) > LONGEST_EMAIL:
        checks.refuse(path, f"has more than {LONGEST_EMAIL} characters")
    return found


def check_line(checks: Checks, path: str, text: str, limit: int = LONGEST_DISPLAY_NAME) -> str:
    """The text in NFC without surrounding space, on one line and without what cannot be seen."""
    line = unicodedata.normalize("NFC", text.strip())
    if len(line) > limit:
        checks.refuse(path, f"has {len(line)} characters; at most {limit} are allowed")
    refused = next((sign for sign in line if unicodedata.category(sign) in _REFUSED_CATEGORIES), None)
    if refused is not None:
        checks.refuse(path, f"has the control character U+{ord(refused):04X}; remove it")
    return line


def is_email(login: str) -> bool:
    """Whether what somebody signs in with is meant as an e-mail address; user names have no @."""
    return "@" in login


def _unfit(name: str) -> str | None:
    return next((sign for sign in name if not _fits(sign)), None)


def _fits(sign: str) -> bool:
    return sign in _MARKS or (unicodedata.category(sign)[0] in "LMN" and sign not in _INVISIBLE)


def _first_sentence(error: EmailNotValidError) -> str:
    text = "".join(sign if sign.isprintable() else "?" for sign in str(error))
    return text.split(". ")[0].rstrip(".")[:200]
