"""Everything that one process serves with, wired by hand, top to bottom."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from types import ModuleType

from opentelemetry.trace import get_current_span
from prometheus_client import CollectorRegistry

from function_backend.bootstrap.job_running import job_running
from function_backend.bootstrap.slices import FOREIGN_CONTRACTS, SLICES
from function_backend.cache.client import CacheSettings, connect
from function_backend.cache.push import RedisPush
from function_backend.cache.rate_limit import HostBuckets, RateLimiter, SharedBuckets
from function_backend.events.log import TOPIC
from function_backend.events.payload_place import EventPayloads
from function_backend.events.recording import EventRecorder
from function_backend.interceptors.authentication import Authentication
from function_backend.interceptors.chain import server_chain
from function_backend.interceptors.idempotency import Idempotency
from function_backend.interceptors.method import Method, describe
from function_backend.interceptors.outlook import Outlook
from function_backend.interceptors.pipeline import method_handlers
from function_backend.interceptors.validation import Validation
from function_backend.jobs.queue import JobQueue
from function_backend.kernel.clock import Clock
from function_backend.kernel.declared_method import DeclaredMethod
from function_backend.kernel.gates import Gates
from function_backend.kernel.identity import Authenticator
from function_backend.kernel.notices import Notices
from function_backend.kernel.observed_calls import CallObserver
from function_backend.kernel.pagination import PageTokens
from function_backend.kernel.references import References
from function_backend.kernel.sealing import SealedPlaces
from function_backend.kernel.secret import Secret
from function_backend.kernel.slice import Slice
from function_backend.observability.logs import Log
from function_backend.observability.samples import Samples
from function_backend.observability.tracing import Tracing
from function_backend.persistence.engine import Database
from function_backend.persistence.idempotency import StoredAnswers
from function_backend.persistence.notifications import Listener, PeriodicTask
from function_backend.persistence.settings import DatabaseSettings
from function_backend.persistence.unit_of_work import Transactions
from function_backend.resources import Resources
from function_backend.runtime.address import Address
from function_backend.runtime.admin import AdminServer
from function_backend.runtime.child import State
from function_backend.runtime.dependency import DependencyWatch
from function_backend.runtime.health import Health, Status
from function_backend.runtime.pool import CallPool
from function_backend.runtime.server import CallServer
from function_backend.runtime.warm_up import WarmUp
from function_backend.settings.tree import Settings
from function_backend.vault.core_places import CORE_PLACES
from function_backend.vault.masking import masked_payload
from function_backend.vault.master_keys import MasterKeys
from function_backend.vault.vault import Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a backend does not make itself."""

    clock: Clock
    database: DatabaseSettings
    """Of the settings, with the URL of the embedded server where that is used."""
    token_secret: Secret
    limiter: RateLimiter
    """Made before the fork, so that all workers of a host count together."""
    log: Log
    tracing: Tracing | None
    registry: CollectorRegistry
    addresses: Sequence[Address]
    """Where calls are served; none in a process that does background work alone."""
    admin: Address | None
    background: bool
    """Whether this process does what goes on without a call."""
    local: str = ""
    """A socket for the service's own processes, such as `unix:/…`; empty for none."""


class Backend:
    """The service of one process; several can live in one process, as they do in tests."""

    def __init__(self, settings: Settings, around: Surroundings) -> None:
        """Wires everything; nothing connects, listens or starts a thread before `start`."""
        self._around = around
        self._database = Database(around.database)
        redis = connect(settings.cache)
        self._push = None if redis is None else RedisPush(redis, key_prefix=settings.cache.key_prefix)
        self._listener = (
            Listener(around.database) if self._push is None else Listener(around.database, beside=self._push.publish)
        )
        listener = self._listener
        recorder = EventRecorder(
            around.clock,
            trace_context=current_traceparent,
            committed=lambda tenant_id: listener.announce(TOPIC, str(tenant_id)),
            masked=masked_payload,
        )
        master_keys = MasterKeys.parse(settings.auth.master_keys)
        vault = Vault(master_keys, around.clock)
        transactions = Transactions(self._database, recorder, push=listener, ciphers=vault.fields)
        references, gates, notices = References(), Gates(), Notices()
        sealed_places = SealedPlaces([*CORE_PLACES, EventPayloads(masked_payload)])
        resources = Resources(
            transactions=transactions,
            clock=around.clock,
            page_tokens=PageTokens(around.token_secret.reveal().encode()),
            master_keys=master_keys,
            vault=vault,
            jobs=JobQueue(around.clock, trace_context=current_traceparent),
            trace_context=current_traceparent,
            permission_catalogue=declared_permissions(SLICES),
            methods=declared_methods(SLICES),
            sealed_places=sealed_places,
            references=references,
            gates=gates,
            notices=notices,
            limiter=around.limiter,
            registry=around.registry,
            listener_healthy=self._listener.healthy,
            epoch_age=self._listener.epoch_age,
        )
        self._slices = [module.build(resources, getattr(settings, slice_name(module))) for module in SLICES]
        self._slices += _sinks(settings, transactions, around.registry)
        self._slices.append(job_running(resources, settings.jobs, registry=around.registry, tracing=around.tracing))
        for each in self._slices:
            resources.jobs.registry.learn(each.job_kinds, each.schedules)
            recorder.learn(each.event_payloads)
            references.learn(each.references, each.pages)
            gates.learn(each.gates)
            notices.learn(each.notices)
            sealed_places.learn(each.sealed_places)
            if self._push is not None:
                self._push.carry(each.pushed | {TOPIC})
        calls = CallPool(settings.server.threads, name="call")
        streams = CallPool(settings.server.stream_threads, name="stream")
        self._outlook = Outlook(log=around.log, registry=around.registry, sampling=around.tracing)
        validation = Validation()
        chain = server_chain(
            settings.calls,
            authentication=Authentication(
                _authenticator(self._slices), certificates=settings.tls.client_ca is not None
            ),
            clock=around.clock,
            idempotency=Idempotency(transactions, StoredAnswers(around.clock)),
            validation=validation,
            limiter=around.limiter,
            outlook=self._outlook,
            threads_of=lambda method: streams if _streams(method) else calls,
            observer=_observer(self._slices),
        )
        servicers = {name: servicer for each in self._slices for name, servicer in each.servicers.items()}
        handlers = method_handlers(servicers, chain, pool_of=lambda method: streams if _streams(method) else None)
        self._health = Health(handlers)
        self._server = CallServer(
            settings.server, settings.tls, handlers=handlers, health=self._health, pools=[calls, streams]
        )
        self._samples = Samples(
            around.registry,
            caches={name: cache for each in self._slices for name, cache in each.caches.items()},
            pools=self._database.pools,
            queues={"calls": calls.waiting, "streams": streams.waiting},
            consumers={name: consumer for each in self._slices for name, consumer in each.consumers.items()},
            readings={name: reading for each in self._slices for name, reading in each.readings.items()},
        )
        self._warm_up = WarmUp([validation.warm_up, *(step for each in self._slices for step in each.warm_ups)])
        self._admin: AdminServer | None = None
        self._watch: DependencyWatch | None = None
        self._background_begun = False

    @property
    def port(self) -> int:
        """The port of the calls."""
        return self._server.port

    @property
    def admin_port(self) -> int | None:
        """The port of channelz; None without one."""
        return None if self._admin is None else self._admin.port

    def status(self) -> Status | None:
        """What health says about the whole."""
        return self._health.status("")

    def start(self, tell: Callable[[State], None]) -> None:
        """Serves; health says so as soon as the database has answered."""

        def back() -> None:
            self._health.set_all(serving=True)
            tell(State.SERVING)
            self._begin_background()
            # Not before: whoever waits for the service waits for the processor too.
            self._warm_up.begin()

        def away() -> None:
            self._health.set_all(serving=False)
            tell(State.AWAY)

        self._outlook.start()
        chores = [
            PeriodicTask(chore.every, chore.run, once_more_at_the_end=chore.once_more_at_the_end)
            for each in self._slices
            for chore in each.chores
        ]
        self._listener.start(self._slices, tasks=chores)
        if self._push is not None:
            self._push.listen(self._listener.hear)
        if self._around.admin is not None:
            self._admin = AdminServer(self._around.admin, self._health)
        if self._around.addresses:
            self._server.start(self._around.addresses, local=self._around.local)
        self._watch = DependencyWatch("database", self._database.ping, back=back, away=away, tick=self._tick)
        self._watch.start()

    def drain(self, limit: timedelta, *, until_quiet: bool) -> bool:
        """Ends without losing a call; whether that worked out within the limit."""
        self._end_streams()
        if not self._around.addresses:
            self._server.stop(timedelta())
            self._release()
            return True
        over = self._server.drain(limit, until_quiet=until_quiet)
        self._release()
        return over

    def stop(self, grace: timedelta) -> None:
        """Ends now, with a grace for what runs."""
        self._end_streams()
        self._server.stop(grace)
        self._release()

    def _begin_background(self) -> None:
        if self._background_begun or not self._around.background:
            return
        self._background_begun = True
        for each in self._slices:
            for work in each.background:
                work.start()

    def _end_streams(self) -> None:
        for each in self._slices:
            for end in each.endings:
                end()
            for work in each.background if self._background_begun else ():
                work.end()

    def _tick(self) -> None:
        self._health.cut_off_the_stuck()
        self._samples.take()

    def _release(self) -> None:
        for each in self._slices:
            for work in each.background if self._background_begun else ():
                work.close()
            for close in each.closings:
                close()
        if self._admin is not None:
            self._admin.stop()
        if self._watch is not None:
            self._watch.stop()
        self._warm_up.stop()
        if self._push is not None:
            self._push.stop()
        self._listener.stop()
        self._outlook.stop()
        if self._around.tracing is not None:
            self._around.tracing.stop()
        self._database.dispose()


def rate_limiter(settings: CacheSettings) -> RateLimiter:
    """Limits of this host in memory that its workers share; of all hosts when a Redis is set."""
    host = HostBuckets()
    client = connect(settings)
    return host if client is None else SharedBuckets(client, host, key_prefix=settings.key_prefix)


def slice_name(module: ModuleType) -> str:
    """The folder of the slice, which is also the name of its settings and of its proto package."""
    return module.__name__.split(".")[-2]


def declared_methods(slices: Sequence[ModuleType]) -> tuple[DeclaredMethod, ...]:
    """Every method of these slices as the contract declares it."""
    described = [
        describe(method)
        for module in slices
        for contract in _contracts(slice_name(module))
        for service in contract.DESCRIPTOR.services_by_name.values()
        for method in service.methods
    ]
    return tuple(
        DeclaredMethod(
            path=method.path,
            permission=method.permission,
            wider_permissions=method.wider_permissions,
            only_reads=method.only_reads,
            resource_type=method.resource_type,
            step_up=method.step_up,
        )
        for method in described
    )


def declared_permissions(slices: Sequence[ModuleType]) -> frozenset[str]:
    """Every permission that a method of these slices declares in the contract."""
    return frozenset(
        permission
        for method in declared_methods(slices)
        for permission in (method.permission, *method.wider_permissions)
        if permission
    )


def current_traceparent() -> str:
    """The span that is being worked on, as W3C Trace Context writes it; nothing when the call is not traced."""
    span = get_current_span().get_span_context()
    return f"00-{span.trace_id:032x}-{span.span_id:016x}-{span.trace_flags:02x}" if span.is_valid else ""


def _contracts(name: str) -> list[ModuleType]:
    package = importlib.import_module(f"function.{name}.v1")
    own = [
        importlib.import_module(f"{package.__name__}.{found.name}")
        for found in pkgutil.iter_modules(package.__path__)
        if found.name.endswith("_service_pb2")
    ]
    return [*own, *FOREIGN_CONTRACTS.get(name, ())]


def _sinks(settings: Settings, transactions: Transactions, registry: CollectorRegistry) -> list[Slice]:
    if not settings.sinks.enabled:
        return []
    # Most servers have none, and so load none of it.
    from function_backend.sinks.assembly import SinkAssembly  # noqa: PLC0415

    assembly = SinkAssembly(
        settings.sinks,
        rabbitmq=settings.sink_rabbitmq,
        nats=settings.sink_nats,
        kafka=settings.sink_kafka,
        redis=settings.sink_redis,
    )
    return [assembly.slice(transactions, registry)]


def _authenticator(slices: Sequence[Slice]) -> Authenticator:
    (authenticator,) = [each.authenticator for each in slices if each.authenticator is not None]
    return authenticator


def _observer(slices: Sequence[Slice]) -> CallObserver:
    (observer,) = [each.call_observer for each in slices if each.call_observer is not None]
    return observer


def _streams(method: Method) -> bool:
    return method.request_streaming or method.response_streaming
