"""The service's token endpoint, over a connection of its own that carries no credential."""

from __future__ import annotations

import threading
from collections.abc import Callable

import grpc

from function.auth.v1 import oauth_service_pb2, oauth_service_pb2_grpc
from function_backend_client.tokens import Parameters, Tokens


class ServiceEndpoint:
    """Where the tokens for calls to a service come from: the service itself."""

    def __init__(self, open_channel: Callable[[], grpc.Channel]) -> None:
        self._open = open_channel
        self._lock = threading.Lock()
        self._channel: grpc.Channel | None = None
        self._issuer = ""

    @property
    def stub(self) -> oauth_service_pb2_grpc.OAuthServiceStub:
        """The methods of OAuth, for callers that have no token yet."""
        with self._lock:
            if self._channel is None:
                self._channel = self._open()
            return oauth_service_pb2_grpc.OAuthServiceStub(self._channel)

    def ask(self, parameters: Parameters) -> Tokens:
        """Sends a token request. Raises FunctionBackendError."""
        request = oauth_service_pb2.TokenRequest()
        for name, value in parameters.items():
            if name in {"audience", "resource"}:
                getattr(request, name).append(value)
            else:
                setattr(request, name, value)
        answer = self.stub.Token(request)
        return Tokens(answer.access_token, float(answer.expires_in), answer.refresh_token)

    def issuer(self) -> str:
        """How the service names itself in tokens. Raises FunctionBackendError."""
        if not self._issuer:
            self._issuer = self.stub.GetDiscovery(oauth_service_pb2.GetDiscoveryRequest()).issuer
        return self._issuer

    def close(self) -> None:
        """Closes the connection, if there is one."""
        with self._lock:
            if self._channel is not None:
                self._channel.close()
                self._channel = None
