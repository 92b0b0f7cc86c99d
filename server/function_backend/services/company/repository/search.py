"""Searching: dictionary, candidates, ranking. At most five short statements, each bounded, whatever is asked.

Both functions asked here look past row-level security, under a tenant that they take from the transaction; what they
return, ids and folded names, is read again under row-level security before anybody sees it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from function_backend.kernel.pagination import Page
from function_backend.persistence import arrays
from function_backend.services.company.domain.scope import CompanyScope
from function_backend.services.company.domain.search.numbers import identifier_values
from function_backend.services.company.domain.search.query import Meanings, SearchQuery, whole_names
from function_backend.services.company.domain.search.ranking import Rank, Ranking
from function_backend.services.company.domain.search.typos import asked_numbers, number_of
from function_backend.services.company.repository.page_bytes import fitting
from function_backend.services.company.repository.records import Document
from function_backend.services.company.repository.scope_sql import labels_as_text, parameters
from function_backend.services.company.repository.search_index import WHOLE_NAME, as_array, tenant_seed
from function_backend.services.company.repository.search_sql import (
    DOCUMENTS,
    DOCUMENTS_WITHIN,
    LOOK_UP,
    LOOK_UP_WITHIN,
    NAMES,
    NAMES_WITHIN,
    UNION,
)

if TYPE_CHECKING:
    from function_backend.persistence.unit_of_work import UnitOfWork

MOST_RESULTS = 1000

_MOST_WORDS_PER_BEGINNING = 24
_MOST_IDENTIFIED = 100
_MOST_WHOLE = 300
_MOST_WITH_SOME = 300
# Results below are names that share a common word with the query and nothing else.
_LEAST_SCORE = 0.4
# With so good a result, or so many good ones, nobody misses names that lack one of the words.
_EXCELLENT = 0.85
_ENOUGH = 10
_GOOD = 0.6
# Pairs of words more frequent than this are slow to look for, ...
_FREQUENT = 10_000
# ... and only words that are this rare are looked for alone.
_RARE = 2000
_TELLING_WORDS = 4
_INDEXED_WORDS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchFilters:
    """Which companies may be results; an empty filter lets all pass."""

    statuses: Sequence[str] = ()
    countries: Sequence[str] = ()
    industries: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Hit:
    """One company that was found."""

    company_id: UUID
    score: float
    matched: str
    """The name or identifier that fitted, as it is written."""
    document: Document


class _Result(NamedTuple):
    """A result before it is read; the order of these is the order of results."""

    minus_score: float
    company_id: str
    name: int
    identifier: str


_IDENTIFIED = -2.0
"""Puts what was found by an identifier before every name."""


class SearchRepository:
    """Finds companies by name or identifier."""

    def __init__(self, work: UnitOfWork, *, within: CompanyScope | None = None) -> None:
        """`within` holds the companies that may be results; None lets all be."""
        self._work = work
        self._seed = tenant_seed(work.tenant_id)
        self._within = within

    def find(self, text: str, filters: SearchFilters, *, after: tuple[str, ...] | None, limit: int) -> Page[Hit]:
        """Up to `limit` results behind the key `after`, best first; fewer when the companies are large.

        A search ends after 1,000 of them.
        """
        query = SearchQuery(text)
        results, frequencies = self._look_up(text, query, filters)
        identified = {result.company_id for result in results}
        ranked = self._ranked(query, frequencies, filters)
        results += [result for result in ranked if result.company_id not in identified]
        del results[MOST_RESULTS:]
        if after is not None:
            last = (float(after[0]), after[1])
            results = [result for result in results if result[:2] > last]
        page = results[:limit]
        hits = self._read(page)
        kept = fitting(len(hit.document.content) for hit in hits)
        if kept < len(hits):
            # Large companies: the page ends before the first that has no room.
            last_id = str(hits[kept - 1].company_id)
            page = page[: 1 + next(n for n, result in enumerate(page) if result.company_id == last_id)]
            hits = hits[:kept]
        more = len(results) > len(page)
        return Page(hits, (repr(page[-1].minus_score), page[-1].company_id) if more else None)

    def _look_up(self, text: str, query: SearchQuery, filters: SearchFilters) -> tuple[list[_Result], dict[str, int]]:
        numbers = {number for word in query.words for number in asked_numbers(word, seed=self._seed)}
        within = self._within
        visible = {} if within is None else {"visible_ids": list(within.ids), "visible_labels": labels_as_text(within)}
        rows = self._work.driver.execute(
            LOOK_UP if within is None else LOOK_UP_WITHIN,
            {
                **visible,
                "tenant": self._work.tenant_id,
                "numbers": as_array(numbers),
                "beginnings": query.beginnings,
                "most": _MOST_WORDS_PER_BEGINNING,
                "values": identifier_values(text),
                "statuses": filters.statuses or None,
                "countries": filters.countries or None,
                "industries": filters.industries or None,
                "most_identified": _MOST_IDENTIFIED,
            },
        )
        results: list[_Result] = []
        frequencies: dict[str, int] = {}
        for company_id, found, frequency in rows:
            if company_id is None:
                frequencies[found] = frequency
            else:
                results.append(_Result(_IDENTIFIED, company_id, 0, found))
        return sorted(results), frequencies

    def _ranked(self, query: SearchQuery, frequencies: dict[str, int], filters: SearchFilters) -> list[_Result]:
        meanings = query.meanings(frequencies)
        ranking = Ranking(query.readings, meanings)
        candidates = _Candidates(self._work, self._seed, filters, ranking, within=self._within)
        readings = [[meanings[word] for word in dict.fromkeys(terms.words)] for terms in query.readings]
        candidates.add_all_words(
            readings, [whole_names([meanings[w] for w in terms.words]) for terms in query.readings]
        )
        if not candidates.suffice():
            candidates.add_some_words(readings)
        return candidates.results()

    def _read(self, page: Sequence[_Result]) -> list[Hit]:
        if not page:
            return []
        ids = [UUID(result.company_id) for result in page]
        # Once more: the labels of one may have changed since it was found.
        within = self._within
        rows = self._work.driver.execute(
            DOCUMENTS if within is None else DOCUMENTS_WITHIN,
            {
                **({} if within is None else parameters(within)),
                "found": arrays.uuids(ids),
                "names": arrays.integers([result.name for result in page]),
                "tenant": self._work.tenant_id,
            },
            binary=True,
        )
        hits: list[Hit] = []
        for position, version, content, name in rows:
            result = page[position - 1]
            score = 1.0 if result.identifier else -result.minus_score
            hits.append(Hit(ids[position - 1], score, result.identifier or name, Document(version, content)))
        return hits


class _Candidates:
    """Names that may answer a query, collected from the index and scored as they come."""

    def __init__(
        self,
        work: UnitOfWork,
        seed: int,
        filters: SearchFilters,
        ranking: Ranking,
        *,
        within: CompanyScope | None,
    ) -> None:
        self._work = work
        self._names = NAMES if within is None else NAMES_WITHIN
        self._visible = [] if within is None else [list(within.ids), labels_as_text(within)]
        self._seed = seed
        self._filters = (filters.statuses or None, filters.countries or None, filters.industries or None)
        self._ranking = ranking
        self._ranks: dict[str, Rank] = {}

    def add_all_words(self, readings: Sequence[Sequence[Meanings]], whole: Sequence[Sequence[str]]) -> None:
        """Names with all the words of a reading, in whatever meaning.

        The rarest words find, ranking sees to the others. Names that consist of just these words are asked for as well:
        among thousands with the same common words they are the best.
        """
        asks = [_Ask([[WHOLE_NAME + name for name in names]], _MOST_WHOLE) for names in whole]
        rarest = [sorted(words, key=lambda item: item.names)[:_INDEXED_WORDS] for words in map(_known, readings)]
        asks += [_Ask([item.words for item in words], MOST_RESULTS) for words in rarest if words]
        if MOST_RESULTS in self._add(asks):
            # Too many to see all of them: at least see those with the words as they were typed.
            self._add([_Ask([[item.asked.text] for item in words], MOST_RESULTS) for words in rarest if words])

    def add_some_words(self, readings: Sequence[Sequence[Meanings]]) -> None:
        """Names with two of the telling words, or with one that is rare and tells enough of the query by itself."""
        asks: list[_Ask] = []
        for words in readings:
            enough = sum(item.weight for item in words) * _LEAST_SCORE
            telling = sorted(_known(words), key=lambda item: -item.weight)[:_TELLING_WORDS]
            pairs = sorted(combinations(telling, 2), key=lambda pair: min(item.names for item in pair))
            # One pair is asked for in any case: of common words only, it still finds some that are good.
            pairs = [pair for pair in pairs if min(item.names for item in pair) <= _FREQUENT] or pairs[:1]
            singles = [(item,) for item in telling if item.names <= _RARE and item.weight >= enough]
            asks += [
                _Ask([item.words for item in some], _MOST_WITH_SOME)
                for some in (*pairs, *singles)
                if len(some) < len(words)
            ]
        self._add(asks)

    def suffice(self) -> bool:
        """Whether there are so many good ones, or so good a one, that nobody misses names that lack a word."""
        scores = [rank.score for rank in self._ranks.values()]
        return max(scores, default=0.0) >= _EXCELLENT or sum(score >= _GOOD for score in scores) >= _ENOUGH

    def results(self) -> list[_Result]:
        """All that are good enough to be results, best first, then by id."""
        return sorted(
            _Result(-rank.score, company_id, rank.name, "")
            for company_id, rank in self._ranks.items()
            if rank.score >= _LEAST_SCORE
        )

    def _add(self, asks: Sequence[_Ask]) -> list[int]:
        """Asks for all of them in one statement; returns how many names each found."""
        counts = [0] * len(asks)
        if not asks:
            return counts
        parameters: list[object] = []
        for number, ask in enumerate(asks):
            groups = [as_array(number_of(word, seed=self._seed) for word in words) for words in ask.one_of_each]
            parameters += [number, *[*groups, None, None][:_INDEXED_WORDS], *self._filters, ask.at_most, *self._visible]
        ranks, rank = self._ranks, self._ranking.rank
        for number, company_id, names in self._work.driver.execute(UNION.join([self._names] * len(asks)), parameters):
            counts[number] += 1
            if company_id not in ranks:
                ranks[company_id] = rank(names)
        return counts


class _Ask(NamedTuple):
    """For names that have one word of each group."""

    one_of_each: Sequence[Sequence[str]]
    at_most: int


def _known(words: Sequence[Meanings]) -> list[Meanings]:
    return [item for item in words if item.words]
