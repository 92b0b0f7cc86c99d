"""Finding the template for a language, and writing with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from function_backend.services.notifications.adapters.built_in import built_in_template
from function_backend.services.notifications.domain.languages import language_chain
from function_backend.services.notifications.domain.template import Json, Rendered, Template, variable_problems
from function_backend.services.notifications.errors import (
    TemplateFailedError,
    TemplateNotFoundError,
    VariablesInvalidError,
)
from function_backend.services.notifications.ports import RenderingError, TemplateEngine
from function_backend.services.notifications.repository.template import TemplateRepository

if TYPE_CHECKING:
    from function_backend.persistence.unit_of_work import UnitOfWork


class Writer:
    """Writes what templates say."""

    def __init__(self, engine: TemplateEngine, *, usual_language: str) -> None:
        self._engine = engine
        self._usual = usual_language

    def template_for(self, work: UnitOfWork, name: str, language: str) -> Template:
        """The template that is used for the language: `de-AT`, then `de`, then the usual one.

        In each language the tenant's goes before the built-in one. The reader's language goes before the tenant's
        wording: a text that is not understood is of no use in the best of words.
        """
        chain = language_chain(language, self._usual)
        own = TemplateRepository(work).find_in(name, chain)
        for each in chain:
            found = own.get(each) or built_in_template(name, each)
            if found is not None:
                return found
        raise TemplateNotFoundError(name, language or self._usual)

    def built_in_for(self, name: str, language: str) -> Template:
        """The built-in template that is used for the language."""
        for each in (*language_chain(language, self._usual), "en"):
            found = built_in_template(name, each)
            if found is not None:
                return found
        raise TemplateNotFoundError(name, language or self._usual)

    def write(
        self,
        template: Template,
        variables: Mapping[str, Json],
        *,
        recipient_name: str = "",
        unsubscribe_url: str = "",
    ) -> Rendered:
        """What the template says. Raises VariablesInvalidError and TemplateFailedError."""
        problems = variable_problems(template.body.variables, variables)
        if problems:
            raise VariablesInvalidError(problems)
        given = {
            **variables,
            "recipient_name": recipient_name,
            "language": template.language,
            "unsubscribe_url": unsubscribe_url,
        }
        try:
            return self._engine.render(template.body, given)
        except RenderingError as error:
            raise TemplateFailedError(template, str(error)) from None
