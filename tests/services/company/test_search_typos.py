from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from function_backend.services.company.domain.search.similarity import AskedWord
from function_backend.services.company.domain.search.typos import asked_numbers, errors_allowed, stored_numbers

_WORD = st.text(st.sampled_from("abcdeinorst"), min_size=1, max_size=14)
_SEED = 0x12345678
_SEED_OF_ANOTHER_TENANT = 0x92B4D6F8


@st.composite
def _mistyped(draw: st.DrawFn) -> tuple[str, str]:
    """A word, and the same with one or two letters added, lost, changed or swapped."""
    word = typed = draw(_WORD)
    for _ in range(draw(st.integers(1, 2))):
        place = draw(st.integers(0, max(len(typed) - 1, 0)))
        letter = draw(st.sampled_from("abcdeinorst"))
        typed = draw(
            st.sampled_from(
                [
                    typed[:place] + letter + typed[place:],
                    typed[:place] + typed[place + 1 :],
                    typed[:place] + letter + typed[place + 1 :],
                    typed[:place] + typed[place + 1 : place + 2] + typed[place : place + 1] + typed[place + 2 :],
                ]
            )
        )
    return word, typed


def _meet(word: str, typed: str, *, seed: int = _SEED) -> bool:
    return not set(stored_numbers(word, seed=_SEED)).isdisjoint(asked_numbers(typed, seed=seed))


class TestMistypedWords:
    @given(_mistyped())
    def test_a_word_is_met_whatever_letters_were_added_lost_changed_or_swapped(self, words: tuple[str, str]) -> None:
        word, typed = words
        assume(typed)
        # Five letters with two errors are promised only for longer words.
        assume(len(typed) != 5 or len(word) > 5 or OSA.distance(word, typed) < 2)
        if OSA.distance(word, typed) <= errors_allowed(typed):
            assert _meet(word, typed)

    @given(_WORD)
    def test_a_word_meets_itself(self, word: str) -> None:
        assert _meet(word, word)

    def test_a_word_that_goes_on_is_met_too(self) -> None:
        assert _meet("maschinenbau", "maschinen")
        assert _meet("maschinenbau", "mashcinen")

    @given(_WORD)
    def test_words_of_two_tenants_do_not_meet(self, word: str) -> None:
        assert not _meet(word, word, seed=_SEED_OF_ANOTHER_TENANT)

    def test_ideographs_are_taken_as_characters_and_not_as_bytes(self) -> None:
        assert _meet("腾讯", "腾讯")
        assert len(stored_numbers("腾讯", seed=_SEED)) == 1

    @given(st.text(max_size=80))
    def test_numbers_fit_a_column_of_integers_and_are_few(self, word: str) -> None:
        numbers = stored_numbers(word, seed=_SEED)
        assert len(numbers) == len(set(numbers)) <= 21
        assert all(-(2**31) <= number < 2**31 for number in numbers)


class TestSimilarity:
    def test_it_falls_from_the_same_word_over_beginnings_and_errors_to_another_word(self) -> None:
        asked = AskedWord("maschinen")
        words = ["maschinen", "maschinenbau", "mashinen", "mashinn", "metallbau"]
        similarities = [asked.similarity(word) for word in words]
        assert similarities[0] == 1.0
        assert similarities == sorted(similarities, reverse=True)
        assert similarities[-1] == 0.0

    def test_both_spellings_of_an_umlaut_are_nearly_the_same_word(self) -> None:
        assert AskedWord("mueller").similarity("muller") > 0.98
        assert AskedWord("muller").similarity("mueller") > 0.98
        assert AskedWord("mueler").similarity("muller") > 0.8

    @given(_WORD, st.lists(_WORD, max_size=30))
    def test_no_similar_word_is_passed_over(self, text: str, words: list[str]) -> None:
        asked = AskedWord(text)
        alike = set(asked.alike(words))
        assert {word for word in words if asked.similarity(word) >= 0.5} <= alike

    @given(_WORD, _WORD)
    def test_it_is_between_nothing_and_all(self, one: str, other: str) -> None:
        assert 0.0 <= AskedWord(one).similarity(other) <= 1.0
