from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from function_backend.services.company.domain.search.terms import (
    name_terms,
    other_reading,
    search_terms,
    whole_name,
)

_NAMES = st.text(st.characters(codec="utf-8"), max_size=120)


class TestLegalForms:
    @pytest.mark.parametrize(
        ("name", "words", "form"),
        [
            ("Müller Maschinenbau GmbH & Co. KG", ["muller", "maschinenbau"], "gmbh co kg"),
            ("Acme Holdings, Inc.", ["acme", "holdings"], "inc"),
            ("ACME HOLDINGS INCORPORATED", ["acme", "holdings"], "inc"),
            ("Grupo Bimbo S.A.B. de C.V.", ["grupo", "bimbo"], "sab de cv"),
            ("Żuraw Sp. z o.o. Sp. k.", ["zuraw"], "sp zoo sp k"),
            ("PT Astra International Tbk", ["astra", "international"], "pt tbk"),
            ("ПАО «Газпром»", ["gazprom"], "pao"),
            ("AB Volvo (publ)", ["volvo"], "ab publ"),
            ("SARL Dupont", ["dupont"], "sarl"),
            ("Mærsk A/S", ["maersk"], "as"),
            ("Ναυτιλιακή Α.Ε.", ["naytiliaki"], "ae"),
            ("株式会社トヨタ", ["トヨ", "ヨタ"], "株式会社"),
            ("深圳市腾讯有限公司", ["深圳", "圳市", "市腾", "腾讯"], "有限公司"),
        ],
    )
    def test_they_are_told_from_the_name(self, name: str, words: list[str], form: str) -> None:
        assert name_terms(name) == (words, form)

    @pytest.mark.parametrize("name", ["Limited", "GmbH", "Co.", "株式会社", "The Company"])
    def test_a_name_of_nothing_else_keeps_a_word(self, name: str) -> None:
        assert name_terms(name).words

    @pytest.mark.parametrize(
        ("query", "words", "form"),
        [
            ("Acme Gmhb", ["acme"], "gmbh"),
            ("Hartmann Holz GmbH & Co. KzGAa", ["hartmann", "holz"], "gmbh co kgaa"),
            ("Bruno Trasporti S.wn.c.", ["bruno", "trasporti"], "snc"),
            ("Jonet Ptgy Ltd", ["jonet"], "pty ltd"),
            ("Systems of Lyon fimited", ["systems", "lyon"], "ltd"),
        ],
    )
    def test_one_with_a_typing_error_gives_the_query_another_reading(
        self, query: str, words: list[str], form: str
    ) -> None:
        assert other_reading(query) == (words, form)

    @pytest.mark.parametrize("query", ["Acme GmbH", "Siemens", "Gmhb", ""])
    def test_a_query_without_one_has_no_other_reading(self, query: str) -> None:
        assert other_reading(query) is None

    def test_one_that_is_kept_beside_the_name_counts_as_part_of_it(self) -> None:
        assert search_terms(["Müller"], written_form="Aktiengesellschaft").names == "muller|ag"
        assert search_terms(["Müller GmbH"], written_form="AG").names == "muller|gmbh"


class TestSearchTerms:
    def test_all_names_are_kept_in_their_order(self) -> None:
        terms = search_terms(["Meta Platforms, Inc.", "Facebook Inc", "Мета"])
        assert terms.names.split("\n") == ["meta platforms|inc", "facebook|inc", "meta"]
        assert terms.words == ["meta", "platforms", "facebook"]
        assert terms.whole_names == ["metaplatforms", "facebook", "meta"]

    def test_umlauts_are_found_in_both_spellings(self) -> None:
        assert search_terms(["Müller Söhne"]).words == ["muller", "sohne", "mueller", "soehne"]

    def test_small_words_are_left_out_unless_there_is_nothing_else(self) -> None:
        assert name_terms("Bank of the West").words == ["bank", "west"]
        assert name_terms("The The").words == ["the", "the"]
        assert name_terms("Smith and Wesson").words == name_terms("Smith & Wesson").words
        assert name_terms("E.T. Trading").words == ["et", "trading"]

    def test_words_written_together_or_apart_make_the_same_whole_name(self) -> None:
        assert whole_name(["pay", "pal"]) == whole_name(["paypal"])
        assert whole_name(["mueller"]) == whole_name(["muller"])

    @given(st.lists(_NAMES, min_size=1, max_size=4))
    def test_any_names_have_terms_that_fit_into_the_index(self, names: list[str]) -> None:
        terms = search_terms(names)
        assert terms.names.count("\n") == len(names) - 1
        assert len(terms.words) == len(set(terms.words)) <= 512
        assert all(0 < len(word) <= 64 for word in terms.words)

    def test_a_very_long_name_is_cut(self) -> None:
        terms = search_terms(["x" * 500, " ".join(f"word{n}" for n in range(300)), "深圳市腾讯计算机系统" * 50])
        assert len(terms.words) < 200
        assert max(map(len, terms.words)) == 64

    @given(_NAMES)
    def test_any_query_can_be_read(self, query: str) -> None:
        other = other_reading(query)
        assert other is None or other.form
