"""The readers of JSON and the places of CSV agree with the standard library."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from function_backend_rules.definitions.csv_places import _records
from function_backend_rules.definitions.json_text import read_json
from function_backend_rules.definitions.nodes import Mapping, Node, Scalar, TextRefusedError

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)
ALMOST_JSON = st.text(st.sampled_from('{}[]",:0123456789.eE+-truefalsn \n\t\\"u'), max_size=25)
FIELDS = st.text(st.sampled_from('ab "\n,#é'), max_size=6)


def value(node: Node) -> Any:
    if isinstance(node, Scalar):
        return json.loads(node.text) if node.plain else node.text
    if isinstance(node, Mapping):
        return {key.text: value(item) for key, item in node.entries}
    return [value(item) for item in node.items]


@settings(max_examples=150, deadline=None)
@given(JSON, st.sampled_from([None, 1]))
def test_json_means_what_the_standard_library_says(content: object, indent: int | None) -> None:
    [node] = read_json(json.dumps(content, indent=indent))
    assert value(node) == content


def _refuse(word: str) -> None:
    raise ValueError(word)


@settings(max_examples=400, deadline=None)
@given(ALMOST_JSON)
def test_what_is_no_json_is_refused_and_nothing_else(text: str) -> None:
    try:
        json.loads(text, parse_constant=_refuse)
    except ValueError:
        known = False
    else:
        known = True
    try:
        read_json(text)
    except TextRefusedError:
        assert not known, text
    else:
        assert known, text


def _written(field: str) -> str:
    return '"' + field.replace('"', '""') + '"' if any(sign in field for sign in ',"\n') else field


@settings(max_examples=200, deadline=None)
@given(st.lists(st.lists(FIELDS, min_size=2, max_size=4), max_size=5), st.sampled_from(["\n", "\r\n"]))
def test_the_places_of_csv_are_those_of_its_fields(rows: list[list[str]], end: str) -> None:
    text = "".join(",".join(map(_written, row)) + end for row in rows)
    records = _records(text)
    assert [[field.text for field in record] for record in records] == list(csv.reader(io.StringIO(text, newline="")))
    lines = text.split("\n")
    for record in records:
        for field in record:
            written = lines[field.line - 1][field.column - 1 :]
            assert written.startswith('"' if field.quoted else field.text.split("\n")[0])
