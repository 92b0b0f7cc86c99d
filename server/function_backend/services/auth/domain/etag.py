"""The version of a thing as callers hold it against the current one."""

from __future__ import annotations

import hashlib
from uuid import UUID


def etag(subject_id: UUID, version: int) -> str:
    """The etag of a version: it differs between things and between versions."""
    return hashlib.blake2b(b"%b%d" % (subject_id.bytes, version), digest_size=8).hexdigest()
