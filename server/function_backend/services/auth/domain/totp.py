"""Codes of an authenticator app (RFC 6238)."""

from __future__ import annotations

import hmac
from datetime import datetime

import pyotp

STEP_SECONDS = 30
DIGITS = 6
NEVER = -1
"""The last used step of a secret that was never used."""

_TOLERATED_STEPS = (0, -1, 1)


def new_secret() -> str:
    """A new secret of 160 bits in base 32."""
    return pyotp.random_base32(32)


def totp_purpose(user_id: object) -> str:
    """What the secret of the user's authenticator app is sealed for."""
    return f"totp:{user_id}"


def enrolment_uri(secret: str, *, user_name: str, issuer: str) -> str:
    """The secret as an `otpauth://` address for a QR code."""
    return pyotp.TOTP(secret, digits=DIGITS, interval=STEP_SECONDS).provisioning_uri(name=user_name, issuer_name=issuer)


def matching_step(secret: str, code: str, *, at: datetime, after: int) -> int | None:
    """The step that the code belongs to, of those around the moment and later than the last used one; None if none."""
    if len(code) != DIGITS or not code.isascii() or not code.isdigit():
        return None
    codes = pyotp.TOTP(secret, digits=DIGITS, interval=STEP_SECONDS)
    now = int(at.timestamp()) // STEP_SECONDS
    fitting = None
    # All three are compared, so that the time tells nothing of which one it was.
    for tolerated in _TOLERATED_STEPS:
        step = now + tolerated
        if hmac.compare_digest(codes.generate_otp(step), code) and step > after:
            fitting = step
    return fitting
