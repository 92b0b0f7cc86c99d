"""Permissions that follow from the relationships of the caller's tenant under its relation schema.

Written by make generate.
"""

from __future__ import annotations

from collections.abc import Iterable

from function.auth.v1 import permission_check_service_pb2, permission_check_service_pb2_grpc
from function_backend_client import requests
from function_backend_client.pages import AsyncPager, Page, Pager


class Checks:
    """Permissions that follow from the relationships of the caller's tenant under its relation schema.

    Every answer comes from one state of the database; with a `function-consistency-token` in the metadata, from one
    that is not older. Every method raises FunctionBackendError where the service refuses.
    """

    def __init__(self, stub: permission_check_service_pb2_grpc.PermissionCheckServiceStub) -> None:
        self._stub = stub

    def check(
        self,
        resource: str,
        permission: str,
        *,
        subject: str,
        record: bool = False,
        timeout: float | None = None,
    ) -> permission_check_service_pb2.CheckPermissionResponse:
        """Says whether a subject has a permission, or stands in a relation."""
        request = permission_check_service_pb2.CheckPermissionRequest(
            resource=resource, permission=permission, subject=subject, record=record
        )
        return self._stub.CheckPermission(request, timeout=timeout)

    def batch_check(
        self,
        items: Iterable[permission_check_service_pb2.CheckItem],
        *,
        subject: str = "",
        timeout: float | None = None,
    ) -> permission_check_service_pb2.BatchCheckPermissionsResponse:
        """Answers up to 1,000 checks on the same state.

        What is wrong with one is said in its place and stops no other.
        """
        request = permission_check_service_pb2.BatchCheckPermissionsRequest(items=items, subject=subject)
        return self._stub.BatchCheckPermissions(request, timeout=timeout)

    def list_permitted_resources(
        self,
        resource_type: str,
        permission: str,
        *,
        subject: str,
        page_size: int = 0,
        page_token: str = "",
        timeout: float | None = None,
    ) -> Pager[str]:
        """Returns the resources of a type that a subject has a permission on, in order of id, page by page.

        All pages together are complete. A page may hold fewer than asked for while more follow: only an empty
        `next_page_token` ends the list.
        """
        request = permission_check_service_pb2.ListPermittedResourcesRequest(
            resource_type=resource_type,
            permission=permission,
            subject=subject,
            page_size=page_size,
            page_token=page_token,
        )

        def fetch(token: str) -> Page[str]:
            response = self._stub.ListPermittedResources(requests.at_page(request, token), timeout=timeout)
            return Page(response.resource_ids, response.next_page_token)

        return Pager(fetch, page_token)

    def list_permitted_subjects(
        self,
        resource: str,
        permission: str,
        *,
        subject_type: str,
        subject_relation: str = "",
        page_size: int = 0,
        page_token: str = "",
        timeout: float | None = None,
    ) -> Pager[permission_check_service_pb2.PermittedSubject]:
        """Returns the subjects of a type that have a permission on a resource, in order of id, page by page.

        All pages together are complete. A page may hold fewer than asked for while more follow: only an empty
        `next_page_token` ends the list.
        """
        request = permission_check_service_pb2.ListPermittedSubjectsRequest(
            resource=resource,
            permission=permission,
            subject_type=subject_type,
            subject_relation=subject_relation,
            page_size=page_size,
            page_token=page_token,
        )

        def fetch(token: str) -> Page[permission_check_service_pb2.PermittedSubject]:
            response = self._stub.ListPermittedSubjects(requests.at_page(request, token), timeout=timeout)
            return Page(response.subjects, response.next_page_token)

        return Pager(fetch, page_token)

    def explain(
        self,
        *,
        resource: str = "",
        permission: str = "",
        subject: str = "",
        decision_id: str = "",
        timeout: float | None = None,
    ) -> permission_check_service_pb2.ExplainPermissionResponse:
        """Says why a subject has a permission, or what is missing: now, or at the time of a recorded decision, from ….

        … what was known then.
        """
        request = permission_check_service_pb2.ExplainPermissionRequest(
            resource=resource, permission=permission, subject=subject, decision_id=decision_id
        )
        return self._stub.ExplainPermission(request, timeout=timeout)


class AsyncChecks:
    """As `Checks`, with `await`."""

    def __init__(self, stub: permission_check_service_pb2_grpc.PermissionCheckServiceAsyncStub) -> None:
        self._stub = stub

    async def check(
        self,
        resource: str,
        permission: str,
        *,
        subject: str,
        record: bool = False,
        timeout: float | None = None,
    ) -> permission_check_service_pb2.CheckPermissionResponse:
        """Says whether a subject has a permission, or stands in a relation."""
        request = permission_check_service_pb2.CheckPermissionRequest(
            resource=resource, permission=permission, subject=subject, record=record
        )
        return await self._stub.CheckPermission(request, timeout=timeout)

    async def batch_check(
        self,
        items: Iterable[permission_check_service_pb2.CheckItem],
        *,
        subject: str = "",
        timeout: float | None = None,
    ) -> permission_check_service_pb2.BatchCheckPermissionsResponse:
        """Answers up to 1,000 checks on the same state.

        What is wrong with one is said in its place and stops no other.
        """
        request = permission_check_service_pb2.BatchCheckPermissionsRequest(items=items, subject=subject)
        return await self._stub.BatchCheckPermissions(request, timeout=timeout)

    def list_permitted_resources(
        self,
        resource_type: str,
        permission: str,
        *,
        subject: str,
        page_size: int = 0,
        page_token: str = "",
        timeout: float | None = None,
    ) -> AsyncPager[str]:
        """Returns the resources of a type that a subject has a permission on, in order of id, page by page.

        All pages together are complete. A page may hold fewer than asked for while more follow: only an empty
        `next_page_token` ends the list.
        """
        request = permission_check_service_pb2.ListPermittedResourcesRequest(
            resource_type=resource_type,
            permission=permission,
            subject=subject,
            page_size=page_size,
            page_token=page_token,
        )

        async def fetch(token: str) -> Page[str]:
            response = await self._stub.ListPermittedResources(requests.at_page(request, token), timeout=timeout)
            return Page(response.resource_ids, response.next_page_token)

        return AsyncPager(fetch, page_token)

    def list_permitted_subjects(
        self,
        resource: str,
        permission: str,
        *,
        subject_type: str,
        subject_relation: str = "",
        page_size: int = 0,
        page_token: str = "",
        timeout: float | None = None,
    ) -> AsyncPager[permission_check_service_pb2.PermittedSubject]:
        """Returns the subjects of a type that have a permission on a resource, in order of id, page by page.

        All pages together are complete. A page may hold fewer than asked for while more follow: only an empty
        `next_page_token` ends the list.
        """
        request = permission_check_service_pb2.ListPermittedSubjectsRequest(
            resource=resource,
            permission=permission,
            subject_type=subject_type,
            subject_relation=subject_relation,
            page_size=page_size,
            page_token=page_token,
        )

        async def fetch(token: str) -> Page[permission_check_service_pb2.PermittedSubject]:
            response = await self._stub.ListPermittedSubjects(requests.at_page(request, token), timeout=timeout)
            return Page(response.subjects, response.next_page_token)

        return AsyncPager(fetch, page_token)

    async def explain(
        self,
        *,
        resource: str = "",
        permission: str = "",
        subject: str = "",
        decision_id: str = "",
        timeout: float | None = None,
    ) -> permission_check_service_pb2.ExplainPermissionResponse:
        """Says why a subject has a permission, or what is missing: now, or at the time of a recorded decision, from ….

        … what was known then.
        """
        request = permission_check_service_pb2.ExplainPermissionRequest(
            resource=resource, permission=permission, subject=subject, decision_id=decision_id
        )
        return await self._stub.ExplainPermission(request, timeout=timeout)
