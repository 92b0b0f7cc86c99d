from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from function_backend.filters.conditions import Condition, Operator, Pattern
from function_backend.filters.grammar import MAX_WORDS
from function_backend.filters.language import MAX_CONDITIONS, MAX_DEPTH
from function_backend.filters.problem import FilterProblem
from function_backend.services.company.domain.filters.resolve import read_filter
from tests.factories.company import a_company, a_state
from tests.services.company.filter_oracle import holds

_PIECES = st.sampled_from(
    [
        *["(", ")", " ", "AND", "OR", "NOT", "-", "=", "!=", "<", ">=", ":", "*", '"', "'", "\\", ".", ","],
        *["status", "labels", "labels.tier", "legal_name", "identifiers.lei", "identifier(", "ACTIVE", "2020-01-01"],
    ]
)


def condition(text: str) -> Condition:
    found = read_filter(text)
    assert isinstance(found, Condition)
    return found


def problem(text: str) -> FilterProblem:
    with pytest.raises(FilterProblem) as raised:
        read_filter(text)
    return raised.value


class TestConditions:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ('jurisdiction = "US-DE"', ("jurisdiction", "", "=", "US-DE")),
            ("jurisdiction = US-*", ("jurisdiction", "", "=", Pattern(("US-", "")))),
            ("status != COMPANY_STATUS_ACTIVE", ("status", "", "!=", "ACTIVE")),
            ("legal_name:acme", ("legal_name", "", ":", Pattern(("", "acme", "")))),
            ('legal_name = "a*b\\*c"', ("legal_name", "", "=", Pattern(("a", "b*c")))),
            ("legal_name = 'it\\'s'", ("legal_name", "", "=", "it's")),
            ("incorporation_date >= 2020-01-31", ("incorporation_date", "", ">=", date(2020, 1, 31))),
            ("create_time < 2020-01-31", ("create_time", "", "<", datetime(2020, 1, 31, tzinfo=UTC))),
            (
                'create_time < "2020-01-31T01:00:00+01:00"',
                ("create_time", "", "<", datetime(2020, 1, 31, tzinfo=UTC)),
            ),
            ("delete_time:*", ("delete_time", "", ":*", None)),
            ("country = de", ("country", "", "=", "DE")),
            ("country:DE", ("country", "", "=", "DE")),
            ("identifiers.us-cik = 320193", ("identifiers", "us-cik", "=", "0000320193")),
            ('identifier("us-cik", 320193)', ("identifiers", "us-cik", "=", "0000320193")),
            ("identifiers:lei", ("identifiers", "lei", ":*", None)),
            ("industries = 'sic:3720'", ("industries", "", "=", "sic:3720")),
            ("industries.sic = 37*", ("industries", "sic", "=", Pattern(("sic:37", "")))),
            ("industries.nace = 62.01", ("industries", "nace", "=", "nace:62.01")),
            ("labels.tier = gold", ("labels", "tier", "=", "gold")),
            ('labels."team/region" != x', ("labels", "team/region", "!=", "x")),
            ("labels.a.b:*", ("labels", "a.b", ":*", None)),
            ("labels:tier", ("labels", "tier", ":*", None)),
            ("legal_form.code = 2HBR", ("legal_form.code", "", "=", "2HBR")),
        ],
    )
    def test_fields_are_looked_up_and_values_typed(self, text: str, expected: tuple[Any, ...]) -> None:
        assert condition(text) == (*expected[:2], Operator(expected[2]), expected[3])

    @pytest.mark.parametrize("text", ["", "  ", "\n"])
    def test_an_empty_filter_asks_for_nothing(self, text: str) -> None:
        assert read_filter(text) is None


class TestJunctions:
    @pytest.mark.parametrize(
        ("text", "same_as"),
        [
            ("country=DE status=ACTIVE", "country=DE AND status=ACTIVE"),
            ("country=DE AND country=FR OR country=IT", "country=DE AND (country=FR OR country=IT)"),
            ("country=DE OR country=FR country=IT", "(country=DE OR country=FR) AND country=IT"),
            ("-country=DE", "NOT country=DE"),
            ("((country=DE))", "country=DE"),
        ],
    )
    def test_they_bind_as_aip_160_says(self, text: str, same_as: str) -> None:
        assert read_filter(text) == read_filter(same_as)

    def test_not_turns_a_comparison_with_nothing_true(self) -> None:
        company = a_company(a_state())
        predicate = read_filter("NOT labels.tier = gold")
        assert predicate is not None
        assert holds(predicate, company)


class TestProblems:
    @pytest.mark.parametrize(
        ("text", "position", "field", "said"),
        [
            ("statsu = ACTIVE", 1, "statsu", "unknown field 'statsu' at column 1; did you mean 'status'?"),
            ("status = ACTIVE AND qqq = 1", 21, "qqq", "there are id, legal_name"),
            ("status = RUNNING", 10, "status", "'RUNNING' is not a status; one of UNSPECIFIED, ACTIVE"),
            ("status > ACTIVE", 10, "status", "'status' cannot be compared by '>' at column 10, only by != ="),
            ("country != DE", 12, "country", "cannot be compared by '!='"),
            ("incorporation_date = soon", 22, "incorporation_date", "is not a date such as 2024-12-31"),
            ("create_time = soon", 15, "create_time", "is not a time such as"),
            ('create_time = "0001-01-01T00:00:00+09:00"', 15, "create_time", "is not a time such as"),
            ("identifiers.lei = 123", 19, "identifiers", "is not an LEI"),
            ("identifiers.lie = 123", 19, "identifiers", "of the scheme 'lie', which is not known"),
            ("identifiers:lie", 13, "identifiers", "which is not known"),
            ("id = 7", 6, "id", "is not the id of a company"),
            ("industries = 3720", 14, "industries", "must be scheme and code"),
            ("labels = x", 1, "labels", "needs a key, as in labels.tier"),
            ("legal_name", 1, "legal_name", "is compared with nothing at column 1; write legal_name:*"),
            ("legal_name.x = 1", 1, "legal_name.x", "unknown field"),
            ("lookup(1)", 1, "", "unknown function 'lookup' at column 1"),
            ("identifier(lei)", 1, "", "takes two arguments"),
            ("status = ", 10, "", "ends where something is missing"),
            ("status = 'x", 10, "", "the string that begins with ' does not end"),
            ("status = ACTIVE)", 16, "", "unexpected ')'"),
            ("create_time > 2020-01-01T00:00:00Z", 28, "", "put a value with such characters in quotes"),
        ],
    )
    def test_each_says_where_it_is_and_what_to_do(self, text: str, position: int, field: str, said: str) -> None:
        found = problem(text)
        assert (found.position, found.field) == (position, field)
        assert said in str(found)

    def test_too_many_conditions_are_refused(self) -> None:
        assert "more than 64 conditions" in str(problem(" ".join(["status=ACTIVE"] * (MAX_CONDITIONS + 1))))

    def test_too_many_words_are_refused_before_they_are_read(self) -> None:
        assert f"more than {MAX_WORDS} words" in str(problem("(" * 2000 + "status=ACTIVE" + ")" * 2000))

    def test_too_deep_nesting_is_refused(self) -> None:
        depth = MAX_DEPTH + 1
        assert "nested more than" in str(problem("NOT (" * depth + "status=ACTIVE" + ")" * depth))


class TestHostileText:
    @settings(deadline=None, max_examples=400)
    @given(st.text(max_size=80) | st.lists(_PIECES, max_size=30).map("".join) | st.lists(_PIECES).map(" ".join))
    def test_it_is_read_or_refused_with_a_position_and_never_crashes(self, text: str) -> None:
        try:
            read_filter(text)
        except FilterProblem as found:
            position = found.position
        else:
            position = 1
        assert 1 <= position <= len(text) + 1
