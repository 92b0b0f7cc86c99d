"""The contract as it is committed, with its comments."""

from __future__ import annotations

from pathlib import Path

from google.protobuf import descriptor_pb2

_SET = Path(__file__).parents[2] / "generated/descriptors.binpb"


def own_files() -> list[descriptor_pb2.FileDescriptorProto]:
    """The files of our own packages."""
    files = descriptor_pb2.FileDescriptorSet.FromString(_SET.read_bytes()).file
    return [file for file in files if file.package.startswith("function.")]


def comments_of(file: descriptor_pb2.FileDescriptorProto) -> dict[tuple[int, ...], str]:
    """The comment before each element, by its path in the file."""
    return {tuple(location.path): location.leading_comments for location in file.source_code_info.location}
