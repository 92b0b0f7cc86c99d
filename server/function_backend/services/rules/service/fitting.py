"""Whether versions of a decision fit the hooks that it is bound to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from function_backend.persistence.unit_of_work import UnitOfWork
from function_backend.services.rules.domain.definition import RegisteredDefinition
from function_backend.services.rules.domain.hook import Hook
from function_backend.services.rules.domain.publication import Timeline
from function_backend.services.rules.errors import HookMisfitError, NotInForceError
from function_backend.services.rules.ports import CompiledDecision
from function_backend.services.rules.repository.hook import HookRepository
from function_backend.services.rules.repository.publication import PublicationRepository
from function_backend.services.rules.service.compilations import Compilations
from function_backend.services.rules.service.finding import version_of


def refuse_misfit(hooks: Sequence[Hook], number: int, compiled: CompiledDecision) -> None:
    """HookMisfitError when the version does not fit one of the hooks."""
    for hook in hooks:
        misfits = hook.misfits(compiled.inputs, compiled.result_type)
        if misfits:
            raise HookMisfitError(hook, number, misfits)


def refuse_misfit_of_bound(work: UnitOfWork, name: str, number: int, compiled: CompiledDecision) -> None:
    """HookMisfitError when the version does not fit a hook that the decision is bound to.

    The decision must be locked, so that nobody binds it meanwhile.
    """
    refuse_misfit(HookRepository(work).of_definition(name), number, compiled)


def refuse_what_will_not_fit(
    work: UnitOfWork, definition: RegisteredDefinition, hook: Hook, compilations: Compilations, *, at: datetime
) -> None:
    """HookMisfitError when a version that is in force, or will be, does not fit the hook.

    NotInForceError when none is in force now.
    """
    timeline = Timeline(PublicationRepository(work).of(definition.id))
    if timeline.in_force(at) is None:
        raise NotInForceError(definition.name, at)
    for number in sorted(timeline.versions_from(at)):
        compiled = compilations.of_version(work, version_of(work, definition, number))
        refuse_misfit([hook], number, compiled)
