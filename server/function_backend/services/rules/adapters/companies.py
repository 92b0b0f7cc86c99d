"""Companies that decisions are about by their ids."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from google.protobuf.any_pb2 import Any as AnyMessage

from function_backend.kernel.call import Call
from function_backend.kernel.references import References

COMPANY = "company"
_TYPE_URL = "type.googleapis.com/function.company.v1.Company"


class AllCompanies:
    """Reads all companies that the caller of the current call sees, page by page."""

    def __init__(self, references: References) -> None:
        self._references = references

    def count(self) -> int:
        """How many there are."""
        return self._references.pages(COMPANY).count()

    def page(self, after: UUID | None, *, limit: int) -> Sequence[tuple[UUID, AnyMessage]]:
        """Companies after the given one in the order of their ids; none after the last one."""
        found = self._references.pages(COMPANY).page(after, limit=limit)
        return [(company_id, AnyMessage(type_url=_TYPE_URL, value=content)) for company_id, content in found]


def empty_company() -> AnyMessage:
    """A company of which nothing is known."""
    return AnyMessage(type_url=_TYPE_URL)


class ReferencedCompanies:
    """Reads companies as the folder of companies shows them to the caller."""

    def __init__(self, references: References) -> None:
        self._references = references

    def company(self, company_id: UUID, call: Call) -> AnyMessage:
        """The company; whatever the folder of companies refuses it with, when the caller sees none with this id."""
        return AnyMessage(type_url=_TYPE_URL, value=self._references.read(COMPANY, company_id, call))
