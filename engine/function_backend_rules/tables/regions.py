"""Parts of the input space of a table, in the words of its cells."""

import math
from collections.abc import Mapping, Sequence

from function_backend_rules.cel import types
from function_backend_rules.tables.domains import Domain, Key, Spans, ValueSet, everything

_LISTED = 6
"""Values and spans that are written out; the rest is counted."""
_STEPPED = (types.DOUBLE, types.STRING, types.BYTES, types.TIMESTAMP, types.DURATION)
"""Where the next larger value is not what anybody would write."""


def region_text(domains: Mapping[str, Domain], region: Mapping[str, ValueSet]) -> str:
    """Gives a region as `country = other, amount in [100..500)`; columns that do not matter are left out."""
    parts = [_condition(name, domains[name], accepted) for name, accepted in region.items()]
    return ", ".join(part for part in parts if part) or "any input"


def intersection(domain: Domain, first: ValueSet, second: ValueSet) -> ValueSet:
    """Gives what both accept."""
    both = first.complement(domain).union(second.complement(domain)).complement(domain)
    return ValueSet(both.spans, first.null and second.null, first.nan and second.nan)


def _condition(name: str, domain: Domain, accepted: ValueSet) -> str:
    whole = everything(domain)
    # NaN is told apart from gaps: a column that takes every number is not worth a word.
    if accepted.spans == whole.spans and accepted.null == whole.null:
        return ""
    if domain.enum_names:
        chosen = [text for number, text in domain.enum_names if number in accepted]
        return f"{name} {_listed(chosen, null=accepted.null)}"
    singles = [low for low, high in accepted.spans if _single(domain, low, high)]
    if len(singles) == len(accepted.spans):
        return f"{name} {_listed([domain.text(key) for key in singles], null=accepted.null)}"
    if _all_but_singles(domain, accepted):
        return f"{name} = other" + (" or null" if accepted.null else "")
    texts = [_span_text(domain, low, high) for low, high in accepted.spans]
    if accepted.null:
        texts.append("= null")
    return f"{name} {' or '.join(_cut(texts))}"


def _listed(texts: Sequence[str], *, null: bool) -> str:
    texts = [*texts, "null"] if null else list(texts)
    if len(texts) == 1:
        return f"= {texts[0]}"
    return f"in [{', '.join(_cut(texts))}]" if texts else "= nothing"


def _cut(texts: Sequence[str]) -> list[str]:
    return [*texts[:_LISTED], f"… {len(texts) - _LISTED} more"] if len(texts) > _LISTED + 1 else list(texts)


def _single(domain: Domain, low: Key, high: Key | None) -> bool:
    return bool(low == domain.high if high is None else domain.successor(low) == high)


def _all_but_singles(domain: Domain, accepted: ValueSet) -> bool:
    missing: Spans = accepted.complement(domain).spans
    return all(_single(domain, low, high) for low, high in missing) and (
        len(missing) > 1 or domain.type in {types.STRING, types.BYTES}
    )


def _span_text(domain: Domain, low: Key, high: Key | None) -> str:
    if _single(domain, low, high):
        return f"= {domain.text(low)}"
    start, above = _edge(domain, low)
    starts_lowest = low == domain.low
    if high is None:
        return f"{'>' if above else '>='} {start}"
    end, included = _edge(domain, high)
    if starts_lowest:
        return f"{'<=' if included else '<'} {end}"
    return f"in {'(' if above else '['}{start}..{end}{']' if included else ')'}"


def _edge(domain: Domain, key: Key) -> tuple[str, bool]:
    """The text of a point where a span begins or ends, and whether the point lies just above the value shown."""
    if domain.type in _STEPPED:
        below = _predecessor(key)
        if below is not None and below >= domain.low and len(domain.text(below)) < len(domain.text(key)):
            return domain.text(below), True
    return domain.text(key), False


def _predecessor(key: Key) -> Key | None:
    if isinstance(key, float):
        return math.nextafter(key, -math.inf)
    if isinstance(key, str):
        return key[:-1] if key.endswith("\0") else None
    if isinstance(key, bytes):
        return key[:-1] if key.endswith(b"\0") else None
    return key - 1
