from __future__ import annotations

import hashlib
import string
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from function_backend.services.auth.domain.key_text import digest, key_id, mint

_DIGITS = string.ascii_letters + string.digits


class TestMinting:
    @given(key=st.uuids())
    def test_the_text_tells_the_keys_id(self, key: UUID) -> None:
        assert key_id(mint(key).text) == key

    def test_it_is_recognisable_and_of_one_length(self) -> None:
        texts = [mint(uuid4()).text for _ in range(20)]
        assert {len(text) for text in texts} == {75}
        assert all(text.startswith("fbk_") and text.isascii() and text[4:].isalnum() for text in texts)

    def test_two_texts_of_one_id_differ(self) -> None:
        key = uuid4()
        assert mint(key).text != mint(key).text

    def test_only_the_digest_is_for_storing(self) -> None:
        made = mint(uuid4())
        assert made.digest == digest(made.text) == hashlib.sha256(made.text.encode()).digest()

    def test_it_is_not_shown_when_printed(self) -> None:
        made = mint(uuid4())
        assert made.text not in repr(made)


class TestChecking:
    @given(position=st.integers(0, 74), replacement=st.sampled_from(_DIGITS))
    def test_one_wrong_character_is_noticed(self, position: int, replacement: str) -> None:
        text = mint(UUID(int=5)).text
        typo = text[:position] + replacement + text[position + 1 :]
        assert (key_id(typo) is not None) == (typo == text)

    @given(text=st.text(max_size=200))
    def test_any_other_text_is_no_key(self, text: str) -> None:
        assert key_id(text) is None

    @pytest.mark.parametrize(
        "damage",
        [lambda text: text[:-1], lambda text: text + "0", lambda text: text[4:], str.upper],
        ids=["shortened", "lengthened", "without its prefix", "in capitals"],
    )
    def test_a_damaged_one_is_no_key(self, damage: object) -> None:
        assert callable(damage)
        assert key_id(damage(mint(uuid4()).text)) is None
