"""What a unit of work encrypts single values with, so that repositories need not be handed anything but the work."""

from __future__ import annotations

from typing import Protocol


class NotSealableError(Exception):
    """There is no such tenant, or it is deleted: it gets no data key, and what cannot be sealed must not be stored."""


class FieldCipher(Protocol):
    """Encrypts values of the unit of work's tenant at rest (docs/encryption.md)."""

    def seal(self, text: bytes, *, purpose: str) -> bytes:
        """The text, encrypted under the tenant's current data key, which is made when there is none.

        `purpose` is `<table>.<column>:<row id>`: what was sealed for one place opens in no other. The key stays
        current until the transaction ends. Raises NotSealableError.
        """

    def open(self, sealed: bytes, *, purpose: str) -> bytes:
        """The text again. Raises SecretLostError when the key is gone or the text is not what was sealed there."""

    def is_current(self, sealed: bytes) -> bool:
        """Whether it was sealed under the tenant's current data key; if not, it is to be sealed again."""

    def blind(self, value: str, *, index: str) -> str:
        """What stands for the normalised value in a column that is searched for equality: `~` and 22 characters.

        128 bits of HMAC-SHA-256 under a key of the tenant and of `index`, such as `auth_user.email`: equal values have
        equal indexes, and nobody without the key can tell which value an index stands for.
        """

    def keyed(self, digest: bytes, *, index: str) -> bytes:
        """What stands for a digest that could be guessed from: HMAC-SHA-256 under a key of the tenant and of `index`.

        Equal digests have equal ones.
        """

    def find_blind(self, value: str, *, index: str) -> str | None:
        """As `blind`, for asking: None when the tenant has no index key yet, so that nothing can be found by it."""


class NoFieldCipher:
    """Where nothing is encrypted: every use is a defect of how the process was put together."""

    def seal(self, text: bytes, *, purpose: str) -> bytes:
        """Raises RuntimeError."""
        raise RuntimeError(f"nothing was given to seal {len(text)} bytes with for {purpose}")

    def open(self, sealed: bytes, *, purpose: str) -> bytes:
        """Raises RuntimeError."""
        raise RuntimeError(f"nothing was given to open {len(sealed)} bytes with for {purpose}")

    def is_current(self, sealed: bytes) -> bool:
        """Raises RuntimeError."""
        raise RuntimeError(f"nothing was given to tell the key of {len(sealed)} bytes with")

    def blind(self, value: str, *, index: str) -> str:
        """Raises RuntimeError."""
        raise RuntimeError(f"nothing was given to index {len(value)} characters with for {index}")

    def keyed(self, digest: bytes, *, index: str) -> bytes:
        """Raises RuntimeError."""
        raise RuntimeError(f"nothing was given to key {len(digest)} bytes with for {index}")

    def find_blind(self, value: str, *, index: str) -> str | None:  # noqa: ARG002 - the protocol names them
        """None: there is no index to find anything by."""
        return None
