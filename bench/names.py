"""Makes company names that look like those of real registers, the same ones for the same seed.

Words repeat as they do in life: a few stand in thousands of names, most in a handful. A tenth of the names is made of
common words only (`Global Trading LLC`), some are in Cyrillic, Greek, Chinese or Japanese.

    python -m bench.names --count 20
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable, Iterator
from itertools import accumulate, islice
from typing import NamedTuple

from bench import name_words

_BRAND_COUNT = 300_000
_SHORTEST_BRAND = 4


class MadeName(NamedTuple):
    """A name and the country it is from."""

    value: str
    country: str


class Names:
    """An endless, repeatable supply of company names."""

    def __init__(self, seed: int = 1) -> None:
        self._dice = random.Random(seed)
        self._regions = tuple(_Region(*region) for region in name_words.REGIONS)
        self._shares = list(accumulate(region.share for region in self._regions))
        self._words = _Words(self._dice)

    def __iter__(self) -> Iterator[MadeName]:
        return self

    def __next__(self) -> MadeName:
        dice = self._dice
        region = dice.choices(self._regions, cum_weights=self._shares)[0]
        country = dice.choice(region.countries)
        pattern = dice.choices(region.patterns, cum_weights=region.weights)[0]
        body = pattern.format_map(self._words)
        form = dice.choice(name_words.LEGAL_FORMS[country])
        name = dice.choices(region.styles, cum_weights=region.style_weights)[0].format(
            body=body, upper=body.upper(), form=form
        )
        return MadeName(name, country)


class _Region:
    """Where names follow the same patterns."""

    def __init__(self, share: float, countries: str, patterns: str, styles: str) -> None:
        self.share = share
        self.countries = countries.split()
        self.patterns, self.weights = _weighted(patterns)
        self.styles, self.style_weights = _weighted(styles)


def _weighted(text: str) -> tuple[list[str], list[float]]:
    """The alternatives of a text such as `30 {brand} {core} | 10 {brand}`, and their running weights."""
    parts = [part.strip().split(" ", 1) for part in text.split("|")]
    return [part[1] for part in parts], list(accumulate(float(part[0]) for part in parts))


class _Words(dict[str, str]):
    """Draws a fresh word for each field of a pattern."""

    def __init__(self, dice: random.Random) -> None:
        super().__init__()
        self._dice = dice
        # Brands repeat too: sister companies, and words that two founders both thought of.
        self._brands = tuple(_brand(dice) for _ in range(_BRAND_COUNT))
        self._made: dict[str, Callable[[], str]] = {
            "brand": lambda: self._brands[int(_BRAND_COUNT * dice.random() ** 2)],
            "initials": lambda: "".join(dice.choices(name_words.INITIALS, k=dice.choice((2, 3, 3)))),
            "dotted": lambda: "".join(f"{letter}." for letter in dice.choices(name_words.INITIALS, k=2)),
            "number": lambda: str(dice.randint(1, 400)),
            "sign": lambda: "".join(dice.choices(name_words.CHINESE_SIGNS, k=dice.choice((2, 3, 4)))),
        }
        self._lists = {name: _Often(words) for name, words in name_words.LISTS.items()}

    def __missing__(self, field: str) -> str:
        made = self._made.get(field)
        if made is not None:
            return made()
        # `{a+b}` joins a word of each list to one word, such as a place from its two halves.
        head, _, tail = field.partition("+")
        if not tail:
            return self._lists[head].draw(self._dice)
        return self._lists[head].draw(self._dice) + self._lists[tail].draw(self._dice).lower()


class _Often:
    """Draws words so that the first is the most frequent and the last the rarest, as in texts."""

    def __init__(self, words: tuple[str, ...]) -> None:
        self._words = words
        self._weights = list(accumulate(1 / (rank + 2) ** 0.7 for rank in range(len(words))))

    def draw(self, dice: random.Random) -> str:
        return dice.choices(self._words, cum_weights=self._weights)[0]


def _brand(dice: random.Random) -> str:
    """An invented word, such as `Nexalor` or `Brivotech`."""
    made = ""
    for _ in range(dice.choice((1, 2, 2, 2, 3))):
        made += dice.choice(name_words.ONSETS) + dice.choice(name_words.VOWELS) + dice.choice(name_words.CODAS)
    if len(made) < _SHORTEST_BRAND or dice.choice((True, False, False)):
        made += dice.choice(name_words.BRAND_ENDS)
    return made.capitalize()


def main() -> None:
    """Prints names, for looking at them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    for made in islice(Names(chosen.seed), chosen.count):
        print(f"{made.country}\t{made.value}")


if __name__ == "__main__":
    main()
