"""Tables that turn a code of the input into one of the contract: those that ship, and those of a mapping."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from importlib import resources
from typing import Final

import pycountry

from function_backend_cli.importing.faults import MappingError, nearest

Lookup = Mapping[str, str]

_ALIASES: Final = {
    # Names that registers and data vendors use and ISO 3166 does not.
    "antigua": "AG",
    "british virgin islands": "VG",
    "british virgin isl": "VG",
    "cape verde": "CV",
    "czech republic": "CZ",
    "democratic republic of the congo": "CD",
    "east timor": "TL",
    "england": "GB",
    "falkland islands": "FK",
    "great britain": "GB",
    "hong kong sar": "HK",
    "ivory coast": "CI",
    "korea": "KR",
    "kosovo": "XK",
    "macau": "MO",
    "macedonia": "MK",
    "marshall isl": "MH",
    "north korea": "KP",
    "russia": "RU",
    "slovak republic": "SK",
    "south korea": "KR",
    "swaziland": "SZ",
    "turkey": "TR",
    "uk": "GB",
    "us virgin islands": "VI",
    "usa": "US",
    "vatican": "VA",
}


def _shipped_file(name: str) -> Callable[[], Lookup]:
    def load() -> Lookup:
        text = (resources.files(__package__) / "lookups" / name).read_text(encoding="utf-8")
        return {key.casefold(): value for table in tomllib.loads(text).values() for key, value in table.items()}

    return load


def _countries() -> Lookup:
    known: dict[str, str] = {}
    for country in pycountry.countries:
        for attribute in ("name", "official_name", "common_name", "alpha_3", "alpha_2"):
            name = getattr(country, attribute, None)
            if name:
                known[name.casefold()] = country.alpha_2
    return known | _ALIASES


SHIPPED: Final[Mapping[str, Callable[[], Lookup]]] = {
    "countries": _countries,
    "edgar-places": _shipped_file("edgar-places.toml"),
}
"""The tables that any mapping may name."""


@cache
def _shipped(name: str) -> Lookup:
    return SHIPPED[name]()


def find_lookup(name: str, own: Mapping[str, Mapping[str, str]], where: str) -> Lookup:
    """A table of the mapping, else one that ships. Keys are compared without regard to case."""
    if name in own:
        return {key.casefold(): value for key, value in own[name].items()}
    if name in SHIPPED:
        return _shipped(name)
    raise MappingError(f"{where}: there is no look-up table '{name}'{nearest(name, [*own, *SHIPPED])}")
