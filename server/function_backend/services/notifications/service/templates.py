"""Templates of tenants, in versions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from function_backend.kernel.clock import Clock
from function_backend.kernel.identifiers import new_id
from function_backend.kernel.pagination import PageTokens
from function_backend.persistence.unit_of_work import Transactions, UnitOfWork
from function_backend.services.notifications.adapters.built_in import built_in_template, built_in_templates
from function_backend.services.notifications.domain.category import GENERAL
from function_backend.services.notifications.domain.languages import canonical_language
from function_backend.services.notifications.domain.template import Json, Rendered, Template, TemplateBody
from function_backend.services.notifications.errors import (
    TemplateEtagMismatchError,
    TemplateInvalidError,
    TemplateLimitReachedError,
    TemplateNotFoundError,
)
from function_backend.services.notifications.events import TemplateCreated, TemplateDeleted, TemplateUpdated
from function_backend.services.notifications.ports import TemplateEngine
from function_backend.services.notifications.repository.template import TemplateRepository
from function_backend.services.notifications.service.finding import DEFAULT_PAGE_SIZE, caller_of, category_named
from function_backend.services.notifications.service.writing import Writer


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a template says."""

    rendered: Rendered
    template: Template


class Templates:
    """The use cases of templates."""

    def __init__(
        self,
        *,
        transactions: Transactions,
        clock: Clock,
        page_tokens: PageTokens,
        engine: TemplateEngine,
        writer: Writer,
        most_templates: int,
    ) -> None:
        self._transactions = transactions
        self._clock = clock
        self._page_tokens = page_tokens
        self._engine = engine
        self._writer = writer
        self._most = most_templates

    def create(self, name: str, language: str, body: TemplateBody) -> Template:
        """The new template."""
        checked, now = self._checked(name, body), self._clock.now()
        with self._transactions() as work:
            category_named(work, checked.category)
            templates = TemplateRepository(work)
            if templates.count() >= self._most:
                raise TemplateLimitReachedError(self._most)
            template = Template(
                id=new_id(),
                name=name,
                language=canonical_language(language),
                body=checked,
                version=1,
                created_at=now,
                updated_at=now,
                author=caller_of(work),
            )
            templates.add(template)
            work.record(TemplateCreated.of(None, template, at=now))
        return template

    def update(self, name: str, language: str, body: TemplateBody, *, etag: str) -> Template:
        """The template with another version; nothing is written when nothing differs."""
        checked, now = self._checked(name, body), self._clock.now()
        with self._transactions() as work:
            category_named(work, checked.category)
            before = _own(work, name, language, etag=etag)
            after = before.rewritten(checked, at=now, author=caller_of(work))
            if after is not before:
                TemplateRepository(work).save(after)
                work.record(TemplateUpdated.of(before, after, at=now))
        return after

    def delete(self, name: str, language: str, *, etag: str) -> Template:
        """The template, which is gone with its versions."""
        with self._transactions() as work:
            template = _own(work, name, language, etag=etag)
            TemplateRepository(work).remove(template.id)
            work.record(TemplateDeleted.of(template, None, at=self._clock.now()))
        return template

    def get(self, name: str, language: str, *, version: int) -> Template:
        """The template of the tenant, as a version has it; the built-in one where there is none."""
        language = canonical_language(language)
        with self._transactions.reading() as work:
            found = TemplateRepository(work).find(name, language, version=version)
        if found is None and not version:
            found = built_in_template(name, language)
        if found is None:
            raise TemplateNotFoundError(name, language, version=version)
        return found

    def list_page(self, prefix: str, *, page_size: int, page_token: str) -> tuple[Sequence[Template], str]:
        """A page of the tenant's templates, and the token of the next one."""
        with self._transactions.reading() as work:
            query = (str(work.tenant_id), "notification_templates", prefix)
            key = self._page_tokens.read(query, page_token)
            page = TemplateRepository(work).list_after(
                None if key is None else (key[0], key[1]), prefix=prefix, limit=page_size or DEFAULT_PAGE_SIZE
            )
        return page.items, "" if page.next_key is None else self._page_tokens.write(query, page.next_key)

    def built_in(self, prefix: str) -> Sequence[Template]:
        """The templates of the service."""
        return [each for each in built_in_templates() if each.name.startswith(prefix)]

    def versions(self, name: str, language: str, *, page_size: int, page_token: str) -> tuple[Sequence[Template], str]:
        """A page of the versions of a template, the latest first, and the token of the next one."""
        with self._transactions.reading() as work:
            template = _own(work, name, language, lock=False)
            query = (str(work.tenant_id), "notification_template_versions", str(template.id))
            key = self._page_tokens.read(query, page_token)
            page = TemplateRepository(work).list_versions(
                template, None if key is None else int(key[0]), limit=page_size or DEFAULT_PAGE_SIZE
            )
        return page.items, "" if page.next_key is None else self._page_tokens.write(query, page.next_key)

    def preview(self, name: str, language: str, variables: Mapping[str, Json]) -> Preview:
        """What the template says that would be used."""
        with self._transactions.reading() as work:
            template = self._writer.template_for(work, name, language)
        return Preview(rendered=self._writer.write(template, variables), template=template)

    def preview_unsaved(self, name: str, language: str, body: TemplateBody, variables: Mapping[str, Json]) -> Preview:
        """What a template says that is not saved."""
        checked = self._checked(name, body)
        template = Template(id=None, name=name, language=canonical_language(language), body=checked, version=0)
        return Preview(rendered=self._writer.write(template, variables), template=template)

    def _checked(self, name: str, body: TemplateBody) -> TemplateBody:
        """The body as it is kept. Raises TemplateInvalidError.

        One that stands before a built-in template has its variables and its category: whoever sends it knows of no
        others, and nobody may unsubscribe from resets of passwords by rewording them.
        """
        built_in = built_in_template(name, "en")
        if built_in is not None:
            body = replace(body, variables=built_in.body.variables, category=built_in.body.category)
        checked = replace(body, category=body.category or GENERAL)
        problems = self._engine.problems(checked)
        if problems:
            raise TemplateInvalidError(problems)
        return checked


def _own(work: UnitOfWork, name: str, language: str, *, etag: str = "", lock: bool = True) -> Template:
    language = canonical_language(language)
    found = TemplateRepository(work).find(name, language, lock=lock)
    if found is None:
        raise TemplateNotFoundError(name, language)
    if etag and etag != found.etag:
        raise TemplateEtagMismatchError(found)
    return found
