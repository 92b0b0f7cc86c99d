"""The short form of enum values: `first_match` for `RULE_POLICY_FIRST_MATCH`."""

from __future__ import annotations

import functools
import re

from google.protobuf.descriptor import EnumDescriptor

_WORD_STARTS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@functools.cache
def short_names(enum: EnumDescriptor) -> dict[str, int]:
    """The numbers of an enum by the short form of their names; the value that says nothing is left out."""
    prefix = f"{_WORD_STARTS.sub('_', enum.name).upper()}_"
    return {value.name.removeprefix(prefix).lower(): value.number for value in enum.values if value.number}


@functools.cache
def _by_number(enum: EnumDescriptor) -> dict[int, str]:
    return {number: name for name, number in short_names(enum).items()}


def number_of(enum: EnumDescriptor, text: str) -> int | None:
    """The number of a short or full name, or of a number of 32 bits; None where there is no such value."""
    short = short_names(enum).get(text.lower())
    if short is not None:
        return short
    if text in enum.values_by_name:
        return int(enum.values_by_name[text].number)
    if re.fullmatch(r"-?(0|[1-9][0-9]{0,9})", text) and -(2**31) <= int(text) < 2**31:
        # Of a newer version of the contract: kept, and refused by whoever does not know it.
        return int(text)
    return None


def short_name(enum: EnumDescriptor, number: int) -> str | int:
    """The short form of a value; the number itself where nobody knows its name."""
    return _by_number(enum).get(number, number)
