"""What callers ask for, from the wire."""

from __future__ import annotations

import re
from uuid import UUID

from google.longrunning import operations_pb2

from function.jobs.v1 import job_service_pb2
from function_backend.kernel.errors import FieldViolation, invalid_fields
from function_backend.services.jobs.convert.messages import OPERATION_PREFIX
from function_backend.services.jobs.domain import OVER, JobFilter, JobState

_COLLECTION = "operations"
_LARGEST_PAGE = 1000
_LONGEST_TEXT = 1000
_TERM = re.compile(r'(kind|state|creator|done)\s*=\s*(?:"([^"]{1,100})"|([\w.:-]{1,100}))')
_AND = re.compile(r"\s+AND\s+")
_HOW = 'must be terms such as kind="rules.simulation", state=RUNNING, done=true or creator="user:…" joined by AND'


def job_id(name: str) -> UUID:
    """The id in the name of an operation; INVALID_ARGUMENT when it is none."""
    try:
        if not name.startswith(OPERATION_PREFIX):
            raise ValueError(name)
        return UUID(name.removeprefix(OPERATION_PREFIX))
    except ValueError:
        raise invalid_fields(
            FieldViolation("name", "must be 'operations/' and a UUID, as in the answer that named the operation")
        ) from None


def wanted(request: job_service_pb2.ListJobsRequest) -> JobFilter:
    """What is asked for."""
    return JobFilter(kind=request.kind, states=[JobState(state) for state in request.states], creator=request.creator)


def listed(request: operations_pb2.ListOperationsRequest) -> JobFilter:
    """What is asked for. The foreign contract has no rules for its fields: INVALID_ARGUMENT for what is none."""
    violations = []
    if request.name not in ("", _COLLECTION):
        violations.append(FieldViolation("name", f"must be '{_COLLECTION}' or empty"))
    if not 0 <= request.page_size <= _LARGEST_PAGE:
        violations.append(FieldViolation("page_size", f"must be from 0 to {_LARGEST_PAGE}"))
    violations.extend(
        FieldViolation(field, f"must have at most {_LONGEST_TEXT} characters")
        for field in ("filter", "page_token")
        if len(getattr(request, field)) > _LONGEST_TEXT
    )
    if violations:
        raise invalid_fields(*violations)
    return _filter(request.filter.strip())


def _filter(text: str) -> JobFilter:
    kind = creator = ""
    states = set(JobState)
    for term in _AND.split(text) if text else ():
        found = _TERM.fullmatch(term)
        if found is None:
            raise invalid_fields(FieldViolation("filter", _HOW))
        name, value = found[1], found[2] or found[3]
        if name == "kind":
            kind = value
        elif name == "creator":
            creator = value
        else:
            states &= _states(name, value)
    if not states:
        raise invalid_fields(FieldViolation("filter", "no operation can be in all of these states at once"))
    return JobFilter(
        kind=kind, creator=creator, states=[] if len(states) == len(JobState) else sorted(states, key=_number)
    )


def _states(name: str, value: str) -> frozenset[JobState]:
    if name == "done" and value in ("true", "false"):
        return OVER if value == "true" else frozenset(JobState) - OVER
    if name == "state" and value.upper() in JobState.__members__:
        return frozenset({JobState[value.upper()]})
    raise invalid_fields(FieldViolation("filter", _HOW))


def _number(state: JobState) -> int:
    return state.value
