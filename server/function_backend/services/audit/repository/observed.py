"""Writing calls that changed nothing into the chain of their tenant."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import orjson

from function_backend.kernel.identifiers import new_id
from function_backend.kernel.observed_calls import ObservedCall
from function_backend.persistence import arrays
from function_backend.services.audit.events import details_of, subject_of, subject_type_of, type_of

if TYPE_CHECKING:
    from function_backend.persistence.unit_of_work import UnitOfWork

_SQL = """
    select record_calls(
        %b::timestamptz, %b::text[], %b::text[], %b::text[], %b::uuid[], %b::text[], %b::text[], %b::uuid[],
        %b::text[]::jsonb[]
    )
"""


def record_calls(work: UnitOfWork, calls: Sequence[tuple[ObservedCall, int]], *, at: datetime) -> None:
    """Writes calls, each with how many it stands for. It locks the tenant's chain until the commit."""
    work.driver.execute(
        _SQL,
        (
            at,
            arrays.texts([call.caller.actor for call, _ in calls]),
            arrays.texts([call.method for call, _ in calls]),
            arrays.texts([call.request_id for call, _ in calls]),
            arrays.uuids([new_id() for _ in calls]),
            arrays.texts([type_of(call) for call, _ in calls]),
            arrays.texts([subject_type_of(call) for call, _ in calls]),
            arrays.uuids([subject_of(call) for call, _ in calls]),
            arrays.encoded_texts([orjson.dumps(details_of(call, count=count)) for call, count in calls]),
        ),
    )
