"""How a built-in template is put together from its sentences: one paragraph each, in text and in HTML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from function_backend.services.notifications.domain.category import ACCOUNT, GENERAL, SECURITY
from function_backend.services.notifications.domain.template import (
    TemplateBody,
    TemplateContent,
    TemplateVariable,
    VariableKind,
)

_ANCHOR = '<a href="{{ link }}">{{ link }}</a>'


@dataclass(frozen=True, slots=True)
class Wording:
    """What a built-in template says in a language."""

    subject: str
    paragraphs: tuple[str, ...]
    short_text: str


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a built-in template is for, whatever its language."""

    description: str
    category: str
    variables: tuple[TemplateVariable, ...] = ()


def _text(name: str, description: str, *, optional: bool = False) -> TemplateVariable:
    return TemplateVariable(name=name, description=description, optional=optional)


_WHEN = _text("when", "When it happened, such as 2026-11-26T08:00:00Z")
_TOKENS = (
    _text("token", "What proves that the message was read"),
    _text("link", "The page to open, with the token; empty where the operator names none", optional=True),
    _text("expires", "Until when the token counts"),
)
DIGEST = "digest"
PURPOSES: Mapping[str, Purpose] = {
    "auth.invitation": Purpose("An invitation, by which somebody sets a first password", ACCOUNT, _TOKENS),
    "auth.password_reset": Purpose("By which a user sets a new password", ACCOUNT, _TOKENS),
    "auth.new_sign_in": Purpose(
        "Somebody signed in with a device that was not used before",
        SECURITY,
        (_WHEN, _text("device", "What it calls itself", optional=True), _text("address", "From where", optional=True)),
    ),
    "auth.password_changed": Purpose("The password was changed", SECURITY, (_WHEN,)),
    "auth.second_factor_added": Purpose("A second factor was set up", SECURITY, (_WHEN,)),
    "auth.second_factor_removed": Purpose("The second factor was removed", SECURITY, (_WHEN,)),
    "auth.api_key_created": Purpose(
        "An API key was made for the user", SECURITY, (_WHEN, _text("name", "The name of the key", optional=True))
    ),
    DIGEST: Purpose(
        "What was collected of a category, as one message",
        GENERAL,
        (
            TemplateVariable(
                name="items", kind=VariableKind.LIST, description="Each with `subject`, `text` and `when`"
            ),
            _text("category", "What they are about"),
        ),
    ),
}
"""The built-in templates by their names."""


def body_of(name: str, wording: Wording, *, unsubscribe: str) -> TemplateBody:
    """The template; `unsubscribe` is what stands before the link with which one unsubscribes."""
    purpose = PURPOSES[name]
    footer = f"{{% if unsubscribe_url %}}\n\n-- \n{unsubscribe} {{{{ unsubscribe_url }}}}\n{{% endif %}}"
    html_footer = (
        f'{{% if unsubscribe_url %}}<hr><p><small><a href="{{{{ unsubscribe_url }}}}">{unsubscribe.rstrip(":")}</a>'
        "</small></p>{% endif %}"
    )
    paragraphs = "\n".join(f"<p>{each.replace('{{ link }}', _ANCHOR)}</p>" for each in wording.paragraphs)
    return TemplateBody(
        description=purpose.description,
        category=purpose.category,
        variables=purpose.variables,
        content=TemplateContent(
            subject=wording.subject,
            text="\n\n".join(wording.paragraphs) + "\n" + footer,
            html=f'<!doctype html><html lang="{{{{ language }}}}"><body>\n{paragraphs}\n{html_footer}</body></html>\n',
            short_text=wording.short_text,
        ),
    )
