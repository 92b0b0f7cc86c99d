"""What an import behind an answer rejected."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from function_backend.kernel.pagination import PageTokens
from function_backend.persistence.unit_of_work import Transactions
from function_backend.services.company.domain.importing import ImportPlan, ImportRejection
from function_backend.services.company.repository.transfers import TransferRepository
from function_backend.services.company.service.transfers import found

_DEFAULT_SIZE = 1000


class ListImportRejections:
    """Lists rejections."""

    def __init__(self, transactions: Transactions, page_tokens: PageTokens) -> None:
        self._transactions = transactions
        self._page_tokens = page_tokens

    def list_page(self, transfer_id: UUID, *, page_size: int, page_token: str) -> tuple[Sequence[ImportRejection], str]:
        """The rejected rows in the order of the upload, and the token of the next page."""
        wanted = page_size or _DEFAULT_SIZE
        with self._transactions.reading() as work:
            bound = (str(work.tenant_id), "import_rejections", str(transfer_id))
            key = self._page_tokens.read(bound, page_token)
            batch, passed = (0, 0) if key is None else (int(key[0]), int(key[1]))
            found(work, transfer_id, ImportPlan)
            transfers, page = TransferRepository(work), list[ImportRejection]()
            while part := transfers.find_rejections(transfer_id, at_least=batch):
                number, rejections = part
                begin = passed if number == batch else 0
                taken = rejections[begin : begin + wanted - len(page)]
                page += taken
                if begin + len(taken) < len(rejections):
                    return page, self._page_tokens.write(bound, (str(number), str(begin + len(taken))))
                batch, passed = number + 1, 0
        return page, ""
