"""Signing keys of the installation, for its administrators.

Written by make generate.
"""

from __future__ import annotations

from function.auth.v1 import signing_key_pb2, signing_key_service_pb2, signing_key_service_pb2_grpc
from function_backend_client import requests
from function_backend_client.pages import AsyncPager, Page, Pager


class SigningKeys:
    """Signing keys of the installation, for its administrators.

    Keys are also rotated by themselves when the settings say how old they may get. Every method raises
    FunctionBackendError where the service refuses.
    """

    def __init__(self, stub: signing_key_service_pb2_grpc.SigningKeyServiceStub) -> None:
        self._stub = stub

    def list(
        self,
        *,
        page_size: int = 0,
        page_token: str = "",
        timeout: float | None = None,
    ) -> Pager[signing_key_pb2.SigningKey]:
        """Returns the signing keys, removed ones too, in order of id, which is that of their making, page by page."""
        request = signing_key_service_pb2.ListSigningKeysRequest(page_size=page_size, page_token=page_token)

        def fetch(token: str) -> Page[signing_key_pb2.SigningKey]:
            response = self._stub.ListSigningKeys(requests.at_page(request, token), timeout=timeout)
            return Page(response.signing_keys, response.next_page_token)

        return Pager(fetch, page_token)

    def rotate(
        self,
        *,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> signing_key_pb2.SigningKey:
        """Makes a new signing key with the algorithm of the settings.

        It is published at once and signs after the lead that the settings name; the key before it stays published until
        the last token that it signed has expired. Nothing is refused meanwhile.
        """
        request = signing_key_service_pb2.RotateSigningKeyRequest(
            request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return self._stub.RotateSigningKey(request, timeout=timeout).signing_key

    def retire(
        self,
        signing_key_id: str,
        *,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> signing_key_pb2.SigningKey:
        """Withdraws a signing key at once, for a key that has leaked: every worker refuses what it signed within a ….

        … second, and verifiers elsewhere as soon as they read the JWKS document again. When it was the one that signs,
        a new key signs from now on. Retiring a removed key changes nothing.
        """
        request = signing_key_service_pb2.RetireSigningKeyRequest(
            id=signing_key_id, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return self._stub.RetireSigningKey(request, timeout=timeout).signing_key


class AsyncSigningKeys:
    """As `SigningKeys`, with `await`."""

    def __init__(self, stub: signing_key_service_pb2_grpc.SigningKeyServiceAsyncStub) -> None:
        self._stub = stub

    def list(
        self,
        *,
        page_size: int = 0,
        page_token: str = "",
        timeout: float | None = None,
    ) -> AsyncPager[signing_key_pb2.SigningKey]:
        """Returns the signing keys, removed ones too, in order of id, which is that of their making, page by page."""
        request = signing_key_service_pb2.ListSigningKeysRequest(page_size=page_size, page_token=page_token)

        async def fetch(token: str) -> Page[signing_key_pb2.SigningKey]:
            response = await self._stub.ListSigningKeys(requests.at_page(request, token), timeout=timeout)
            return Page(response.signing_keys, response.next_page_token)

        return AsyncPager(fetch, page_token)

    async def rotate(
        self,
        *,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> signing_key_pb2.SigningKey:
        """Makes a new signing key with the algorithm of the settings.

        It is published at once and signs after the lead that the settings name; the key before it stays published until
        the last token that it signed has expired. Nothing is refused meanwhile.
        """
        request = signing_key_service_pb2.RotateSigningKeyRequest(
            request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return (await self._stub.RotateSigningKey(request, timeout=timeout)).signing_key

    async def retire(
        self,
        signing_key_id: str,
        *,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> signing_key_pb2.SigningKey:
        """Withdraws a signing key at once, for a key that has leaked: every worker refuses what it signed within a ….

        … second, and verifiers elsewhere as soon as they read the JWKS document again. When it was the one that signs,
        a new key signs from now on. Retiring a removed key changes nothing.
        """
        request = signing_key_service_pb2.RetireSigningKeyRequest(
            id=signing_key_id, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return (await self._stub.RetireSigningKey(request, timeout=timeout)).signing_key
