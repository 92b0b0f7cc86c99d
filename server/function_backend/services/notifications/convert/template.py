"""Templates on the wire."""

from __future__ import annotations

from collections.abc import Mapping

from function.notifications.v1 import template_pb2 as wire
from function_backend.services.notifications.domain.template import (
    Rendered,
    Template,
    TemplateBody,
    TemplateContent,
    TemplateVariable,
    VariableKind,
)
from function_backend.timestamps import timestamp

_KINDS: Mapping[VariableKind, wire.VariableKind.ValueType] = {
    kind: wire.VariableKind.Value(f"VARIABLE_KIND_{kind.name}") for kind in VariableKind
}
_BY_NUMBER = {number: kind for kind, number in _KINDS.items()}


def body(message: wire.Template) -> TemplateBody:
    """What somebody writes of a template."""
    content = message.content
    return TemplateBody(
        description=message.description,
        category=message.category,
        variables=tuple(
            TemplateVariable(
                name=each.name,
                kind=_BY_NUMBER.get(each.kind, VariableKind.TEXT),
                optional=each.optional,
                description=each.description,
            )
            for each in message.variables
        ),
        content=TemplateContent(
            subject=content.subject, text=content.text, html=content.html, short_text=content.short_text
        ),
    )


def template(value: Template, *, with_content: bool = True) -> wire.Template:
    """The template as callers see it; lists come without what it says."""
    content = value.body.content
    return wire.Template(
        id="" if value.id is None else str(value.id),
        name=value.name,
        language=value.language,
        description=value.body.description,
        category=value.body.category,
        variables=[
            wire.TemplateVariable(
                name=each.name, kind=_KINDS[each.kind], optional=each.optional, description=each.description
            )
            for each in value.body.variables
        ],
        content=wire.TemplateContent(
            subject=content.subject, text=content.text, html=content.html, short_text=content.short_text
        )
        if with_content
        else None,
        version=value.version,
        etag=value.etag,
        built_in=value.built_in,
        create_time=timestamp(value.created_at),
        update_time=timestamp(value.updated_at),
        author=value.author,
    )


def rendered(value: Rendered) -> wire.RenderedContent:
    """What a template says."""
    return wire.RenderedContent(subject=value.subject, text=value.text, html=value.html, short_text=value.short_text)
