"""Functions of strings. Positions and lengths count code points."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import re2

from function_backend_rules.cel.budget import Budget
from function_backend_rules.cel.failures import EvaluationError, no_overload
from function_backend_rules.cel.patterns import compile_pattern
from function_backend_rules.cel.runtime.kinds import LISTS, MAPS

_SPACES = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
_LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
_UPPER = {code: code - 32 for code in range(ord("a"), ord("z") + 1)}
_QUOTED = {
    '"': '\\"', "\\": "\\\\", "\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v",
}  # fmt: skip


def size(value: Any) -> int:
    """`size(value)`."""
    if type(value) in {str, bytes} or type(value) in LISTS or type(value) in MAPS:
        return len(value)
    raise no_overload("size", value)


def _texts(function: str, *values: Any) -> None:
    for value in values:
        if type(value) is not str:
            raise no_overload(function, *values)


def _integer(function: str, value: Any) -> int:
    if type(value) is not int:
        raise no_overload(function, value)
    return value


def contains(budget: Budget, text: Any, part: Any) -> bool:
    """`text.contains(part)`."""
    _texts("contains", text, part)
    budget.take(len(text))
    return part in text


def starts_with(budget: Budget, text: Any, part: Any) -> bool:
    """`text.startsWith(part)`."""
    _texts("startsWith", text, part)
    budget.take(len(part))
    return bool(text.startswith(part))


def ends_with(budget: Budget, text: Any, part: Any) -> bool:
    """`text.endsWith(part)`."""
    _texts("endsWith", text, part)
    budget.take(len(part))
    return bool(text.endswith(part))


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> Any:
    try:
        return compile_pattern(pattern)
    except re2.error:
        raise EvaluationError("the pattern is refused by RE2") from None


def matches(budget: Budget, text: Any, pattern: Any) -> bool:
    """`text.matches(pattern)`: whether RE2 finds the pattern anywhere in the text."""
    _texts("matches", text, pattern)
    budget.take(8 * len(text))
    return _compiled(pattern).search(text) is not None


def char_at(text: Any, at: Any) -> str:
    """`text.charAt(at)`; empty right behind the end."""
    _texts("charAt", text)
    if not 0 <= _integer("charAt", at) <= len(text):
        raise EvaluationError(f"index out of range: {at}")
    return str(text[at : at + 1])


def index_of(budget: Budget, text: Any, part: Any, start: Any = 0) -> int:
    """`text.indexOf(part, start)`; -1 when it is not there."""
    _texts("indexOf", text, part)
    if not 0 <= _integer("indexOf", start) <= len(text):
        raise EvaluationError(f"index out of range: {start}")
    budget.take(len(text))
    return int(text.find(part, start))


def last_index_of(budget: Budget, text: Any, part: Any, start: Any = None) -> int:
    """`text.lastIndexOf(part, start)`: the last place at or before `start`; -1 when it is not there."""
    _texts("lastIndexOf", text, part)
    budget.take(len(text))
    if start is None:
        return int(text.rfind(part))
    if not 0 <= _integer("lastIndexOf", start) <= len(text):
        raise EvaluationError(f"index out of range: {start}")
    return int(text.rfind(part, 0, start + len(part)))


def lower_ascii(budget: Budget, text: Any) -> str:
    """`text.lowerAscii()`."""
    _texts("lowerAscii", text)
    budget.take(len(text))
    return str(text.translate(_LOWER))


def upper_ascii(budget: Budget, text: Any) -> str:
    """`text.upperAscii()`."""
    _texts("upperAscii", text)
    budget.take(len(text))
    return str(text.translate(_UPPER))


def replace(budget: Budget, text: Any, old: Any, new: Any, limit: Any = -1) -> str:
    """`text.replace(old, new, limit)`; all of them when the limit is negative."""
    _texts("replace", text, old, new)
    limit = _integer("replace", limit)
    budget.take(len(text))
    count = text.count(old) if limit < 0 else min(limit, text.count(old))
    budget.take(max(0, len(text) + count * (len(new) - len(old))))
    return str(text.replace(old, new, limit if limit >= 0 else -1))


def split(budget: Budget, text: Any, separator: Any, limit: Any = -1) -> list[str]:
    """`text.split(separator, limit)`: at most `limit` parts, all when it is negative."""
    _texts("split", text, separator)
    limit = _integer("split", limit)
    if limit == 0:
        return []
    budget.take(len(text))
    if not separator:
        parts = list(text) if limit < 0 or limit >= len(text) else [*text[: limit - 1], text[limit - 1 :]]
        budget.take_elements(len(parts))
        return parts
    budget.take_elements(text.count(separator) + 1)
    return list(text.split(separator, limit - 1 if limit > 0 else -1))


def substring(budget: Budget, text: Any, start: Any, end: Any = None) -> str:
    """`text.substring(start, end)`."""
    _texts("substring", text)
    stop = len(text) if end is None else _integer("substring", end)
    if not 0 <= _integer("substring", start) <= stop <= len(text):
        raise EvaluationError(f"index out of range: substring({start}, {stop}) of a text of {len(text)}")
    budget.take(stop - start)
    return str(text[start:stop])


def trim(budget: Budget, text: Any) -> str:
    """`text.trim()`: without the white space of Unicode at both ends."""
    _texts("trim", text)
    budget.take(len(text))
    return str(text.strip(_SPACES))


def join(budget: Budget, parts: Any, separator: Any = "") -> str:
    """`parts.join(separator)`."""
    if type(parts) not in LISTS:
        raise no_overload("join", parts, separator)
    _texts("join", separator, *parts)
    budget.take(sum(map(len, parts)) + len(separator) * len(parts))
    return str(separator.join(parts))


def quote(budget: Budget, text: Any) -> str:
    """`strings.quote(text)`: in double quotes, with escapes."""
    _texts("strings.quote", text)
    budget.take(16 * len(text) + 2)  # It looks at every character by itself.
    return f'"{"".join(_QUOTED.get(char, char) for char in text)}"'
