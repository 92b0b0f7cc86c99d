"""Write the page of all error reasons from the comments and options in a descriptor set: errors link to its anchors.

Usage: error_reference.py DESCRIPTOR_SET FILE
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from google.protobuf import descriptor_pb2
from google.rpc import code_pb2

from function.common.v1 import options_pb2

_ENUM = "ErrorReason"
_PREFIX = "ERROR_REASON_"
_ENUMS, _VALUES = 5, 2  # Field numbers in FileDescriptorProto and EnumDescriptorProto, as source locations count them.
_RETRY = {
    "INVALID_ARGUMENT": "Not as it is: the request has to change.",
    "NOT_FOUND": "Not as it is: there is nothing under that name for this caller.",
    "ALREADY_EXISTS": "Not as it is: something else has taken it.",
    "FAILED_PRECONDITION": "Not as it is: the state has to change first.",
    "PERMISSION_DENIED": "Not with this credential.",
    "UNAUTHENTICATED": "With another credential.",
    "ABORTED": "After reading again; after the delay in `RetryInfo` when there is one.",
    "RESOURCE_EXHAUSTED": "After the delay in `RetryInfo`; not as it is when there is none.",
    "UNAVAILABLE": "After the delay in `RetryInfo`; a mutation only with a `request_id`.",
    "DEADLINE_EXCEEDED": "With more time; a mutation only with a `request_id`.",
    "CANCELLED": "If the answer is still wanted; a mutation only with a `request_id`.",
    "INTERNAL": "A read may be tried once more; a mutation only with a `request_id`.",
}


def main(source: Path, target: Path) -> None:
    """Write the reasons found in the descriptor set `source` to the page `target`."""
    descriptors = descriptor_pb2.FileDescriptorSet.FromString(source.read_bytes())
    for file in descriptors.file:
        for number, enum in enumerate(file.enum_type):
            if enum.name == _ENUM and file.package.startswith("function."):
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text("\n".join(_page(file, number, enum)).strip() + "\n")
                return
    sys.exit(f"error_reference: no enum {_ENUM} in {source}")


def _page(
    file: descriptor_pb2.FileDescriptorProto, number: int, enum: descriptor_pb2.EnumDescriptorProto
) -> Iterator[str]:
    comments = {tuple(location.path): location.leading_comments for location in file.source_code_info.location}
    yield "# Errors\n"
    yield "Written by `make generate` from the comments in `protos/`.\n"
    yield " ".join(comments[_ENUMS, number].split()) + "\n"
    yield (
        "A failed call carries a `google.rpc.Status` in the trailing metadata `grpc-status-details-bin`. Its details"
        " are `ErrorInfo` with the reason, `RequestInfo` with the request id to quote in a report, `Help` with a link"
        " to this page, and, where they fit, `BadRequest`, `PreconditionFailure`, `ResourceInfo` and `RetryInfo`.\n"
    )
    for index, value in enumerate(enum.value):
        if value.number:
            yield from _section(value, comments.get((_ENUMS, number, _VALUES, index), ""))


def _section(value: descriptor_pb2.EnumValueDescriptorProto, comment: str) -> Iterator[str]:
    name = value.name.removeprefix(_PREFIX)
    spec = value.options.Extensions[options_pb2.reason]
    status = code_pb2.Code.Name(spec.code)
    keys = ", ".join(f"`{key}`" for key in spec.metadata_keys) or "none"
    # Headings get anchors in small letters on most sites; the link in an error has the reason as it is.
    yield f'<a id="{name}"></a>\n'
    yield f"## {name}\n"
    yield " ".join(comment.split()) + "\n"
    yield f"- Status: `{status}`"
    yield f"- Metadata: {keys}"
    yield f"- Example: “{spec.example}”"
    yield f"- Retry: {_RETRY[status]}\n"


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
