"""The catalogue of permissions.

Written by make generate.
"""

from __future__ import annotations

from function.auth.v1 import permission_pb2, permission_service_pb2, permission_service_pb2_grpc
from function_backend_client import requests
from function_backend_client.pages import AsyncPager, Page, Pager


class Permissions:
    """The catalogue of permissions.

    It follows from the contract: every method declares the one permission that it asks for. Every method raises
    FunctionBackendError where the service refuses.
    """

    def __init__(self, stub: permission_service_pb2_grpc.PermissionServiceStub) -> None:
        self._stub = stub

    def list(
        self,
        *,
        page_size: int = 0,
        page_token: str = "",
        method: str = "",
        pattern: str = "",
        timeout: float | None = None,
    ) -> Pager[permission_pb2.Permission]:
        """Returns the permissions in order of their names, page by page."""
        request = permission_service_pb2.ListPermissionsRequest(
            page_size=page_size, page_token=page_token, method=method, pattern=pattern
        )

        def fetch(token: str) -> Page[permission_pb2.Permission]:
            response = self._stub.ListPermissions(requests.at_page(request, token), timeout=timeout)
            return Page(response.permissions, response.next_page_token)

        return Pager(fetch, page_token)


class AsyncPermissions:
    """As `Permissions`, with `await`."""

    def __init__(self, stub: permission_service_pb2_grpc.PermissionServiceAsyncStub) -> None:
        self._stub = stub

    def list(
        self,
        *,
        page_size: int = 0,
        page_token: str = "",
        method: str = "",
        pattern: str = "",
        timeout: float | None = None,
    ) -> AsyncPager[permission_pb2.Permission]:
        """Returns the permissions in order of their names, page by page."""
        request = permission_service_pb2.ListPermissionsRequest(
            page_size=page_size, page_token=page_token, method=method, pattern=pattern
        )

        async def fetch(token: str) -> Page[permission_pb2.Permission]:
            response = await self._stub.ListPermissions(requests.at_page(request, token), timeout=timeout)
            return Page(response.permissions, response.next_page_token)

        return AsyncPager(fetch, page_token)
