"""Reading what a caller asks about permissions, against the schema."""

from __future__ import annotations

from function_backend.kernel.errors import FieldViolation
from function_backend.services.auth.domain.relations.plan import Key, Plan
from function_backend.services.auth.domain.relations.problem import nearest
from function_backend.services.auth.domain.relations.references import (
    ID_RULE,
    Resource,
    Subject,
    find_resource,
    find_subject,
)
from function_backend.services.auth.errors.relation import RelationshipInvalidError, RelationUnknownError

_SHOWN = 100


def read_resource(text: str, *, field: str = "resource") -> Resource:
    """The resource; RelationshipInvalidError for the field when the text says none."""
    resource = find_resource(text)
    if resource is None:
        raise RelationshipInvalidError(
            FieldViolation(field, f"{text[:_SHOWN]!a} is not <type>:<id>, such as document:42; an id is {ID_RULE}")
        )
    return resource


def read_subject(text: str, *, field: str = "subject") -> Subject:
    """The subject; RelationshipInvalidError for the field when the text says none."""
    subject = find_subject(text)
    if subject is None:
        what = "is not <type>:<id>, <type>:<id>#<relation> or <type>:*, such as user:ann or group:eng#member"
        raise RelationshipInvalidError(FieldViolation(field, f"{text[:_SHOWN]!a} {what}; an id is {ID_RULE}"))
    return subject


def require_name(plan: Plan, type_name: str, name: str, *, type_field: str, name_field: str) -> None:
    """Raises RelationUnknownError unless the type has the relation or permission."""
    if (type_name, name) in plan.nodes:
        return
    definition = require_type(plan, type_name, field=type_field)
    description = f"'{type_name}' has no relation or permission '{name[:_SHOWN]}'{nearest(name[:_SHOWN], definition)}"
    raise RelationUnknownError(name_field, name[:_SHOWN], description)


def require_type(plan: Plan, type_name: str, *, field: str) -> list[str]:
    """The relations and permissions of the type; RelationUnknownError when there is no such type."""
    definition = plan.schema.types.get(type_name)
    if definition is None:
        shown = type_name[:_SHOWN]
        raise RelationUnknownError(field, shown, f"unknown type '{shown}'{nearest(shown, plan.schema.types)}")
    return definition.names


def require_subject(plan: Plan, subject: Subject, *, field: str = "subject") -> None:
    """Raises RelationUnknownError unless the schema knows the kind of the subject."""
    if subject.relation:
        require_name(plan, subject.type, subject.relation, type_field=field, name_field=field)
    elif subject.type not in plan.schema.types:
        require_type(plan, subject.type, field=field)


class QuestionReader:
    """Reads many questions, which are mostly about the same subject or the same permission."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._subjects: dict[str, Subject] = {}

    def read(self, resource_text: str, permission: str, subject_text: str) -> tuple[Subject, Key]:
        """As `read_question`."""
        subject, resource = self._subjects.get(subject_text), find_resource(resource_text)
        if subject is None or resource is None or (resource[0], permission) not in self._plan.nodes:
            subject, key = read_question(self._plan, resource_text, permission, subject_text)
            self._subjects[subject_text] = subject
            return subject, key
        return subject, (resource[0], resource[1], permission)


def read_question(plan: Plan, resource_text: str, permission: str, subject_text: str) -> tuple[Subject, Key]:
    """Who is asked about, and what."""
    resource = read_resource(resource_text)
    subject = read_subject(subject_text)
    require_name(plan, resource.type, permission, type_field="resource", name_field="permission")
    require_subject(plan, subject)
    return subject, (resource.type, resource.id, permission)
