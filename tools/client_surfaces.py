"""Write the typed methods of the Python client for the services of `PACKAGES`, from a descriptor set.

Usage: client_surfaces.py DESCRIPTOR_SET FOLDER

Each service becomes a module with a class for `Client` and one for `AsyncClient`. A field of the request becomes an
argument, a list becomes a pager, an answer with one message in it becomes that message (docs/adr/0016).
"""

from __future__ import annotations

import keyword
import re
import sys
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from google.api import field_behavior_pb2
from google.protobuf import descriptor_pb2

Field = descriptor_pb2.FieldDescriptorProto
Method = descriptor_pb2.MethodDescriptorProto

PACKAGES: Final = ("function.audit.v1", "function.auth.v1")
ROOT: Final = "function_backend_client.surfaces"
_SERVICES, _METHODS = 6, 2  # Field numbers in FileDescriptorProto and ServiceDescriptorProto, as locations count them.
_POSITIONAL = 2  # The house's rule: what comes after the second argument is given by name.

_SCALARS: Final[Mapping[int, tuple[str, str]]] = {
    Field.TYPE_STRING: ("str", '""'),
    Field.TYPE_BYTES: ("bytes", 'b""'),
    Field.TYPE_BOOL: ("bool", "False"),
    Field.TYPE_DOUBLE: ("float", "0.0"),
    Field.TYPE_FLOAT: ("float", "0.0"),
}
_MOMENTS: Final[Mapping[str, tuple[str, str]]] = {
    ".google.protobuf.Timestamp": ("dt.datetime | Timestamp", "requests.timestamp"),
    ".google.protobuf.Duration": ("dt.timedelta | Duration", "requests.duration"),
}
_MASK: Final = ".google.protobuf.FieldMask"
_CLASSES: Final[Mapping[str, str]] = {
    "Audit": "Audit",
    "OAuth": "OAuth",
    "PermissionCheck": "Checks",
    "RoleBinding": "Bindings",
    "SecondFactor": "SecondFactor",
}
"""The class of a service whose plural would be no word."""
_NOUNS: Final[Mapping[str, str]] = {"Audit": "AuditRecord", "PermissionCheck": "Permission", "RelationSchema": "Schema"}
"""What the methods of a service are about, where it is not the name of the service."""
_LINE: Final = 120
_WELL_KNOWN: Final[Mapping[str, str]] = {".google.protobuf.Struct": "Struct"}


@dataclass(frozen=True, slots=True)
class _Contract:
    """The descriptor set by name."""

    files: Sequence[descriptor_pb2.FileDescriptorProto]
    messages: dict[str, tuple[descriptor_pb2.DescriptorProto, str]] = field(default_factory=dict)
    """By their full name with a dot before it: the message, and the module that it is in."""
    enums: dict[str, tuple[descriptor_pb2.EnumDescriptorProto, str]] = field(default_factory=dict)

    @staticmethod
    def of(descriptors: descriptor_pb2.FileDescriptorSet) -> _Contract:
        contract = _Contract(descriptors.file)
        for file in descriptors.file:
            module = file.name.removesuffix(".proto").replace("/", ".") + "_pb2"
            for message in file.message_type:
                contract._add(message, f".{file.package}.{message.name}", module)
            for enum in file.enum_type:
                contract.enums[f".{file.package}.{enum.name}"] = (enum, module)
        return contract

    def _add(self, message: descriptor_pb2.DescriptorProto, name: str, module: str) -> None:
        self.messages[name] = (message, module)
        for nested in message.nested_type:
            self._add(nested, f"{name}.{nested.name}", module)
        for enum in message.enum_type:
            self.enums[f"{name}.{enum.name}"] = (enum, module)


@dataclass(slots=True)
class _Imports:
    """What a written module needs."""

    modules: set[str] = field(default_factory=set)
    lines: set[str] = field(default_factory=set)

    def type(self, full_name: str, module: str) -> str:
        """The name of a message or an enum in the written text."""
        package, _, short = module.rpartition(".")
        self.modules.add(module)
        return f"{short}.{full_name.removeprefix('.' + package + '.')}"


@dataclass(frozen=True, slots=True)
class _Argument:
    """One argument of a method, and what is made of it."""

    name: str
    annotation: str
    default: str
    """Empty where the caller has to give it."""
    sent: str
    """The keyword in the request and its value."""
    is_choice: bool = False
    """Whether it is one of several of which at most one is set, so that even an empty value says something."""

    @property
    def text(self) -> str:
        return f"{self.name}: {self.annotation}" + (f" = {self.default}" if self.default else "")


def main(source: Path, folder: Path) -> None:
    """Writes a module for each service of the package found in the descriptor set."""
    contract = _Contract.of(descriptor_pb2.FileDescriptorSet.FromString(source.read_bytes()))
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for file in contract.files:
        for index, service in enumerate(file.service):
            if file.package in PACKAGES:
                surface = _Surface(contract, file, index, service.name.removesuffix("Service"))
                _write(folder / f"{surface.attribute}.py", surface.lines())
                written.append(surface)
    written.sort(key=lambda surface: surface.attribute)
    _write(folder / "__init__.py", ['"""The typed methods, written by make generate."""'])
    _write(folder / "catalogue.py", _catalogue(written))
    _write(folder / "contract.py", _files(contract))


def _write(path: Path, lines: Iterable[str]) -> None:
    path.write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")


class _Surface:
    """One service as two classes."""

    def __init__(self, contract: _Contract, file: descriptor_pb2.FileDescriptorProto, index: int, noun: str) -> None:
        self._contract = contract
        self._file = file
        self._service = file.service[index]
        locations = file.source_code_info.location
        comments = {tuple(location.path): location.leading_comments for location in locations}
        self._about = _paragraphs(comments.get((_SERVICES, index), ""))
        self._comments = [
            _paragraphs(comments.get((_SERVICES, index, _METHODS, number), ""))
            for number in range(len(self._service.method))
        ]
        self._noun = noun
        self._imports = _Imports()
        self.class_name = _CLASSES.get(noun) or _plural(noun)
        self.attribute = _snake(self.class_name)
        self.stub_module = file.name.removesuffix(".proto").replace("/", ".") + "_pb2_grpc"
        self.stub = f"{self.stub_module.rpartition('.')[2]}.{self._service.name}Stub"

    def lines(self) -> Iterator[str]:
        """The module."""
        body = [*self._class(self.class_name), "", "", *self._class(f"Async{self.class_name}", asynchronous=True)]
        text = "\n".join(body)
        yield f'"""{self._file_title()}\n\nWritten by make generate.\n"""'
        yield ""
        yield "from __future__ import annotations"
        yield ""
        yield from self._import_lines(text)
        yield ""
        yield ""
        yield from body

    def _file_title(self) -> str:
        title = self._about[0].partition(". ")[0] if self._about else self.class_name
        return f"{title.rstrip('.')}."

    def _import_lines(self, text: str) -> Iterator[str]:
        if "dt." in text:
            yield "import datetime as dt"
        abstract = [
            name for name in ("AsyncIterable", "Iterable", "Iterator", "Mapping") if re.search(rf"\b{name}\[", text)
        ]
        if abstract:
            yield f"from collections.abc import {', '.join(abstract)}"
        yield ""
        for name in ("Duration", "Struct", "Timestamp"):
            if re.search(rf"(?<!\.)\b{name}\b", text):
                yield f"from google.protobuf.{name.lower()}_pb2 import {name}"
        yield ""
        self._imports.modules.add(self.stub_module)
        packages: dict[str, list[str]] = {}
        for module in sorted(self._imports.modules):
            package, _, short = module.rpartition(".")
            packages.setdefault(package, []).append(short)
        for package, names in packages.items():
            yield f"from {package} import {', '.join(names)}"
        if "requests." in text:
            yield "from function_backend_client import requests"
        paging = [name for name in ("AsyncPager", "Page", "Pager") if re.search(rf"\b{name}[\[(]", text)]
        if paging:
            yield f"from function_backend_client.pages import {', '.join(paging)}"

    def _class(self, name: str, *, asynchronous: bool = False) -> Iterator[str]:
        yield f"class {name}:"
        if asynchronous:
            yield f'    """As `{self.class_name}`, with `await`."""'
        else:
            about = _sentence(self._about)
            yield from _docstring(
                f"{about} Every method raises FunctionBackendError where the service refuses.", "    "
            )
        kind = f"{self.stub.removesuffix('Stub')}{'AsyncStub' if asynchronous else 'Stub'}"
        yield ""
        yield f"    def __init__(self, stub: {kind}) -> None:"
        yield "        self._stub = stub"
        for number, method in enumerate(self._service.method):
            yield ""
            yield from self._method(method, self._comments[number], asynchronous=asynchronous)

    def _method(self, method: Method, comment: list[str], *, asynchronous: bool) -> Iterator[str]:
        name = self._method_name(method.name)
        request, module = self._contract.messages[method.input_type]
        request_type = self._imports.type(method.input_type, module)
        answer = self._answer(method)
        wait = "timeout=timeout"
        if method.client_streaming:
            yield from self._upload(method, name, request_type, comment, asynchronous=asynchronous)
            return
        arguments = [self._argument(each) for each in request.field]
        paged = self._paged(method)
        returns = answer[0]
        if paged is not None:
            returns = f"{'AsyncPager' if asynchronous else 'Pager'}[{paged[1]}]"
        elif method.server_streaming:
            returns = f"{'AsyncIterable' if asynchronous else 'Iterator'}[{answer[2]}]"
        is_coroutine = asynchronous and paged is None and not method.server_streaming
        yield f"    {'async ' if is_coroutine else ''}def {name}("
        yield from (f"        {line}," for line in _signature(arguments))
        yield f"    ) -> {returns}:"
        yield from _docstring(_sentence(comment), "        ")
        sent = [argument.sent for argument in arguments if not argument.is_choice]
        build = f"{request_type}({', '.join(sent)})"
        if paged is not None:
            yield f"        request = {build}"
            yield ""
            yield f"        {'async ' if asynchronous else ''}def fetch(token: str) -> Page[{paged[1]}]:"
            waiting = "await " if asynchronous else ""
            call = f"{waiting}self._stub.{method.name}(requests.at_page(request, token), {wait})"
            yield f"            response = {call}"
            yield f"            return Page(response.{paged[0]}, response.next_page_token)"
            yield ""
            yield f"        return {'AsyncPager' if asynchronous else 'Pager'}(fetch, page_token)"
            return
        yield f"        request = {build}"
        for argument in arguments:
            if argument.is_choice:
                field_name, _, value = argument.sent.partition("=")
                yield f"        if {argument.name} is not None:"
                yield f"            request.{field_name} = {value}"
        call = f"self._stub.{method.name}(request, {wait})"
        if method.server_streaming:
            yield f"        return {call}"
            return
        if asynchronous:
            call = f"(await {call})" if answer[1] else f"await {call}"
        if returns == "None":
            yield f"        {call}"
        else:
            yield f"        return {call}{answer[1]}"

    def _upload(
        self, method: Method, name: str, request_type: str, comment: list[str], *, asynchronous: bool
    ) -> Iterator[str]:
        _, module = self._contract.messages[method.output_type]
        response = self._imports.type(method.output_type, module)
        if method.server_streaming:
            raise ValueError(f"{method.name}: dialogues have no typed method yet")
        iterable = f"Iterable[{request_type}]" + (f" | AsyncIterable[{request_type}]" if asynchronous else "")
        yield f"    {'async ' if asynchronous else ''}def {name}("
        yield f"        self, messages: {iterable}, *, timeout: float | None = None"
        yield f"    ) -> {response}:"
        yield from _docstring(_sentence(comment), "        ")
        sent = "requests.iterator(messages)" if asynchronous else "iter(messages)"
        yield f"        return {'await ' if asynchronous else ''}self._stub.{method.name}({sent}, timeout=timeout)"

    def _method_name(self, rpc: str) -> str:
        name = _snake(rpc)
        noun = _NOUNS.get(self._noun, self._noun)
        for word in (_snake(_plural(noun)), _snake(noun)):
            if name.endswith(f"_{word}"):
                name = name.removesuffix(f"_{word}")
                break
        return f"{name}_" if keyword.iskeyword(name) else name

    def _answer(self, method: Method) -> tuple[str, str, str]:
        """The type that a method returns, how it is taken out of the response, and the type of the response."""
        message, module = self._contract.messages[method.output_type]
        whole = self._imports.type(method.output_type, module)
        if not message.field:
            return "None", "", whole
        only = message.field[0]
        if len(message.field) == 1 and only.type == Field.TYPE_MESSAGE and only.label != Field.LABEL_REPEATED:
            _, inner_module = self._contract.messages[only.type_name]
            return self._imports.type(only.type_name, inner_module), f".{only.name}", whole
        return whole, "", whole

    def _paged(self, method: Method) -> tuple[str, str] | None:
        """The list that a response has a page of, and the type of its items; None for other methods."""
        request, _ = self._contract.messages[method.input_type]
        response, _ = self._contract.messages[method.output_type]
        if not any(each.name == "page_token" for each in request.field):
            return None
        lists = [each for each in response.field if each.label == Field.LABEL_REPEATED]
        if not lists or not any(each.name == "next_page_token" for each in response.field):
            return None
        return lists[0].name, self._item(lists[0])[0]

    def _argument(self, each: Field) -> _Argument:  # noqa: PLR0911  One for each form of a field.
        required = field_behavior_pb2.REQUIRED in each.options.Extensions[field_behavior_pb2.field_behavior]
        name = f"{each.name}_" if keyword.iskeyword(each.name) else each.name
        if each.name == "id":
            name = f"{_snake(self._noun)}_id"
        if each.name == "request_id":
            return _Argument(name, "str | None", "None", "request_id=requests.new_request_id(request_id)")
        if each.type_name == _MASK:
            return _Argument("fields", "Iterable[str] | str | None", "None", f"{each.name}=requests.field_mask(fields)")
        entry = self._entry(each)
        if entry is not None:
            key, value = (self._item(part)[0] for part in entry.field)
            return _argument(name, f"Mapping[{key}, {value}]", "None", f"{each.name}={name}", required=required)
        if each.type_name in _MOMENTS and each.label != Field.LABEL_REPEATED:
            annotation, convert = _MOMENTS[each.type_name]
            return _argument(name, annotation, "None", f"{each.name}={convert}({name})", required=required)
        annotation, default = self._item(each)
        if each.label == Field.LABEL_REPEATED:
            return _argument(name, f"Iterable[{annotation}]", "()", f"{each.name}={name}", required=required)
        if each.HasField("oneof_index"):
            is_choice = not each.proto3_optional and each.type != Field.TYPE_MESSAGE
            return _Argument(name, f"{annotation} | None", "None", f"{each.name}={name}", is_choice)
        return _argument(name, annotation, default, f"{each.name}={name}", required=required)

    def _entry(self, each: Field) -> descriptor_pb2.DescriptorProto | None:
        """The key and the value of a map; None for another field."""
        if each.type != Field.TYPE_MESSAGE:
            return None
        message, _ = self._contract.messages[each.type_name]
        return message if message.options.map_entry else None

    def _item(self, each: Field) -> tuple[str, str]:
        """The type of a value, and what stands for its absence."""
        if each.type == Field.TYPE_ENUM:
            enum, module = self._contract.enums[each.type_name]
            text = self._imports.type(each.type_name, module)
            prefix = text.rpartition(".")[0]
            return f"{text}.ValueType", f"{prefix}.{enum.value[0].name}"
        if each.type_name in _WELL_KNOWN:
            return _WELL_KNOWN[each.type_name], "None"
        if each.type == Field.TYPE_MESSAGE:
            _, module = self._contract.messages[each.type_name]
            return self._imports.type(each.type_name, module), "None"
        return _SCALARS.get(each.type, ("int", "0"))


def _argument(name: str, annotation: str, default: str, sent: str, *, required: bool) -> _Argument:
    if required:
        return _Argument(name, annotation, "", sent)
    return _Argument(name, f"{annotation} | None" if default == "None" else annotation, default, sent)


def _signature(arguments: Sequence[_Argument]) -> Iterator[str]:
    first = [argument for argument in arguments if argument.name.endswith("_id") and argument.sent.startswith("id=")]
    others = [argument for argument in arguments if argument not in first]
    required = [argument for argument in others if not argument.default]
    positional = (first + required)[:_POSITIONAL]
    if positional and positional[0].default:
        # An id that may be left out: what is required follows it by name.
        positional = positional[:1]
    yield "self"
    yield from (argument.text for argument in positional)
    yield "*"
    yield from (argument.text for argument in required if argument not in positional)
    yield from (argument.text for argument in others if argument not in positional and argument.default)
    yield "timeout: float | None = None"


def _catalogue(surfaces: Sequence[_Surface]) -> Iterator[str]:
    yield '"""The typed methods of a client by the names of its attributes. Written by make generate."""'
    yield ""
    yield "from __future__ import annotations"
    yield ""
    yield "import grpc"
    yield "from grpc import aio"
    yield ""
    for package in PACKAGES:
        modules = [s.stub_module for s in surfaces if s.stub_module.startswith(f"{package}.")]
        yield f"from {package} import {', '.join(sorted(module.rpartition('.')[2] for module in modules))}"
    for surface in surfaces:
        yield f"from {ROOT}.{surface.attribute} import Async{surface.class_name}, {surface.class_name}"
    kinds = (("", "grpc.Channel", "a client"), ("Async", "aio.Channel", "an asynchronous client"))
    for prefix, channel, article in kinds:
        yield ""
        yield ""
        yield f"class {prefix}Surfaces:"
        yield f'    """The typed methods of {article}."""'
        yield ""
        yield f"    def __init__(self, channel: {channel}) -> None:"
        for surface in surfaces:
            yield f"        self.{surface.attribute} = {prefix}{surface.class_name}({surface.stub}(channel))"


def _files(contract: _Contract) -> Iterator[str]:
    files = [file for file in contract.files if file.service and file.package.startswith("function.")]
    packages: dict[str, list[str]] = {}
    for file in files:
        packages.setdefault(file.package, []).append(Path(file.name).stem + "_pb2")
    yield '"""The files of the contract that have services. Written by make generate."""'
    yield ""
    yield "from __future__ import annotations"
    yield ""
    yield "from google.protobuf.descriptor import FileDescriptor"
    yield ""
    for package, modules in sorted(packages.items()):
        yield f"from {package} import {', '.join(sorted(modules))}"
    yield ""
    yield "CONTRACT: tuple[FileDescriptor, ...] = ("
    for _, modules in sorted(packages.items()):
        for module in sorted(modules):
            yield f"    {module}.DESCRIPTOR,"
    yield ")"
    yield '"""The files whose services this client speaks."""'


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name.replace("OAuth", "Oauth")).lower()


def _plural(noun: str) -> str:
    if noun in {"OAuth", "Audit"} or noun.endswith("s"):
        return noun
    return f"{noun[:-1]}ies" if re.search(r"[^aeiou]y$", noun) else f"{noun}s"


def _paragraphs(comment: str) -> list[str]:
    lines = [line.removeprefix(" ").rstrip() for line in comment.strip("\n").splitlines()]
    return [" ".join(part.split()) for part in "\n".join(lines).split("\n\n") if part.strip()]


def _sentence(paragraphs: Sequence[str]) -> str:
    """What comes before the permission and the reasons, which the reference has."""
    about = []
    for paragraph in paragraphs:
        if paragraph.startswith(("Permission:", "Any method", "Idempotency:", "Fails with", "Anonymous")):
            break
        about.append(paragraph)
    text = "\n\n".join(about[:1] or paragraphs[:1]) or "As the contract says."
    return text.replace("\\", "\\\\").replace('"""', "'''")


def _docstring(text: str, indent: str) -> Iterator[str]:
    """The text with its first sentence in the first line, shortened to its words there where it is longer."""
    if len(indent) + len(text) + 6 <= _LINE:
        yield f'{indent}"""{text}"""'
        return
    first, _, rest = text.partition(". ")
    room = _LINE - len(indent) - 4
    if len(first) > room or not rest:
        short = textwrap.shorten(first, room - 2, placeholder="").rstrip(",;:")
        first, rest = f"{short} …", f"… {text.removeprefix(short).lstrip(',;: ')}"
    yield f'{indent}"""{first.rstrip(".")}.'
    yield ""
    yield from (f"{indent}{line}" for line in textwrap.wrap(rest, _LINE - len(indent)))
    yield f'{indent}"""'


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
