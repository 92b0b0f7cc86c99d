"""Decisions taken in this process."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final, Self

import grpc
from google.protobuf.message import Message

from function.rules.v1 import distribution_service_pb2_grpc
from function_backend_client.client import Client
from function_backend_client.decisions import CompanyId, as_json
from function_backend_client.errors import ErrorDetails, Violation
from function_backend_client.evaluating import together
from function_backend_client.reasons.rules import DecisionInputInvalidError, DefinitionNotFoundError, NotInForceError
from function_backend_client.requests import timestamp
from function_backend_client.rules.decision import LocalDecision
from function_backend_client.rules.errors import NotReadyError, StaleRulesError
from function_backend_client.rules.follower import Follower
from function_backend_client.rules.settings import LocalSettings
from function_backend_client.rules.shipping import Shipping
from function_backend_client.rules.timeline import Timeline
from function_backend_client.rules.versions import RefusedVersion, UsableVersion
from function_backend_rules import InputRefusedError
from function_backend_rules.cel.values import Timestamp
from function_backend_rules.explanation import Explanation, explain_ordered

_MICROSECOND: Final = 1_000
_PLAIN: Final = frozenset({bool, int, str, float})


class LocalRules:
    """Takes decisions by the published rules of the caller's tenant, without asking the service each time.

    It fetches what is in force and planned, follows changes by a stream, decides with the same engine, and reports
    what it decided. Threads may share it; a program that forks makes one in each process. Close it, or use it as a
    context manager.
    """

    def __init__(
        self,
        client: Client | grpc.Channel,
        *,
        names: Collection[str] = (),
        prefix: str = "",
        settings: LocalSettings | None = None,
        changed: Callable[[str], None] | None = None,
    ) -> None:
        """Begins to follow.

        Args:
            client: a client, or a channel whose calls carry a credential. It needs the permissions
                `rules.published.read` and, to report, `rules.decisions.record`.
            names: the names of decisions.
            prefix: besides, all whose names begin so; `*` for all there are.
            settings: what can be set.
            changed: is called with the name of each decision that changed, in the thread that follows; it must be
                quick.
        """
        if isinstance(names, str) or not (names or prefix):
            raise ValueError("name the decisions: names=['credit.approval'], or prefix='credit.'")
        self._settings = settings or LocalSettings()
        channel = client.channel if isinstance(client, Client) else client
        stub = distribution_service_pb2_grpc.DistributionServiceStub(channel)
        self._follower = Follower(
            stub, names=sorted(names), prefix=prefix, heartbeat=self._settings.heartbeat, changed=changed
        )
        self._shipping = Shipping(stub, self._settings) if self._settings.record else None
        self._refuse_after = self._settings.refuse_after
        self._is_ready = False
        self._follower.start()

    def __enter__(self) -> Self:
        try:
            self.wait_until_ready()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"LocalRules({', '.join(sorted(self._follower.timelines)) or 'nothing yet'}; heard {self.age:.1f} s ago)"

    @property
    def names(self) -> tuple[str, ...]:
        """The decisions that are or were published, of those that are followed."""
        return tuple(sorted(self._follower.timelines))

    @property
    def age(self) -> float:
        """Seconds since the service last said that what is held is all there is; infinite before the first time."""
        return time.monotonic() - self._follower.heard_at

    @property
    def failure(self) -> Exception | None:
        """Why the stream is broken; None while it is not."""
        return self._follower.failure

    @property
    def reported(self) -> int:
        """How many decisions the service has taken over into its log."""
        return 0 if self._shipping is None else self._shipping.reported

    @property
    def lost(self) -> int:
        """How many decisions were not reported, because the queue was full or the service was away at the end."""
        return 0 if self._shipping is None else self._shipping.lost + self._shipping.refused

    def wait_until_ready(self) -> None:
        """Waits for the first word of the service. Raises NotReadyError when it does not come in time."""
        if not self._follower.wait(self._settings.ready_within):
            failure = self._follower.failure
            why = "it did not answer" if failure is None else str(failure)
            raise NotReadyError(f"nothing was heard of the service within {self._settings.ready_within:g} s: {why}")
        self._is_ready = True

    def version(self, name: str) -> int:
        """The version of a decision that is in force now; 0 when none is."""
        timeline = self._timeline(name)
        found = timeline.in_force(self._now())
        return 0 if found is None else found.number

    def evaluate(
        self,
        name: str,
        inputs: Mapping[str, Any] | None = None,
        /,
        *,
        effective_time: dt.datetime | None = None,
        **named: Any,  # noqa: ANN401  Of the types that the definition declares.
    ) -> LocalDecision:
        """Takes a decision, as `client.rules.evaluate` would.

        Raises the same as that for unknown decisions and inputs that do not fit, besides NotReadyError,
        StaleRulesError, and VersionRefusedError where the version in force cannot be used here.

        Args:
            name: the name of the decision.
            inputs: inputs by name, besides those given as arguments.
            effective_time: for which time, from now on; the past is the service's to tell. Now when None.
            named: inputs by name.
        """
        values = named if inputs is None else together(inputs, named)
        now = self._now()
        at = now if effective_time is None else _nanoseconds(effective_time)
        version = self._version(name, at)
        arguments = _arguments(version, values, at)
        compiled = version.compiled
        decision = LocalDecision(version, compiled.evaluate_ordered(arguments, compiled.budget()), now, at)
        if self._shipping is not None:
            self._shipping.offer(version, decision, values)
        return decision

    def explain(
        self,
        name: str,
        inputs: Mapping[str, Any] | None = None,
        /,
        *,
        effective_time: dt.datetime | None = None,
        **named: Any,  # noqa: ANN401  Of the types that the definition declares.
    ) -> Explanation:
        """Says how a decision would come out and why, with the value of each condition; nothing is reported."""
        at = self._now() if effective_time is None else _nanoseconds(effective_time)
        version = self._version(name, at)
        return explain_ordered(version.compiled, _arguments(version, together(inputs, named), at))

    def flush(self, seconds: float = 10.0) -> bool:
        """Waits until the decisions so far are reported; False when that takes longer."""
        return self._shipping is None or self._shipping.flush(seconds)

    def close(self) -> None:
        """Reports what waits and stops following. No decision may be asked for afterwards."""
        if self._shipping is not None:
            self._shipping.close()
        self._follower.close()

    def _now(self) -> int:
        """The time of the service in nanoseconds, in whole microseconds as the service has it."""
        now = time.time_ns() + self._follower.clock_offset
        return now - now % _MICROSECOND

    def _timeline(self, name: str) -> Timeline:
        if not self._is_ready:
            self.wait_until_ready()
        if self._refuse_after is not None and self.age > self._refuse_after:
            raise StaleRulesError(
                f"the service was not heard of for {self.age:.1f} s, longer than refuse_after: {self._follower.failure}"
            )
        found = self._follower.timelines.get(name)
        if found is None:
            raise DefinitionNotFoundError(
                f"The decision '{name}' was never published, or is not among those that are followed.",
                details=ErrorDetails(metadata={"name": name}),
            )
        return found

    def _version(self, name: str, at: int) -> UsableVersion:
        timeline = self._timeline(name)
        since, until, version = timeline.window
        if not since <= at < until:
            version = timeline.moved(at)
        if isinstance(version, UsableVersion):
            return version
        if isinstance(version, RefusedVersion):
            raise version.error()
        moment = dt.datetime.fromtimestamp(at / 1e9, dt.UTC).isoformat()
        raise NotInForceError(
            f"No version of '{name}' is in force at {moment}.",
            details=ErrorDetails(metadata={"name": name, "effective_time": moment}),
        )


def _arguments(version: UsableVersion, values: Mapping[str, Any], at: int) -> list[object]:
    """The inputs in order, with the time as the last."""
    try:
        arguments = version.compiled.reader.from_mixed(
            {
                name: value if type(value) in _PLAIN or isinstance(value, Message) else _plain(value, name)
                for name, value in values.items()
            }
        )
    except InputRefusedError as error:
        path = f"inputs.{error.path}" if error.path else "inputs"
        details = ErrorDetails(metadata={"violations": "1"}, violations=[Violation(path, error.message)])
        raise DecisionInputInvalidError(f"{path}: {error.message}", details=details) from error
    arguments.append(Timestamp(at))
    return arguments


def _plain(value: Any, name: str) -> Any:  # noqa: ANN401  Any value of Python's.
    if isinstance(value, CompanyId):
        raise TypeError(f"{name}: only the service reads companies by their ids; get the company and pass that")
    return as_json(value, name)


def _nanoseconds(moment: dt.datetime) -> int:
    stamp = timestamp(moment)
    return 0 if stamp is None else stamp.ToNanoseconds()
