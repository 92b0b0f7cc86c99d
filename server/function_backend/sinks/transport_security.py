"""TLS towards a broker."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def client_context(*, ca_file: Path | None, certificate: Path | None, private_key: Path | None) -> ssl.SSLContext:
    """A context that checks the broker's certificate and name; raises OSError when a file cannot be read."""
    context = ssl.create_default_context(cafile=None if ca_file is None else str(ca_file))
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if certificate is not None:
        context.load_cert_chain(certificate, private_key)
    return context
