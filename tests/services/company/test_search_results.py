"""What may be a result, by what else one is found, and how results are paged."""

from __future__ import annotations

import pytest

from bench.names import MadeName
from bench.search import fill
from function_backend.events.recording import EventRecorder
from function_backend.kernel.pagination import InvalidPageTokenError
from function_backend.persistence.unit_of_work import Transactions
from function_backend.services.company.domain.addresses import Address, AddressKind
from function_backend.services.company.domain.company import CompanyState, CompanyStatus
from function_backend.services.company.domain.identifiers import Identifier
from function_backend.services.company.domain.industries import Industry
from function_backend.services.company.domain.names import LegalForm, NameKind
from function_backend.services.company.repository.search import SearchFilters
from function_backend.services.company.slice import EVENT_PAYLOADS
from tests.factories.auth import calling
from tests.factories.directory import Directory, Found, trading_as


@pytest.fixture
def directory(transactions: Transactions, recorder: EventRecorder) -> Directory:
    """The companies of a tenant that has none yet."""
    recorder.learn(EVENT_PAYLOADS)
    return Directory(transactions)


class TestNames:
    def test_former_and_trading_names_find_the_company_and_are_named_as_written(self, directory: Directory) -> None:
        names = [
            *trading_as("FACEBOOK, Inc.", kind=NameKind.PREVIOUS),
            *trading_as("Социальная сеть", kind=NameKind.TRANSLITERATED),
        ]
        directory.add_company(CompanyState("Meta Platforms, Inc.", names=tuple(names)))
        assert [found[:3] for found in directory.search("facebook")] == [("Meta Platforms, Inc.", "FACEBOOK, Inc.", 1)]
        assert directory.search("социальная сеть")[0].matched == "Социальная сеть"
        assert directory.search("meta platforms")[0].matched == "Meta Platforms, Inc."

    def test_a_renamed_company_is_found_by_its_new_name_only(self, directory: Directory) -> None:
        company_id = directory.add_company(CompanyState("Blue Bird Motors Ltd"))
        directory.change(company_id, CompanyState("Red Robin Carriages Ltd"), "legal_name")
        assert directory.names("blue bird motors") == []
        assert directory.names("red robin carriages") == ["Red Robin Carriages Ltd"]

    def test_a_change_of_something_else_leaves_it_findable(self, directory: Directory) -> None:
        company_id = directory.add_company(CompanyState("Blue Bird Motors Ltd"))
        directory.change(company_id, CompanyState("", labels={"tier": "gold"}), "labels")
        assert directory.names("blue bird motors") == ["Blue Bird Motors Ltd"]

    def test_a_deleted_company_is_not_found_until_it_is_undeleted(self, directory: Directory) -> None:
        company_id = directory.add_company(CompanyState("Blue Bird Motors Ltd"))
        directory.delete(company_id)
        assert directory.names("blue bird motors") == []
        directory.undelete(company_id)
        assert directory.names("blue bird motors") == ["Blue Bird Motors Ltd"]

    def test_the_legal_form_of_the_record_counts_where_the_name_has_none(self, directory: Directory) -> None:
        directory.add_company(CompanyState("Blue Bird", legal_form=LegalForm(text="Ltd.")))
        directory.add_company(CompanyState("Blue Bird", legal_form=LegalForm(text="GmbH")))
        first, second = directory.search("blue bird gmbh")
        assert first.score == 1.0 > second.score


class TestIdentifiers:
    @pytest.mark.parametrize("query", ["0000320193", "320193", " 320193 "])
    def test_a_company_is_found_first_by_an_identifier_in_whatever_form(self, directory: Directory, query: str) -> None:
        directory.add("320193 Holdings Ltd")
        directory.add_company(CompanyState("Apple Inc.", identifiers=(Identifier("us-cik", "0000320193"),)))
        first, *others = directory.search(query)
        assert first[:3] == ("Apple Inc.", "0000320193", 1.0)
        assert all(found.score <= 1.0 for found in others)

    def test_values_of_other_schemes_are_found_too(self, directory: Directory) -> None:
        identifiers = (Identifier("lei", "HWUPKR0MPOU8FGXBT394"), Identifier("x-ticker", "AAPL"))
        directory.add_company(CompanyState("Apple Inc.", identifiers=identifiers))
        assert directory.search("hwupkr0mpou8fgxbt394")[0].matched == "HWUPKR0MPOU8FGXBT394"
        assert directory.search("AAPL")[0].matched == "AAPL"

    def test_filters_hold_for_identifiers_as_well(self, directory: Directory) -> None:
        directory.add_company(
            CompanyState("Apple Inc.", jurisdiction="US-CA", identifiers=(Identifier("us-cik", "0000320193"),))
        )
        assert directory.names("320193", SearchFilters(countries=["US"])) == ["Apple Inc."]
        assert directory.names("320193", SearchFilters(countries=["DE"])) == []

    def test_the_identifier_of_a_deleted_company_finds_nothing(self, directory: Directory) -> None:
        state = CompanyState("Apple Inc.", identifiers=(Identifier("us-cik", "0000320193"),))
        directory.delete(directory.add_company(state))
        assert directory.names("320193") == []


class TestFilters:
    @pytest.fixture
    def trading(self, directory: Directory) -> Directory:
        directory.add_company(
            CompanyState(
                "Global Trading GmbH",
                jurisdiction="DE",
                status=CompanyStatus.ACTIVE,
                industries=(Industry("sic", "3720"), Industry("nace", "30.30")),
                addresses=(Address(AddressKind.REGISTERED, "AT"),),
            )
        )
        directory.add_company(CompanyState("Global Trading Ltd", jurisdiction="GB", status=CompanyStatus.DISSOLVED))
        directory.add_company(CompanyState("Global Trading SA"))
        return directory

    @pytest.mark.parametrize(
        ("filters", "forms"),
        [
            (SearchFilters(), {"GmbH", "Ltd", "SA"}),
            (SearchFilters(countries=["DE"]), {"GmbH"}),
            (SearchFilters(countries=["AT"]), {"GmbH"}),
            (SearchFilters(countries=["FR", "GB"]), {"Ltd"}),
            (SearchFilters(statuses=["DISSOLVED"]), {"Ltd"}),
            (SearchFilters(statuses=["ACTIVE", "UNSPECIFIED"]), {"GmbH", "SA"}),
            (SearchFilters(industries=["sic:3720"]), {"GmbH"}),
            (SearchFilters(industries=["sic:30.30"]), set()),
            (SearchFilters(countries=["DE"], statuses=["DISSOLVED"]), set()),
        ],
    )
    def test_only_companies_that_pass_all_filters_are_results(
        self, trading: Directory, filters: SearchFilters, forms: set[str]
    ) -> None:
        assert {name.rpartition(" ")[2] for name in trading.names("global trading", filters)} == forms

    def test_a_change_of_what_is_filtered_by_counts(self, trading: Directory) -> None:
        company_id = trading.add_company(CompanyState("Global Trading AG", status=CompanyStatus.ACTIVE))
        trading.change(company_id, CompanyState("", status=CompanyStatus.DISSOLVED), "status")
        dissolved = trading.names("global trading ag", SearchFilters(statuses=["DISSOLVED"]))
        assert dissolved[0] == "Global Trading AG"


class TestPages:
    @pytest.fixture
    def full(self, directory: Directory) -> Directory:
        directory.add(*[f"Global Trading {word} Ltd" for word in _WORDS], "Global Trading Ltd")
        return directory

    def _pages(self, directory: Directory, query: str, *, size: int) -> list[list[Found]]:
        pages: list[list[Found]] = []
        token = ""
        while True:
            found, token = directory.search_page(query, size=size, token=token)
            pages.append(found)
            if not token:
                return pages

    def test_pages_put_together_are_the_whole_in_order(self, full: Directory) -> None:
        whole = full.search("globl trading", size=100)
        assert len(whole) == len(_WORDS) + 1
        pages = self._pages(full, "globl trading", size=7)
        assert [len(page) for page in pages] == [7, 7, 7]
        assert [found for page in pages for found in page] == whole

    def test_what_was_added_before_the_page_does_not_shift_it(self, full: Directory) -> None:
        first, token = full.search_page("global trading", size=5, token="")
        second, _ = full.search_page("global trading", size=5, token=token)
        full.add("Global Trading GmbH")
        again, _ = full.search_page("global trading", size=5, token=token)
        assert again == second
        assert {found.id for found in first}.isdisjoint(found.id for found in again)

    def test_a_token_of_another_query_or_filter_is_refused(self, full: Directory) -> None:
        _, token = full.search_page("global trading", size=5, token="")
        with pytest.raises(InvalidPageTokenError):
            full.search_page("global tradings", size=5, token=token)
        with pytest.raises(InvalidPageTokenError):
            full.search_page("global trading", SearchFilters(countries=["DE"]), size=5, token=token)

    def test_a_search_ends_after_a_thousand_results_and_still_begins_with_the_best(
        self, directory: Directory, transactions: Transactions
    ) -> None:
        crowd = [MadeName(f"Global Trading {number}", "DE") for number in range(1500)]
        with calling(directory.principal):
            fill(transactions, [*crowd, MadeName("Global Trading", "DE")])
        pages = self._pages(directory, "global trading", size=100)
        assert [len(page) for page in pages] == [100] * 10
        assert len({found.id for page in pages for found in page}) == 1000
        assert pages[0][0].matched == "Global Trading"

    def test_equal_scores_are_ordered_by_id(self, full: Directory) -> None:
        found = full.search("global trading", size=100)
        keys = [(-each.score, each.id) for each in found]
        assert keys == sorted(keys)


_WORDS = (
    *("Alpha", "Bravo", "Charlie", "Delta", "Echo", "Foxtrot", "Golf", "Hotel", "India", "Juliett"),
    *("Kilo", "Lima", "Mike", "November", "Oscar", "Papa", "Quebec", "Romeo", "Sierra", "Tango"),
)
