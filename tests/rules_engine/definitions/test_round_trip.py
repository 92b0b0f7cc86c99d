"""What is written is read again as it was."""

from __future__ import annotations

import json

import yaml
from google.protobuf import json_format
from hypothesis import given, settings
from hypothesis import strategies as st

from function.rules.v1 import definition_pb2
from function_backend_rules.definitions import read_text, write_json, write_yaml
from function_backend_rules.definitions.writing import plain
from tests.rules_engine.definitions.strategies import DEFINITIONS


@settings(max_examples=80, deadline=None)
@given(st.lists(DEFINITIONS, min_size=1, max_size=3))
def test_yaml_loses_nothing(definitions: list[definition_pb2.Definition]) -> None:
    text = write_yaml(definitions)
    contents = read_text(text, "file.yaml")
    assert contents.problems == (), text
    assert [each.definition for each in contents.documents] == definitions, text


@settings(max_examples=80, deadline=None)
@given(DEFINITIONS)
def test_json_loses_nothing(definition: definition_pb2.Definition) -> None:
    text = write_json(definition)
    contents = read_text(text, "file.json", json=True)
    assert contents.problems == (), text
    assert [each.definition for each in contents.documents] == [definition]


@settings(max_examples=40, deadline=None)
@given(DEFINITIONS)
def test_the_json_mapping_of_protobuf_is_read(definition: definition_pb2.Definition) -> None:
    text = json.dumps(json_format.MessageToDict(definition))
    contents = read_text(text, "file.json", json=True)
    assert contents.problems == (), text
    assert [each.definition for each in contents.documents] == [definition]


@settings(max_examples=40, deadline=None)
@given(DEFINITIONS)
def test_other_readers_of_yaml_find_the_texts_as_texts(definition: definition_pb2.Definition) -> None:
    content = plain(definition)
    # YAML 1.1 reads some numbers and signs of JSON otherwise; what matters here is that texts stay texts.
    content.pop("tests", None)
    definition.ClearField("tests")
    assert yaml.safe_load(write_yaml([definition])) == content
