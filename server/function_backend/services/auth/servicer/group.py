"""Groups over gRPC."""

from __future__ import annotations

from function.auth.v1 import group_service_pb2 as wire
from function_backend.kernel.call import Call
from function_backend.kernel.identifiers import parse_id
from function_backend.services.auth.convert.group import group, group_card, member, read_member, read_members
from function_backend.services.auth.domain.checks import Checks
from function_backend.services.auth.service.groups import Groups
from function_backend.services.auth.service.memberships import Memberships


class GroupServicer:
    """`function.auth.v1.GroupService`."""

    def __init__(self, groups: Groups, memberships: Memberships) -> None:
        self._groups = groups
        self._memberships = memberships

    def CreateGroup(self, request: wire.CreateGroupRequest, call: Call) -> wire.CreateGroupResponse:
        return wire.CreateGroupResponse(group=group(self._groups.create(group_card(request.group), Checks())))

    def GetGroup(self, request: wire.GetGroupRequest, call: Call) -> wire.GetGroupResponse:
        return wire.GetGroupResponse(group=group(self._groups.get(parse_id(request.id))))

    def ListGroups(self, request: wire.ListGroupsRequest, call: Call) -> wire.ListGroupsResponse:
        page, token = self._groups.list(request.page_size, request.page_token)
        return wire.ListGroupsResponse(groups=map(group, page.items), next_page_token=token)

    def UpdateGroup(self, request: wire.UpdateGroupRequest, call: Call) -> wire.UpdateGroupResponse:
        changed = self._groups.update(
            parse_id(request.group.id),
            group_card(request.group),
            Checks(),
            mask=request.update_mask.paths,
            etag=request.group.etag,
        )
        return wire.UpdateGroupResponse(group=group(changed))

    def DeleteGroup(self, request: wire.DeleteGroupRequest, call: Call) -> wire.DeleteGroupResponse:
        return wire.DeleteGroupResponse(group=group(self._groups.delete(parse_id(request.id), etag=request.etag)))

    def AddMembers(self, request: wire.AddMembersRequest, call: Call) -> wire.AddMembersResponse:
        changed, count = self._memberships.add(parse_id(request.id), read_members(request.members))
        return wire.AddMembersResponse(group=group(changed), added_count=count)

    def RemoveMembers(self, request: wire.RemoveMembersRequest, call: Call) -> wire.RemoveMembersResponse:
        changed, count = self._memberships.remove(parse_id(request.id), read_members(request.members))
        return wire.RemoveMembersResponse(group=group(changed), removed_count=count)

    def ListMembers(self, request: wire.ListMembersRequest, call: Call) -> wire.ListMembersResponse:
        page, token = self._memberships.list(parse_id(request.id), request.page_size, request.page_token)
        return wire.ListMembersResponse(members=map(member, page.items), next_page_token=token)

    def ListGroupsOf(self, request: wire.ListGroupsOfRequest, call: Call) -> wire.ListGroupsOfResponse:
        page, token = self._memberships.list_groups_of(
            read_member(request.member), request.page_size, request.page_token, only_direct=request.only_direct
        )
        return wire.ListGroupsOfResponse(groups=map(group, page.items), next_page_token=token)
