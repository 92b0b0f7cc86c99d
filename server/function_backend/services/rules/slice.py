"""Wires the folder."""

from __future__ import annotations

from function_backend.jobs.purging import purge_schedule
from function_backend.kernel.slice import Chore, Slice
from function_backend.resources import Resources
from function_backend.services.rules.adapters.changes import CompanyChangeInputs
from function_backend.services.rules.adapters.companies import AllCompanies, ReferencedCompanies, empty_company
from function_backend.services.rules.adapters.decision_log import BackgroundLog, HookKeeping, NoLog, SynchronousLog
from function_backend.services.rules.adapters.engine import EngineCompiler
from function_backend.services.rules.adapters.pace import Pace
from function_backend.services.rules.adapters.publication_feed import PublicationFeed
from function_backend.services.rules.convert.distribution import KeepingReports
from function_backend.services.rules.convert.events import EVENT_PAYLOADS
from function_backend.services.rules.convert.inputs import stored_inputs
from function_backend.services.rules.convert.keeping import Keeping
from function_backend.services.rules.convert.simulation import WireForms
from function_backend.services.rules.domain.rollout import rollout_states
from function_backend.services.rules.domain.version import Approval
from function_backend.services.rules.ports import DecisionSink
from function_backend.services.rules.repository.decision import purge_decisions
from function_backend.services.rules.repository.simulation import purge_simulations
from function_backend.services.rules.service import known_hooks
from function_backend.services.rules.service.checking import Checking
from function_backend.services.rules.service.compilations import Compilations
from function_backend.services.rules.service.decisions import Decisions
from function_backend.services.rules.service.drafts import Drafts
from function_backend.services.rules.service.evaluating import Evaluating
from function_backend.services.rules.service.finding import TOPIC
from function_backend.services.rules.service.following import FollowingPublications
from function_backend.services.rules.service.gate import HookGates
from function_backend.services.rules.service.hooks import Hooks
from function_backend.services.rules.service.in_force import InForce
from function_backend.services.rules.service.known_hooks import KnownHooks
from function_backend.services.rules.service.publishing import Publishing
from function_backend.services.rules.service.reading import Reading
from function_backend.services.rules.service.recording import Recording
from function_backend.services.rules.service.reviews import Reviews
from function_backend.services.rules.service.rollouts import Rollouts
from function_backend.services.rules.service.simulating import Simulating
from function_backend.services.rules.service.simulations import SimulationLimits, Simulations
from function_backend.services.rules.servicer.definition import DefinitionServicer, DefinitionUseCases
from function_backend.services.rules.servicer.distribution import DistributionServicer, DistributionUseCases
from function_backend.services.rules.servicer.evaluation import EvaluationServicer, EvaluationUseCases
from function_backend.services.rules.servicer.hook import HookServicer
from function_backend.services.rules.servicer.rollout import RolloutServicer
from function_backend.services.rules.servicer.simulation import SimulationServicer
from function_backend.services.rules.settings import RulesSettings

_TENANTS_SECONDS = 5.0


def build(resources: Resources, settings: RulesSettings) -> Slice:
    """The servicers of decisions."""
    transactions, clock, page_tokens = resources.transactions, resources.clock, resources.page_tokens
    approval = Approval(settings.approval)
    compilations = Compilations(EngineCompiler(), size=settings.cached_definitions)
    in_force = InForce(
        transactions=transactions,
        compilations=compilations,
        size=settings.cached_definitions,
        ttl=settings.cached_for.total_seconds(),
        may_cache=resources.listener_healthy,
        rollout_states=rollout_states(approval),
    )
    known = KnownHooks(
        transactions=transactions,
        size=settings.cached_definitions,
        ttl=settings.cached_for.total_seconds(),
        may_cache=resources.listener_healthy,
    )
    gates = HookGates(
        clock=clock,
        known=known,
        in_force=in_force,
        keeping=HookKeeping(
            sample_rate=0.0 if settings.decision_log == "off" else settings.decision_sample_rate,
            kept=_keeping(settings),
        ),
        inputs_of=CompanyChangeInputs,
    )
    hooks = Hooks(
        transactions=transactions,
        clock=clock,
        page_tokens=page_tokens,
        compilations=compilations,
        most_hooks=settings.most_hooks,
    )
    log = _log(resources, settings)
    publishing = Publishing(transactions=transactions, clock=clock, compilations=compilations, approval=approval)
    definitions = DefinitionUseCases(
        drafts=Drafts(
            transactions=transactions,
            clock=clock,
            compilations=compilations,
            most_definitions=settings.most_definitions,
        ),
        reviews=Reviews(transactions=transactions, clock=clock, compilations=compilations, approval=approval),
        publishing=publishing,
        reading=Reading(transactions=transactions, clock=clock, page_tokens=page_tokens),
        checking=Checking(transactions=transactions, clock=clock, compilations=compilations),
    )
    evaluation = EvaluationUseCases(
        evaluating=Evaluating(
            clock=clock, in_force=in_force, sink=log, companies=ReferencedCompanies(resources.references)
        ),
        decisions=Decisions(
            transactions=transactions,
            clock=clock,
            page_tokens=page_tokens,
            compilations=compilations,
            inputs_of=stored_inputs,
        ),
    )
    feed = PublicationFeed(transactions, clock)
    distribution = DistributionUseCases(
        following=FollowingPublications(feed), recording=_recording(resources, settings, compilations)
    )

    def changed(notification: str) -> None:
        in_force.forget(notification)
        feed.changed(notification)

    simulating = Simulating(
        transactions=transactions,
        clock=clock,
        compilations=compilations,
        forms=WireForms(),
        companies=AllCompanies(resources.references),
        pace=lambda: Pace(settings.simulation_share),
    )
    simulations = Simulations(
        transactions=transactions,
        jobs=resources.jobs,
        clock=clock,
        page_tokens=page_tokens,
        compilations=compilations,
        forms=WireForms(),
        company=empty_company,
        limits=SimulationLimits(most_open=settings.most_simulations, kept_for=settings.simulations_kept_for),
    )
    rollouts = Rollouts(
        transactions=transactions, clock=clock, compilations=compilations, publishing=publishing, approval=approval
    )
    return Slice(
        name="rules",
        servicers={
            "function.rules.v1.DefinitionService": DefinitionServicer(definitions),
            "function.rules.v1.EvaluationService": EvaluationServicer(evaluation),
            "function.rules.v1.HookService": HookServicer(hooks),
            "function.rules.v1.DistributionService": DistributionServicer(distribution),
            "function.rules.v1.RolloutService": RolloutServicer(rollouts),
            "function.rules.v1.SimulationService": SimulationServicer(simulations),
        },
        event_payloads=EVENT_PAYLOADS,
        invalidations={TOPIC: changed, known_hooks.TOPIC: known.forget},
        cache_resets=(in_force.forget_all, known.forget_all, feed.all_changed),
        caches={
            "decisions in force": in_force.statistics,
            "compiled decisions": compilations.statistics,
            "hooks": known.statistics,
        },
        chores=(Chore(_TENANTS_SECONDS, known.refresh),),
        job_kinds=(simulating.kind(kept_for=settings.simulations_kept_for),),
        schedules=(
            purge_schedule("rules.purge_decisions", purge_decisions, transactions=transactions, clock=clock),
            purge_schedule("rules.purge_simulations", purge_simulations, transactions=transactions, clock=clock),
        ),
        gates=gates.open,
        closings=(log.close,) if isinstance(log, BackgroundLog) else (),
        endings=(feed.end,),
    )


def _keeping(settings: RulesSettings) -> Keeping:
    return Keeping(kept_for=settings.decisions_kept_for, with_inputs=settings.decision_inputs == "full")


def _log(resources: Resources, settings: RulesSettings) -> DecisionSink:
    keeping = _keeping(settings)
    if settings.decision_log == "off":
        return NoLog()
    if settings.decision_log == "synchronous":
        return SynchronousLog(
            transactions=resources.transactions, sample_rate=settings.decision_sample_rate, kept=keeping
        )
    return BackgroundLog(
        transactions=resources.transactions,
        sample_rate=settings.decision_sample_rate,
        kept=keeping,
        longest_queue=settings.decision_queue,
    )


def _recording(resources: Resources, settings: RulesSettings, compilations: Compilations) -> Recording:
    return Recording(
        transactions=resources.transactions,
        clock=resources.clock,
        compilations=compilations,
        inputs_of=stored_inputs,
        kept=KeepingReports(kept_for=settings.decisions_kept_for, with_inputs=settings.decision_inputs == "full"),
        kept_for=settings.decisions_kept_for,
        is_on=settings.decision_log != "off",
    )
