"""Bindings of users, service accounts and groups of the caller's tenant to roles.

Written by make generate.
"""

from __future__ import annotations

import datetime as dt

from google.protobuf.timestamp_pb2 import Timestamp

from function.auth.v1 import role_binding_pb2, role_binding_service_pb2, role_binding_service_pb2_grpc
from function_backend_client import requests
from function_backend_client.pages import AsyncPager, Page, Pager


class Bindings:
    """Bindings of users, service accounts and groups of the caller's tenant to roles.

    Bindings are not changed: grant anew and delete the old one. Deleted ones are kept as history. Every method raises
    FunctionBackendError where the service refuses.
    """

    def __init__(self, stub: role_binding_service_pb2_grpc.RoleBindingServiceStub) -> None:
        self._stub = stub

    def create(
        self,
        role_id: str,
        subject: role_binding_pb2.RoleSubject,
        *,
        scope: role_binding_pb2.RoleScope | None = None,
        expire_time: dt.datetime | Timestamp | None = None,
        condition: role_binding_pb2.RoleCondition | None = None,
        reason: str = "",
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> role_binding_pb2.RoleBinding:
        """Grants a role.

        The caller must hold all that the role grants, for the whole tenant or for a scope that includes the one of the
        binding. What is held for a time or under a condition only does not count for that.
        """
        request = role_binding_service_pb2.CreateRoleBindingRequest(
            role_id=role_id,
            subject=subject,
            scope=scope,
            expire_time=requests.timestamp(expire_time),
            condition=condition,
            reason=reason,
            request_id=requests.new_request_id(request_id),
            validate_only=validate_only,
        )
        return self._stub.CreateRoleBinding(request, timeout=timeout).role_binding

    def get(
        self,
        role_binding_id: str,
        *,
        timeout: float | None = None,
    ) -> role_binding_pb2.RoleBinding:
        """Returns a binding, expired and deleted ones too."""
        request = role_binding_service_pb2.GetRoleBindingRequest(id=role_binding_id)
        return self._stub.GetRoleBinding(request, timeout=timeout).role_binding

    def list(
        self,
        *,
        page_size: int = 0,
        page_token: str = "",
        subject: role_binding_pb2.RoleSubject | None = None,
        role_id: str = "",
        scope: role_binding_pb2.RoleScope | None = None,
        show_ended: bool = False,
        timeout: float | None = None,
    ) -> Pager[role_binding_pb2.RoleBinding]:
        """Returns the bindings that fit in order of id, page by page."""
        request = role_binding_service_pb2.ListRoleBindingsRequest(
            page_size=page_size,
            page_token=page_token,
            subject=subject,
            role_id=role_id,
            scope=scope,
            show_ended=show_ended,
        )

        def fetch(token: str) -> Page[role_binding_pb2.RoleBinding]:
            response = self._stub.ListRoleBindings(requests.at_page(request, token), timeout=timeout)
            return Page(response.role_bindings, response.next_page_token)

        return Pager(fetch, page_token)

    def delete(
        self,
        role_binding_id: str,
        *,
        reason: str = "",
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> role_binding_pb2.RoleBinding:
        """Takes a role away. Deleting a deleted binding changes nothing."""
        request = role_binding_service_pb2.DeleteRoleBindingRequest(
            id=role_binding_id,
            reason=reason,
            request_id=requests.new_request_id(request_id),
            validate_only=validate_only,
        )
        return self._stub.DeleteRoleBinding(request, timeout=timeout).role_binding


class AsyncBindings:
    """As `Bindings`, with `await`."""

    def __init__(self, stub: role_binding_service_pb2_grpc.RoleBindingServiceAsyncStub) -> None:
        self._stub = stub

    async def create(
        self,
        role_id: str,
        subject: role_binding_pb2.RoleSubject,
        *,
        scope: role_binding_pb2.RoleScope | None = None,
        expire_time: dt.datetime | Timestamp | None = None,
        condition: role_binding_pb2.RoleCondition | None = None,
        reason: str = "",
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> role_binding_pb2.RoleBinding:
        """Grants a role.

        The caller must hold all that the role grants, for the whole tenant or for a scope that includes the one of the
        binding. What is held for a time or under a condition only does not count for that.
        """
        request = role_binding_service_pb2.CreateRoleBindingRequest(
            role_id=role_id,
            subject=subject,
            scope=scope,
            expire_time=requests.timestamp(expire_time),
            condition=condition,
            reason=reason,
            request_id=requests.new_request_id(request_id),
            validate_only=validate_only,
        )
        return (await self._stub.CreateRoleBinding(request, timeout=timeout)).role_binding

    async def get(
        self,
        role_binding_id: str,
        *,
        timeout: float | None = None,
    ) -> role_binding_pb2.RoleBinding:
        """Returns a binding, expired and deleted ones too."""
        request = role_binding_service_pb2.GetRoleBindingRequest(id=role_binding_id)
        return (await self._stub.GetRoleBinding(request, timeout=timeout)).role_binding

    def list(
        self,
        *,
        page_size: int = 0,
        page_token: str = "",
        subject: role_binding_pb2.RoleSubject | None = None,
        role_id: str = "",
        scope: role_binding_pb2.RoleScope | None = None,
        show_ended: bool = False,
        timeout: float | None = None,
    ) -> AsyncPager[role_binding_pb2.RoleBinding]:
        """Returns the bindings that fit in order of id, page by page."""
        request = role_binding_service_pb2.ListRoleBindingsRequest(
            page_size=page_size,
            page_token=page_token,
            subject=subject,
            role_id=role_id,
            scope=scope,
            show_ended=show_ended,
        )

        async def fetch(token: str) -> Page[role_binding_pb2.RoleBinding]:
            response = await self._stub.ListRoleBindings(requests.at_page(request, token), timeout=timeout)
            return Page(response.role_bindings, response.next_page_token)

        return AsyncPager(fetch, page_token)

    async def delete(
        self,
        role_binding_id: str,
        *,
        reason: str = "",
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> role_binding_pb2.RoleBinding:
        """Takes a role away. Deleting a deleted binding changes nothing."""
        request = role_binding_service_pb2.DeleteRoleBindingRequest(
            id=role_binding_id,
            reason=reason,
            request_id=requests.new_request_id(request_id),
            validate_only=validate_only,
        )
        return (await self._stub.DeleteRoleBinding(request, timeout=timeout)).role_binding
