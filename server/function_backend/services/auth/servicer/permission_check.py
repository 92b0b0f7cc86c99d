"""Permission checks over gRPC."""

from __future__ import annotations

from function.auth.v1 import permission_check_service_pb2 as wire
from function_backend.kernel.call import Call
from function_backend.kernel.identifiers import parse_id
from function_backend.services.auth.convert import permission_check as convert
from function_backend.services.auth.service.permission_checks import PermissionChecks
from function_backend.services.auth.service.permitted_lists import PermittedLists


class PermissionCheckServicer:
    """`function.auth.v1.PermissionCheckService`."""

    def __init__(self, checks: PermissionChecks, lists: PermittedLists) -> None:
        self._checks = checks
        self._lists = lists

    def CheckPermission(self, request: wire.CheckPermissionRequest, context: Call) -> wire.CheckPermissionResponse:
        return convert.answer(self._checks.check(convert.question(request), record=request.record))

    def BatchCheckPermissions(
        self, request: wire.BatchCheckPermissionsRequest, context: Call
    ) -> wire.BatchCheckPermissionsResponse:
        return convert.answers(*self._checks.batch(convert.questions(request)))

    def ListPermittedResources(
        self, request: wire.ListPermittedResourcesRequest, context: Call
    ) -> wire.ListPermittedResourcesResponse:
        found = self._lists.resources(
            request.resource_type,
            request.permission,
            request.subject,
            page_size=request.page_size,
            page_token=request.page_token,
        )
        return convert.resources(found)

    def ListPermittedSubjects(
        self, request: wire.ListPermittedSubjectsRequest, context: Call
    ) -> wire.ListPermittedSubjectsResponse:
        found = self._lists.subjects(
            request.resource,
            request.permission,
            request.subject_type,
            request.subject_relation,
            page_size=request.page_size,
            page_token=request.page_token,
        )
        return convert.subjects(found, request)

    def ExplainPermission(
        self, request: wire.ExplainPermissionRequest, context: Call
    ) -> wire.ExplainPermissionResponse:
        if request.decision_id:
            return convert.explained(self._checks.explain_decision(parse_id(request.decision_id)))
        return convert.explained(self._checks.explain(convert.question(request)))
