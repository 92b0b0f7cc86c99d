"""The public keys that access tokens are verified with, fetched from the backend."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

import jwt

from function.auth.v1 import oauth_service_pb2
from function_backend_client.errors import FunctionBackendError

Jwk = oauth_service_pb2.Jwk


class Key(Protocol):
    """A public key with the algorithm that it is for."""

    algorithm_name: str
    Algorithm: Any
    key: Any


class SigningKeys:
    """The keys by their ids. Threads may share it.

    An unknown id makes it fetch again, but not more often than every so often, whatever ids are made up by whoever
    knocks. Keys that are gone from the backend's list stay away after the next fetch; until then tokens signed with
    them are as good as the backend said.
    """

    def __init__(
        self, fetch: Callable[[], Iterable[Jwk]], algorithms: frozenset[str], *, pause: float, life: float
    ) -> None:
        self._fetch = fetch
        self._algorithms = algorithms
        self._pause = pause
        self._life = life
        self._lock = threading.Lock()
        self._keys: Mapping[str, Key] = {}
        self._fetched_at = float("-inf")
        self._tried_at = float("-inf")

    def find(self, key_id: str) -> Key | None:
        """The key, or None when the backend has none with that id.

        Raises FunctionBackendError when it is not known and the backend cannot be asked.
        """
        now = time.monotonic()
        key = self._keys.get(key_id)
        if key is not None and now - self._fetched_at < self._life:
            return key
        with self._lock:
            key = self._keys.get(key_id)
            now = time.monotonic()
            is_old = now - self._fetched_at >= self._life
            if (key is not None and not is_old) or now - self._tried_at < self._pause:
                return key
            self._tried_at = now
            try:
                self._keys = {each.kid: key for each in self._fetch() if (key := self._key(each)) is not None}
            except FunctionBackendError:
                # The old keys are still those that the backend named; rotations overlap for longer than this.
                if key is None:
                    raise
                return key
            self._fetched_at = time.monotonic()
            return self._keys.get(key_id)

    def _key(self, published: Jwk) -> Key | None:
        """The key, when it is one that tokens may be signed with here."""
        if not published.kid or published.alg not in self._algorithms or published.use not in {"", "sig"}:
            return None
        fields = {"kty": published.kty, "crv": published.crv, "x": published.x, "y": published.y}
        try:
            return jwt.PyJWK({name: value for name, value in fields.items() if value}, algorithm=published.alg)
        except jwt.PyJWTError:
            return None
