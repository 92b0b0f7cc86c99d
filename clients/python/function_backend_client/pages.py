"""Lists that come page by page, as one iterable."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """One page and the token of the next; the token is empty on the last one."""

    items: Sequence[Item]
    next_page_token: str

    def __iter__(self) -> Iterator[Item]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)


class Pager(Generic[Item]):
    """What a list method returns: iterate over it for items, over `pages()` for pages.

    Nothing is asked for before the iteration begins, and no page before its turn. Each iteration starts again.
    """

    def __init__(self, fetch: Callable[[str], Page[Item]], page_token: str = "") -> None:
        self._fetch = fetch
        self._page_token = page_token

    def __iter__(self) -> Iterator[Item]:
        for page in self.pages():
            yield from page.items

    def pages(self) -> Iterator[Page[Item]]:
        """The pages; at least one, which may be empty."""
        token = self._page_token
        while True:
            page = self._fetch(token)
            yield page
            token = page.next_page_token
            if not token:
                return

    def page(self) -> Page[Item]:
        """The first page alone, for callers that hand its token on."""
        return self._fetch(self._page_token)


class AsyncPager(Generic[Item]):
    """As `Pager`, with `async for`."""

    def __init__(self, fetch: Callable[[str], Awaitable[Page[Item]]], page_token: str = "") -> None:
        self._fetch = fetch
        self._page_token = page_token

    async def __aiter__(self) -> AsyncIterator[Item]:
        async for page in self.pages():
            for item in page.items:
                yield item

    async def pages(self) -> AsyncIterator[Page[Item]]:
        """The pages; at least one, which may be empty."""
        token = self._page_token
        while True:
            page = await self._fetch(token)
            yield page
            token = page.next_page_token
            if not token:
                return

    async def page(self) -> Page[Item]:
        """The first page alone, for callers that hand its token on."""
        return await self._fetch(self._page_token)
