"""The members of the contract's enums and of the domain's, paired."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import TypeVar

from google.protobuf.descriptor import EnumDescriptor

from function.company.v1 import company_pb2, company_service_pb2
from function_backend.services.company.domain.addresses import AddressKind
from function_backend.services.company.domain.checks import Checks
from function_backend.services.company.domain.company import CompanyStatus
from function_backend.services.company.domain.contacts import ContactKind
from function_backend.services.company.domain.history import RevisionKind
from function_backend.services.company.domain.identifiers import Verification
from function_backend.services.company.domain.names import NameKind

E = TypeVar("E", bound=StrEnum)


class EnumPairs(dict[int, E]):
    """The domain's member by number; a member is named on the wire as in the domain, after the enum's own prefix."""

    def __init__(self, members: Iterable[E], wire: EnumDescriptor, prefix: str) -> None:
        numbers = {member: wire.values_by_name[f"{prefix}{member.value}"].number for member in members}
        super().__init__({number: member for member, number in numbers.items()})
        self.numbers: dict[E, int] = numbers

    def refuse(self, checks: Checks, path: str, number: int) -> E:
        """Refuses a number that the enum does not have, which proto3 hands on; the unspecified member instead."""
        checks.refuse(path, f"{number} is not a member of the enum")
        return self[0]


STATUSES = EnumPairs(CompanyStatus, company_pb2.CompanyStatus.DESCRIPTOR, "COMPANY_STATUS_")
NAME_KINDS = EnumPairs(NameKind, company_pb2.NameKind.DESCRIPTOR, "NAME_KIND_")
ADDRESS_KINDS = EnumPairs(AddressKind, company_pb2.AddressKind.DESCRIPTOR, "ADDRESS_KIND_")
CONTACT_KINDS = EnumPairs(ContactKind, company_pb2.ContactKind.DESCRIPTOR, "CONTACT_KIND_")
VERIFICATIONS = EnumPairs(Verification, company_pb2.VerificationState.DESCRIPTOR, "VERIFICATION_STATE_")
REVISION_KINDS = EnumPairs(RevisionKind, company_service_pb2.RevisionKind.DESCRIPTOR, "REVISION_KIND_")
