from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from function_backend.services.company.domain.search.folding import (
    fold,
    fold_words,
    is_ideographic,
    one_spelling,
    second_spelling,
)

# Letters of many scripts, marks, punctuation and the odd corners of Unicode, more often than chance would have them.
_UNICODE = st.text(st.characters(codec="utf-8")) | st.text(
    st.sampled_from("aAzZ09 .,&'/-ÄäÖöÜüßøØåÅæÆœłŁđıİšçñéÉ́̈ΑΩςЯяЄїאبनि中村株トッーヴ한국ﬁ㈱™½Ⅷ①ǰŉ")
)


class TestFolding:
    @pytest.mark.parametrize(
        ("written", "folded"),
        [
            ("Müller Maschinenbau GmbH", "muller maschinenbau gmbh"),
            ("  L'Oréal   S.A. ", "loreal sa"),
            ("McDonald’s", "mcdonalds"),
            ("U.S. Steel", "us steel"),
            ("J. P. Morgan", "jp morgan"),
            ("Straße & Söhne", "strasse sohne"),
            ("MÆRSK A/S", "maersk as"),
            ("Łódź Ørsted Đorđević", "lodz orsted dordevic"),
            ("İstanbul Işık", "istanbul isik"),
            ("Brand™ Co", "brand co"),
            ("Ａｐｐｌｅ ﬁnance", "apple finance"),
            ("Газпром Нефть", "gazprom neft"),
            ("Ελληνική Ναυτιλιακή", "elliniki naytiliaki"),
            ("深圳市腾讯计算机", "深圳市腾讯计算机"),
            ("ﾄﾖﾀ自動車", "トヨタ自動車"),
            ("삼성전자", "삼성전자"),
            ("7-Eleven, 3M", "7 eleven 3m"),
        ],
    )
    def test_case_accents_and_punctuation_do_not_matter(self, written: str, folded: str) -> None:
        assert fold(written) == folded

    def test_composed_and_decomposed_letters_are_the_same(self) -> None:
        assert fold("Mu\u0308ller") == fold("M\u00fcller") == "muller"

    @pytest.mark.parametrize("nothing", ["", " ", "...", "™ © –", "́̈"])
    def test_a_text_without_letters_has_no_words(self, nothing: str) -> None:
        assert fold_words(nothing) == []

    @given(_UNICODE)
    def test_any_text_can_be_folded_and_folding_twice_changes_nothing(self, text: str) -> None:
        folded = fold(text)
        assert fold(folded) == folded

    @given(_UNICODE)
    def test_only_small_latin_letters_digits_and_ideographs_are_left(self, text: str) -> None:
        for word in fold_words(text):
            assert word
            for character in word:
                assert is_ideographic(character) or character.isdigit() or "a" <= character <= "z"


class TestSecondSpelling:
    @pytest.mark.parametrize(
        ("written", "spelled"), [("Müller", "mueller"), ("Ærø", "aeroe"), ("Ålesund", "aalesund"), ("ÖBB", "oebb")]
    )
    def test_umlauts_are_written_as_two_letters(self, written: str, spelled: str) -> None:
        second = second_spelling(written)
        assert second is not None
        assert fold(second) == spelled

    @pytest.mark.parametrize("written", ["Mueller", "Café", "Łódź", "中国"])
    def test_a_name_without_umlauts_has_none(self, written: str) -> None:
        assert second_spelling(written) is None

    def test_all_spellings_share_one_that_only_compares(self) -> None:
        assert one_spelling("mueller") == one_spelling("muller") == "muller"
        assert one_spelling("aarhus") == one_spelling("arhus")

    @given(_UNICODE)
    def test_any_text_has_one_that_folds(self, text: str) -> None:
        spelled = second_spelling(text)
        if spelled is not None:
            assert fold(fold(spelled)) == fold(spelled)
