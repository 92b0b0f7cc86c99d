"""A proto file can be written from its descriptor alone, and the writer proves that it says the same."""

from pathlib import Path

import pytest
from google.protobuf import descriptor_pb2

from descriptor_source import SourceMismatchError, proto_source

ROOT = Path(__file__).parents[2]


def _descriptor(name: str) -> descriptor_pb2.FileDescriptorProto:
    files = descriptor_pb2.FileDescriptorSet.FromString((ROOT / "generated/descriptors.binpb").read_bytes()).file
    found = next(file for file in files if file.name == name)
    found.ClearField("source_code_info")
    return found


def test_options_written_with_the_files_own_extensions_come_back() -> None:
    source = proto_source(_descriptor("buf/validate/validate.proto"), include=ROOT)
    assert 'syntax = "proto2";' in source
    assert "(buf.validate.predefined) = {" in source


def test_a_proto3_file_with_enums_and_extensions_comes_back(tmp_path: Path) -> None:
    descriptor = _descriptor("google/api/field_behavior.proto")
    assert "repeated .google.api.FieldBehavior field_behavior" in proto_source(descriptor, include=tmp_path)


def test_what_cannot_be_written_is_refused(tmp_path: Path) -> None:
    descriptor = _descriptor("google/api/field_behavior.proto")
    service = descriptor.service.add(name="Probe")
    assert service.name == "Probe"
    with pytest.raises(SourceMismatchError, match="field_behavior"):
        proto_source(descriptor, include=tmp_path)
