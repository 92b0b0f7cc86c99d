"""Definitions, versions and what is said about them, on the wire."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from function.rules.v1 import definition_pb2, definition_version_pb2
from function_backend.services.rules.domain.definition import Content
from function_backend.services.rules.domain.difference import Change, ChangeKind
from function_backend.services.rules.domain.problem import CaseOutcome, Coverage, DefinitionProblem
from function_backend.services.rules.domain.publication import Publication
from function_backend.services.rules.domain.version import CalledVersion, Step, Version, VersionAction, VersionState
from function_backend.services.rules.service.reading import DescribedVersion, Overview
from function_backend.timestamps import timestamp
from function_backend_rules.definitions import writing

wire = definition_version_pb2

_STATES = {
    VersionState.DRAFT: wire.VERSION_STATE_DRAFT,
    VersionState.IN_REVIEW: wire.VERSION_STATE_IN_REVIEW,
    VersionState.APPROVED: wire.VERSION_STATE_APPROVED,
    VersionState.PUBLISHED: wire.VERSION_STATE_PUBLISHED,
    VersionState.RETIRED: wire.VERSION_STATE_RETIRED,
}
_ACTIONS = {
    VersionAction.CREATED: wire.VERSION_ACTION_CREATED,
    VersionAction.UPDATED: wire.VERSION_ACTION_UPDATED,
    VersionAction.SUBMITTED: wire.VERSION_ACTION_SUBMITTED,
    VersionAction.APPROVED: wire.VERSION_ACTION_APPROVED,
    VersionAction.REJECTED: wire.VERSION_ACTION_REJECTED,
    VersionAction.PUBLISHED: wire.VERSION_ACTION_PUBLISHED,
    VersionAction.RETIRED: wire.VERSION_ACTION_RETIRED,
    VersionAction.RESTORED: wire.VERSION_ACTION_RESTORED,
}
_CHANGES = {
    ChangeKind.ADDED: wire.DEFINITION_CHANGE_KIND_ADDED,
    ChangeKind.REMOVED: wire.DEFINITION_CHANGE_KIND_REMOVED,
    ChangeKind.CHANGED: wire.DEFINITION_CHANGE_KIND_CHANGED,
    ChangeKind.MOVED: wire.DEFINITION_CHANGE_KIND_MOVED,
}


def content(message: definition_pb2.Definition) -> Content:
    """What the definition says."""
    body = message.SerializeToString(deterministic=True)
    calls = {step.call.decision for step in message.graph.steps if step.WhichOneof("work") == "call"}
    return Content(
        name=message.name,
        description=message.description,
        labels=dict(message.labels),
        body=body,
        content_hash=hashlib.sha256(body).hexdigest(),
        called=frozenset(calls),
    )


def plain(body: bytes) -> Mapping[str, Any]:
    """A stored content as plain JSON, with the names that files have."""
    return writing.plain(definition_pb2.Definition.FromString(body))


def version(value: Version, *, with_content: bool = True) -> wire.DefinitionVersion:
    """The version as callers see it; in lists without its content."""
    return wire.DefinitionVersion(
        name=value.name,
        version=value.number,
        state=_STATES[value.state],
        definition=definition_pb2.Definition.FromString(value.content.body) if with_content else None,
        content_hash=value.content.content_hash,
        etag=value.etag,
        authors=value.authors,
        create_time=timestamp(value.created_at),
        update_time=timestamp(value.updated_at),
        calls=map(called_version, value.calls),
    )


def described(value: DescribedVersion) -> wire.DefinitionVersion:
    """The version with its history."""
    message = version(value.version)
    message.publications.extend(map(publication, value.publications))
    message.history.extend(map(step, value.history))
    return message


def overview(value: Overview) -> wire.RegisteredDefinition:
    """What is known about a decision."""
    definition, latest = value.definition, value.latest
    return wire.RegisteredDefinition(
        id=str(definition.id),
        name=definition.name,
        description=latest.content.description,
        labels=latest.content.labels,
        latest_version=latest.number,
        latest_state=_STATES[latest.state],
        version_in_force=value.in_force,
        create_time=timestamp(definition.created_at),
        update_time=timestamp(definition.updated_at),
        creator=definition.creator,
    )


def publication(value: Publication) -> wire.Publication:
    """When a version is in force."""
    return wire.Publication(
        version=value.version,
        valid_from=timestamp(value.valid_from),
        valid_until=timestamp(value.valid_until),
        end_time=timestamp(value.ended_at),
        publish_time=timestamp(value.published_at),
        publisher=value.publisher,
        comment=value.comment,
    )


def called_version(value: CalledVersion) -> wire.CalledVersion:
    """A version that another one calls."""
    return wire.CalledVersion(name=value.name, version=value.version)


def step(value: Step) -> wire.VersionStep:
    """One thing that was done to a version."""
    return wire.VersionStep(
        action=_ACTIONS[value.action], actor=value.actor, time=timestamp(value.at), comment=value.comment
    )


def change(value: Change) -> wire.DefinitionChange:
    """One difference between two definitions."""
    return wire.DefinitionChange(kind=_CHANGES[value.kind], path=value.path, before=value.before, after=value.after)


def problems(values: Sequence[DefinitionProblem]) -> list[wire.DefinitionProblem]:
    """What is wrong, or should be known."""
    return [
        wire.DefinitionProblem(
            path=each.path,
            line=each.line,
            column=each.column,
            message=each.message,
            excerpt=each.excerpt,
            suggestion=each.suggestion,
        )
        for each in values
    ]


def outcome(value: CaseOutcome) -> wire.TestOutcome:
    """What became of one case."""
    return wire.TestOutcome(name=value.name, passed=value.passed, failures=value.failures)


def coverage(value: Coverage) -> wire.TestCoverage:
    """What cases exercise."""
    return wire.TestCoverage(covered=value.covered, uncovered=value.uncovered, condition_share=value.condition_share)
