"""Writing, removing and reading relationships."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from function_backend.kernel.clock import Clock
from function_backend.kernel.errors import FieldViolation, ServiceError
from function_backend.kernel.identifiers import new_id
from function_backend.kernel.pagination import Page, PageTokens
from function_backend.persistence.unit_of_work import Transactions, UnitOfWork
from function_backend.services.auth.domain.relations.plan import Plan
from function_backend.services.auth.domain.relations.references import EVERYBODY, ID, ID_RULE, NAME, Relationship, Tuple
from function_backend.services.auth.domain.relationship_change import Filter, Operation, Precondition, Update
from function_backend.services.auth.errors.relation import (
    RelationSchemaNotFoundError,
    RelationshipExistsError,
    RelationshipInvalidError,
    RelationshipPreconditionError,
)
from function_backend.services.auth.events.relationship import RelationshipsChanged
from function_backend.services.auth.repository.relation_schema import RelationSchemaRepository
from function_backend.services.auth.repository.relationship import RelationshipRepository
from function_backend.services.auth.service.paging import DEFAULT_PAGE_SIZE
from function_backend.services.auth.service.relation_plans import RelationPlans
from function_backend.services.auth.service.relation_questions import (
    read_resource,
    read_subject,
    require_name,
    require_type,
)

MAX_DELETED = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedUpdate:
    """A change as it was asked for."""

    operation: Operation
    resource: str
    relation: str
    subject: str
    expires_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """How much was done."""

    written: int
    deleted: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleted:
    """How much was removed, and whether that was all."""

    deleted: int
    complete: bool


class Relationships:
    """The use cases of relationships."""

    def __init__(
        self, *, transactions: Transactions, clock: Clock, page_tokens: PageTokens, plans: RelationPlans
    ) -> None:
        self._transactions = transactions
        self._clock = clock
        self._page_tokens = page_tokens
        self._plans = plans

    def write(self, wanted: Sequence[WantedUpdate], preconditions: Sequence[Precondition], *, reason: str) -> Written:
        """All changes in one transaction, or none."""
        now = self._clock.now()
        with self._transactions() as work:
            # What depends on what is there must not change until the commit: others would else depend on the same.
            alone = bool(preconditions) or any(each.operation is Operation.CREATE for each in wanted)
            version = _hold(work, alone=alone).current_version()
            if not version:
                raise RelationSchemaNotFoundError
            plan = self._plans.of_version(work, version)
            updates = _checked(plan, wanted, now)
            relationships = RelationshipRepository(work)
            _require(relationships, preconditions, now)
            puts = [each for each in updates if each.operation is not Operation.DELETE]
            deletes = [each.key for each in updates if each.operation is Operation.DELETE]
            creates = [each.key for each in puts if each.operation is Operation.CREATE]
            existing = relationships.find_existing(creates, now) if creates else []
            if existing:
                raise RelationshipExistsError(str(existing[0]))
            changed = set(_put(relationships, puts, work, now, reason))
            removed = set(relationships.remove(deletes)) if deletes else set()
            done = tuple(each for each in updates if each.key in changed or each.key in removed)
            if done:
                work.record(RelationshipsChanged.of(new_id(), done, at=now, reason=reason, schema_version=plan.version))
        return Written(written=len(puts), deleted=len(removed))

    def delete(self, wanted: Filter, preconditions: Sequence[Precondition], *, limit: int, reason: str) -> Deleted:
        """Removes what fits, up to the limit."""
        now = self._clock.now()
        _check_filter(wanted, "filter")
        with self._transactions() as work:
            schemas = _hold(work, alone=bool(preconditions))
            relationships = RelationshipRepository(work)
            _require(relationships, preconditions, now)
            most = limit or MAX_DELETED
            keys = relationships.list_keys(wanted, limit=most + 1)
            removed = relationships.remove(keys[:most]) if keys else []
            if removed:
                updates = tuple(Update(Operation.DELETE, key) for key in sorted(removed))
                version = schemas.current_version()
                work.record(RelationshipsChanged.of(new_id(), updates, at=now, reason=reason, schema_version=version))
        return Deleted(deleted=len(removed), complete=len(keys) <= most)

    def read(self, wanted: Filter, *, page_size: int, page_token: str) -> tuple[Page[Relationship], str]:
        """A page of the relationships that fit, and the token of the next one."""
        _check_filter(wanted, "filter")
        with self._transactions.reading() as work:
            query = (
                str(work.tenant_id),
                "relationships",
                wanted.resource_type,
                wanted.resource_id,
                wanted.relation,
                wanted.subject_type,
                wanted.subject_id,
                "*" if wanted.subject_relation is None else wanted.subject_relation,
            )
            key = self._page_tokens.read(query, page_token)
            page = RelationshipRepository(work).list_after(wanted, key, limit=page_size or DEFAULT_PAGE_SIZE)
        return page, "" if page.next_key is None else self._page_tokens.write(query, page.next_key)


def _hold(work: UnitOfWork, *, alone: bool) -> RelationSchemaRepository:
    """Keeps the schema as it is until the transaction ends; and all relationships too, when alone."""
    schemas = RelationSchemaRepository(work)
    if alone:
        schemas.lock()
    else:
        schemas.hold()
    return schemas


def _put(
    relationships: RelationshipRepository, puts: Sequence[Update], work: UnitOfWork, now: datetime, reason: str
) -> list[Tuple]:
    if not puts:
        return []
    writer = "" if work.call.principal is None else work.call.principal.actor
    wanted = [(each.key, each.expires_at) for each in puts]
    return relationships.put(wanted, at=now, writer=writer, reason=reason)


def _checked(plan: Plan, wanted: Sequence[WantedUpdate], now: datetime) -> list[Update]:
    """The changes, each allowed by the schema. Raises the first failure of its kind with all violations."""
    updates: list[Update] = []
    violations: list[FieldViolation] = []
    unknown: ServiceError | None = None
    seen: set[Tuple] = set()
    for number, each in enumerate(wanted):
        field = f"updates[{number}].relationship"
        try:
            update = _update(plan, each, field, now)
        except RelationshipInvalidError as error:
            violations += error.violations
            continue
        except ServiceError as error:
            unknown = unknown or error
            continue
        if update.key in seen:
            violations.append(FieldViolation(field, f"{update.key} stands twice in the request"))
        seen.add(update.key)
        updates.append(update)
    if violations:
        raise RelationshipInvalidError(*violations)
    if unknown is not None:
        raise unknown
    return updates


def _update(plan: Plan, wanted: WantedUpdate, field: str, now: datetime) -> Update:
    resource = read_resource(wanted.resource, field=f"{field}.resource")
    subject = read_subject(wanted.subject, field=f"{field}.subject")
    relation_field = f"{field}.relation"
    require_name(plan, resource.type, wanted.relation, type_field=f"{field}.resource", name_field=relation_field)
    relation = plan.schema.types[resource.type].relations.get(wanted.relation)
    if relation is None:
        what = f"'{resource.type}#{wanted.relation}' is a permission; relationships stand in relations"
        raise RelationshipInvalidError(FieldViolation(relation_field, what))
    key = Tuple(*resource, wanted.relation, *subject)
    if wanted.operation is Operation.DELETE:
        return Update(wanted.operation, key)
    require_type(plan, subject.type, field=f"{field}.subject")
    if not relation.takes(subject.type, subject.relation, wildcard=subject.id == EVERYBODY):
        taken = " | ".join(map(str, relation.subjects))
        what = f"'{resource.type}#{wanted.relation}' does not take '{subject}'; it takes {taken}"
        raise RelationshipInvalidError(FieldViolation(f"{field}.subject", what))
    if wanted.expires_at is not None and wanted.expires_at <= now:
        raise RelationshipInvalidError(FieldViolation(f"{field}.expire_time", "must lie in the future"))
    return Update(wanted.operation, key, wanted.expires_at)


def _require(relationships: RelationshipRepository, preconditions: Sequence[Precondition], now: datetime) -> None:
    for number, each in enumerate(preconditions):
        _check_filter(each.filter, f"preconditions[{number}].filter")
        if relationships.exists(each.filter, now) is not each.must_exist:
            raise RelationshipPreconditionError(number, must_exist=each.must_exist)


def _check_filter(wanted: Filter, field: str) -> None:
    violations = []
    for name in ("resource_type", "relation", "subject_type", "subject_relation"):
        value = getattr(wanted, name)
        if value and NAME.fullmatch(value) is None:
            violations.append(FieldViolation(f"{field}.{name}", "is not a name of the schema language"))
    for name, type_name in (("resource_id", wanted.resource_type), ("subject_id", wanted.subject_type)):
        value = getattr(wanted, name)
        if value and ID.fullmatch(value) is None and not (name == "subject_id" and value == EVERYBODY):
            violations.append(FieldViolation(f"{field}.{name}", f"an id is {ID_RULE}"))
        if value and not type_name:
            violations.append(FieldViolation(f"{field}.{name}", "needs the type beside it"))
    if violations:
        raise RelationshipInvalidError(*violations)
