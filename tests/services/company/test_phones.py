from __future__ import annotations

import phonenumbers
from hypothesis import given, settings
from hypothesis import strategies as st

from function_backend.services.company.domain.phones import InvalidPhoneNumberError, normalise_phone

_DIGITS = st.text("0123456789", min_size=7, max_size=12)


def by_the_library(text: str, region: str) -> str | None:
    try:
        number = phonenumbers.parse(text, region or None)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number) or number.extension:
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def by_us(text: str, region: str) -> str | None:
    try:
        return normalise_phone(text, region)
    except InvalidPhoneNumberError:
        return None


class TestShortcut:
    @settings(deadline=None, max_examples=300)
    @given(st.sampled_from(["", "+1", "+1 (", "1-", "("]), _DIGITS, st.sampled_from(["US", "CA", "JM", "DE", ""]))
    def test_numbers_are_read_as_the_library_reads_them(self, prefix: str, digits: str, region: str) -> None:
        assert by_us(prefix + digits, region) == by_the_library(prefix + digits, region)

    @settings(deadline=None, max_examples=300)
    @given(st.sampled_from(["201", "212", "408", "415", "604", "800", "876", "900"]), st.integers(0, 10**7 - 1))
    def test_plain_american_numbers_too(self, area: str, rest: int) -> None:
        number = f"({area}) {rest // 10**4:03}-{rest % 10**4:04}"
        assert by_us(number, "US") == by_the_library(number, "US")
