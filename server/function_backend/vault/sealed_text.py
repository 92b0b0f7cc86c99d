"""The form of what is sealed under a data key (docs/adr/0011-keys-and-tokens.md).

    0x01 | id of the data key (16) | nonce (12) | AES-256-GCM of the secret and its tag

Tenant, key and purpose are authenticated with it: a text that was moved to another row, column, purpose or tenant
opens for nobody.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING
from uuid import UUID

from cryptography.exceptions import InvalidTag

from function_backend.vault.errors import SecretLostError
from function_backend.vault.master_keys import NONCE_BYTES

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    from function_backend.vault.data_keys import DataKey

_FORMAT = b"\x01"
_ID_END = len(_FORMAT) + 16
_NONCE_END = _ID_END + NONCE_BYTES


def sealed_text(key: DataKey, secret: bytes, *, tenant_id: UUID, purpose: str) -> bytes:
    """The secret under the key."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return _FORMAT + key.id.bytes + nonce + key.cipher.encrypt(nonce, secret, _bound(tenant_id, key.id, purpose))


def key_of(sealed: bytes) -> UUID:
    """The id of the key that sealed the text. Raises SecretLostError for what is no such text."""
    if len(sealed) <= _NONCE_END or not sealed.startswith(_FORMAT):
        raise SecretLostError
    return UUID(bytes=sealed[len(_FORMAT) : _ID_END])


def opened_text(cipher: AESGCM, sealed: bytes, *, tenant_id: UUID, purpose: str) -> bytes:
    """What was sealed under the key. Raises SecretLostError when it was not sealed for this."""
    key_id = key_of(sealed)
    try:
        return cipher.decrypt(sealed[_ID_END:_NONCE_END], sealed[_NONCE_END:], _bound(tenant_id, key_id, purpose))
    except InvalidTag:
        raise SecretLostError from None


def _bound(tenant_id: UUID, key_id: UUID, purpose: str) -> bytes:
    return b"function-backend sealed secret 1\0" + tenant_id.bytes + key_id.bytes + purpose.encode()
