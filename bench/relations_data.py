"""A tenant's documents, folders, groups and users as relationships, as many as a benchmark asks for.

Everything follows from numbers, so a question is known to be permitted or not without asking anybody. The shape around
one document is the same whatever the count: what grows is the table.

- `document:<d>` has an owner, and lies in `folder:<d mod folders>`;
- folders have a viewing group and lie in a root folder, which has a viewing group too;
- each group has ten users, and the groups of root folders have other groups as members.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import psycopg

SCHEMA = """
definition user {}

definition group {
  relation member: user | group#member
}

definition folder {
  relation parent: folder
  relation viewer: user | group#member
  permission view = viewer + parent->view
}

definition document {
  relation parent: folder
  relation owner: user
  relation viewer: user | group#member
  permission view = owner + viewer + parent->view
}
"""

COUNT = 1_000_000

_COLUMNS = (
    "tenant_id, resource_type, resource_id, relation, subject_type, subject_id, subject_relation, created_at, writer, "
    "reason"
)
_DOCUMENTS_PER_FOLDER = 100
_FOLDERS_PER_ROOT = 20
_MEMBERS = 10
_WRITTEN_AT = datetime(2026, 1, 1, tzinfo=UTC)

Row = tuple[str, str, str, str, str, str]
Question = tuple[str, str, str]
"""Resource, permission, subject."""


@dataclass(frozen=True, slots=True)
class Relations:
    """Relationships around so many documents."""

    documents: int

    @classmethod
    def of_count(cls, count: int) -> Relations:
        """About as many relationships as wanted; three for each document and what folders and groups take."""
        return cls(max(_DOCUMENTS_PER_FOLDER, round(count / 3.14)))

    @property
    def folders(self) -> int:
        """Folders with documents."""
        return max(1, self.documents // _DOCUMENTS_PER_FOLDER)

    @property
    def roots(self) -> int:
        """Folders with folders."""
        return max(1, self.folders // _FOLDERS_PER_ROOT)

    @property
    def users(self) -> int:
        """Users."""
        return max(_MEMBERS * 2, self.documents // 10)

    def rows(self) -> Iterator[Row]:
        """All relationships."""
        for number in range(self.documents):
            document = f"{number:09d}"
            yield ("document", document, "parent", "folder", f"{number % self.folders}", "")
            yield ("document", document, "owner", "user", f"u{number % self.users}", "")
            yield ("document", document, "viewer", "group", f"guests{number % self.folders}", "member")
        for number in range(self.folders):
            yield ("folder", str(number), "parent", "folder", f"root{number % self.roots}", "")
            yield ("folder", str(number), "viewer", "group", f"team{number}", "member")
            for place in range(_MEMBERS):
                yield ("group", f"team{number}", "member", "user", f"t{number * _MEMBERS + place}", "")
            yield ("group", f"guests{number}", "member", "user", f"guest{number}", "")
        for number in range(self.roots):
            yield ("folder", f"root{number}", "viewer", "group", f"leads{number}", "member")
            yield ("group", f"leads{number}", "member", "group", f"chiefs{number}", "member")
            yield ("group", f"chiefs{number}", "member", "user", f"chief{number}", "")

    def direct(self, number: int) -> Question:
        """The owner of a document: permitted by one relationship."""
        document = number * 7919 % self.documents
        return f"document:{document:09d}", "view", f"user:u{document % self.users}"

    def group(self, number: int) -> Question:
        """A guest of a document: permitted by a group."""
        document = number * 7919 % self.documents
        return f"document:{document:09d}", "view", f"user:guest{document % self.folders}"

    def arrow(self, number: int) -> Question:
        """A chief: permitted by a group of a group on the folder of the folder."""
        document = number * 7919 % self.documents
        return f"document:{document:09d}", "view", f"user:chief{document % self.folders % self.roots}"

    def refused(self, number: int) -> Question:
        """Somebody who has nothing to do with the document."""
        document = number * 7919 % self.documents
        return f"document:{document:09d}", "view", "user:stranger"

    def permitted_documents(self, root: int) -> list[str]:
        """The documents that the chief of a root folder may view, in order of id."""
        return [f"{number:09d}" for number in range(self.documents) if number % self.folders % self.roots == root]


def fill(connection: psycopg.Connection[tuple[object, ...]], tenant_id: UUID, relations: Relations) -> int:
    """Writes the relationships by COPY, as a superuser since row-level security has none; how many there are."""
    count = 0
    with connection.cursor().copy(f"copy relation_tuple ({_COLUMNS}) from stdin") as copy:
        for row in relations.rows():
            copy.write_row((tenant_id, *row, _WRITTEN_AT, "bench", ""))
            count += 1
    connection.commit()
    connection.autocommit = True
    connection.execute("vacuum (analyze) relation_tuple")
    return count
