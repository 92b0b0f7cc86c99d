"""The templates that the service brings, in English and German."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from function_backend.services.notifications.adapters import wording_de, wording_en
from function_backend.services.notifications.adapters.wording import body_of
from function_backend.services.notifications.domain.template import Template

_LANGUAGES = {"en": wording_en, "de": wording_de}
_ALL: Mapping[tuple[str, str], Template] = {
    (name, language): Template(
        id=None,
        name=name,
        language=language,
        body=body_of(name, wording, unsubscribe=module.UNSUBSCRIBE),
        version=0,
    )
    for language, module in _LANGUAGES.items()
    for name, wording in module.WORDING.items()
}


def built_in_template(name: str, language: str) -> Template | None:
    """The template of the service, in this very language."""
    return _ALL.get((name, language))


def built_in_templates() -> Sequence[Template]:
    """All of them, in order of name and language."""
    return [_ALL[key] for key in sorted(_ALL)]


def built_in_category_of(name: str) -> str | None:
    """The category of a built-in template; None when there is none of the name."""
    found = _ALL.get((name, "en"))
    return None if found is None else found.body.category
