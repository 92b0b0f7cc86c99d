"""Finding out whether those who are to have roles exist, and whether anybody acts through them."""

from __future__ import annotations

from typing import TYPE_CHECKING, LiteralString

from function_backend.services.auth.domain.role_binding import Holder, HolderKind

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from function_backend.persistence.unit_of_work import UnitOfWork

_EXISTS: dict[HolderKind, LiteralString] = {
    HolderKind.USER: "select exists (select from auth_user where tenant_id = %s and id = %s)",
    HolderKind.SERVICE_ACCOUNT: "select exists (select from service_account where tenant_id = %s and id = %s)",
    HolderKind.GROUP: "select exists (select from auth_group where tenant_id = %s and id = %s)",
}

# UNION ends even if a cycle got in.
_ACTS_THROUGH: LiteralString = """
    with recursive subject (kind, id) as (
        select %(kind)s::text collate "C", %(id)s::uuid
        union
        select m.member_kind, m.member_id
        from subject s
        join group_member m on m.tenant_id = %(tenant)s and s.kind = 'group' and m.group_id = s.id
    )
    select exists (
        select from subject s where s.kind <> 'group' and is_subject_active(%(tenant)s, s.kind, s.id)
    )
"""


class SubjectDirectory:
    """The users, service accounts and groups of the unit of work's tenant."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work
        self._keeps_people: bool | None = None

    def exists(self, holder: Holder) -> bool:
        """Whether there is such a subject in the tenant."""
        if not self._has_people():
            return True
        return self._ask(_EXISTS[holder.kind], (self._work.tenant_id, holder.id))

    def anybody_acts(self, holders: Iterable[Holder]) -> bool:
        """Whether one of them may act: a user or service account that is active, or a group with such a member."""
        if not self._has_people():
            return any(True for _ in holders)
        return any(self._acts(holder.kind, holder.id) for holder in holders)

    def _acts(self, kind: HolderKind, subject_id: UUID) -> bool:
        return self._ask(_ACTS_THROUGH, {"tenant": self._work.tenant_id, "kind": kind.value, "id": subject_id})

    def _has_people(self) -> bool:
        """Whether this schema has tables of people; without them every id is taken for what it says."""
        if self._keeps_people is None:
            self._keeps_people = self._ask("select to_regclass('public.auth_group') is not null", ())
        return self._keeps_people

    def _ask(self, statement: LiteralString, parameters: tuple[object, ...] | dict[str, object]) -> bool:
        row = self._work.driver.execute(statement, parameters).fetchone()
        return row is not None and bool(row[0])
