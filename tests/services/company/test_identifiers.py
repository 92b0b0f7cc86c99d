from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum import lei as stdnum_lei
from stdnum.exceptions import ValidationError
from stdnum.us import ein as stdnum_ein

from function_backend.services.company.domain.checks import Checks
from function_backend.services.company.domain.identifiers import (
    Identifier,
    check_identifier,
    check_identifiers,
    find_scheme,
    identifier_key,
)
from function_backend.services.company.domain.schemes import own_checks
from function_backend.services.company.domain.schemes.catalogue import CATALOGUE
from function_backend.services.company.domain.schemes.scheme import InvalidNumberError, Scheme, Uniqueness
from tests.factories.company import lei

_ISSUERS = {"ra": "RA000585", "us-state": "DE"}
_SCHEMES = [pytest.param(scheme, id=scheme.name) for scheme in CATALOGUE.values()]


def checked(scheme: str, value: str, **fields: str) -> Identifier:
    checks = Checks()
    identifier = check_identifier(checks, "identifiers[0]", Identifier(scheme, value, **fields))  # type: ignore[arg-type]
    checks.complete()
    return identifier


def fault(scheme: str, value: str, **fields: str) -> tuple[str, str]:
    checks = Checks()
    check_identifier(checks, "identifiers[0]", Identifier(scheme, value, **fields))  # type: ignore[arg-type]
    (violation,) = checks.violations
    return violation.field.removeprefix("company.identifiers[0]."), violation.description


class TestCatalogue:
    @pytest.mark.parametrize("scheme", _SCHEMES)
    def test_the_example_is_valid_and_in_normal_form(self, scheme: Scheme) -> None:
        assert scheme.normalise(scheme.example) == scheme.example

    @pytest.mark.parametrize("scheme", _SCHEMES)
    @settings(deadline=None, max_examples=25)
    @given(st.text(max_size=30) | st.from_regex(r"[0-9A-Z .\-/²٣３]{1,20}", fullmatch=True))
    def test_whatever_the_value_is_the_check_answers_and_what_it_accepts_is_normal(
        self, scheme: Scheme, value: str
    ) -> None:
        try:
            normal = scheme.normalise(value)
        except InvalidNumberError:
            return
        assert scheme.normalise(normal) == normal
        assert scheme.name == "ra" or normal.replace("Ö", "O").isascii()

    @pytest.mark.parametrize("scheme", _SCHEMES)
    def test_the_name_begins_with_the_country_of_the_scheme(self, scheme: Scheme) -> None:
        assert re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", scheme.name)
        assert not scheme.country or scheme.name.startswith(f"{scheme.country.lower()}-")
        assert (scheme.unique is Uniqueness.ISSUER) <= (scheme.issuer_key is not None)

    def test_the_page_lists_each_as_it_is(self) -> None:
        page = (Path(__file__).parents[3] / "docs" / "identifiers.md").read_text(encoding="utf-8")
        listed = [line for line in page.splitlines() if line.startswith("| `")]
        assert sorted(listed) == sorted(
            f"| `{scheme.name}` | {scheme.title} | `{scheme.example}` | {scheme.unique.value} |"
            for scheme in CATALOGUE.values()
        )


class TestValues:
    @pytest.mark.parametrize(
        ("scheme", "value", "normal"),
        [
            ("lei", "5299 00t8 bm49 aurs do55", "529900T8BM49AURSDO55"),
            ("us-cik", "320193", "0000320193"),
            ("us-ein", "94-2404110", "942404110"),
            ("gb-crn", "445790", "00445790"),
            ("gb-crn", "sc 123456", "SC123456"),
            ("duns", "15-048-3782", "150483782"),
            ("cz-ico", "25123891", "25123891"),
            ("sk-ico", "31333532", "31333532"),
            ("at-fn", "FN 122119m", "122119M"),
            ("nl-kvk", "3301 1433", "33011433"),
            ("pl-krs", "28860", "0000028860"),
            ("fr-siret", "732 829 320 00074", "73282932000074"),
            ("us-ein", "９４-2404110", "942404110"),
        ],
    )
    def test_they_are_kept_in_one_form(self, scheme: str, value: str, normal: str) -> None:
        assert checked(scheme, value).value == normal

    @pytest.mark.parametrize(
        ("scheme", "value", "said"),
        [
            ("lei", "529900T8BM49AURSDO54", "is not an LEI: the check digits do not fit"),
            ("lei", "529900T8BM49AURSDO5", "it must have 18 letters or digits and two check digits"),
            ("us-ein", "07-1144442", "the prefix 07 is not in use"),
            ("us-cik", "0", "is not an SEC central index key"),
            ("eu-vat", "DE136695977", "is not a VAT number of the EU: the check digits do not fit"),
            ("eu-vat", "US123456789", "a part of it is not in use"),
            ("fr-siren", "404833049", "the check digits do not fit"),
            ("br-cnpj", "1", "wrong length"),
            ("cz-ico", "25123892", "the check digit does not fit"),
            ("gln", "4012345000008", "the check digit does not fit"),
            ("gln", "1", "must have 13 digits"),
            ("nz-nzbn", "4012345000009", "must begin with 94"),
            ("gb-crn", "123456789", "Companies House"),
            ("at-fn", "FN", "Firmenbuchnummer"),
            ("us-cik", "٣٣", "does not have the form"),
        ],
    )
    def test_what_is_wrong_with_one_is_said(self, scheme: str, value: str, said: str) -> None:
        path, description = fault(scheme, value)
        assert path == "value"
        assert said in description

    def test_a_vat_number_gets_the_prefix_of_its_country(self) -> None:
        assert checked("eu-vat", "136695976", country="DE").value == "DE136695976"
        assert checked("eu-vat", "094259216", country="GR").value == "EL094259216"
        assert checked("eu-vat", "DE136695976").value == "DE136695976"

    def test_a_country_that_contradicts_the_value_is_refused(self) -> None:
        assert fault("us-cik", "1", country="DE") == ("country", "is DE, but this us-cik is one of US")
        assert fault("eu-vat", "DE136695976", country="AT")[0] in {"country", "value"}

    @settings(deadline=None)
    @given(st.integers(0, 10**14 - 1), st.integers(0, 99))
    def test_leis_are_judged_as_python_stdnum_judges_them(self, number: int, digits: int) -> None:
        for value in (lei(number), f"{lei(number)[:18]}{digits:02}"):
            try:
                accepted = own_checks.lei(value)
            except InvalidNumberError:
                with pytest.raises(ValidationError):
                    stdnum_lei.validate(value)
            else:
                assert stdnum_lei.validate(value) == accepted

    @pytest.mark.parametrize("prefix", range(100))
    def test_eins_are_judged_as_python_stdnum_judges_them(self, prefix: int) -> None:
        value = f"{prefix:02}1234567"
        try:
            assert own_checks.us_ein(value) == value
        except InvalidNumberError:
            assert not stdnum_ein.is_valid(value)
        else:
            assert stdnum_ein.is_valid(value)


class TestSchemes:
    def test_an_unknown_one_is_refused_with_the_nearest_known_ones(self) -> None:
        path, description = fault("us-eni", "1")
        assert path == "scheme"
        assert "did you mean 'us-ein'" in description
        assert "x-" in description

    def test_a_national_vat_scheme_of_the_eu_points_to_the_common_one(self) -> None:
        assert "'eu-vat'" in fault("de-vat", "1")[1]

    def test_one_that_resembles_none_points_to_the_list(self) -> None:
        assert "docs/identifiers.md" in fault("zzzzzzzz", "1")[1]

    def test_schemes_of_the_callers_own_take_any_text(self) -> None:
        assert checked("x-crm", "  A/1 b ").value == "A/1 b"
        assert find_scheme("x-") is None
        assert find_scheme("x-UPPER") is None

    def test_the_same_identifier_twice_is_refused(self) -> None:
        checks = Checks()
        check_identifiers(checks, "identifiers", [Identifier("us-cik", "1"), Identifier("us-cik", "0000000001")])
        (violation,) = checks.violations
        assert violation.field == "company.identifiers[1]"
        assert violation.description == "repeats identifiers[0]"


class TestIssuers:
    def test_a_german_register_number_needs_its_court(self) -> None:
        assert (
            fault("de-hrb", "12345")
            == (
                "issuer",
                "must name the register court, such as 'Amtsgericht München'",
            )
            or fault("de-hrb", "12345")[0] == "issuer"
        )
        assert fault("de-hrb", "12345", issuer="Nowhere")[0] == "issuer"

    def test_the_court_counts_by_its_name_however_it_is_written(self) -> None:
        keys = {
            identifier_key(checked("de-hrb", value, issuer=court))
            for value, court in (("HRB 12345", "Amtsgericht München"), ("12345", "AG munchen"), ("12345", "MÜNCHEN"))
        }
        assert {(key.value, key.scope, key.unique) for key in keys} == {("12345", "München", True)}

    @pytest.mark.parametrize(("scheme", "issuer"), _ISSUERS.items())
    def test_other_issuers_are_checked_by_their_scheme(self, scheme: str, issuer: str) -> None:
        value = CATALOGUE[scheme].example
        assert checked(scheme, value, issuer=issuer).issuer == issuer
        assert fault(scheme, value, issuer="somebody")[0] == "issuer"

    def test_values_that_companies_may_share_are_not_unique(self) -> None:
        assert not identifier_key(Identifier("us-ein", "942404110")).unique
        assert identifier_key(Identifier("lei", "529900T8BM49AURSDO55")).unique
