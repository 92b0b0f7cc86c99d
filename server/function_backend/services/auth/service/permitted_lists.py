"""Listing the resources of a subject and the subjects of a resource: complete, in order, page by page.

Candidates come from walking the schema's reach; where that is not exact each is checked. When too many objects lie on
the way, the walk gives up and all resources (or subjects) of the type are gone through instead, in the same order: slow
where few are permitted, but nothing is left out. A page then ends after a bounded amount of work, and the next goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from function_backend.kernel.clock import Clock
from function_backend.kernel.pagination import PageTokens
from function_backend.persistence.unit_of_work import Transactions, UnitOfWork
from function_backend.services.auth.domain.relations.evaluation import Evaluation
from function_backend.services.auth.domain.relations.plan import EXCLUDED, Plan
from function_backend.services.auth.domain.relations.references import EVERYBODY, Resource, Subject
from function_backend.services.auth.domain.relations.source import TooComplex
from function_backend.services.auth.domain.relations.walking import (
    Candidates,
    resources_reached,
    subjects_reached,
)
from function_backend.services.auth.errors.relation import CheckTooComplexError
from function_backend.services.auth.repository.relation_reads import RelationReader
from function_backend.services.auth.service.relation_plans import RelationPlans
from function_backend.services.auth.service.relation_questions import (
    read_resource,
    read_subject,
    require_name,
    require_subject,
)

DEFAULT_PAGE_SIZE = 100

# Candidates that are looked at for one page before it ends short.
_MOST_CANDIDATES = 5_000
_CHECKED_AT_ONCE = 500

Following = Callable[[str, int], list[str]]
"""The ids of candidates that follow an id, in order, at most so many."""
Sort = Callable[[list[str]], list[bool]]
"""Which of the candidates are permitted."""


@dataclass(frozen=True, slots=True)
class Found:
    """One page."""

    ids: list[tuple[str, bool]]
    """Ids, and whether each is permitted; those that are not are told where everybody else is."""
    next_page_token: str
    schema_version: int


class PermittedLists:
    """The use cases of listing."""

    def __init__(
        self, *, transactions: Transactions, clock: Clock, page_tokens: PageTokens, plans: RelationPlans
    ) -> None:
        self._transactions = transactions
        self._clock = clock
        self._page_tokens = page_tokens
        self._plans = plans

    def resources(
        self, resource_type: str, permission: str, subject_text: str, *, page_size: int, page_token: str
    ) -> Found:
        """A page of the resources of the type that the subject has the permission on."""
        subject = read_subject(subject_text)
        with self._transactions.snapshot() as work:
            query = (str(work.tenant_id), "permitted_resources", resource_type, permission, subject_text)
            after = self._after(query, page_token)
            reader = RelationReader(work, self._clock.now())
            plan = self._plans.current(work, reader)
            require_name(plan, resource_type, permission, type_field="resource_type", name_field="permission")
            require_subject(plan, subject)
            reach = self._plans.reach(work, plan, resource_type, permission)
            asked = permission
            own = {subject.id} if subject.type == resource_type and subject.relation else set()
            try:
                reached = resources_reached(reach, subject, reader)
                following = _from(
                    reached, lambda start, limit: reader.resource_page(reached.resource_streams, start, limit=limit)
                )
                exact = reach.exact
                if not exact and reach.exact_but and not subject.relation:
                    asked = permission + EXCLUDED
            except TooComplex:
                following = _from(
                    Candidates(ids=own), lambda start, limit: reader.all_resources(resource_type, start, limit=limit)
                )
                exact = False
            evaluation = _Checks(plan, reader)
            sort: Sort = _all if exact else lambda ids: evaluation.of_resources(resource_type, ids, asked, subject)
            ids, last = _page(following, sort, after, page_size or DEFAULT_PAGE_SIZE, keep_refused=False)
        return Found(ids, self._token(query, last), plan.version)

    def subjects(
        self,
        resource_text: str,
        permission: str,
        subject_type: str,
        subject_relation: str,
        *,
        page_size: int,
        page_token: str,
    ) -> Found:
        """A page of the subjects of the kind that have the permission on the resource."""
        resource = read_resource(resource_text)
        with self._transactions.snapshot() as work:
            query = (
                str(work.tenant_id),
                "permitted_subjects",
                resource_text,
                permission,
                subject_type,
                subject_relation,
            )
            after = self._after(query, page_token)
            reader = RelationReader(work, self._clock.now())
            plan = self._plans.current(work, reader)
            require_name(plan, resource.type, permission, type_field="resource", name_field="permission")
            require_subject(plan, Subject(subject_type, "any", subject_relation), field="subject_type")
            checks = _Checks(plan, reader)
            everybody = not subject_relation and checks.of_subjects(
                resource, permission, [EVERYBODY], subject_type, ""
            ) == [True]
            following, exact = self._subjects(
                work, plan, reader, resource, permission, (subject_type, subject_relation), everybody=everybody
            )
            sort: Sort = (
                _all
                if exact
                else lambda ids: checks.of_subjects(resource, permission, ids, subject_type, subject_relation)
            )
            ids, last = _page(following, sort, after, page_size or DEFAULT_PAGE_SIZE, keep_refused=everybody)
        return Found(ids, self._token(query, last), plan.version)

    def _subjects(
        self,
        work: UnitOfWork,
        plan: Plan,
        reader: RelationReader,
        resource: Resource,
        permission: str,
        wanted: tuple[str, str],
        *,
        everybody: bool,
    ) -> tuple[Following, bool]:
        """The candidates, and whether all of them are permitted."""
        reach = self._plans.reach(work, plan, resource.type, permission)
        exact = reach.exact
        if not exact and (everybody or reach.may_name_everybody(wanted[0])):
            # Whoever is left out of everybody stands in what is excluded. And where one part of an intersection says
            # everybody, the other alone names who is permitted.
            reach = self._plans.reach(work, plan, resource.type, permission, everything=True)
        try:
            reached = subjects_reached(reach, resource.id, wanted, reader)
        except TooComplex as bound:
            if wanted[1]:
                # Sets are permitted as sets of themselves too, whether a relationship names them or not.
                raise CheckTooComplexError(bound) from bound
            return _from(
                Candidates(ids={EVERYBODY} if everybody else set()),
                lambda start, limit: reader.all_subjects(wanted[0], wanted[1], start, limit=limit),
            ), False
        return (
            _from(reached, lambda start, limit: reader.subject_page(reached.subject_streams, start, limit=limit)),
            exact,
        )

    def _after(self, query: tuple[str, ...], page_token: str) -> str:
        key = self._page_tokens.read(query, page_token)
        return "" if key is None else key[0]

    def _token(self, query: tuple[str, ...], last: str | None) -> str:
        return "" if last is None else self._page_tokens.write(query, (last,))


class _Checks:
    """Checks many candidates in one state."""

    def __init__(self, plan: Plan, reader: RelationReader) -> None:
        self._plan = plan
        self._reader = reader

    def of_resources(self, type_name: str, ids: list[str], permission: str, subject: Subject) -> list[bool]:
        answers = self._decide([(subject, (type_name, each, permission)) for each in ids])
        return [not each for each in answers] if permission.endswith(EXCLUDED) else answers

    def of_subjects(
        self, resource: Resource, permission: str, ids: list[str], type_name: str, relation: str
    ) -> list[bool]:
        key = (resource.type, resource.id, permission)
        return self._decide([(Subject(type_name, each, relation), key) for each in ids])

    def _decide(self, asked: list[tuple[Subject, tuple[str, str, str]]]) -> list[bool]:
        try:
            return Evaluation(self._plan, self._reader).decide(asked)
        except TooComplex:
            pass
        try:
            return [Evaluation(self._plan, self._reader).decide([each])[0] for each in asked]
        except TooComplex as bound:
            raise CheckTooComplexError(bound) from bound


def _from(candidates: Candidates, read: Following) -> Following:
    """The ids that are known already and those that are still to be read, as one order."""
    known = sorted(candidates.ids)

    def following(after: str, limit: int) -> list[str]:
        more = [each for each in known if each > after][:limit]
        return sorted({*more, *read(after, limit)})[:limit]

    return following


def _all(ids: list[str]) -> list[bool]:
    return [True] * len(ids)


def _page(
    following: Following, sort: Sort, after: str, size: int, *, keep_refused: bool
) -> tuple[list[tuple[str, bool]], str | None]:
    """The next ids, and the last one that was looked at when more may follow."""
    found: list[tuple[str, bool]] = []
    looked_at = 0
    chunk = size + 1
    while looked_at < _MOST_CANDIDATES:
        ids = following(after, chunk)
        for place, permitted in enumerate(sort(ids)):
            if permitted or keep_refused:
                if len(found) == size:
                    return found, found[-1][0]
                found.append((ids[place], permitted))
        looked_at += len(ids)
        if len(ids) < chunk:
            return found, None
        after = ids[-1]
        chunk = min(max(chunk, size) * 2, _CHECKED_AT_ONCE)
    return found, after
