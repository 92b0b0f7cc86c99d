"""The way of a call through the server: the one ordered list of its stages, with the reason for each place."""

from __future__ import annotations

from collections.abc import Callable

from function_backend.cache.rate_limit import RateLimiter
from function_backend.interceptors.authentication import Authentication
from function_backend.interceptors.authorization import Authorization
from function_backend.interceptors.call_observation import CallObservation
from function_backend.interceptors.consistency import Consistency
from function_backend.interceptors.deadline import Deadline
from function_backend.interceptors.errors import Errors
from function_backend.interceptors.idempotency import Idempotency
from function_backend.interceptors.load_shedding import LoadShedding, Threads
from function_backend.interceptors.method import Method
from function_backend.interceptors.outlook import Outlook
from function_backend.interceptors.pipeline import Chain
from function_backend.interceptors.rate_limit import RateLimit
from function_backend.interceptors.request_context import RequestContext
from function_backend.interceptors.settings import PipelineSettings
from function_backend.interceptors.status_details import StatusDetails
from function_backend.interceptors.validation import Validation
from function_backend.kernel.clock import Clock
from function_backend.kernel.observed_calls import CallObserver


def server_chain(  # noqa: PLR0913  The one list of all stages.
    settings: PipelineSettings,
    *,
    authentication: Authentication,
    clock: Clock,
    idempotency: Idempotency,
    validation: Validation,
    limiter: RateLimiter,
    outlook: Outlook,
    threads_of: Callable[[Method], Threads | None],
    observer: CallObserver | None = None,
) -> Chain:
    """The stages in the order in which a call meets them, for every method and every shape of RPC.

    `observer` hears of denied calls and sensitive reads.
    """
    observation = CallObservation(observer, clock)
    return Chain(
        observers=(
            # First: everything after it names the call by its id. Last on the way out: it sends what others have added.
            RequestContext(),
            # Around the rest, so that the span and the line have the whole time; the line can name the trace.
            outlook.tracing,
            # Refused calls are counted and logged too, so both stand before everything that may refuse.
            outlook.metrics,
            outlook.access_log,
            # Sees the status that the stages below have given; what it writes of a denied call is part of the call.
            observation,
        ),
        # Whatever is raised below becomes a status here and nowhere else; those above see only the outcome.
        errors=Errors(StatusDetails(help_page=settings.help_page)),
        gates=(
            # The cheapest check: nobody waits for the answer of a call whose time is up.
            Deadline(minimum=settings.minimum_deadline, default=settings.default_deadline),
            # Before anything that looks at the request, so that strangers learn nothing about it.
            authentication,
            Authorization(clock),
            # Needs no look at the message, and a bad token should not cost the caller a token of its rate.
            Consistency(),
            # After authorisation: who may not call must not use up the rate of a key, and cannot find out the load.
            LoadShedding(threads_of, longest_wait=settings.longest_wait, longest_queue=settings.longest_queue),
            RateLimit(
                limiter,
                default_per_second=settings.rate_limit_per_second,
                anonymous_per_second=settings.anonymous_rate_limit_per_second,
                burst=settings.rate_limit_burst,
            ),
        ),
        # Parsing costs what the caller sends, so it comes after the limits.
        validation=validation,
        # Innermost: only a request that is valid and allowed opens a transaction.
        idempotency=idempotency,
        observation=observation,
        largest_response=settings.largest_response,
    )
