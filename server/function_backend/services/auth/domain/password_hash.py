"""The hash of a password as other systems write it: recognised, and refused when checking it would cost too much.

Understood are argon2 (PHC), bcrypt (modular), scrypt (PHC) and PBKDF2 (PHC, modular as Passlib writes it, and as Django
does). Nothing is computed here.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field

MOST_BYTES_OF_MEMORY = 256 * 1024 * 1024
MOST_BCRYPT_COST = 16
MOST_PBKDF2_ROUNDS = 5_000_000
"""Rounds times blocks of output."""
LONGEST_HASH = 512

_LEAST_BCRYPT_COST = 4
_MOST_PASSES = 32
_MOST_LANES = 16
_MOST_ARGON2_WORK = 4 * MOST_BYTES_OF_MEMORY
_MOST_SCRYPT_BLOCKS = 1 << 23
_MOST_SCRYPT_EXPONENT = 24
_SALT_BYTES = range(8, 65)
# A short digest fits many passwords by chance: one of a byte lets every 256th guess in.
_DIGEST_BYTES = range(16, 65)

_B64 = r"[A-Za-z0-9+/.]{1,128}"
_NUMBER = r"[1-9][0-9]{0,8}"
_ARGON2 = re.compile(rf"\$argon2(?:id|i|d)\$v=(?:16|19)\$m=({_NUMBER}),t=({_NUMBER}),p=({_NUMBER})\$({_B64})\$({_B64})")
_BCRYPT = re.compile(r"\$2[aby]\$([0-9]{2})\$[./A-Za-z0-9]{53}")
_SCRYPT = re.compile(rf"\$scrypt\$ln=({_NUMBER}),r=({_NUMBER}),p=({_NUMBER})\$({_B64})\$({_B64})")
_PBKDF2 = re.compile(rf"\$pbkdf2(?:-(sha1|sha256|sha512))?\$(?:i=)?({_NUMBER})(?:,l=[0-9]{{1,3}})?\$({_B64})\$({_B64})")
_DJANGO = re.compile(rf"pbkdf2_(sha1|sha256)\$({_NUMBER})\$([A-Za-z0-9]{{8,64}})\$([A-Za-z0-9+/]{{1,128}}=?=?)")
_BLOCK_BYTES = {"sha1": 20, "sha256": 32, "sha512": 64}


class HashRefusedError(ValueError):
    """The text is no hash that could be checked; the message says why, to be read after the name of the field."""


@dataclass(frozen=True, slots=True)
class Argon2Hash:
    """An argon2 hash, ours or another's."""

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class BcryptHash:
    """A bcrypt hash."""

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScryptHash:
    """An scrypt hash (RFC 7914)."""

    n: int
    r: int
    p: int
    salt: bytes = field(repr=False)
    digest: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pbkdf2Hash:
    """A PBKDF2 hash (RFC 8018)."""

    algorithm: str
    rounds: int
    salt: bytes = field(repr=False)
    digest: bytes = field(repr=False)


PasswordHash = Argon2Hash | BcryptHash | ScryptHash | Pbkdf2Hash


def read_hash(text: str) -> PasswordHash:
    """The hash that the text says; HashRefusedError when it says none, or one that is too costly or too weak."""
    if len(text) > LONGEST_HASH:
        raise HashRefusedError(f"has more than {LONGEST_HASH} characters")
    for pattern, read in _READERS:
        found = pattern.fullmatch(text)
        if found is not None:
            return read(found)
    raise HashRefusedError("is no hash of argon2, bcrypt, scrypt or PBKDF2 in PHC or modular form")


def _argon2(found: re.Match[str]) -> Argon2Hash:
    memory, passes, lanes = (int(found[group]) for group in (1, 2, 3))
    _require(memory * 1024 <= MOST_BYTES_OF_MEMORY, "needs more than 256 MiB of memory")
    _require(passes <= _MOST_PASSES and memory * 1024 * passes <= _MOST_ARGON2_WORK, "takes too many passes")
    _require(lanes <= _MOST_LANES and memory >= 8 * lanes, "has lanes that do not fit its memory")
    _bytes(found[4], _SALT_BYTES, "salt")
    _bytes(found[5], _DIGEST_BYTES, "digest")
    _require("." not in found[4] + found[5], "is not in base 64")
    return Argon2Hash(found[0])


def _bcrypt(found: re.Match[str]) -> BcryptHash:
    cost = int(found[1])
    _require(_LEAST_BCRYPT_COST <= cost <= MOST_BCRYPT_COST, f"has a cost outside 4 to {MOST_BCRYPT_COST}")
    return BcryptHash(found[0])


def _scrypt(found: re.Match[str]) -> ScryptHash:
    exponent, r, p = (int(found[group]) for group in (1, 2, 3))
    _require(exponent <= _MOST_SCRYPT_EXPONENT, "needs more than 256 MiB of memory")
    n = 1 << exponent
    # OpenSSL counts the lanes and its own block besides.
    _require(128 * r * (n + p + 2) <= MOST_BYTES_OF_MEMORY, "needs more than 256 MiB of memory")
    _require(p <= _MOST_LANES and n * r * p <= _MOST_SCRYPT_BLOCKS, "takes too much work")
    _require(n < 1 << (16 * r), "has an N that RFC 7914 does not allow with its r")
    salt, digest = _bytes(found[4], _SALT_BYTES, "salt"), _bytes(found[5], _DIGEST_BYTES, "digest")
    return ScryptHash(n=n, r=r, p=p, salt=salt, digest=digest)


def _pbkdf2(found: re.Match[str]) -> Pbkdf2Hash:
    salt = _bytes(found[3], _SALT_BYTES, "salt")
    return _bounded_pbkdf2(found[1] or "sha1", int(found[2]), salt, _bytes(found[4], _DIGEST_BYTES, "digest"))


def _django(found: re.Match[str]) -> Pbkdf2Hash:
    digest = _bytes(found[4].rstrip("="), _DIGEST_BYTES, "digest")
    return _bounded_pbkdf2(found[1], int(found[2]), found[3].encode(), digest)


def _bounded_pbkdf2(algorithm: str, rounds: int, salt: bytes, digest: bytes) -> Pbkdf2Hash:
    blocks = -(-len(digest) // _BLOCK_BYTES[algorithm])
    _require(rounds * blocks <= MOST_PBKDF2_ROUNDS, f"takes more than {MOST_PBKDF2_ROUNDS} rounds")
    return Pbkdf2Hash(algorithm=algorithm, rounds=rounds, salt=salt, digest=digest)


_READERS = (
    (_ARGON2, _argon2),
    (_BCRYPT, _bcrypt),
    (_SCRYPT, _scrypt),
    (_PBKDF2, _pbkdf2),
    (_DJANGO, _django),
)


def _require(fits: bool, otherwise: str) -> None:  # noqa: FBT001 - reads like an assert
    if not fits:
        raise HashRefusedError(otherwise)


def _bytes(text: str, lengths: range, name: str) -> bytes:
    plain = text.replace(".", "+")
    try:
        decoded = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except binascii.Error:
        raise HashRefusedError(f"has a {name} that is not in base 64") from None
    if len(decoded) not in lengths:
        raise HashRefusedError(f"has a {name} of {len(decoded)} bytes, not {lengths[0]} to {lengths[-1]}")
    return decoded
