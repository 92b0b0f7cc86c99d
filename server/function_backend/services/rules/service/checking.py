"""Checking definitions and running their cases, without storing anything."""

from __future__ import annotations

from function_backend.kernel.clock import Clock
from function_backend.persistence.unit_of_work import Transactions
from function_backend.services.rules.domain.definition import Content
from function_backend.services.rules.domain.problem import CaseReport
from function_backend.services.rules.domain.version import OPEN
from function_backend.services.rules.service.compilations import Candidate, Compilations
from function_backend.services.rules.service.finding import definition_named, version_of


class Checking:
    """The use cases of checks."""

    def __init__(self, *, transactions: Transactions, clock: Clock, compilations: Compilations) -> None:
        self._transactions = transactions
        self._clock = clock
        self._compilations = compilations

    def check(self, content: Content) -> Candidate:
        """What is wrong with the definition, and what its author should know."""
        with self._transactions.reading() as work:
            return self._compilations.candidate(work, content, at=self._clock.now())

    def run_cases(self, content: Content) -> CaseReport:
        """What becomes of the cases of a definition that is not stored; DefinitionInvalidError when it is wrong."""
        return self.check(content).sound(prefix="definition.").run_cases()

    def run_cases_of(self, name: str, number: int) -> CaseReport:
        """What becomes of the cases of a version; with 0 of the latest one."""
        with self._transactions.reading() as work:
            version = version_of(work, definition_named(work, name), number)
            if version.state in OPEN:
                compiled = self._compilations.candidate(work, version.content, at=self._clock.now()).sound()
            else:
                compiled = self._compilations.of_version(work, version)
        return compiled.run_cases()
