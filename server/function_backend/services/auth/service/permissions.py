"""Reading which permissions there are."""

from __future__ import annotations

from function_backend.kernel.identity import PermissionSet
from function_backend.kernel.pagination import Page, PageTokens
from function_backend.persistence.unit_of_work import Transactions
from function_backend.services.auth.domain.built_in_roles import BuiltInRoles, ListedPermission
from function_backend.services.auth.domain.permission import PermissionCatalogue
from function_backend.services.auth.service.paging import DEFAULT_PAGE_SIZE


class PermissionService:
    """The use cases of the catalogue."""

    def __init__(
        self,
        *,
        transactions: Transactions,
        page_tokens: PageTokens,
        catalogue: PermissionCatalogue,
        built_in: BuiltInRoles,
    ) -> None:
        self._transactions = transactions
        self._page_tokens = page_tokens
        self._listed = tuple(map(built_in.listed, catalogue.permissions))

    def list(self, page_size: int, page_token: str, *, method: str, pattern: str) -> tuple[Page[ListedPermission], str]:
        """A page of the permissions in order of name, and the token of the next one."""
        with self._transactions.reading() as work:
            query = (str(work.tenant_id), "permissions", method, pattern)
            key = self._page_tokens.read(query, page_token)
        granted = PermissionSet(frozenset({pattern or "*"}))
        after = "" if key is None else key[0]
        found = [
            listed
            for listed in self._listed
            if listed.permission.name > after
            and granted.allows(listed.permission.name)
            and (not method or any(use.path == method for use in listed.permission.uses))
        ]
        limit = page_size or DEFAULT_PAGE_SIZE
        next_key = (found[limit - 1].permission.name,) if len(found) > limit else None
        return Page(found[:limit], next_key), "" if next_key is None else self._page_tokens.write(query, next_key)
