"""Ed25519 keys: making them, signing with them, and checking what they signed."""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from function_backend.services.audit.domain.checkpoint import key_id_of
from function_backend.services.audit.repository.key import purpose_of
from function_backend.vault.master_keys import MasterKeys, Wrapped


class AuditSigner:
    """Makes and opens the keys that sign checkpoints."""

    def __init__(self, master_keys: MasterKeys) -> None:
        self._master_keys = master_keys

    def make(self) -> tuple[str, bytes, Wrapped]:
        """The id and the public half of a new key, and its private half, wrapped by the current master key."""
        private = Ed25519PrivateKey.generate()
        public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        secret = private.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
        key_id = key_id_of(public)
        return key_id, public, self._master_keys.wrap(secret, purpose=purpose_of(key_id))

    def sign(self, text: bytes, *, key_id: str, wrapped: Wrapped) -> bytes:
        """The signature. Raises MasterKeyMissingError, or SecretLostError when the private half cannot be opened."""
        secret = self._master_keys.unwrap(wrapped, purpose=purpose_of(key_id))
        return Ed25519PrivateKey.from_private_bytes(secret).sign(text)


def is_signed_by(public_key: bytes, text: bytes, signature: bytes) -> bool:
    """Whether the key made the signature of the text."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, text)
    except (InvalidSignature, ValueError):
        return False
    return True
