"""Signed checkpoints and the public keys that tell whether they are genuine."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Self

from google.protobuf.json_format import ParseDict

from function.audit.v1 import audit_pb2
from function_backend_client.audit_trail import lines

_FORMAT = b"function-backend audit checkpoint 1"
_KEY_BYTES = 32
_ID_BYTES = 16
_PEM = "-----BEGIN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """The head of a tenant's chain at some time, signed."""

    tenant_id: str
    seq: int
    hash: bytes
    signed_at: str
    key_id: str
    signature: bytes

    @classmethod
    def read(cls, members: Mapping[str, Any]) -> Self:
        """The checkpoint of a line. Raises ValueError when it is none."""
        if tuple(members) != lines.CHECKPOINT or members["type"] != "checkpoint" or type(members["seq"]) is not int:
            raise ValueError("is neither a record nor a checkpoint of this format")
        return cls(
            tenant_id=members["tenant_id"],
            seq=members["seq"],
            hash=lines.bytes_of(members["hash"]),
            signed_at=members["signed_at"],
            key_id=members["key_id"],
            signature=lines.bytes_of(members["signature"]),
        )

    @property
    def signed_text(self) -> bytes:
        """What the signature is of."""
        parts = (
            lines.uuid_bytes(self.tenant_id),
            self.seq.to_bytes(8, "big", signed=True),
            self.hash,
            lines.micros_of(self.signed_at).to_bytes(8, "big", signed=True),
            self.key_id.encode(),
        )
        return _FORMAT + b"".join(len(part).to_bytes(4, "big") + part for part in parts)


class PublicKeys:
    """The keys that the verifier trusts."""

    def __init__(self, keys: Iterable[bytes]) -> None:
        """Ed25519 keys of 32 bytes each. Raises ValueError for others, and ImportError without `cryptography`."""
        self._keys = {key_id_of(key): _public(key) for key in keys}
        if not self._keys:
            raise ValueError("no public key was given")

    @classmethod
    def parse(cls, texts: Iterable[str | Path]) -> Self:
        """Keys as hex or base64, or the names of files with them: PEM, or one on each line.

        A line may also be what `function-backend audit keys --json` prints. Raises ValueError for what is no key.
        """
        return cls(key for text in texts for key in _keys_in(text))

    def signed(self, checkpoint: Checkpoint) -> bool:
        """Whether one of the keys signed the checkpoint."""
        return self.fault(checkpoint) == ""

    def fault(self, checkpoint: Checkpoint) -> str:
        """What is wrong with the signature; empty when it is good."""
        key = self._keys.get(checkpoint.key_id)
        if key is None:
            return f"is signed by the key {checkpoint.key_id}, which is not among those given"
        try:
            key.verify(checkpoint.signature, checkpoint.signed_text)
        except ValueError as error:
            return str(error)
        except Exception as error:
            if type(error).__name__ != "InvalidSignature":
                raise
            return "has a signature that is not that of its key"
        return ""


def key_id_of(public_key: bytes) -> str:
    """The id of a key: the first 16 bytes of its SHA-256, in hex."""
    return hashlib.sha256(public_key).digest()[:_ID_BYTES].hex()


def read_checkpoints(path: Path) -> list[Checkpoint]:
    """The checkpoints of a file that was kept: an export, or what `audit checkpoints` wrote. Raises ValueError."""
    found = []
    for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not text.strip():
            continue
        try:
            members = json.loads(text)
            if members.get("type", "checkpoint") == "checkpoint":
                found.append(Checkpoint.read(_plain(members)))
        except (ValueError, TypeError, AttributeError, KeyError) as error:
            raise ValueError(f"{path}: line {number} is not a checkpoint: {error}") from None
    if not found:
        raise ValueError(f"{path}: holds no checkpoint")
    return found


def _plain(members: dict[str, Any]) -> dict[str, Any]:
    """The members as lines of exports have them, from those or from the JSON of the message."""
    if "type" in members:
        return members
    message = ParseDict(members, audit_pb2.AuditCheckpoint())
    plain: dict[str, Any] = json.loads(lines.checkpoint_line(message))
    return plain


def _public(key: bytes) -> Any:  # noqa: ANN401  A key of `cryptography`, which may be absent.
    ed25519 = import_module("cryptography.hazmat.primitives.asymmetric.ed25519")
    return ed25519.Ed25519PublicKey.from_public_bytes(key)


def _keys_in(text: str | Path) -> Iterator[bytes]:
    key = _key(str(text))
    if key is not None:
        yield key
        return
    path = Path(text)
    try:
        content = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ValueError(f"{text}: neither a key in hex or base64 nor a file ({error.strerror})") from None
    if content.lstrip().startswith(_PEM):
        yield _from_pem(path, content)
        return
    for number, line in enumerate(content.splitlines(), 1):
        if not line.strip():
            continue
        key = _key_in_line(line)
        if key is None:
            raise ValueError(f"{path}: line {number} is not a public key")
        yield key


def _key_in_line(line: str) -> bytes | None:
    if not line.lstrip().startswith("{"):
        return _key(line.rsplit(maxsplit=1)[-1])
    try:
        members = json.loads(line)
    except ValueError:
        return None
    return _key(str(members.get("public_key") or members.get("publicKey") or ""))


def _key(text: str) -> bytes | None:
    for read in (bytes.fromhex, lambda given: base64.b64decode(given, validate=True)):
        try:
            key = read(text)
        except (ValueError, binascii.Error):
            continue
        if len(key) == _KEY_BYTES:
            return key
    return None


def _from_pem(path: Path, content: str) -> bytes:
    serialization = import_module("cryptography.hazmat.primitives.serialization")
    try:
        key: bytes = serialization.load_pem_public_key(content.encode()).public_bytes_raw()
    except (ValueError, AttributeError):
        raise ValueError(f"{path}: is not the PEM of an Ed25519 public key") from None
    return key
