"""Companies that decisions are about by their ids."""

from __future__ import annotations

from uuid import UUID

from google.protobuf.any_pb2 import Any as AnyMessage

from function_backend.kernel.call import Call
from function_backend.kernel.references import References

COMPANY = "company"
_TYPE_URL = "type.googleapis.com/function.company.v1.Company"


class ReferencedCompanies:
    """Reads companies as the folder of companies shows them to the caller."""

    def __init__(self, references: References) -> None:
        self._references = references

    def company(self, company_id: UUID, call: Call) -> AnyMessage:
        """The company; whatever the folder of companies refuses it with, when the caller sees none with this id."""
        return AnyMessage(type_url=_TYPE_URL, value=self._references.read(COMPANY, company_id, call))
