from __future__ import annotations

import math
import unicodedata
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from function_backend.kernel.errors import InvalidArgumentError
from function_backend.services.company.domain.addresses import Address, AddressKind
from function_backend.services.company.domain.attributes import MAX_BYTES
from function_backend.services.company.domain.checks import Checks
from function_backend.services.company.domain.company import MAX_IDENTIFIERS, CompanyState, checked_state, etag
from function_backend.services.company.domain.contacts import Contact, ContactKind
from function_backend.services.company.domain.dates import Period
from function_backend.services.company.domain.identifiers import Identifier
from function_backend.services.company.domain.industries import Industry
from function_backend.services.company.domain.names import LegalForm, OtherName
from tests.factories.company import a_company, a_state, states


def checked(**fields: Any) -> CompanyState:  # noqa: ANN401 - whatever a state takes
    checks = Checks()
    state = checked_state(checks, a_state(**fields))
    checks.complete()
    return state


def faults(**fields: Any) -> dict[str, str]:  # noqa: ANN401 - whatever a state takes
    checks = Checks()
    checked_state(checks, a_state(**fields))
    return {violation.field: violation.description for violation in checks.violations}


class TestNormalisation:
    @settings(deadline=None)
    @given(states())
    def test_what_is_normal_stays_as_it_is(self, state: CompanyState) -> None:
        first, second = Checks(), Checks()
        once = checked_state(first, state)
        assert not first.violations
        assert checked_state(second, once) == once
        assert not second.violations

    @settings(deadline=None)
    @given(states())
    def test_texts_are_composed_and_trimmed(self, state: CompanyState) -> None:
        name = checked_state(Checks(), state).legal_name
        assert name == unicodedata.normalize("NFC", name).strip()

    def test_names_lose_the_space_around_them_and_combine_their_accents(self) -> None:
        assert checked(legal_name="  Mu\u0308ller \u3000").legal_name == "Müller"

    def test_language_tags_get_the_case_of_bcp_47(self) -> None:
        names = checked(
            names=(OtherName("商号", language="ZH-hant-tw"), OtherName("x", language="en-u-CA-gregory"))
        ).names
        assert [name.language for name in names] == ["zh-Hant-TW", "en-u-ca-gregory"]

    def test_a_legal_form_that_says_nothing_is_none(self) -> None:
        assert checked(legal_form=LegalForm("", "  ")).legal_form is None

    def test_a_period_that_is_open_on_both_sides_is_none(self) -> None:
        assert checked(names=(OtherName("x", validity=Period()),)).names[0].validity is None

    def test_postal_codes_are_raised(self) -> None:
        address = Address(AddressKind.BUSINESS, "GB", postal_code="sw1a 1aa")
        assert checked(addresses=(address,)).addresses[0].postal_code == "SW1A 1AA"

    def test_industry_codes_lose_separators_and_get_their_zeros_back(self) -> None:
        industries = (Industry("nace", "62.01"), Industry("sic", "100"), Industry("own", "62.01"))
        assert [item.code for item in checked(industries=industries).industries] == ["6201", "0100", "62.01"]

    def test_labels_stand_in_the_order_of_their_keys(self) -> None:
        assert list(checked(labels={"b": " 2 ", "a": "1"}).labels.items()) == [("a", "1"), ("b", "2")]

    def test_whole_numbers_of_attributes_are_integers(self) -> None:
        attributes = checked(attributes={"b": [1.0, -0.0, 0.5], "a": 1e300}).attributes
        assert str(attributes) == "{'a': 1e+300, 'b': [1, 0, 0.5]}"


class TestContacts:
    @pytest.mark.parametrize(
        ("value", "jurisdiction", "expected"),
        [
            ("(408) 996-1010", "US-DE", "+14089961010"),
            ("1-408-996-1010", "US", "+14089961010"),
            ("+1 408 996 1010", "", "+14089961010"),
            ("604-555-0199", "CA-BC", "+16045550199"),
            ("089 123456", "DE", "+4989123456"),
            ("+49 (0)89 123456", "", "+4989123456"),
            ("020 7946 0958", "GB", "+442079460958"),
        ],
    )
    def test_phone_numbers_become_e164(self, value: str, jurisdiction: str, expected: str) -> None:
        contact = Contact(ContactKind.PHONE, value)
        assert checked(jurisdiction=jurisdiction, contacts=(contact,)).contacts[0].value == expected

    def test_web_and_mail_addresses_get_lower_case_hosts(self) -> None:
        given_ = (
            Contact(ContactKind.WEB, "HTTPS://Example.COM/A"),
            Contact(ContactKind.EMAIL, "Jo.Doe@EXAMPLE-co.com"),
        )
        values = [contact.value for contact in checked(contacts=given_).contacts]
        assert values == ["https://example.com/A", "Jo.Doe@example-co.com"]

    @pytest.mark.parametrize(
        ("kind", "value", "said"),
        [
            (ContactKind.PHONE, "089 123456", "does not say its country"),
            (ContactKind.PHONE, "no number", "is not a phone number"),
            (ContactKind.PHONE, "+1 000 000 0000", "is not a valid phone number of the calling code +1"),
            (ContactKind.FAX, "+1 212 736 5000 x34", "has the extension 34"),
            (ContactKind.EMAIL, "nobody", "is not an e-mail address"),
            (ContactKind.EMAIL, "a@b..de", "is not an e-mail address"),
            (ContactKind.WEB, "ftp://example.com", "must begin with 'https://'"),
            (ContactKind.WEB, "https://user:word@example.com", "must not carry a user name"),
            (ContactKind.WEB, "https://exa mple.com", "must not have spaces"),
            (ContactKind.WEB, "https://localhost/", "has no valid host name"),
            (ContactKind.WEB, "https://example.com:99999", "is not a web address"),
            (ContactKind.UNSPECIFIED, "x", "must say what the value is"),
            (ContactKind.EMAIL, "", "must not be empty"),
        ],
    )
    def test_what_is_no_contact_is_refused_with_the_reason(self, kind: ContactKind, value: str, said: str) -> None:
        (description,) = faults(contacts=(Contact(kind, value),)).values()
        assert said in description


class TestFaults:
    @pytest.mark.parametrize(
        ("fields", "path", "said"),
        [
            ({"legal_name": " "}, "legal_name", "must not be empty"),
            ({"legal_name": "x" * 501}, "legal_name", "has 501 characters; at most 500"),
            ({"legal_name": "a\x00b"}, "legal_name", "control character U+0000"),
            ({"legal_name": "a\u2028b"}, "legal_name", "control character U+2028"),
            ({"names": (OtherName(""),)}, "names[0].value", "must not be empty"),
            ({"names": (OtherName("x", language="d"),)}, "names[0].language", "BCP 47"),
            ({"legal_form": LegalForm("gmbh", "")}, "legal_form.code", "ISO 20275"),
            ({"jurisdiction": "UK"}, "jurisdiction", "'UK' is neither"),
            ({"jurisdiction": "US-XX"}, "jurisdiction", "'US-XX' is neither"),
            ({"addresses": (Address(AddressKind.MAILING, ""),)}, "addresses[0].country", "must be an ISO 3166-1"),
            ({"addresses": (Address(AddressKind.MAILING, "QQ"),)}, "addresses[0].country", "is not an ISO 3166-1"),
            (
                {"addresses": (Address(AddressKind.MAILING, "US", postal_code="1234"),)},
                "addresses[0].postal_code",
                "is not a postal code of US, such as",
            ),
            (
                {"addresses": (Address(AddressKind.MAILING, "US", region="US-QQ"),)},
                "addresses[0].region",
                "is not an ISO 3166-2 code",
            ),
            (
                {"addresses": (Address(AddressKind.MAILING, "DE", region="US-CA"),)},
                "addresses[0].region",
                "does not lie in DE",
            ),
            (
                {"addresses": (Address(AddressKind.MAILING, "DE", lines=("x",) * 9),)},
                "addresses[0].lines",
                "at most 8",
            ),
            (
                {"addresses": (Address(AddressKind.MAILING, "XK", postal_code="anything"),)},
                "addresses[0].postal_code",
                "is not a postal code of XK, such as",
            ),
            ({"industries": (Industry("sic", "12x"),)}, "industries[0].code", "is not a code of sic"),
            ({"industries": (Industry("SIC", "1"),)}, "industries[0].scheme", "must be the name"),
            ({"industries": (Industry("a", "1"), Industry("a", "1"))}, "industries[1]", "repeats industries[0]"),
            (
                {"industries": (Industry("a", "1", primary=True), Industry("a", "2", primary=True))},
                "industries[1].primary",
                "industries[0] is already the primary a",
            ),
            ({"labels": {"Tier": "x"}}, "labels", "is not a label key"),
            ({"labels": {"a": "x" * 257}}, "labels.a", "at most 256"),
            ({"labels": {f"k{n}": "" for n in range(65)}}, "labels", "has 65 labels"),
            ({"attributes": {"a": math.nan}}, "attributes", "NaN or infinite"),
            ({"attributes": {"a\x00": 1}}, "attributes", "U+0000"),
            ({"attributes": {"a": "\x00"}}, "attributes", "U+0000"),
            ({"attributes": {"a": "x" * MAX_BYTES}}, "attributes", "bytes as JSON"),
            ({"attributes": {"a": [[[[[[[[1]]]]]]]]}}, "attributes", "more than 8 levels deep"),
            (
                {"identifiers": tuple(Identifier("x-a", str(n)) for n in range(MAX_IDENTIFIERS + 1))},
                "identifiers",
                "has 101 items",
            ),
            (
                {"names": (OtherName("x", validity=Period(date(2020, 1, 2), date(2020, 1, 2))),)},
                "names[0].validity",
                "is not after its start",
            ),
        ],
    )
    def test_each_names_the_field_and_what_is_wrong(self, fields: dict[str, Any], path: str, said: str) -> None:
        found = faults(**fields)
        assert list(found) == [f"company.{path}"]
        assert said in found[f"company.{path}"]

    def test_all_of_a_company_are_reported_together(self) -> None:
        found = faults(legal_name="", jurisdiction="ZZ", industries=(Industry("sic", "x"),), labels={"A": ""})
        assert set(found) == {
            "company.legal_name",
            "company.jurisdiction",
            "company.industries[0].code",
            "company.labels",
        }

    def test_they_become_one_error_that_lists_them(self) -> None:
        with pytest.raises(InvalidArgumentError) as refused:
            checked(legal_name="", jurisdiction="ZZ")
        assert len(refused.value.violations) == 2
        assert refused.value.metadata == {"violations": "2"}

    def test_a_company_cannot_end_before_it_began(self) -> None:
        found = faults(incorporation_date=date(2020, 1, 2), dissolution_date=date(2020, 1, 1))
        assert "before the incorporation on 2020-01-02" in found["company.dissolution_date"]

    def test_eight_levels_of_attributes_are_allowed(self) -> None:
        assert faults(attributes={"a": [[[[[[[1]]]]]]]}) == {}

    def test_one_primary_industry_of_each_scheme_is_allowed(self) -> None:
        assert faults(industries=(Industry("a", "1", primary=True), Industry("b", "1", primary=True))) == {}

    @settings(deadline=None)
    @given(st.text(max_size=600))
    def test_whatever_the_name_is_the_check_answers(self, name: str) -> None:
        found = faults(legal_name=name)
        assert not found or list(found) == ["company.legal_name"]


class TestPostalCodes:
    def test_a_country_without_rules_takes_any(self) -> None:
        address = Address(AddressKind.MAILING, "AQ", postal_code="any 1")
        assert checked(addresses=(address,)).addresses[0].postal_code == "ANY 1"

    def test_a_code_in_another_script_stays_as_it_is(self) -> None:
        assert faults(addresses=(Address(AddressKind.MAILING, "AO", postal_code="é1"),)) == {}


class TestEtag:
    def test_it_differs_between_revisions_and_between_companies(self) -> None:
        companies = [a_company(), a_company()]
        assert len({etag(company.id, revision) for company in companies for revision in range(1, 100)}) == 198
