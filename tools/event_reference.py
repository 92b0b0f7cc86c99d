"""Write what the contract says of events: the page of all types with examples, and the descriptions for the service.

Usage: event_reference.py DESCRIPTOR_SET PAGE DESCRIPTIONS

The examples come from the stubs, which must have been generated from the same contract before.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from google.protobuf import descriptor_pb2

from function.common.v1 import options_pb2

_MESSAGES = 4  # Field number in FileDescriptorProto, as source locations count them.


def main(source: Path, page: Path, descriptions: Path) -> None:
    """Write the page and the descriptions of the events in the descriptor set `source`."""
    described = dict(sorted(_described(descriptor_pb2.FileDescriptorSet.FromString(source.read_bytes()))))
    descriptions.parent.mkdir(parents=True, exist_ok=True)
    descriptions.write_text(json.dumps(described, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text("\n".join(_page(described)).strip() + "\n", encoding="utf-8")


def _described(descriptors: descriptor_pb2.FileDescriptorSet) -> Iterator[tuple[str, str]]:
    for file in descriptors.file:
        comments = {tuple(location.path): location.leading_comments for location in file.source_code_info.location}
        for number, message in enumerate(file.message_type):
            if file.package.startswith("function.") and message.options.HasExtension(options_pb2.event):
                yield f"{file.package}.{message.name}", " ".join(comments[_MESSAGES, number].split())


def _page(described: dict[str, str]) -> Iterator[str]:
    # Here, since the catalogue reads the descriptions that were written a moment ago where there were none.
    from function_backend.cloud_events.catalogue import event_catalogue  # noqa: PLC0415
    from function_backend.cloud_events.envelope import as_document  # noqa: PLC0415
    from function_backend.cloud_events.examples import example_of  # noqa: PLC0415

    yield "# Types of events\n"
    yield "Written by `make generate` from the comments in `protos/`. How to receive events: [events.md](events.md).\n"
    yield (
        "Each type is the message in `data`. A caller sees an event when it holds the permission, for the whole tenant"
        " or for the resource. Examples are CloudEvents in JSON; in protobuf the data is the message itself.\n"
    )
    types = sorted(event_catalogue(), key=lambda each: (each.subject_type, each.name))
    for subject_type, group in groupby(types, key=lambda each: each.subject_type):
        yield f"## `{subject_type}`\n" if subject_type else "## Any\n"
        for each in group:
            yield f'<a id="{each.name}"></a>\n'
            yield f"### {each.name.rpartition('.')[2]}\n"
            yield f"{described[each.name]}\n"
            yield f"- Type: `{each.name}`"
            yield f"- Permission: `{each.permission}`\n"
            yield "```json"
            yield json.dumps(as_document(example_of(each)), indent=2, ensure_ascii=False)
            yield "```\n"


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
