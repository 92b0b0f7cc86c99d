"""The master keys of the installation: they wrap the keys that encrypt, and are never stored beside them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from function_backend.kernel.secret import Secret
from function_backend.vault.errors import MasterKeyMissingError, SecretLostError
from function_backend.vault.master_key_text import read_master_keys

NONCE_BYTES = 12
_FORMAT = b"\x01"


@dataclass(frozen=True, slots=True)
class Wrapped:
    """A key that was encrypted with a master key, and which one that was."""

    text: bytes
    master_key_id: str


class MasterKeys:
    """Wraps keys with the first of the master keys, and unwraps what any of them has wrapped."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        self._ciphers = {name: AESGCM(key) for name, key in keys.items()}
        self._current = next(iter(keys), None)

    @classmethod
    def parse(cls, texts: Sequence[Secret]) -> MasterKeys:
        """The keys that the settings name, each as `<id>:<base64>`. ValueError says what is wrong, without the key."""
        return cls(read_master_keys(texts))

    @property
    def current_id(self) -> str:
        """The id of the key that wraps. Raises MasterKeyMissingError when the settings name none."""
        if self._current is None:
            raise MasterKeyMissingError("")
        return self._current

    def wrap(self, secret: bytes, *, purpose: bytes) -> Wrapped:
        """The secret under the current master key; what is wrapped for one purpose unwraps for no other."""
        name = self.current_id
        nonce = secrets.token_bytes(NONCE_BYTES)
        text = self._ciphers[name].encrypt(nonce, secret, _associated(name, purpose))
        return Wrapped(_FORMAT + nonce + text, name)

    def unwrap(self, wrapped: Wrapped, *, purpose: bytes) -> bytes:
        """The secret again.

        Raises MasterKeyMissingError when the settings do not name the key, SecretLostError for an altered text.
        """
        cipher = self._ciphers.get(wrapped.master_key_id)
        if cipher is None:
            raise MasterKeyMissingError(wrapped.master_key_id)
        text, beginning = bytes(wrapped.text), len(_FORMAT) + NONCE_BYTES
        if not text.startswith(_FORMAT):
            raise SecretLostError
        try:
            return cipher.decrypt(
                text[len(_FORMAT) : beginning], text[beginning:], _associated(wrapped.master_key_id, purpose)
            )
        except (InvalidTag, ValueError):
            raise SecretLostError from None


def _associated(master_key_id: str, purpose: bytes) -> bytes:
    return b"function-backend wrapped key 1\0" + master_key_id.encode() + b"\0" + purpose
