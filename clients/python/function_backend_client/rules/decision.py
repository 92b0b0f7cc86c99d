"""A decision that was taken here."""

from __future__ import annotations

import random
import uuid
from typing import Any, Final

from function.rules.v1 import decision_pb2
from function_backend_client.decisions import Decision, DecisionFailedError, DecisionStatus, as_json
from function_backend_client.rules.versions import UsableVersion
from function_backend_rules.cel.runtime.json_form import json_form
from function_backend_rules.recording.outcomes import outcome_message
from function_backend_rules.results import Result, Status

# Our own: the program we run in may have seeded the shared one. Ids need to be unique, not secret.
_RANDOM: Final = random.Random()  # noqa: S311
_NANOS: Final = 1_000_000
_EXACT: Final = 2**53
_PLAIN: Final = frozenset({bool, str, type(None)})
_STATUSES: Final = {
    Status.MATCHED: DecisionStatus.MATCHED,
    Status.NO_MATCH: DecisionStatus.NO_MATCH,
    Status.FAILED: DecisionStatus.FAILED,
}


class LocalDecision(Decision):
    """A decision that was taken here; what it says is made when it is asked for."""

    __slots__ = ("_id", "_made", "_result", "_version", "decided_at", "effective_at")

    def __init__(self, version: UsableVersion, result: Result, decided_at: int, effective_at: int) -> None:
        """The times are in nanoseconds since 1970, by the clock of the service."""
        self._version = version
        self._result = result
        self.decided_at = decided_at
        self.effective_at = effective_at
        self._id = _RANDOM.getrandbits(74)
        self._made: decision_pb2.Decision | None = None

    @property
    def message(self) -> decision_pb2.Decision:
        """The decision as the service would have answered it."""
        made = self._made
        if made is None:
            made = outcome_message(self._result)
            made.id = self.decision_id
            made.name = self._version.name
            made.version = self._version.number
            made.content_hash = self._version.content_hash
            self._made = made
        return made

    @property
    def name(self) -> str:
        """The name of what decided."""
        return self._version.name

    @property
    def version(self) -> int:
        """Its version."""
        return self._version.number

    @property
    def status(self) -> DecisionStatus:
        """How it came out."""
        return _STATUSES[self._result.status]

    @property
    def matched(self) -> bool:
        """Whether there is a value: of what matched, or of what holds otherwise."""
        return self._result.status is Status.MATCHED

    @property
    def value(self) -> Any:  # noqa: ANN401  Of the type that the definition declares.
        """The value in the JSON form of its type, as the service would have answered it.

        Raises DecisionFailedError when the decision failed.
        """
        result = self._result
        if result.status is not Status.MATCHED:
            if result.status is Status.FAILED:
                raise DecisionFailedError(self)
            return None
        value = result.value
        kind = type(value)
        if kind in _PLAIN or (kind is int and -_EXACT < value < _EXACT):  # type: ignore[operator]  # A number.
            return value
        return as_json(json_form(value), "value")

    @property
    def result(self) -> Result:
        """The result of the engine, with the value as it is: messages as messages."""
        return self._result

    @property
    def by_otherwise(self) -> bool:
        """Whether nothing matched, and the value is what holds otherwise."""
        return self._result.by_otherwise

    @property
    def rule_ids(self) -> tuple[str, ...]:
        """The ids of the rules or rows that decided, in order; none for what holds otherwise."""
        return tuple(match.rule_id for match in self._result.matches)

    @property
    def reason(self) -> str:
        """The reason of the first rule that decided, for people; empty when it has none."""
        return next((match.reason for match in self._result.matches), "")

    @property
    def reason_code(self) -> str:
        """The reason of the first rule that decided, for machines; empty when it has none."""
        return next((match.reason_code for match in self._result.matches), "")

    @property
    def decision_id(self) -> str:
        """What the log knows the decision by once it is reported: a UUID of version 7 (RFC 9562)."""
        high, low = divmod(self._id, 1 << 62)
        bits = (self.decided_at // _NANOS) << 80 | 7 << 76 | high << 64 | 2 << 62 | low
        return str(uuid.UUID(int=bits))
