"""Companies as they are sent, from what is stored."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from uuid import UUID

from function_backend.persistence.unit_of_work import UnitOfWork
from function_backend.services.company.domain.company import Company
from function_backend.services.company.repository.records import CompanyReader, Document


class Documents:
    """Knows how companies are sent. Stored documents of another version are made again from what was recorded."""

    def __init__(self, encode: Callable[[Company], bytes], *, version: int) -> None:
        self.encode = encode
        self.version = version

    def contents(self, work: UnitOfWork, found: Iterable[tuple[UUID, Document]]) -> list[bytes]:
        """The documents in the current version, in the same order."""
        items = list(found)
        stale = [company_id for company_id, document in items if document.version != self.version]
        if not stale:
            return [document.content for _, document in items]
        companies = CompanyReader(work).find_companies(stale)
        return [
            self.encode(companies[company_id]) if company_id in companies else document.content
            for company_id, document in items
        ]
