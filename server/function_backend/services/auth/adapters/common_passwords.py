"""The passwords that everybody tries first: the frequency list that comes with zxcvbn, read once."""

from __future__ import annotations

from functools import cache

from zxcvbn.frequency_lists import FREQUENCY_LISTS


@cache
def common_passwords() -> frozenset[str]:
    """30,000 leaked passwords in lower case, the most frequent ones of the big breaches."""
    return frozenset(FREQUENCY_LISTS["passwords"])
