"""What requests say besides companies: ids, moments."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from function.company.v1 import company_pb2, company_service_pb2
from function_backend.kernel.errors import FieldViolation, invalid_fields
from function_backend.kernel.identifiers import parse_id
from function_backend.services.company.convert.company_in import read_state
from function_backend.services.company.convert.enums import STATUSES
from function_backend.services.company.domain.checks import Checks
from function_backend.services.company.domain.draft import Draft
from function_backend.services.company.repository.search import SearchFilters

if TYPE_CHECKING:
    from google.protobuf.message import Message
    from google.protobuf.timestamp_pb2 import Timestamp

OUT_OF_RANGE = "must lie in the years 1 to 9999"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def draft(message: company_pb2.Company, root: str = "company") -> Draft:
    """The company that the message says, yet to be checked; `root` is where it stands in the request."""
    checks = Checks(root)
    return Draft(read_state(message, checks), checks)


def company_id(text: str, field: str = "id") -> UUID:
    """The id; INVALID_ARGUMENT when the text is none."""
    try:
        return parse_id(text)
    except ValueError:
        raise invalid_fields(FieldViolation(field, "must be a UUID")) from None


def company_ids(texts: Iterable[str]) -> list[UUID]:
    """The ids of a request for many."""
    return [company_id(text, f"ids[{index}]") for index, text in enumerate(texts)]


def search_filters(request: company_service_pb2.SearchCompaniesRequest) -> SearchFilters:
    """Which companies may be results."""
    return SearchFilters(
        statuses=[STATUSES[number].value for number in request.statuses],
        countries=list(request.countries),
        industries=list(request.industries),
    )


def moment(request: Message, field: str) -> datetime | None:
    """The moment in a field of the request, None when it is absent; finer than a microsecond is cut off."""
    if not request.HasField(field):
        return None
    try:
        return moment_of(getattr(request, field))
    except OverflowError:
        raise invalid_fields(FieldViolation(field, OUT_OF_RANGE)) from None


def moment_of(timestamp: Timestamp) -> datetime:
    """The moment of the timestamp; OverflowError when it is beyond the years 1 to 9999."""
    return _EPOCH + timedelta(seconds=timestamp.seconds, microseconds=timestamp.nanos // 1000)
