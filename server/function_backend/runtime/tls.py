"""TLS and mutual TLS from files, which are read again when they change."""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path

import grpc
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from function_backend.runtime.settings import TlsSettings

_LOG = logging.getLogger(__name__)
_LOOK_EVERY_SECONDS = 1.0


class CertificateError(Exception):
    """The files are no usable certificate; the message says which and why."""


class Certificates:
    """The files, and what to tell gRPC when it asks before a handshake whether something has changed."""

    def __init__(self, settings: TlsSettings) -> None:
        if settings.certificate is None or settings.private_key is None:
            raise CertificateError("tls.certificate and tls.private_key are not set")
        self._certificate = settings.certificate
        self._private_key = settings.private_key
        self._client_ca = settings.client_ca
        self._lock = threading.Lock()
        self._looked_at = 0.0
        self._seen = self._state()
        self._first = self._read()

    def credentials(self) -> grpc.ServerCredentials:
        """What a port is opened with. Connections that exist keep the certificate they began with."""
        return grpc.dynamic_ssl_server_credentials(
            self._first,
            self._changed,  # type: ignore[arg-type] # None is allowed, and means: nothing new
            require_client_authentication=self._client_ca is not None,
        )

    def _changed(self) -> grpc.ServerCertificateConfiguration | None:
        """The new files; None while they are the old ones, or while they are not usable."""
        with self._lock:
            now = time.monotonic()
            if now - self._looked_at < _LOOK_EVERY_SECONDS:
                return None
            self._looked_at = now
            try:
                state = self._state()
                if state == self._seen:
                    return None
                fresh = self._read()
            except CertificateError as error:
                # The files are often replaced one after the other, so this is tried again with the next handshake.
                _LOG.warning("certificate not reloaded", extra={"cause": str(error)})
                return None
            self._seen = state
        _LOG.info("certificate reloaded", extra={"certificate": str(self._certificate)})
        return fresh

    def _state(self) -> tuple[tuple[int, int, int], ...]:
        paths = (self._certificate, self._private_key, self._client_ca)
        return tuple(_stamp(path) for path in paths if path is not None)

    def _read(self) -> grpc.ServerCertificateConfiguration:
        chain, key = _bytes(self._certificate), _bytes(self._private_key)
        _require_pair(self._certificate, chain, self._private_key, key)
        roots = None if self._client_ca is None else _bytes(self._client_ca)
        if self._client_ca is not None and roots is not None:
            _load_certificate(self._client_ca, roots)
        return grpc.ssl_server_certificate_configuration([(key, chain)], root_certificates=roots)


def _stamp(path: Path) -> tuple[int, int, int]:
    try:
        status = path.stat()
    except OSError as error:
        raise CertificateError(f"{path}: {error.strerror}") from error
    return status.st_mtime_ns, status.st_size, status.st_ino


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CertificateError(f"{path}: {error.strerror}") from error


def _require_pair(certificate: Path, chain: bytes, private_key: Path, key: bytes) -> None:
    """Checks what gRPC would find out only when the first caller comes."""
    public = _load_certificate(certificate, chain).public_key()
    try:
        private = serialization.load_pem_private_key(key, password=None)
    except (ValueError, TypeError) as error:
        raise CertificateError(f"{private_key}: is not a PEM private key without a password") from error
    if private.public_key() != public:
        raise CertificateError(f"{private_key}: is not the key of {certificate}")


def _load_certificate(path: Path, content: bytes) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(content)
    except ValueError as error:
        raise CertificateError(f"{path}: is not a PEM certificate") from error
