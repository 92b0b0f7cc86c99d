"""Roles of the caller's tenant, and the built-in ones that every tenant has.

Written by make generate.
"""

from __future__ import annotations

from collections.abc import Iterable

from function.auth.v1 import role_pb2, role_service_pb2, role_service_pb2_grpc
from function_backend_client import requests
from function_backend_client.pages import AsyncPager, Page, Pager


class Roles:
    """Roles of the caller's tenant, and the built-in ones that every tenant has.

    Every method raises FunctionBackendError where the service refuses.
    """

    def __init__(self, stub: role_service_pb2_grpc.RoleServiceStub) -> None:
        self._stub = stub

    def create(
        self,
        role: role_service_pb2.RoleInput,
        *,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> role_pb2.Role:
        """Creates a role."""
        request = role_service_pb2.CreateRoleRequest(
            role=role, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return self._stub.CreateRole(request, timeout=timeout).role

    def get(
        self,
        role_id: str,
        *,
        timeout: float | None = None,
    ) -> role_pb2.Role:
        """Returns a role."""
        request = role_service_pb2.GetRoleRequest(id=role_id)
        return self._stub.GetRole(request, timeout=timeout).role

    def list(
        self,
        *,
        page_size: int = 0,
        page_token: str = "",
        timeout: float | None = None,
    ) -> Pager[role_pb2.Role]:
        """Returns the roles in order of id, page by page, the built-in ones first."""
        request = role_service_pb2.ListRolesRequest(page_size=page_size, page_token=page_token)

        def fetch(token: str) -> Page[role_pb2.Role]:
            response = self._stub.ListRoles(requests.at_page(request, token), timeout=timeout)
            return Page(response.roles, response.next_page_token)

        return Pager(fetch, page_token)

    def update(
        self,
        role_id: str,
        role: role_service_pb2.RoleInput,
        *,
        fields: Iterable[str] | str | None = None,
        etag: str = "",
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> role_pb2.Role:
        """Changes the fields that `update_mask` names and leaves the others.

        Every worker grants what the role now says within a second. Nothing is written when nothing differs.
        """
        request = role_service_pb2.UpdateRoleRequest(
            id=role_id,
            role=role,
            update_mask=requests.field_mask(fields),
            etag=etag,
            request_id=requests.new_request_id(request_id),
            validate_only=validate_only,
        )
        return self._stub.UpdateRole(request, timeout=timeout).role

    def delete(
        self,
        role_id: str,
        *,
        force: bool = False,
        etag: str = "",
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> role_service_pb2.DeleteRoleResponse:
        """Deletes a role."""
        request = role_service_pb2.DeleteRoleRequest(
            id=role_id,
            force=force,
            etag=etag,
            request_id=requests.new_request_id(request_id),
            validate_only=validate_only,
        )
        return self._stub.DeleteRole(request, timeout=timeout)


class AsyncRoles:
    """As `Roles`, with `await`."""

    def __init__(self, stub: role_service_pb2_grpc.RoleServiceAsyncStub) -> None:
        self._stub = stub

    async def create(
        self,
        role: role_service_pb2.RoleInput,
        *,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> role_pb2.Role:
        """Creates a role."""
        request = role_service_pb2.CreateRoleRequest(
            role=role, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return (await self._stub.CreateRole(request, timeout=timeout)).role

    async def get(
        self,
        role_id: str,
        *,
        timeout: float | None = None,
    ) -> role_pb2.Role:
        """Returns a role."""
        request = role_service_pb2.GetRoleRequest(id=role_id)
        return (await self._stub.GetRole(request, timeout=timeout)).role

    def list(
        self,
        *,
        page_size: int = 0,
        page_token: str = "",
        timeout: float | None = None,
    ) -> AsyncPager[role_pb2.Role]:
        """Returns the roles in order of id, page by page, the built-in ones first."""
        request = role_service_pb2.ListRolesRequest(page_size=page_size, page_token=page_token)

        async def fetch(token: str) -> Page[role_pb2.Role]:
            response = await self._stub.ListRoles(requests.at_page(request, token), timeout=timeout)
            return Page(response.roles, response.next_page_token)

        return AsyncPager(fetch, page_token)

    async def update(
        self,
        role_id: str,
        role: role_service_pb2.RoleInput,
        *,
        fields: Iterable[str] | str | None = None,
        etag: str = "",
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> role_pb2.Role:
        """Changes the fields that `update_mask` names and leaves the others.

        Every worker grants what the role now says within a second. Nothing is written when nothing differs.
        """
        request = role_service_pb2.UpdateRoleRequest(
            id=role_id,
            role=role,
            update_mask=requests.field_mask(fields),
            etag=etag,
            request_id=requests.new_request_id(request_id),
            validate_only=validate_only,
        )
        return (await self._stub.UpdateRole(request, timeout=timeout)).role

    async def delete(
        self,
        role_id: str,
        *,
        force: bool = False,
        etag: str = "",
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> role_service_pb2.DeleteRoleResponse:
        """Deletes a role."""
        request = role_service_pb2.DeleteRoleRequest(
            id=role_id,
            force=force,
            etag=etag,
            request_id=requests.new_request_id(request_id),
            validate_only=validate_only,
        )
        return await self._stub.DeleteRole(request, timeout=timeout)
