"""Write the API reference, one Markdown page per proto package, from the comments in a descriptor set.

Usage: api_reference.py DESCRIPTOR_SET FOLDER
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from buf.validate import validate_pb2
from google.api import annotations_pb2, field_behavior_pb2
from google.protobuf import descriptor_pb2, text_format
from google.rpc import code_pb2

from function.common.v1 import options_pb2

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from google.protobuf.message import Message

OWN_PREFIX = "function."
_FIELD = descriptor_pb2.FieldDescriptorProto
_MESSAGES, _ENUMS, _SERVICES = 4, 5, 6  # Field numbers in FileDescriptorProto, as source locations count them.
_FIELDS, _NESTED, _NESTED_ENUMS = 2, 3, 4  # In DescriptorProto.


@dataclass(frozen=True, slots=True)
class _File:
    proto: descriptor_pb2.FileDescriptorProto
    comments: dict[tuple[int, ...], str]

    @staticmethod
    def of(proto: descriptor_pb2.FileDescriptorProto) -> _File:
        locations = proto.source_code_info.location
        return _File(proto, {tuple(location.path): _tidy(location.leading_comments) for location in locations})

    def comment(self, *path: int) -> str:
        return self.comments.get(path, "")


def main(source: Path, target: Path) -> None:
    """Write the pages of our own packages found in the descriptor set `source` into the folder `target`."""
    descriptors = descriptor_pb2.FileDescriptorSet.FromString(source.read_bytes())
    packages: dict[str, list[_File]] = {}
    for proto in descriptors.file:
        if proto.package.startswith(OWN_PREFIX):
            packages.setdefault(proto.package, []).append(_File.of(proto))
    target.mkdir(parents=True, exist_ok=True)
    for package, files in packages.items():
        (target / f"{package}.md").write_text(_text(_package_page(package, files)))
    (target / "README.md").write_text(_text(_index_page(packages)))


def _text(lines: Iterable[str]) -> str:
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"


def _tidy(comment: str) -> str:
    return "\n".join(line.removeprefix(" ").rstrip() for line in comment.strip("\n").splitlines())


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _index_page(packages: dict[str, list[_File]]) -> Iterator[str]:
    yield "# API reference\n"
    yield "Written by `make generate` from the comments in `protos/`.\n"
    yield "| Service | Method | Permission | Repeating a call |"
    yield "|---|---|---|---|"
    for package, files in sorted(packages.items()):
        for file in files:
            for service in file.proto.service:
                for method in service.method:
                    policy = method.options.Extensions[options_pb2.policy]
                    link = f"[{method.name}]({package}.md#{_anchor(service.name, method.name)})"
                    yield f"| `{service.name}` | {link} | `{policy.permission}` | {_idempotency(policy)} |"
    yield "\n## Packages\n"
    for package in sorted(packages):
        yield f"- [`{package}`]({package}.md)"


def _anchor(*names: str) -> str:
    return "".join(names).lower()


def _idempotency(policy: options_pb2.MethodPolicy) -> str:
    name = options_pb2.Idempotency.Name(policy.idempotency)
    return name.removeprefix("IDEMPOTENCY_").replace("_", " ").lower()


def _package_page(package: str, files: list[_File]) -> Iterator[str]:
    yield f"# {package}\n"
    for file in files:
        for index, service in enumerate(file.proto.service):
            yield from _service(file, service, index)
    yield "\n## Messages\n"
    for file in files:
        for index, message in enumerate(file.proto.message_type):
            yield from _message(file, message, message.name, (_MESSAGES, index))
    yield "\n## Enums\n"
    for file in files:
        for index, enum in enumerate(file.proto.enum_type):
            yield from _enum(file, enum, enum.name, (_ENUMS, index))


def _service(file: _File, service: descriptor_pb2.ServiceDescriptorProto, index: int) -> Iterator[str]:
    yield f"\n## {service.name}\n\n{file.comment(_SERVICES, index)}\n"
    for number, method in enumerate(service.method):
        request = ("stream " if method.client_streaming else "") + _reference(file, method.input_type)
        response = ("stream " if method.server_streaming else "") + _reference(file, method.output_type)
        policy = method.options.Extensions[options_pb2.policy]
        # The service is part of the heading so that its anchor is unique on the page.
        yield f"\n### {service.name}.{method.name}\n\n{file.comment(_SERVICES, index, 2, number)}\n"
        yield f"- call: `/{file.proto.package}.{service.name}/{method.name}`"
        yield f"- request: {request}"
        yield f"- response: {response}"
        yield f"- permission: `{policy.permission}`; repeating a call: {_idempotency(policy)}"
        if method.options.HasExtension(annotations_pb2.http):
            rule = method.options.Extensions[annotations_pb2.http]
            verb = rule.WhichOneof("pattern") or ""
            yield f"- HTTP: `{verb.upper()} {getattr(rule, verb)}`"


def _message(file: _File, message: descriptor_pb2.DescriptorProto, name: str, path: tuple[int, ...]) -> Iterator[str]:
    yield f"\n### {name}\n\n{file.comment(*path)}\n"
    entries = {f".{file.proto.package}.{name}.{n.name}": n for n in message.nested_type if n.options.map_entry}
    if message.field:
        yield "| Field | Type | What it says | Rules |"
        yield "|---|---|---|---|"
    for index, field in enumerate(message.field):
        kind = _field_type(file, field, entries.get(field.type_name))
        comment = _cell(file.comment(*path, _FIELDS, index))
        yield f"| `{field.name}` ({field.number}) | {kind} | {comment} | {_rules(field)} |"
    for index, nested in enumerate(message.nested_type):
        if not nested.options.map_entry:
            yield from _message(file, nested, f"{name}.{nested.name}", (*path, _NESTED, index))
    for index, enum in enumerate(message.enum_type):
        yield from _enum(file, enum, f"{name}.{enum.name}", (*path, _NESTED_ENUMS, index))


def _enum(file: _File, enum: descriptor_pb2.EnumDescriptorProto, name: str, path: tuple[int, ...]) -> Iterator[str]:
    yield f"\n### {name}\n\n{file.comment(*path)}\n"
    yield "| Value | What it says |"
    yield "|---|---|"
    for index, value in enumerate(enum.value):
        comment = _cell(file.comment(*path, 2, index))
        yield f"| `{value.name}` ({value.number}) | {comment}{_reason(value)} |"


def _reason(value: descriptor_pb2.EnumValueDescriptorProto) -> str:
    if not value.options.HasExtension(options_pb2.reason):
        return ""
    spec = value.options.Extensions[options_pb2.reason]
    keys = ", ".join(f"`{key}`" for key in spec.metadata_keys) or "none"
    return f" Status `{code_pb2.Code.Name(spec.code)}`; metadata: {keys}; example: “{_cell(spec.example)}”"


def _field_type(file: _File, field: _FIELD, entry: descriptor_pb2.DescriptorProto | None) -> str:
    if entry is not None:
        return f"map of {_scalar(file, entry.field[0])} to {_scalar(file, entry.field[1])}"
    if field.label == _FIELD.LABEL_REPEATED:
        return f"list of {_scalar(file, field)}"
    return _scalar(file, field)


def _scalar(file: _File, field: _FIELD) -> str:
    if field.type_name:
        return _reference(file, field.type_name)
    return f"`{_FIELD.Type.Name(field.type).removeprefix('TYPE_').lower()}`"


def _reference(file: _File, type_name: str) -> str:
    name = type_name.removeprefix(".")
    package = next((part for part in _packages_of(name)), "")
    if not name.startswith(OWN_PREFIX):
        return f"`{name}`"
    short = name.removeprefix(package + ".")
    page = "" if package == file.proto.package else f"{package}.md"
    return f"[`{short}`]({page}#{_anchor(*short.split('.'))})"


def _packages_of(name: str) -> Iterator[str]:
    parts = name.split(".")
    for end in range(len(parts) - 1, 0, -1):
        if parts[end - 1][:1].islower():
            yield ".".join(parts[:end])


def _rules(field: _FIELD) -> str:
    behaviours = field.options.Extensions[field_behavior_pb2.field_behavior]
    rules = [field_behavior_pb2.FieldBehavior.Name(each).replace("_", " ").lower() for each in behaviours]
    if field.options.HasExtension(validate_pb2.field):
        rules.append(f"`{_cell(_one_line(field.options.Extensions[validate_pb2.field]))}`")
    return ", ".join(rules)


def _one_line(message: Message) -> str:
    return text_format.MessageToString(message, as_one_line=True, as_utf8=True, use_short_repeated_primitives=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
