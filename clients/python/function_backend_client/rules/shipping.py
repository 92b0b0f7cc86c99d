"""Reporting decisions to the service, in batches, behind the program's back."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import grpc
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from function.rules.v1 import decision_pb2, distribution_service_pb2, distribution_service_pb2_grpc
from function_backend_client.decisions import as_json, json_message
from function_backend_client.errors import FunctionBackendError
from function_backend_client.rules.decision import LocalDecision
from function_backend_client.rules.follower import FAILURES
from function_backend_client.rules.settings import LocalSettings
from function_backend_client.rules.versions import UsableVersion
from function_backend_rules.recording.inputs import kept_inputs
from function_backend_rules.recording.json_messages import plain_struct

_log = logging.getLogger(__name__)

_RANDOM = random.Random()  # noqa: S311 - a sample, nothing secret
_MOST: Final = 500
_LARGEST_BATCH: Final = 1024 * 1024
_LONGEST_MESSAGE: Final = 10_000
_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 5.0
_HOPELESS: Final = frozenset(
    {grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.UNIMPLEMENTED, grpc.StatusCode.INVALID_ARGUMENT}
)
"""Statuses after which the same batch would be refused again."""


class _Taken(NamedTuple):
    """A decision that waits, with its inputs as they were: messages as their bytes."""

    version: UsableVersion
    decision: LocalDecision
    inputs: Mapping[str, Any] | None


class Shipping:
    """Hands decisions to a thread that reports them."""

    def __init__(self, stub: distribution_service_pb2_grpc.DistributionServiceStub, settings: LocalSettings) -> None:
        self._stub = stub
        self._settings = settings
        self._rate = settings.sample_rate
        self._waiting: deque[_Taken] = deque()
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._idle = threading.Event()
        self._idle.set()
        self._closing = threading.Event()
        self._give_up_at = float("inf")
        self._thread: threading.Thread | None = None
        self.reported = 0
        """How many decisions the service has taken over."""
        self.refused = 0
        """How many it has refused."""
        self.lost = 0
        """How many were never reported: the queue was full, or the service could not be reached before the end."""

    def offer(self, version: UsableVersion, decision: LocalDecision, inputs: Mapping[str, Any]) -> None:
        """Takes note of a decision, or of the sample; never waits."""
        if self._rate < 1 and _RANDOM.random() >= self._rate:
            return
        # The program may change its messages at once.
        frozen = _frozen(inputs) if self._settings.record_inputs else None
        if len(self._waiting) >= self._settings.queue or self._closing.is_set():
            with self._lock:
                self.lost += 1
            return
        self._waiting.append(_Taken(version, decision, frozen))
        if self._idle.is_set() or self._thread is None:
            self._begin()

    def flush(self, seconds: float) -> bool:
        """Waits until what was offered so far is reported; False when that takes longer."""
        self._wake.set()
        return self._idle.wait(seconds)

    def close(self) -> None:
        """Reports what waits, for as long as the settings say, and ends."""
        self._give_up_at = time.monotonic() + self._settings.close_within
        self._closing.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(self._settings.close_within + 1)
        left = len(self._waiting)
        if left:
            self.lost += left
            _log.error("%d decisions were not reported before the end", left)

    def _begin(self) -> None:
        with self._lock:
            self._idle.clear()
            if self._thread is None:
                # Not before the first decision: the program may still fork.
                self._thread = threading.Thread(target=self._run, name="rules-shipping", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        told = 0
        while True:
            self._wake.wait(self._settings.flush_every)
            self._wake.clear()
            while self._waiting and not self._given_up():
                self._report(self._next())
            if self.lost > told:
                told = self.lost
                _log.error("decisions come faster than they can be reported: %d were not reported so far", told)
            with self._lock:
                if not self._waiting or self._given_up():
                    self._idle.set()
                    if self._closing.is_set():
                        return

    def _given_up(self) -> bool:
        return self._closing.is_set() and time.monotonic() > self._give_up_at

    def _next(self) -> list[distribution_service_pb2.ReportedDecision]:
        batch: list[distribution_service_pb2.ReportedDecision] = []
        size = 0
        while self._waiting and len(batch) < _MOST and size < _LARGEST_BATCH:
            taken = self._waiting.popleft()
            try:
                made = _reported(taken)
            except Exception:  # noqa: BLE001  One that cannot be shown must not take the others with it.
                self.lost += 1
                _log.exception("a decision could not be reported")
                continue
            batch.append(made)
            size += made.ByteSize()
        return batch

    def _report(self, batch: Sequence[distribution_service_pb2.ReportedDecision]) -> None:
        request = distribution_service_pb2.RecordDecisionsRequest(decisions=batch)
        pause = _FIRST_PAUSE
        while batch:
            try:
                answer = self._stub.RecordDecisions(request, timeout=10)
            except FAILURES as error:
                code = error.code if isinstance(error, FunctionBackendError) else None
                if code in _HOPELESS or self._given_up():
                    self.lost += len(batch)
                    _log.error("%d decisions were not reported: %s", len(batch), error)
                    return
                # The service is away: the queue bounds what gathers meanwhile. The ids make repeating safe.
                self._closing.wait(_RANDOM.uniform(pause / 2, pause))
                pause = min(pause * 2, _LONGEST_PAUSE)
                continue
            self.reported += answer.recorded
            self.refused += len(answer.refused)
            for refused in answer.refused[:1]:
                _log.warning("%d reports were refused, first %s: %s", len(answer.refused), refused.id, refused.message)
            return


def _frozen(inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: (value.DESCRIPTOR.full_name, value.SerializeToString(deterministic=True))
        if isinstance(value, Message)
        else as_json(value, name)
        for name, value in inputs.items()
    }


def _reported(taken: _Taken) -> distribution_service_pb2.ReportedDecision:
    version, decision = taken.version, taken.decision
    outcome = decision.message
    decided, effective = Timestamp(), Timestamp()
    decided.FromNanoseconds(decision.decided_at)
    effective.FromNanoseconds(decision.effective_at)
    made = distribution_service_pb2.ReportedDecision(
        id=outcome.id,
        name=version.name,
        version=version.number,
        content_hash=version.content_hash,
        decide_time=decided,
        effective_time=effective,
        status=outcome.status,
        matches=outcome.matches,
        failures=outcome.failures,
        by_otherwise=outcome.by_otherwise,
    )
    if outcome.HasField("value"):
        made.value.CopyFrom(outcome.value)
    for failure in made.failures:
        failure.message = failure.message[:_LONGEST_MESSAGE]
    if taken.inputs is not None:
        _add_inputs(made, version, taken.inputs)
    return made


def _add_inputs(
    made: distribution_service_pb2.ReportedDecision, version: UsableVersion, frozen: Mapping[str, Any]
) -> None:
    sent = decision_pb2.DecisionInputs()
    for name, value in frozen.items():
        if isinstance(value, tuple):
            packed = sent.messages[name]
            packed.type_url, packed.value = f"type.googleapis.com/{value[0]}", value[1]
        else:
            sent.json.fields[name].CopyFrom(json_message(value))
    compiled = version.compiled
    read = compiled.reader.from_sent(sent.messages, plain_struct(sent.json))
    kept = kept_inputs(sent, dict(zip(compiled.inputs, read, strict=False)))
    if len(kept.message) <= _LARGEST_BATCH:
        made.inputs.ParseFromString(kept.message)
    made.redacted = kept.redacted
    made.inputs_digest = kept.digest.hex()
