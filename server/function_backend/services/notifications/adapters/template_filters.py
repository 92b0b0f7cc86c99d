"""The filters and tests of templates: none makes much of little, none takes longer than its operand is long."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from jinja2 import Undefined, pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup, escape

_LONGEST = 64 * 1024
_MOST_DECIMALS = 10


class FilterError(Exception):
    """A filter cannot be applied to this value."""


def _text(value: Any) -> str:  # noqa: ANN401  whatever stands in a template
    if isinstance(value, Undefined):
        # Says which variable it is.
        str(value)
    return value if isinstance(value, str) else str(value)


def _default(value: Any, otherwise: Any = "") -> Any:  # noqa: ANN401
    return otherwise if isinstance(value, Undefined) or value in (None, "") else value


def _length(value: Any) -> int:  # noqa: ANN401
    return len(value)


def _first(value: Any) -> Any:  # noqa: ANN401
    return value[0] if len(value) else ""


def _last(value: Any) -> Any:  # noqa: ANN401
    return value[-1] if len(value) else ""


@pass_eval_context
def _join(context: EvalContext, value: Any, between: str = "") -> str:  # noqa: ANN401
    parts = [_text(each) for each in value]
    if sum(map(len, parts)) + len(between) * len(parts) > _LONGEST:
        raise FilterError(f"join: the text would have more than {_LONGEST} characters")
    return escape(between).join(parts) if context.autoescape else between.join(parts)


def _number(value: Any, decimals: int = 2) -> str:  # noqa: ANN401
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise FilterError("number: the value is no number")
    return f"{value:.{max(0, min(int(decimals), _MOST_DECIMALS))}f}"


def _moment(value: Any) -> datetime:  # noqa: ANN401
    try:
        found = datetime.fromisoformat(_text(value))
    except ValueError:
        raise FilterError("date and time take a moment as 2026-11-26T08:00:00Z") from None
    return found.astimezone(UTC) if found.tzinfo is not None else found


def _date(value: Any) -> str:  # noqa: ANN401
    return f"{_moment(value):%Y-%m-%d}"


def _time(value: Any) -> str:  # noqa: ANN401
    return f"{_moment(value):%Y-%m-%d %H:%M} UTC"


def _shortened(value: Any, length: int = 80) -> str:  # noqa: ANN401
    text, most = _text(value), max(1, int(length))
    return text if len(text) <= most else text[: most - 1] + "…"


def _plain(change: Callable[[str], str]) -> Callable[[Any], str]:
    # On a `Markup` the methods of text give `Markup` again, so nothing is escaped twice.
    def changed(value: Any) -> str:  # noqa: ANN401
        return change(_text(value))

    return changed


FILTERS: Mapping[str, Callable[..., Any]] = {
    "upper": _plain(lambda text: text.upper()),
    "lower": _plain(lambda text: text.lower()),
    "capitalize": _plain(lambda text: text.capitalize()),
    "title": _plain(lambda text: text.title()),
    "trim": _plain(lambda text: text.strip()),
    "escape": lambda value: value if isinstance(value, Markup) else escape(_text(value)),
    "default": _default,
    "length": _length,
    "first": _first,
    "last": _last,
    "join": _join,
    "number": _number,
    "date": _date,
    "time": _time,
    "shorten": _shortened,
}
"""By the name in templates."""

TESTS: Mapping[str, Callable[..., bool]] = {
    "defined": lambda value: not isinstance(value, Undefined),
    "undefined": lambda value: isinstance(value, Undefined),
    "none": lambda value: value is None,
}
"""By the name in templates."""
