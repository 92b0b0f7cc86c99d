"""Taking decisions into the log that callers took themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from function_backend.kernel.clock import Clock
from function_backend.kernel.errors import FieldViolation, ServiceError
from function_backend.persistence.unit_of_work import Transactions, UnitOfWork
from function_backend.services.rules.domain.decision import GivenInputs, LoggedDecision
from function_backend.services.rules.domain.distribution import RefusedReport, ReportedDecision, Reporter
from function_backend.services.rules.domain.version import CalledVersion, Version, VersionState
from function_backend.services.rules.errors import DecisionRecordInvalidError, VersionStateError
from function_backend.services.rules.repository.decision import DecisionRepository
from function_backend.services.rules.service.compilations import Compilations
from function_backend.services.rules.service.finding import caller_of, definition_named, version_of

Keep = Callable[[ReportedDecision, Version, Reporter, Mapping[str, Any]], LoggedDecision]
"""What the log keeps of a report by a version, from somebody, with inputs as the engine sees them."""

_DECIDING = (VersionState.PUBLISHED, VersionState.RETIRED)
_AHEAD = timedelta(minutes=5)
"""By how much the caller's clock may be ahead of ours."""
_UUID_VERSION = 7
_UUID_SPREAD = timedelta(minutes=1)
_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00Z")


class Recording:
    """The use case of decisions that callers report."""

    def __init__(
        self,
        *,
        transactions: Transactions,
        clock: Clock,
        compilations: Compilations,
        inputs_of: Callable[[bytes], GivenInputs],
        kept: Keep,
        kept_for: timedelta,
        is_on: bool,
    ) -> None:
        """`kept` says what is kept of a report, `is_on` whether anything is."""
        self._transactions = transactions
        self._clock = clock
        self._compilations = compilations
        self._inputs_of = inputs_of
        self._kept = kept
        self._kept_for = kept_for
        self._is_on = is_on

    def record(self, reports: Sequence[ReportedDecision]) -> list[RefusedReport]:
        """Those that were refused; the others are in the log. An id that is there already is left as it is.

        DecisionRecordInvalidError when an id comes twice.
        """
        _require_distinct(reports)
        refused: list[RefusedReport] = []
        accepted: list[LoggedDecision] = []
        versions: dict[CalledVersion, Version | ServiceError] = {}
        with self._transactions.apart() as work:
            for index, report in enumerate(reports):
                try:
                    accepted.append(self._accepted(work, report, versions))
                except ServiceError as failure:
                    refused.append(RefusedReport(index=index, id=report.id, failure=failure))
            if accepted and self._is_on:
                DecisionRepository(work).add(accepted)
        return refused

    def _accepted(
        self, work: UnitOfWork, report: ReportedDecision, versions: dict[CalledVersion, Version | ServiceError]
    ) -> LoggedDecision:
        key = CalledVersion(report.name, report.version)
        if key not in versions:
            versions[key] = _find(work, key)
        version = versions[key]
        if isinstance(version, ServiceError):
            raise version
        if version.content.content_hash != report.content_hash:
            raise _invalid("content_hash", f"is not that of version {report.version} of '{report.name}'")
        self._require_times(report)
        values: Mapping[str, Any] = {}
        if report.inputs is not None:
            compiled = self._compilations.of_version(work, version)
            values = compiled.named(compiled.read(self._inputs_of(report.inputs)))
        return self._kept(report, version, Reporter(tenant_id=work.tenant_id, caller=caller_of(work)), values)

    def _require_times(self, report: ReportedDecision) -> None:
        now = self._clock.now()
        if not now - self._kept_for < report.decided_at < now + _AHEAD:
            raise _invalid("decide_time", "lies in the future, or longer ago than decisions are kept")
        # As a number: 48 bits of milliseconds reach beyond the years that a datetime has.
        made = timedelta(milliseconds=report.id.int >> 80)
        # The log is in the order of the ids: one that lies about its time would stand in the wrong place for ever.
        if report.id.version != _UUID_VERSION or abs(made - (report.decided_at - _EPOCH)) > _UUID_SPREAD:
            raise _invalid("id", "is not a UUID of version 7 of the time of the decision")


def _find(work: UnitOfWork, key: CalledVersion) -> Version | ServiceError:
    try:
        version = version_of(work, definition_named(work, key.name), key.version)
    except ServiceError as error:
        return error
    return version if version.state in _DECIDING else VersionStateError(version, _DECIDING)


def _require_distinct(reports: Sequence[ReportedDecision]) -> None:
    first: dict[Any, int] = {}
    for index, report in enumerate(reports):
        before = first.setdefault(report.id, index)
        if before != index:
            violation = FieldViolation(f"decisions[{index}].id", f"is that of decisions[{before}] as well")
            raise DecisionRecordInvalidError(violation)


def _invalid(field: str, description: str) -> DecisionRecordInvalidError:
    return DecisionRecordInvalidError(FieldViolation(f"decision.{field}", description))
