"""Role bindings over gRPC."""

from __future__ import annotations

from function.auth.v1 import role_binding_service_pb2
from function_backend.kernel.call import Call
from function_backend.kernel.identifiers import parse_id
from function_backend.services.auth.convert.role_binding import binding_filter, binding_wish, role_binding
from function_backend.services.auth.service.role_bindings import RoleBindingService


class RoleBindingServicer:
    """`function.auth.v1.RoleBindingService`."""

    def __init__(self, service: RoleBindingService) -> None:
        self._service = service

    def CreateRoleBinding(
        self, request: role_binding_service_pb2.CreateRoleBindingRequest, context: Call
    ) -> role_binding_service_pb2.CreateRoleBindingResponse:
        made = self._service.create(binding_wish(request))
        return role_binding_service_pb2.CreateRoleBindingResponse(role_binding=role_binding(made))

    def GetRoleBinding(
        self, request: role_binding_service_pb2.GetRoleBindingRequest, context: Call
    ) -> role_binding_service_pb2.GetRoleBindingResponse:
        found = self._service.get(parse_id(request.id))
        return role_binding_service_pb2.GetRoleBindingResponse(role_binding=role_binding(found))

    def ListRoleBindings(
        self, request: role_binding_service_pb2.ListRoleBindingsRequest, context: Call
    ) -> role_binding_service_pb2.ListRoleBindingsResponse:
        page, token = self._service.list(
            request.page_size,
            request.page_token,
            filter=binding_filter(request),
            show_ended=request.show_ended,
        )
        return role_binding_service_pb2.ListRoleBindingsResponse(
            role_bindings=map(role_binding, page.items), next_page_token=token
        )

    def DeleteRoleBinding(
        self, request: role_binding_service_pb2.DeleteRoleBindingRequest, context: Call
    ) -> role_binding_service_pb2.DeleteRoleBindingResponse:
        gone = self._service.delete(parse_id(request.id), reason=request.reason)
        return role_binding_service_pb2.DeleteRoleBindingResponse(role_binding=role_binding(gone))
