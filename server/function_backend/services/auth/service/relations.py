"""Relation schemas, relationships and the permissions that follow from them, put together."""

from __future__ import annotations

from dataclasses import dataclass

from function_backend.persistence.wire import Driver
from function_backend.resources import Resources
from function_backend.services.auth.domain.policies import RelationPolicy
from function_backend.services.auth.repository.relation_decision import purge_decisions
from function_backend.services.auth.service.permission_checks import PermissionChecks
from function_backend.services.auth.service.permitted_lists import PermittedLists
from function_backend.services.auth.service.relation_plans import RelationPlans
from function_backend.services.auth.service.relation_schemas import RelationSchemas
from function_backend.services.auth.service.relationships import Relationships


@dataclass(frozen=True, slots=True, kw_only=True)
class Relations:
    """The use cases of one worker around relationships."""

    schemas: RelationSchemas
    relationships: Relationships
    checks: PermissionChecks
    lists: PermittedLists
    plans: RelationPlans
    resources: Resources

    def purge(self, driver: Driver) -> int:
        """Deletes recorded decisions whose time is over."""
        return purge_decisions(driver, self.resources.clock.now())


def open_relations(resources: Resources, policy: RelationPolicy) -> Relations:
    """The use cases; nothing is read before it is needed."""
    transactions, clock, page_tokens = resources.transactions, resources.clock, resources.page_tokens
    plans = RelationPlans(size=policy.remembered_schemas)
    return Relations(
        schemas=RelationSchemas(transactions=transactions, clock=clock, page_tokens=page_tokens),
        relationships=Relationships(transactions=transactions, clock=clock, page_tokens=page_tokens, plans=plans),
        checks=PermissionChecks(
            transactions=transactions,
            clock=clock,
            plans=plans,
            sample_rate=policy.decision_sample_rate,
            decisions_kept_for=policy.decisions_kept_for,
        ),
        lists=PermittedLists(transactions=transactions, clock=clock, page_tokens=page_tokens, plans=plans),
        plans=plans,
        resources=resources,
    )
