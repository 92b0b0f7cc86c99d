from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from function_backend.kernel.errors import UnavailableError
from function_backend.vault.errors import MasterKeyMissingError, SecretLostError
from function_backend.vault.master_key_text import new_master_key
from function_backend.vault.master_keys import MasterKeys, Wrapped
from tests.factories.keys import master_key


def _keys(*names: str) -> MasterKeys:
    return MasterKeys.parse([master_key(name) for name in names])


class TestWrapping:
    @given(secret=st.binary(max_size=200), purpose=st.binary(max_size=50))
    def test_what_is_wrapped_comes_back_and_is_not_in_the_text(self, secret: bytes, purpose: bytes) -> None:
        keys = _keys("new", "old")
        wrapped = keys.wrap(secret, purpose=purpose)
        assert wrapped.master_key_id == "new"
        assert keys.unwrap(wrapped, purpose=purpose) == secret
        assert len(secret) < 8 or secret not in wrapped.text

    def test_the_same_secret_is_never_wrapped_the_same(self) -> None:
        keys = _keys("new")
        assert keys.wrap(b"secret", purpose=b"x") != keys.wrap(b"secret", purpose=b"x")

    def test_an_older_key_still_unwraps_and_wraps_no_more(self) -> None:
        wrapped = _keys("old").wrap(b"secret", purpose=b"x")
        both = _keys("new", "old")
        assert both.unwrap(wrapped, purpose=b"x") == b"secret"
        assert both.current_id == "new"

    def test_another_purpose_unwraps_nothing(self) -> None:
        keys = _keys("new")
        with pytest.raises(SecretLostError):
            keys.unwrap(keys.wrap(b"secret", purpose=b"x"), purpose=b"y")

    @given(place=st.integers(0, 34), bit=st.integers(0, 7))
    def test_one_changed_bit_unwraps_nothing(self, place: int, bit: int) -> None:
        keys = _keys("new")
        text = bytearray(keys.wrap(b"secret", purpose=b"x").text)
        text[place] ^= 1 << bit
        with pytest.raises(SecretLostError):
            keys.unwrap(Wrapped(bytes(text), "new"), purpose=b"x")

    @pytest.mark.parametrize("text", [b"", b"\x01", b"\x01" + b"x" * 12, b"\x02" + b"x" * 60])
    def test_what_is_no_wrapped_text_unwraps_nothing(self, text: bytes) -> None:
        with pytest.raises(SecretLostError):
            _keys("new").unwrap(Wrapped(text, "new"), purpose=b"x")

    def test_a_key_under_the_name_of_another_unwraps_nothing(self) -> None:
        text = _keys("new", "old").wrap(b"secret", purpose=b"x").text
        with pytest.raises(SecretLostError):
            _keys("old").unwrap(Wrapped(text, "old"), purpose=b"x")

    def test_a_key_that_is_not_in_the_settings_is_named_and_may_come_back(self) -> None:
        wrapped = _keys("old").wrap(b"secret", purpose=b"x")
        with pytest.raises(UnavailableError, match="'old'") as missing:
            _keys("new").unwrap(wrapped, purpose=b"x")
        assert missing.value.retry_after is not None

    def test_without_any_key_nothing_is_wrapped(self) -> None:
        with pytest.raises(MasterKeyMissingError):
            MasterKeys.parse([]).wrap(b"secret", purpose=b"x")


def test_a_new_key_is_one_that_the_settings_take() -> None:
    first, second = new_master_key("k1"), new_master_key("k1")
    assert first != second
    assert first.startswith("k1:")
