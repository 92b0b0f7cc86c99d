"""Labels: short keys and values by which callers select companies."""

from __future__ import annotations

import re
from collections.abc import Mapping

from function_backend.services.company.domain.checks import Checks
from function_backend.services.company.domain.text import line

MAX_LABELS = 64
_MAX_KEY_LENGTH = 63
_MAX_VALUE_LENGTH = 256

_KEY = re.compile(r"[a-z0-9]([a-z0-9._/-]*[a-z0-9])?")


def check_labels(checks: Checks, path: str, labels: Mapping[str, str]) -> Mapping[str, str]:
    """The labels in the order of their keys, values trimmed."""
    if not labels:
        return labels
    if len(labels) > MAX_LABELS:
        checks.refuse(path, f"has {len(labels)} labels; at most {MAX_LABELS} are allowed")
        return labels
    checked = {}
    for key in sorted(labels):
        if len(key) > _MAX_KEY_LENGTH or _KEY.fullmatch(key) is None:
            checks.refuse(
                path,
                f"{key[:_MAX_KEY_LENGTH]!a} is not a label key: up to {_MAX_KEY_LENGTH} of a to z, 0 to 9, '.', '_', "
                "'/' and '-', beginning and ending with a letter or digit",
            )
        checked[key] = line(checks, path, key, labels[key], _MAX_VALUE_LENGTH)
    return checked
