"""Storing and finding templates and their versions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import Select, and_, delete, func, insert, select, tuple_, update
from sqlalchemy.exc import IntegrityError

from function_backend.kernel.pagination import Page
from function_backend.persistence.failures import violated_constraint
from function_backend.services.notifications.domain.template import (
    Template,
    TemplateBody,
    TemplateContent,
    TemplateVariable,
    VariableKind,
)
from function_backend.services.notifications.errors import TemplateExistsError
from function_backend.services.notifications.tables import template_table, template_version_table

if TYPE_CHECKING:
    from function_backend.persistence.unit_of_work import UnitOfWork

_template, _version = template_table.c, template_version_table.c
_EMPTY = TemplateContent(subject="", text="")


class TemplateRepository:
    """The templates of the unit of work's tenant."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    def count(self) -> int:
        """How many there are."""
        query = select(func.count()).where(_template.tenant_id == self._work.tenant_id)
        return int(self._work.connection.execute(query).scalar_one())

    def add(self, template: Template) -> None:
        """Stores a new one; TemplateExistsError when there is one of its name in its language."""
        values = {
            "tenant_id": self._work.tenant_id,
            "id": template.id,
            "name": template.name,
            "language": template.language,
            "created_at": template.created_at,
            **_changing(template),
        }
        try:
            self._work.connection.execute(insert(template_table).values(values))
        except IntegrityError as error:
            if violated_constraint(error) == "notification_template_name_key":
                raise TemplateExistsError(template.name, template.language) from error
            raise
        self._add_version(template)

    def save(self, template: Template) -> None:
        """Stores another version of it."""
        statement = update(template_table).where(
            _template.tenant_id == self._work.tenant_id, _template.id == template.id
        )
        self._work.connection.execute(statement.values(_changing(template)))
        self._add_version(template)

    def remove(self, template_id: UUID | None) -> None:
        """Removes it with its versions."""
        for table, column in ((template_version_table, _version.template_id), (template_table, _template.id)):
            statement = delete(table).where(table.c.tenant_id == self._work.tenant_id, column == template_id)
            self._work.connection.execute(statement)

    def find(self, name: str, language: str, *, version: int = 0, lock: bool = False) -> Template | None:
        """The one of the name in the language, as a version has it; the latest when 0."""
        query = self._with_content(version).where(_template.name == name, _template.language == language)
        row = self._work.connection.execute(query.with_for_update(of=template_table) if lock else query).one_or_none()
        return None if row is None else _read(row)

    def find_in(self, name: str, languages: Sequence[str]) -> Mapping[str, Template]:
        """Those of the name in these languages, by their language."""
        query = self._with_content(0).where(_template.name == name, _template.language.in_(languages))
        return {row.language: _read(row) for row in self._work.connection.execute(query)}

    def list_after(self, after: tuple[str, str] | None, *, prefix: str, limit: int) -> Page[Template]:
        """Those after name and language, in this order, without what they say."""
        query = select(template_table).where(_template.tenant_id == self._work.tenant_id)
        if prefix:
            query = query.where(_template.name.startswith(prefix, autoescape=True))
        if after is not None:
            query = query.where(tuple_(_template.name, _template.language) > tuple_(*after))
        rows = self._work.connection.execute(query.order_by(_template.name, _template.language).limit(limit + 1))
        found = [_read(row) for row in rows]
        more, found = len(found) > limit, found[:limit]
        return Page(found, (found[-1].name, found[-1].language) if more else None)

    def list_versions(self, template: Template, before: int | None, *, limit: int) -> Page[Template]:
        """Its versions before the number, the latest first."""
        query = select(
            *[_template[name] for name in ("id", "name", "language", "created_at")],
            _version.version,
            _version.category,
            _version.description,
            _version.variables,
            _version.content,
            _version.author,
            _version.created_at.label("updated_at"),
        ).join(template_version_table, _joined())
        query = query.where(_template.tenant_id == self._work.tenant_id, _template.id == template.id)
        if before is not None:
            query = query.where(_version.version < before)
        rows = self._work.connection.execute(query.order_by(_version.version.desc()).limit(limit + 1))
        found = [_read(row) for row in rows]
        more, found = len(found) > limit, found[:limit]
        return Page(found, (str(found[-1].version),) if more else None)

    def uses_category(self, category: str) -> bool:
        """Whether any is in the category."""
        query = select(_template.id).where(_template.tenant_id == self._work.tenant_id, _template.category == category)
        return self._work.connection.execute(query.limit(1)).one_or_none() is not None

    def _with_content(self, version: int) -> Select[Any]:
        wanted = _version.version == (version or _template.version)
        return (
            select(
                *[_template[name] for name in ("id", "name", "language", "created_at")],
                _version.version,
                _version.category,
                _version.description,
                _version.variables,
                _version.content,
                _version.author,
                _version.created_at.label("updated_at"),
            )
            .join(template_version_table, and_(_joined(), wanted))
            .where(_template.tenant_id == self._work.tenant_id)
        )

    def _add_version(self, template: Template) -> None:
        body = template.body
        self._work.connection.execute(
            insert(template_version_table).values(
                tenant_id=self._work.tenant_id,
                template_id=template.id,
                version=template.version,
                category=body.category,
                description=body.description,
                variables=[_stored(each) for each in body.variables],
                content={
                    "subject": body.content.subject,
                    "text": body.content.text,
                    "html": body.content.html,
                    "short_text": body.content.short_text,
                },
                created_at=template.updated_at,
                author=template.author,
            )
        )


def _joined() -> Any:  # noqa: ANN401  an expression
    return and_(_version.tenant_id == _template.tenant_id, _version.template_id == _template.id)


def _changing(template: Template) -> dict[str, Any]:
    return {
        "version": template.version,
        "category": template.body.category,
        "description": template.body.description,
        "updated_at": template.updated_at,
        "author": template.author,
    }


def _stored(variable: TemplateVariable) -> dict[str, Any]:
    return {
        "name": variable.name,
        "kind": variable.kind.value,
        "optional": variable.optional,
        "description": variable.description,
    }


def _read(row: Any) -> Template:  # noqa: ANN401  of selects with more columns than the types of rows count
    content: Mapping[str, str] | None = getattr(row, "content", None)
    variables: Sequence[Mapping[str, Any]] = getattr(row, "variables", ())
    updated_at: datetime = row.updated_at
    return Template(
        id=row.id,
        name=row.name,
        language=row.language,
        body=TemplateBody(
            description=row.description,
            category=row.category,
            variables=tuple(
                TemplateVariable(
                    name=each["name"],
                    kind=VariableKind(each["kind"]),
                    optional=each["optional"],
                    description=each["description"],
                )
                for each in variables
            ),
            content=_EMPTY if content is None else TemplateContent(**content),
        ),
        version=row.version,
        created_at=row.created_at,
        updated_at=updated_at,
        author=row.author,
    )
