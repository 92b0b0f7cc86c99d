"""Which fields an update sets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from function_backend.services.auth.domain.checks import Checks

_PATH = "update_mask"
_EVERYTHING = "*"
_SHOWN = 64


def masked_fields(
    checks: Checks, paths: Sequence[str], *, writable: Sequence[str], populated: Iterable[str]
) -> frozenset[str]:
    """The fields named, all with `*`, the populated ones when none is named; a fault is noted for others."""
    if not paths:
        return frozenset(populated)
    if _EVERYTHING in paths:
        if len(paths) > 1:
            checks.refuse(_PATH, "'*' stands alone")
        return frozenset(writable)
    for path in sorted(set(paths).difference(writable)):
        checks.refuse(_PATH, f"{path[:_SHOWN]!a} cannot be set; there are {', '.join(writable)}")
    return frozenset(paths).intersection(writable)
