"""Labels: short keys and values by which callers select users, service accounts and groups."""

from __future__ import annotations

import re
from collections.abc import Mapping

from function_backend.services.auth.domain.checks import Checks
from function_backend.services.auth.domain.names import check_line

MOST_LABELS = 64
_LONGEST_KEY = 63
_LONGEST_VALUE = 256

_KEY = re.compile(r"[a-z0-9]([a-z0-9._/-]*[a-z0-9])?")


def check_labels(checks: Checks, path: str, labels: Mapping[str, str]) -> dict[str, str]:
    """The labels in the order of their keys, values trimmed."""
    if len(labels) > MOST_LABELS:
        checks.refuse(path, f"has {len(labels)} labels; at most {MOST_LABELS} are allowed")
        return {}
    for key in labels:
        if len(key) > _LONGEST_KEY or _KEY.fullmatch(key) is None:
            checks.refuse(path, f"{key[:_LONGEST_KEY]!a} is not a label key")
    return {key: check_line(checks, f"{path}.{key}", labels[key], _LONGEST_VALUE) for key in sorted(labels)}
