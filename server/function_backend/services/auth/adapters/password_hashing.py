"""Hashing and checking passwords: ours with argon2id, others' with what they came with."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable
from contextlib import AbstractContextManager

import argon2
import bcrypt
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from function_backend.services.auth.adapters.hashing_pool import HashingPool
from function_backend.services.auth.domain.password_hash import (
    MOST_BYTES_OF_MEMORY,
    Argon2Hash,
    BcryptHash,
    HashRefusedError,
    PasswordHash,
    ScryptHash,
    read_hash,
)
from function_backend.services.auth.domain.password_rules import prepared
from function_backend.services.auth.domain.policies import Argon2Cost

_SALT_BYTES = 16
_DIGEST_BYTES = 32
_LONGEST_BCRYPT = 72
_SLACK = 1024 * 1024


class PasswordHashing:
    """Hashes passwords in a pool of its own."""

    def __init__(self, pool: HashingPool, cost: Argon2Cost) -> None:
        self._pool = pool
        self._argon2 = argon2.PasswordHasher(
            time_cost=cost.passes,
            memory_cost=cost.memory_kib,
            parallelism=cost.lanes,
            hash_len=_DIGEST_BYTES,
            salt_len=_SALT_BYTES,
        )
        # Checked for users that do not exist: the same work, and no password has this digest.
        self._nobodys = Argon2Hash(
            f"$argon2id$v=19$m={cost.memory_kib},t={cost.passes},p={cost.lanes}"
            f"${_b64(secrets.token_bytes(_SALT_BYTES))}${_b64(secrets.token_bytes(_DIGEST_BYTES))}"
        )

    @property
    def pool(self) -> HashingPool:
        """Where the hashes are computed."""
        return self._pool

    def admission(self) -> AbstractContextManager[None]:
        """Keeps a place in the queue for the `…_admitted` methods; HashingOverloadedError when there is none."""
        return self._pool.admission()

    def hash(self, password: str) -> str:
        """The hash of a new password, to be stored."""
        with self._pool.admission():
            return self.hash_admitted(password)

    def hash_admitted(self, password: str) -> str:
        """As `hash`, within an `admission`."""
        text = prepared(password).encode(errors="surrogatepass")
        return self._pool.run(lambda: self._argon2.hash(text))

    def matches_admitted(self, password: str, stored: str | None) -> bool:
        """Whether it is the password of the stored hash; without one the same work is done for nothing."""
        known = self._nobodys if stored is None else _readable(stored)
        if known is None:
            # Nothing that this release wrote; it fails as a wrong password does, after the same work.
            known, stored = self._nobodys, None
        return self._pool.run(lambda: _matches(password, known)) and stored is not None

    def matches_any(self, password: str, stored: Iterable[str]) -> bool:
        """Whether it is the password of one of the stored hashes."""
        with self._pool.admission():
            return any(self.matches_admitted(password, each) for each in stored)

    def is_outdated(self, stored: str) -> bool:
        """Whether the hash came from elsewhere, or was made at another cost than today's."""
        try:
            return self._argon2.check_needs_rehash(stored)
        except InvalidHashError:
            return True


def _readable(stored: str) -> PasswordHash | None:
    try:
        return read_hash(stored)
    except HashRefusedError:
        return None


def _matches(password: str, known: PasswordHash) -> bool:
    # Others have hashed what was typed; only ours are normalised first.
    typed = password.encode(errors="surrogatepass")
    if isinstance(known, Argon2Hash):
        return _matches_argon2(password, known.text)
    if isinstance(known, BcryptHash):
        # The algorithm never saw more than 72 bytes, and nothing after a zero.
        return bcrypt.checkpw(typed[:_LONGEST_BCRYPT], known.text.replace("$2y$", "$2b$", 1).encode())
    if isinstance(known, ScryptHash):
        memory = min(128 * known.r * (known.n + known.p + 2) + _SLACK, MOST_BYTES_OF_MEMORY + _SLACK)
        computed = hashlib.scrypt(
            typed, salt=known.salt, n=known.n, r=known.r, p=known.p, maxmem=memory, dklen=len(known.digest)
        )
    else:
        computed = hashlib.pbkdf2_hmac(known.algorithm, typed, known.salt, known.rounds, len(known.digest))
    return hmac.compare_digest(computed, known.digest)


def _matches_argon2(password: str, stored: str) -> bool:
    try:
        return argon2.PasswordHasher().verify(stored, prepared(password).encode(errors="surrogatepass"))
    except VerifyMismatchError:
        return False
    except (VerificationError, InvalidHashError):
        return False


def _b64(raw: bytes) -> str:
    return base64.b64encode(raw).rstrip(b"=").decode()
