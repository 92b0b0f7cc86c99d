"""Keeping the index: the dictionary, who waits for whom, and what a rollback leaves."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest

from function_backend.events.recording import EventRecorder
from function_backend.kernel.identifiers import new_id
from function_backend.kernel.identity import Principal
from function_backend.persistence.unit_of_work import Transactions, UnitOfWork
from function_backend.services.company.domain.search.entry import SearchEntry
from function_backend.services.company.domain.search.known_words import KnownWords
from function_backend.services.company.domain.search.terms import search_terms
from function_backend.services.company.repository.search_index import SearchIndex
from function_backend.services.company.slice import EVENT_PAYLOADS
from tests.factories.auth import a_principal, calling
from tests.factories.directory import Directory

_DICTIONARY = """
    select word, sum(frequency)::integer, count(*)::integer from company_search_word where tenant_id = %s
    group by word
"""


@pytest.fixture
def principal() -> Principal:
    return a_principal()


def _entries(*names: str) -> list[SearchEntry]:
    return [SearchEntry(new_id(), search_terms([name]), "ACTIVE", ["DE"], ["sic:3720"]) for name in names]


def _dictionary(work: UnitOfWork) -> dict[str, tuple[int, int]]:
    """Each word with its frequency and the number of its rows."""
    rows = work.driver.execute(_DICTIONARY, (work.tenant_id,)).fetchall()
    return {word: (frequency, count) for word, frequency, count in rows}


class TestDictionary:
    def test_each_new_word_is_added_once_with_the_number_of_its_names(
        self, transactions: Transactions, principal: Principal
    ) -> None:
        with calling(principal), transactions() as work:
            SearchIndex(work, KnownWords()).put(_entries("Acme Holdings", "Apex Holdings", "Holdings Holdings"))
            assert _dictionary(work) == {"acme": (1, 1), "apex": (1, 1), "holdings": (3, 1)}

    def test_frequencies_follow_roughly_and_are_written_rarely(
        self, transactions: Transactions, principal: Principal
    ) -> None:
        known = KnownWords()
        with calling(principal):
            for number in range(60):
                with transactions() as work:
                    SearchIndex(work, known).put(_entries(f"Acme {number}"))
            with transactions.reading() as work:
                frequency, rows = _dictionary(work)["acme"]
        assert rows == 1
        assert 45 <= frequency <= 60

    def test_a_word_that_was_rolled_back_is_added_again(self, transactions: Transactions, principal: Principal) -> None:
        known = KnownWords()
        with calling(principal):
            for _ in range(3):
                with transactions() as work:
                    SearchIndex(work, known).put(_entries("Acme"))
                    work.discard()
            with transactions() as work:
                SearchIndex(work, known).put(_entries("Acme"))
            with transactions.reading() as work:
                assert _dictionary(work) == {"acme": (1, 1)}

    def test_an_entry_is_replaced_and_can_be_removed(self, transactions: Transactions, principal: Principal) -> None:
        (entry,) = _entries("Acme")
        renamed = entry._replace(terms=search_terms(["Apex"]), countries=["GB", "FR"])
        with calling(principal), transactions() as work:
            index = SearchIndex(work, KnownWords())
            index.put([entry])
            index.put([renamed])
            query = "select names, countries, industries from company_search where tenant_id = %s"
            assert work.driver.execute(query, (work.tenant_id,)).fetchall() == [("apex", ["GB", "FR"], ["sic:3720"])]
            index.remove([entry.company_id, uuid4()])
            assert work.driver.execute(query, (work.tenant_id,)).fetchall() == []

    def test_nothing_to_do_asks_the_database_nothing(self, transactions: Transactions, principal: Principal) -> None:
        with calling(principal), transactions() as work:
            index = SearchIndex(work, KnownWords())
            index.put([])
            index.remove([])
            assert not work.has_begun


class TestConcurrentWriters:
    def test_two_transactions_that_add_the_same_words_do_not_wait_for_each_other(
        self, transactions: Transactions, principal: Principal
    ) -> None:
        with calling(principal, seconds=10), transactions() as first:
            SearchIndex(first, KnownWords()).put(_entries("Acme Holdings"))
            # Were it to wait, it would wait for us, and neither would end before the deadline.
            self._in_another_thread(transactions, principal, "Holdings Acme")
            SearchIndex(first, KnownWords()).put(_entries("Apex Holdings"))
        with calling(principal), transactions.reading() as work:
            assert _dictionary(work)["acme"] == (2, 2)

    def test_two_transactions_that_count_the_same_words_do_not_wait_for_each_other(
        self, transactions: Transactions, principal: Principal
    ) -> None:
        known = KnownWords()
        names = [f"Holdings {number}" for number in range(20)]
        with calling(principal, seconds=10):
            for _ in range(2):
                with transactions() as work:
                    SearchIndex(work, known).put(_entries("Holdings"))
            with transactions() as first:
                SearchIndex(first, known).put(_entries(*names))
                known.learn(principal.tenant_id, [("holdings", 8)])
                self._in_another_thread(transactions, principal, *names, known=known)
        with calling(principal), transactions.reading() as work:
            assert _dictionary(work)["holdings"][0] >= 20

    def test_a_word_that_two_added_is_found_and_counted_as_one(
        self, transactions: Transactions, recorder: EventRecorder, principal: Principal
    ) -> None:
        recorder.learn(EVENT_PAYLOADS)
        one, other = (Directory(transactions, principal=principal) for _ in range(2))
        with calling(principal, seconds=10), transactions() as first:
            SearchIndex(first, KnownWords()).put(_entries("Quillfeather"))
            with ThreadPoolExecutor(1) as pool:
                pool.submit(other.add, "Quillfeather Ltd").result(timeout=60)
        assert one.names("quilfeathr") == ["Quillfeather Ltd"]

    def _in_another_thread(
        self, transactions: Transactions, principal: Principal, *names: str, known: KnownWords | None = None
    ) -> None:
        def write() -> None:
            with calling(principal, seconds=5), transactions() as work:
                SearchIndex(work, known or KnownWords()).put(_entries(*names))

        with ThreadPoolExecutor(1) as pool:
            pool.submit(write).result(timeout=60)


class TestKnownWords:
    _TENANT = UUID(int=1)

    def _known(self, words: Sequence[str], *, limit: int = 100) -> KnownWords:
        known = KnownWords(limit)
        known.learn(self._TENANT, [(word, 1) for word in words])
        return known

    def test_words_are_unknown_until_they_were_learnt(self) -> None:
        known = KnownWords()
        for _ in range(2):
            assert known.see(self._TENANT, {"acme": 2}).unknown == {"acme": 2}
        known.learn(self._TENANT, [("acme", 2)])
        assert known.see(self._TENANT, {"acme": 2}) == ({}, {})

    def test_another_tenant_knows_nothing_of_them(self) -> None:
        assert self._known(["acme"]).see(UUID(int=2), {"acme": 1}).unknown == {"acme": 1}

    def test_growth_is_reported_when_it_is_worth_a_write(self) -> None:
        known = KnownWords()
        known.learn(self._TENANT, [("rare", 1), ("common", 8000)])
        grown = [known.see(self._TENANT, {"rare": 1, "common": 1}).grown for _ in range(1000)]
        assert {word for each in grown for word in each} == {"rare", "common"}
        assert sum(each.get("common", 0) for each in grown) == 1000
        assert sum(each.get("rare", 0) for each in grown) > 850
        assert sum(map(bool, grown)) < 60

    def test_words_not_seen_for_long_are_forgotten(self) -> None:
        known = self._known(["old"], limit=10)
        for number in range(20):
            known.learn(self._TENANT, [(f"word{number}", 1)])
        assert known.see(self._TENANT, {"old": 1, "word19": 1}).unknown == {"old": 1}

    def test_words_seen_again_stay(self) -> None:
        known = self._known(["stays"], limit=10)
        for number in range(50):
            known.learn(self._TENANT, [(f"word{number}", 1)])
            assert known.see(self._TENANT, {"stays": 1}).unknown == {}
