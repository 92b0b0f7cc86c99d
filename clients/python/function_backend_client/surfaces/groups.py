"""Groups of the caller's tenant.

Written by make generate.
"""

from __future__ import annotations

from collections.abc import Iterable

from function.auth.v1 import group_pb2, group_service_pb2, group_service_pb2_grpc
from function_backend_client import requests
from function_backend_client.pages import AsyncPager, Page, Pager


class Groups:
    """Groups of the caller's tenant. Every method raises FunctionBackendError where the service refuses."""

    def __init__(self, stub: group_service_pb2_grpc.GroupServiceStub) -> None:
        self._stub = stub

    def create(
        self,
        group: group_pb2.Group,
        *,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> group_pb2.Group:
        """Creates a group without members."""
        request = group_service_pb2.CreateGroupRequest(
            group=group, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return self._stub.CreateGroup(request, timeout=timeout).group

    def get(
        self,
        group_id: str,
        *,
        timeout: float | None = None,
    ) -> group_pb2.Group:
        """Returns a group without its members."""
        request = group_service_pb2.GetGroupRequest(id=group_id)
        return self._stub.GetGroup(request, timeout=timeout).group

    def list(
        self,
        *,
        page_size: int = 0,
        page_token: str = "",
        timeout: float | None = None,
    ) -> Pager[group_pb2.Group]:
        """Returns the groups in order of id, page by page."""
        request = group_service_pb2.ListGroupsRequest(page_size=page_size, page_token=page_token)

        def fetch(token: str) -> Page[group_pb2.Group]:
            response = self._stub.ListGroups(requests.at_page(request, token), timeout=timeout)
            return Page(response.groups, response.next_page_token)

        return Pager(fetch, page_token)

    def update(
        self,
        group: group_pb2.Group,
        *,
        fields: Iterable[str] | str | None = None,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> group_pb2.Group:
        """Changes the fields that `update_mask` names and leaves the others.

        Nothing is written when nothing differs.
        """
        request = group_service_pb2.UpdateGroupRequest(
            group=group,
            update_mask=requests.field_mask(fields),
            request_id=requests.new_request_id(request_id),
            validate_only=validate_only,
        )
        return self._stub.UpdateGroup(request, timeout=timeout).group

    def delete(
        self,
        group_id: str,
        *,
        etag: str = "",
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> group_pb2.Group:
        """Deletes a group. Its members lose what they held by it within a second."""
        request = group_service_pb2.DeleteGroupRequest(
            id=group_id, etag=etag, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return self._stub.DeleteGroup(request, timeout=timeout).group

    def add_members(
        self,
        group_id: str,
        members: Iterable[group_pb2.Member],
        *,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> group_service_pb2.AddMembersResponse:
        """Adds members; those that are in the group already stay.

        A group can be a member up to eight groups deep, and never of itself. The caller must hold every permission that
        the group grants.
        """
        request = group_service_pb2.AddMembersRequest(
            id=group_id, members=members, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return self._stub.AddMembers(request, timeout=timeout)

    def remove_members(
        self,
        group_id: str,
        members: Iterable[group_pb2.Member],
        *,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> group_service_pb2.RemoveMembersResponse:
        """Removes members; those that are not in the group are passed over."""
        request = group_service_pb2.RemoveMembersRequest(
            id=group_id, members=members, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return self._stub.RemoveMembers(request, timeout=timeout)

    def list_members(
        self,
        group_id: str,
        *,
        page_size: int = 0,
        page_token: str = "",
        timeout: float | None = None,
    ) -> Pager[group_pb2.Member]:
        """Returns the direct members of a group, page by page."""
        request = group_service_pb2.ListMembersRequest(id=group_id, page_size=page_size, page_token=page_token)

        def fetch(token: str) -> Page[group_pb2.Member]:
            response = self._stub.ListMembers(requests.at_page(request, token), timeout=timeout)
            return Page(response.members, response.next_page_token)

        return Pager(fetch, page_token)

    def list_groups_of(
        self,
        member: group_pb2.Member,
        *,
        page_size: int = 0,
        page_token: str = "",
        only_direct: bool = False,
        timeout: float | None = None,
    ) -> Pager[group_pb2.Group]:
        """Returns the groups that a user, a service account or a group is in, in order of id, page by page."""
        request = group_service_pb2.ListGroupsOfRequest(
            page_size=page_size, page_token=page_token, member=member, only_direct=only_direct
        )

        def fetch(token: str) -> Page[group_pb2.Group]:
            response = self._stub.ListGroupsOf(requests.at_page(request, token), timeout=timeout)
            return Page(response.groups, response.next_page_token)

        return Pager(fetch, page_token)


class AsyncGroups:
    """As `Groups`, with `await`."""

    def __init__(self, stub: group_service_pb2_grpc.GroupServiceAsyncStub) -> None:
        self._stub = stub

    async def create(
        self,
        group: group_pb2.Group,
        *,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> group_pb2.Group:
        """Creates a group without members."""
        request = group_service_pb2.CreateGroupRequest(
            group=group, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return (await self._stub.CreateGroup(request, timeout=timeout)).group

    async def get(
        self,
        group_id: str,
        *,
        timeout: float | None = None,
    ) -> group_pb2.Group:
        """Returns a group without its members."""
        request = group_service_pb2.GetGroupRequest(id=group_id)
        return (await self._stub.GetGroup(request, timeout=timeout)).group

    def list(
        self,
        *,
        page_size: int = 0,
        page_token: str = "",
        timeout: float | None = None,
    ) -> AsyncPager[group_pb2.Group]:
        """Returns the groups in order of id, page by page."""
        request = group_service_pb2.ListGroupsRequest(page_size=page_size, page_token=page_token)

        async def fetch(token: str) -> Page[group_pb2.Group]:
            response = await self._stub.ListGroups(requests.at_page(request, token), timeout=timeout)
            return Page(response.groups, response.next_page_token)

        return AsyncPager(fetch, page_token)

    async def update(
        self,
        group: group_pb2.Group,
        *,
        fields: Iterable[str] | str | None = None,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> group_pb2.Group:
        """Changes the fields that `update_mask` names and leaves the others.

        Nothing is written when nothing differs.
        """
        request = group_service_pb2.UpdateGroupRequest(
            group=group,
            update_mask=requests.field_mask(fields),
            request_id=requests.new_request_id(request_id),
            validate_only=validate_only,
        )
        return (await self._stub.UpdateGroup(request, timeout=timeout)).group

    async def delete(
        self,
        group_id: str,
        *,
        etag: str = "",
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> group_pb2.Group:
        """Deletes a group. Its members lose what they held by it within a second."""
        request = group_service_pb2.DeleteGroupRequest(
            id=group_id, etag=etag, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return (await self._stub.DeleteGroup(request, timeout=timeout)).group

    async def add_members(
        self,
        group_id: str,
        members: Iterable[group_pb2.Member],
        *,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> group_service_pb2.AddMembersResponse:
        """Adds members; those that are in the group already stay.

        A group can be a member up to eight groups deep, and never of itself. The caller must hold every permission that
        the group grants.
        """
        request = group_service_pb2.AddMembersRequest(
            id=group_id, members=members, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return await self._stub.AddMembers(request, timeout=timeout)

    async def remove_members(
        self,
        group_id: str,
        members: Iterable[group_pb2.Member],
        *,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> group_service_pb2.RemoveMembersResponse:
        """Removes members; those that are not in the group are passed over."""
        request = group_service_pb2.RemoveMembersRequest(
            id=group_id, members=members, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return await self._stub.RemoveMembers(request, timeout=timeout)

    def list_members(
        self,
        group_id: str,
        *,
        page_size: int = 0,
        page_token: str = "",
        timeout: float | None = None,
    ) -> AsyncPager[group_pb2.Member]:
        """Returns the direct members of a group, page by page."""
        request = group_service_pb2.ListMembersRequest(id=group_id, page_size=page_size, page_token=page_token)

        async def fetch(token: str) -> Page[group_pb2.Member]:
            response = await self._stub.ListMembers(requests.at_page(request, token), timeout=timeout)
            return Page(response.members, response.next_page_token)

        return AsyncPager(fetch, page_token)

    def list_groups_of(
        self,
        member: group_pb2.Member,
        *,
        page_size: int = 0,
        page_token: str = "",
        only_direct: bool = False,
        timeout: float | None = None,
    ) -> AsyncPager[group_pb2.Group]:
        """Returns the groups that a user, a service account or a group is in, in order of id, page by page."""
        request = group_service_pb2.ListGroupsOfRequest(
            page_size=page_size, page_token=page_token, member=member, only_direct=only_direct
        )

        async def fetch(token: str) -> Page[group_pb2.Group]:
            response = await self._stub.ListGroupsOf(requests.at_page(request, token), timeout=timeout)
            return Page(response.groups, response.next_page_token)

        return AsyncPager(fetch, page_token)
