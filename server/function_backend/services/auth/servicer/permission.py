"""The catalogue of permissions over gRPC."""

from __future__ import annotations

from function.auth.v1 import permission_service_pb2
from function_backend.kernel.call import Call
from function_backend.services.auth.convert.permission import permission
from function_backend.services.auth.service.permissions import PermissionService


class PermissionServicer:
    """`function.auth.v1.PermissionService`."""

    def __init__(self, service: PermissionService) -> None:
        self._service = service

    def ListPermissions(
        self, request: permission_service_pb2.ListPermissionsRequest, context: Call
    ) -> permission_service_pb2.ListPermissionsResponse:
        page, token = self._service.list(
            request.page_size, request.page_token, method=request.method, pattern=request.pattern
        )
        return permission_service_pb2.ListPermissionsResponse(
            permissions=map(permission, page.items), next_page_token=token
        )
