"""Master keys as the settings write them."""

from __future__ import annotations

import base64
import binascii
import re
import secrets
from collections.abc import Sequence

from function_backend.kernel.secret import Secret

KEY_BYTES = 32
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def read_master_keys(texts: Sequence[Secret]) -> dict[str, bytes]:
    """The keys by their ids, in their order, each from `<id>:<base64>`. ValueError says what is wrong, not the key."""
    keys: dict[str, bytes] = {}
    for place, text in enumerate(texts, 1):
        name, colon, encoded = text.reveal().partition(":")
        if not colon or not _ID.fullmatch(name):
            raise ValueError(f"master_keys: entry {place} must be <id>:<base64>, the id of letters and digits")
        try:
            key = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if len(key) != KEY_BYTES:
            raise ValueError(
                f"master_keys: the key '{name}' must be {KEY_BYTES} bytes in base64; try: openssl rand -base64 32"
            )
        if name in keys:
            raise ValueError(f"master_keys: the id '{name}' stands there twice")
        keys[name] = key
    return keys


def new_master_key(name: str) -> str:
    """The text of a new master key, as the settings take it."""
    return f"{name}:{base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()}"
