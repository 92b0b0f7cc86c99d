"""Checks and their answers on the wire."""

from __future__ import annotations

from collections.abc import Sequence

from function.auth.v1 import permission_check_service_pb2 as wire
from function_backend.kernel.errors import ServiceError
from function_backend.services.auth.domain.relations.explanation import Explanation, Kind
from function_backend.services.auth.service.permission_checks import Answer, Explained, Question
from function_backend.services.auth.service.permitted_lists import Found
from function_backend.timestamps import timestamp

_KINDS = {kind: getattr(wire, f"EXPLANATION_KIND_{kind.name}") for kind in Kind}
# Most answers of a batch are one of these two, and a message costs more than the check.
_ANSWERS = {True: wire.CheckResult(permitted=True), False: wire.CheckResult(permitted=False)}


def question(request: wire.CheckPermissionRequest | wire.ExplainPermissionRequest) -> Question:
    """The check."""
    return Question(request.resource, request.permission, request.subject)


def questions(request: wire.BatchCheckPermissionsRequest) -> list[Question]:
    """The checks, with the subject of the request where one names none."""
    subject = request.subject
    checks = [item.check for item in request.items]
    return [Question(check.resource, check.permission, check.subject or subject) for check in checks]


def answer(value: Answer) -> wire.CheckPermissionResponse:
    """The response."""
    return wire.CheckPermissionResponse(
        permitted=value.permitted,
        schema_version=value.schema_version,
        decision_id="" if value.decision_id is None else str(value.decision_id),
    )


def answers(values: Sequence[bool | ServiceError], schema_version: int) -> wire.BatchCheckPermissionsResponse:
    """The response."""
    return wire.BatchCheckPermissionsResponse(
        results=[_ANSWERS[value] if isinstance(value, bool) else _error(value) for value in values],
        schema_version=schema_version,
    )


def resources(found: Found) -> wire.ListPermittedResourcesResponse:
    """The response."""
    return wire.ListPermittedResourcesResponse(
        resource_ids=[each for each, _ in found.ids],
        next_page_token=found.next_page_token,
        schema_version=found.schema_version,
    )


def subjects(found: Found, request: wire.ListPermittedSubjectsRequest) -> wire.ListPermittedSubjectsResponse:
    """The response."""
    relation = f"#{request.subject_relation}" if request.subject_relation else ""
    return wire.ListPermittedSubjectsResponse(
        subjects=[
            wire.PermittedSubject(subject=f"{request.subject_type}:{each}{relation}", excluded=not permitted)
            for each, permitted in found.ids
        ],
        next_page_token=found.next_page_token,
        schema_version=found.schema_version,
    )


def explained(value: Explained) -> wire.ExplainPermissionResponse:
    """The response."""
    decision = value.decision
    return wire.ExplainPermissionResponse(
        permitted=value.permitted,
        schema_version=value.schema_version,
        explanation=_explanation(value.explanation),
        resource=value.question.resource,
        permission=value.question.permission,
        subject=value.question.subject,
        decision_time=None if decision is None else timestamp(decision.decided_at),
        decision_caller="" if decision is None else decision.caller,
    )


def _explanation(value: Explanation) -> wire.Explanation:
    return wire.Explanation(
        kind=_KINDS[value.kind],
        holds=value.holds,
        resource=value.resource,
        name=value.name,
        relationship=value.relationship,
        parts=map(_explanation, value.parts),
        omitted_count=value.omitted_count,
    )


def _error(error: ServiceError) -> wire.CheckResult:
    return wire.CheckResult(error=wire.CheckError(reason=error.reason, message=error.message))
