"""Roles over gRPC."""

from __future__ import annotations

from function.auth.v1 import role_service_pb2
from function_backend.kernel.call import Call
from function_backend.kernel.identifiers import parse_id
from function_backend.services.auth.convert.role import described_role, role_content
from function_backend.services.auth.service.roles import RoleService


class RoleServicer:
    """`function.auth.v1.RoleService`."""

    def __init__(self, service: RoleService) -> None:
        self._service = service

    def CreateRole(
        self, request: role_service_pb2.CreateRoleRequest, context: Call
    ) -> role_service_pb2.CreateRoleResponse:
        made = self._service.create(role_content(request.role))
        return role_service_pb2.CreateRoleResponse(role=described_role(made))

    def GetRole(self, request: role_service_pb2.GetRoleRequest, context: Call) -> role_service_pb2.GetRoleResponse:
        found = self._service.get(parse_id(request.id))
        return role_service_pb2.GetRoleResponse(role=described_role(found))

    def ListRoles(
        self, request: role_service_pb2.ListRolesRequest, context: Call
    ) -> role_service_pb2.ListRolesResponse:
        page, token = self._service.list(request.page_size, request.page_token)
        return role_service_pb2.ListRolesResponse(roles=map(described_role, page.items), next_page_token=token)

    def UpdateRole(
        self, request: role_service_pb2.UpdateRoleRequest, context: Call
    ) -> role_service_pb2.UpdateRoleResponse:
        changed = self._service.update(
            parse_id(request.id), role_content(request.role), mask=request.update_mask.paths, etag=request.etag
        )
        return role_service_pb2.UpdateRoleResponse(role=described_role(changed))

    def DeleteRole(
        self, request: role_service_pb2.DeleteRoleRequest, context: Call
    ) -> role_service_pb2.DeleteRoleResponse:
        bindings = self._service.delete(parse_id(request.id), etag=request.etag, force=request.force)
        return role_service_pb2.DeleteRoleResponse(deleted_bindings=bindings)
