"""Making key pairs for signing, and taking the private half out of its wrapping."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)
from jwt import get_algorithm_by_name
from jwt.exceptions import InvalidKeyError

from function_backend.vault.errors import SecretLostError
from function_backend.vault.master_keys import MasterKeys, Wrapped

PrivateKey = EllipticCurvePrivateKey | Ed25519PrivateKey
PublicKey = EllipticCurvePublicKey | Ed25519PublicKey

_PUBLIC = ("kty", "crv", "x", "y")
_GENERATE: Mapping[str, Callable[[], PrivateKey]] = {
    "ES256": lambda: generate_private_key(SECP256R1()),
    "EdDSA": Ed25519PrivateKey.generate,
}


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A new key pair: its public half as a JSON Web Key, and its private half wrapped by a master key."""

    public_jwk: Mapping[str, str]
    wrapped: Wrapped = field(repr=False)


class KeyForge:
    """Makes and opens key pairs."""

    def __init__(self, master_keys: MasterKeys) -> None:
        self._master_keys = master_keys

    def make(self, key_id: UUID, algorithm: str) -> KeyPair:
        """A new key pair for the algorithm, `ES256` or `EdDSA`."""
        private: PrivateKey = (
            generate_private_key(SECP256R1()) if algorithm == "ES256" else Ed25519PrivateKey.generate()
        )
        whole = get_algorithm_by_name(algorithm).to_jwk(private.public_key(), as_dict=True)
        secret = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        public = {name: str(whole[name]) for name in _PUBLIC if name in whole}
        return KeyPair(public, self._master_keys.wrap(secret, purpose=signing_key(key_id)))

    def open(self, key_id: UUID, wrapped: Wrapped) -> PrivateKey:
        """The private half. Raises SecretLostError, or MasterKeyMissingError when its master key is not at hand."""
        secret = self._master_keys.unwrap(wrapped, purpose=signing_key(key_id))
        private = load_der_private_key(secret, password=None)
        if not isinstance(private, EllipticCurvePrivateKey | Ed25519PrivateKey):
            raise SecretLostError
        return private


def read_public(algorithm: str, public_jwk: Mapping[str, str]) -> PublicKey | None:
    """The public half for verifying; None when the JSON Web Key is none of the algorithm."""
    try:
        key = get_algorithm_by_name(algorithm).from_jwk(dict(public_jwk))
    except InvalidKeyError:
        return None
    return key if isinstance(key, EllipticCurvePublicKey | Ed25519PublicKey) else None


def signing_key(key_id: UUID) -> bytes:
    """What a private signing key is wrapped for."""
    return b"signing key\0" + key_id.bytes
