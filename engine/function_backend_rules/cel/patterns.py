"""Regular expressions: RE2, which takes time in proportion to the text whatever the pattern."""

from __future__ import annotations

from typing import Any

import re2

PATTERN_MEMORY = 1 << 20
"""Bytes that a compiled pattern may take; RE2 refuses what needs more."""


def compile_pattern(pattern: str) -> Any:
    """The compiled pattern.

    Raises:
        re2.error: it is not a pattern, or is too large.
    """
    options = re2.Options()
    options.max_mem = PATTERN_MEMORY
    options.log_errors = False
    return re2.compile(pattern, options)
