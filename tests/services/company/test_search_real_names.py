"""How well real names are found when they are mistyped. Times are measured elsewhere, by `make bench`."""

from __future__ import annotations

import pytest

from bench.names import MadeName
from bench.search import as_tenant, asking, fill, measure
from bench.typing_errors import typed_queries
from function_backend.kernel.identifiers import new_id
from function_backend.persistence.unit_of_work import Transactions
from tests.factories.sample_data import sample_rows

_WELL_KNOWN = {
    "micorsoft": "MICROSOFT CORP",
    "aplle inc": "APPLE INC",
    "exonn mobil": "EXXON MOBIL CORP",
    "jonson & jonson": "JOHNSON & JOHNSON",
    "berkshire hathway": "BERKSHIRE HATHAWAY INC",
    "proctor and gambel": "PROCTER & GAMBLE CO",
    "genral electirc": "GENERAL ELECTRIC CO",
}


@pytest.fixture
def registrants() -> list[str]:
    """Names of companies that file with the US SEC."""
    rows = sample_rows("sec_companies_2021q1.csv.gz")
    return list(dict.fromkeys(" ".join(row["name"].split()) for row in rows))


class TestRealNames:
    def test_nearly_all_are_among_the_first_ten_with_one_or_two_typing_errors(
        self, transactions: Transactions, registrants: list[str]
    ) -> None:
        queries = typed_queries(registrants, 300)
        with as_tenant(new_id()):
            fill(transactions, [MadeName(name, "US") for name in registrants])
            figures = measure(asking(transactions), queries)
        assert figures.recall_at_10 >= 0.95, figures.misses
        assert figures.first >= 0.9

    def test_well_known_ones_come_first(self, transactions: Transactions, registrants: list[str]) -> None:
        assert set(_WELL_KNOWN.values()) <= set(registrants)
        with as_tenant(new_id()):
            fill(transactions, [MadeName(name, "US") for name in registrants])
            ask = asking(transactions)
            assert {typed: ask(typed)[0] for typed in _WELL_KNOWN} == _WELL_KNOWN
