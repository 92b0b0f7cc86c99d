"""Random values, cells and columns of every type that has an order."""

import math
from dataclasses import dataclass

from hypothesis import strategies as st

from function_backend_rules.cel import types, values
from function_backend_rules.tables.domains import Domain, Key, ValueSet, domain_of, everything

# Few enough that cells meet, with the corners of each type among them.
_KEYS: dict[types.Type, list[Key]] = {
    types.INT: [values.INT_MIN, -1, 0, 1, 2, 3, 7, 2**53, 2**53 + 1, values.INT_MAX],
    types.UINT: [0, 1, 2, 2**53 + 1, values.UINT_MAX],
    types.BOOL: [False, True],
    types.DOUBLE: [-math.inf, -1.5, -0.0, 0.0, 5e-324, 1.0, 2.0, 2.0**53, 2.0**53 + 2, 1.7e308, math.inf],
    types.STRING: ["", "\0", "A", "A\0", "DE", "FR", "fr", "\ud7ff", "\U0010ffff"],
    types.BYTES: [b"", b"\0", b"a", b"\xff", b"\xff\0"],
    types.TIMESTAMP: [values.TIMESTAMP_MIN, 0, 1, 10**18, values.TIMESTAMP_MAX],
    types.DURATION: [-values.DURATION_LIMIT, -1, 0, 1, values.DURATION_LIMIT],
}
_WHOLE_FOR_DOUBLES = [-1, 0, 1, 2**53, 2**53 + 1, 10**400, -(10**400)]


@dataclass(frozen=True)
class Column:
    """A column with the cell of each row, as the set that it accepts and as a test of its own."""

    domain: Domain
    cells: list[ValueSet]


def domains() -> st.SearchStrategy[Domain]:
    kinds = [*_KEYS, *(types.wrapper_of(kind) for kind in (types.INT, types.DOUBLE, types.STRING))]
    found = [domain for kind in kinds if (domain := domain_of(kind))]
    return st.sampled_from([*found, Domain(types.INT, -(2**31), 2**31 - 1, enum_names=((0, "A"), (1, "B"), (2, "C")))])


def keys(domain: Domain) -> st.SearchStrategy[Key]:
    """Values of a domain, but for null and NaN."""
    return st.sampled_from([0, 1, 2, 3] if domain.enum_names else _KEYS[domain.type])


def column_values(domain: Domain) -> st.SearchStrategy[object]:
    """Everything that the value of a column can be."""
    special = ([None] if domain.nullable else []) + ([math.nan] if domain.has_nan else [])
    return st.one_of(keys(domain), st.sampled_from(special)) if special else keys(domain)


def cell_sets(domain: Domain) -> st.SearchStrategy[ValueSet]:
    """What a cell accepts, made by the same steps as from its source."""
    operand = keys(domain)
    if domain.type == types.DOUBLE:
        operand = st.one_of(operand, st.sampled_from(_WHOLE_FOR_DOUBLES))
    simple = st.one_of(
        operand.map(lambda key: ValueSet(domain.equal(key))),
        operand.map(lambda key: ValueSet(domain.at_least(key))),
        operand.map(lambda key: ValueSet(ValueSet(domain.at_least(key)).complement(domain).spans)),
        operand.map(lambda key: ValueSet(domain.above(key))),
        st.just(everything(domain)),
        st.just(ValueSet(null=domain.nullable)),
    )
    return st.recursive(
        simple,
        lambda inner: st.one_of(
            st.lists(inner, min_size=1, max_size=3).map(lambda sets: sets[0].union(*sets[1:])),
            inner.map(lambda accepted: accepted.complement(domain)),
        ),
        max_leaves=4,
    )
