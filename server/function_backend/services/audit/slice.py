"""Wires the folder."""

from __future__ import annotations

from datetime import timedelta

from function_backend.filters import grammar
from function_backend.kernel.jobs import JobKind, JobPriority, JobRun, Schedule
from function_backend.kernel.observed_calls import Observation
from function_backend.kernel.slice import Slice
from function_backend.resources import Resources
from function_backend.services.audit.adapters.call_recording import CallWriter, make_recording
from function_backend.services.audit.adapters.keeping import AuditKeeping
from function_backend.services.audit.adapters.signer import AuditSigner
from function_backend.services.audit.convert.events import EVENT_PAYLOADS
from function_backend.services.audit.repository.key import WrappedAuditKeys
from function_backend.services.audit.service.exporting import Exporting
from function_backend.services.audit.service.keys import AuditKeys
from function_backend.services.audit.service.reading import Reading
from function_backend.services.audit.service.retention import Retaining
from function_backend.services.audit.service.signing import Signing
from function_backend.services.audit.servicer import AuditServicer, AuditUseCases
from function_backend.services.audit.settings import AuditSettings

_RETENTION = "audit.retention"
_JOB_KEPT_FOR = timedelta(days=1)


def build(resources: Resources, settings: AuditSettings) -> Slice:
    """The servicer of the audit trail, what records calls in it, and what keeps it."""
    transactions, clock, page_tokens = resources.transactions, resources.clock, resources.page_tokens
    resources.wrapped_keys.learn((WrappedAuditKeys(),))
    signer = AuditSigner(resources.master_keys)
    keys = AuditKeys(transactions=transactions, clock=clock, signer=signer)
    signing = Signing(transactions=transactions, clock=clock, keys=keys, signer=signer)
    retaining = Retaining(
        transactions=transactions, clock=clock, kept_for=settings.kept_for, shortest=settings.shortest_kept_for
    )
    recording = make_recording(
        settings.recording,
        CallWriter(transactions, clock, publishes=settings.publish_observed_calls),
        _observed(settings),
        longest_queue=settings.recording_queue,
    )
    keeping = AuditKeeping((signing.sign_all_due,), every=settings.checkpoint_every)
    return Slice(
        name="audit",
        servicers={
            "function.audit.v1.AuditService": AuditServicer(
                AuditUseCases(
                    reading=Reading(transactions=transactions, page_tokens=page_tokens, keys=keys),
                    exporting=Exporting(transactions=transactions, page_tokens=page_tokens, signing=signing),
                    keys=keys,
                    retaining=retaining,
                )
            )
        },
        event_payloads=EVENT_PAYLOADS,
        warm_ups=(grammar.parser,),
        background=(keeping,),
        schedules=(_retention(retaining),),
        closings=(recording.close,),
        call_observer=recording,
    )


def _retention(retaining: Retaining) -> Schedule:
    def run(job: JobRun) -> None:
        def done(tenants: int) -> None:
            job.progress(tenants)
            job.check()

        retaining.drop_all_due(done)

    kind = JobKind(name=_RETENTION, run=run, priority=JobPriority.LOW, kept_for=_JOB_KEPT_FOR)
    return Schedule(name=_RETENTION, cron="17 * * * *", kind=kind)


def _observed(settings: AuditSettings) -> frozenset[Observation]:
    wanted = {Observation.DENIED: settings.denied_calls, Observation.SENSITIVE_READ: settings.sensitive_reads}
    return frozenset(observation for observation, is_wanted in wanted.items() if is_wanted)
