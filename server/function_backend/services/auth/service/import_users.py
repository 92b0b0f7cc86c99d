"""Importing users from a stream: batch by batch, each committed by itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from function_backend.kernel.clock import Clock
from function_backend.kernel.identifiers import new_id
from function_backend.persistence.failures import TransientConflictError
from function_backend.persistence.unit_of_work import Transactions, UnitOfWork
from function_backend.services.auth.domain.password_hash import HashRefusedError, read_hash
from function_backend.services.auth.domain.user import User, UserState
from function_backend.services.auth.domain.user_import import (
    UserImportOutcome,
    UserImportPlan,
    UserImportResult,
    UserImportRow,
    UserImportStep,
)
from function_backend.services.auth.errors.importing import ImportOutOfOrderError, ImportTooLargeError
from function_backend.services.auth.events.user import UserCreated
from function_backend.services.auth.repository.user import UserRepository
from function_backend.services.auth.repository.user_password import StoredPassword, UserPasswordRepository

MOST_ROWS = 10_000
_MOST_RUNS = 3
_LONGEST_DESCRIPTION = 250


class ImportUsers:
    """Imports users with the hashes of their passwords. Nothing is hashed here, so a row costs no more than its row."""

    def __init__(self, *, transactions: Transactions, clock: Clock) -> None:
        self._transactions = transactions
        self._clock = clock

    def run(self, steps: Iterator[UserImportStep]) -> list[UserImportResult]:
        """What became of each row, in the order received. Repeating the stream finds every user existing."""
        first = next(steps, None)
        if first is None or first.plan is None:
            raise ImportOutOfOrderError
        results: list[UserImportResult] = []
        for step in steps:
            if step.plan is not None:
                raise ImportOutOfOrderError
            if len(results) + len(step.rows) > MOST_ROWS:
                raise ImportTooLargeError(MOST_ROWS)
            results += self._import_batch(first.plan, step.rows)
        return results

    def _import_batch(self, plan: UserImportPlan, rows: Sequence[UserImportRow]) -> list[UserImportResult]:
        checked = [_checked(row) for row in rows]
        for run in range(1, _MOST_RUNS + 1):
            try:
                with self._transactions() as work:
                    now = self._clock.now()
                    results = [
                        row if isinstance(row, UserImportResult) else _import_row(work, plan, row, now)
                        for row in checked
                    ]
                    if plan.validate_only:
                        work.discard()
            except TransientConflictError:
                if run == _MOST_RUNS:
                    raise
            else:
                return results
        raise AssertionError("unreachable")


def _checked(row: UserImportRow) -> UserImportRow | UserImportResult:
    """The row with its profile normalised, or why it is rejected."""
    checks = row.checks
    profile = row.profile.checked(checks, "user")
    if row.password_hash:
        try:
            read_hash(row.password_hash)
        except HashRefusedError as refused:
            checks.refuse("password_hash", str(refused))
    if checks.violations:
        first = checks.violations[0]
        return UserImportResult(
            row=row.row,
            outcome=UserImportOutcome.REJECTED,
            reason="INVALID_REQUEST",
            field=first.field,
            description=first.description[:_LONGEST_DESCRIPTION],
        )
    return UserImportRow(row=row.row, profile=profile, checks=checks, password_hash=row.password_hash)


def _import_row(work: UnitOfWork, plan: UserImportPlan, row: UserImportRow, now: datetime) -> UserImportResult:
    users = UserRepository(work)
    user = User(id=new_id(), version=1, profile=row.profile, state=UserState.ACTIVE, created_at=now, updated_at=now)
    if not users.add_unless_taken(user):
        existing = users.find_by_profile(row.profile)
        if existing is None:
            # Deleted since the row collided with it: running the batch again settles it.
            raise TransientConflictError
        return UserImportResult(row=row.row, outcome=UserImportOutcome.EXISTS, user_id=existing.id)
    if row.password_hash:
        stored = StoredPassword(hash=row.password_hash, changed_at=now, must_change=False)
        UserPasswordRepository(work).set(user.id, stored)
    work.record(UserCreated.of(None, user, details={"source": plan.source} if plan.source else None))
    return UserImportResult(row=row.row, outcome=UserImportOutcome.CREATED, user_id=user.id)
