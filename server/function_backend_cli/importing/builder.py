"""The `[company]` table of a mapping, compiled into a function from a row to the fields of a company.

The fields come out as nested dictionaries, which protobuf's constructors take in one go; setting fields one by one
costs twice as much.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from function.company.v1 import company_pb2
from function_backend_cli.importing.dates import ISO, date_reader, message_of
from function_backend_cli.importing.droppable import Droppable
from function_backend_cli.importing.faults import MappingError, RowFault, nearest
from function_backend_cli.importing.readers import Row
from function_backend_cli.importing.scalars import TYPES, Fields, Read, boolean, enum_reader
from function_backend_cli.importing.values import Values

_KEY_FIELDS: Final = {"Identifier": "value", "CompanyName": "value", "Contact": "value", "Industry": "code"}
"""The field without which an element of a list says nothing and is left out."""

_NEVER_MAPPED: Final = frozenset({"etag", "create_time", "update_time", "delete_time", "revision"})


class Builder:
    """Compiles the fields of messages."""

    def __init__(self, values: Values, droppable: Droppable) -> None:
        self._values = values
        self._droppable = droppable

    def company(self, table: object) -> Read:
        """A function from a row to the fields of its company."""
        return self._message(company_pb2.Company.DESCRIPTOR, table, "company", "")

    def _message(self, message: Descriptor, table: object, where: str, path: str, *, keyed: bool = True) -> Read:
        """Reads a message; None when nothing but constants would be in it."""
        if not isinstance(table, dict):
            raise MappingError(f"{where}: a table of the fields of {message.name} is needed")
        known = [field.name for field in message.fields if field.name not in _NEVER_MAPPED]
        when = None if "when" not in table else self._values.condition(table["when"], f"{where}.when")
        constants: Fields = {}
        plain: list[tuple[str, int]] = []
        reads: list[tuple[str, Read]] = []
        for name, spec in table.items():
            if name == "when":
                continue
            if name not in known:
                raise MappingError(f"{where}: {message.name} has no field '{name}'{nearest(name, known)}")
            read = self._field(message.fields_by_name[name], spec, f"{where}.{name}", f"{path}{name}")
            place_of_text = self._place_of_text(message.fields_by_name[name], spec)
            if _is_constant(spec):
                constants[name] = read((), [])
            elif place_of_text is not None:
                plain.append((name, place_of_text))
            else:
                reads.append((name, read))
        build = _build(constants, plain, reads, _KEY_FIELDS.get(message.name) if keyed else None)
        return build if when is None else _only_when(build, when)

    def _place_of_text(self, field: FieldDescriptor, spec: object) -> int | None:
        """The place of a column whose text is the value as it stands, which most values are."""
        if field.type != FieldDescriptor.TYPE_STRING or field.is_repeated:
            return None
        return self._values.plain_column(spec)

    def _field(self, field: FieldDescriptor, spec: object, where: str, path: str) -> Read:
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            return self._map(spec, where)
        if field.is_repeated:
            return self._list(field, spec, where, path)
        read = self._single(field, spec, where, path)
        return _droppable(read, path) if self._droppable.clears(path) else read

    def _single(self, field: FieldDescriptor, spec: object, where: str, path: str) -> Read:
        message = field.message_type
        if message is None:
            return self._scalar(field, spec, where)
        if message.full_name == "google.type.Date":
            return self._date(spec, where)
        if message.full_name == "google.protobuf.Struct":
            return self._attributes(spec, where)
        return self._message(message, spec, where, f"{path}.")

    def _scalar(self, field: FieldDescriptor, spec: object, where: str) -> Read:
        read = self._values.reader(spec, where)
        if field.enum_type is not None:
            return enum_reader(field, read, where, constant=_is_constant(spec))
        if field.type == FieldDescriptor.TYPE_BOOL:
            return lambda row, _: boolean(read(row))
        return lambda row, _: read(row) or None

    def _date(self, spec: object, where: str) -> Read:
        parse = date_reader(_form(spec), f"{where}.date")
        read = self._values.reader(spec, where)
        # Days repeat: those of filings and renewals by the thousand.
        message = lru_cache(maxsize=4096)(lambda text: message_of(parse(text)))
        return lambda row, _: message(text) if (text := read(row)) else None

    def _list(self, field: FieldDescriptor, spec: object, where: str, path: str) -> Read:
        if not isinstance(spec, list):
            raise MappingError(f"{where}: a list is needed: [[{where}]], or [ … ] for text")
        reads: list[Read] = []
        for number, item in enumerate(spec):
            place = f"{where}[{number}]"
            if field.message_type is None:
                reads.append(self._scalar(field, item, place))
                continue
            read = self._element(field.message_type, item, place, f"{path}.")
            selector = item.get("scheme", item.get("kind", "")) if isinstance(item, dict) else ""
            reads.append(_droppable(read, path) if self._droppable.removes(path, str(selector)) else read)
        return _gathered(reads)

    def _element(self, message: Descriptor, item: object, where: str, path: str) -> Read:
        """Reads an element of a list, or several where fields of it are split; those belong together by place."""
        if not isinstance(item, dict):
            return self._message(message, item, where, path)
        split = {name: spec for name, spec in item.items() if isinstance(spec, dict) and "split" in spec}
        if not split:
            return self._message(message, item, where, path)
        for name in split:
            field = message.fields_by_name.get(name)
            if field is None or field.type != FieldDescriptor.TYPE_STRING or field.is_repeated:
                raise MappingError(f"{where}.{name}: only fields of text can be split")
        rest = {name: spec for name, spec in item.items() if name not in split}
        whole = self._message(message, rest, where, path, keyed=False)
        parts = [(name, self._values.splitter(spec, f"{where}.{name}")) for name, spec in split.items()]
        return _split(whole, parts, key=_KEY_FIELDS.get(message.name, ""))

    def _map(self, spec: object, where: str) -> Read:
        if not isinstance(spec, dict):
            raise MappingError(f'{where}: a table is needed, such as {{ source = "sec" }}')
        reads = [(key, self._values.reader(value, f"{where}.{key}")) for key, value in spec.items()]
        return lambda row, _: {key: text for key, read in reads if (text := read(row))} or None

    def _attributes(self, spec: object, where: str) -> Read:
        """Attributes: tables within tables, lists of specifications, and values of a `type`."""
        if not isinstance(spec, dict):
            raise MappingError(f"{where}: a table of attributes is needed")
        return _build({}, [], [(name, self._attribute(value, f"{where}.{name}")) for name, value in spec.items()])

    def _attribute(self, spec: object, where: str) -> Read:
        if isinstance(spec, list):
            return _gathered([self._attribute(item, f"{where}[{number}]") for number, item in enumerate(spec)])
        if isinstance(spec, bool | int | float):
            return lambda _row, _faults: spec
        if isinstance(spec, dict) and not _is_value(spec):
            return self._attributes(spec, where)
        read = self._values.reader(spec, where)
        kind = spec.get("type", "text") if isinstance(spec, dict) else "text"
        if kind == "date":
            parse = date_reader(_form(spec), f"{where}.date")
            return lambda row, _: parse(text).isoformat() if (text := read(row)) else None
        if kind not in TYPES:
            raise MappingError(f"{where}: there is no type '{kind}'{nearest(str(kind), [*TYPES, 'date'])}")
        convert = TYPES[kind]
        return lambda row, _: convert(text) if (text := read(row)) else None


def _form(spec: object) -> object:
    return spec.get("date", ISO) if isinstance(spec, dict) else ISO


def _is_constant(spec: object) -> bool:
    return not isinstance(spec, dict | list)


def _is_value(spec: Mapping[str, object]) -> bool:
    return any(source in spec for source in ("column", "join", "template", "first", "constant"))


def _build(
    constants: Fields, plain: Sequence[tuple[str, int]], reads: Sequence[tuple[str, Read]], key: str | None = None
) -> Read:
    """Reads a message: None when nothing but constants would be in it, or the key field is missing."""
    if key in constants:
        key = None
    only_constants = not plain and not reads
    # The key comes first: most slots for a fifth name or a second address are empty, and are then left at once.
    plain = sorted(plain, key=lambda named: named[0] != key)
    reads = sorted(reads, key=lambda named: named[0] != key)

    def build(row: Row, faults: list[RowFault]) -> Fields | None:
        built = constants.copy()
        said = only_constants
        for name, place in plain:
            text = row[place].strip()
            if text:
                built[name] = text
                said = True
            elif name == key:
                return None
        for name, read in reads:
            try:
                value = read(row, faults)
            except RowFault as fault:
                raise fault.within(name) from None
            if value is not None:
                built[name] = value
                said = True
            elif name == key:
                return None
        return built if said and (key is None or key in built) else None

    return build


def _only_when(build: Read, holds: Callable[[Row], bool]) -> Read:
    return lambda row, faults: build(row, faults) if holds(row) else None


def _droppable(read: Read, path: str) -> Read:
    """The field is left out when it cannot be read; what was wrong is noted."""

    def read_or_note(row: Row, faults: list[RowFault]) -> Any:  # noqa: ANN401
        try:
            return read(row, faults)
        except RowFault as fault:
            faults.append(fault.within(path))
            return None

    return read_or_note


def _split(whole: Read, parts: Sequence[tuple[str, Callable[[Row], list[str]]]], *, key: str) -> Read:
    def read(row: Row, faults: list[RowFault]) -> list[Fields]:
        shared = whole(row, faults) or {}
        columns = [(name, split(row)) for name, split in parts]
        elements = []
        for place in range(max(len(texts) for _, texts in columns)):
            element = shared | {name: texts[place] for name, texts in columns if place < len(texts) and texts[place]}
            if element.get(key):
                elements.append(element)
        return elements

    return read


def _gathered(reads: Sequence[Read]) -> Read:
    def gather(row: Row, faults: list[RowFault]) -> list[Any] | None:
        items: list[Any] = []
        for number, read in enumerate(reads):
            try:
                item = read(row, faults)
            except RowFault as fault:
                raise fault.within(f"[{number}]") from None
            if item is None:
                continue
            if type(item) is list:
                # Elements that were split out of one value.
                items.extend(each for each in item if each not in items)
            elif item not in items:
                items.append(item)
        return items or None

    return gather
