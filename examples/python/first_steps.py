"""Creates a company, finds it by a misspelt name, and shows what a refused call looks like.

FUNCTION_BACKEND_API_KEY holds the key that the service printed at its first start.
"""

import os
import uuid

from function_backend_client import (
    Address,
    AddressKind,
    Company,
    CompanyIdentifierTakenError,
    Identifier,
    InvalidArgumentError,
    connect,
)


def main() -> None:
    """Runs the steps against the service at FUNCTION_BACKEND_ADDRESS, or on this machine."""
    address = os.environ.get("FUNCTION_BACKEND_ADDRESS", "127.0.0.1:50051")
    registration = Identifier(scheme="x-example", value=uuid.uuid4().hex.upper())
    with connect(address, api_key=os.environ["FUNCTION_BACKEND_API_KEY"]) as client:
        created = client.companies.create(
            Company(
                legal_name="Nordwind Röstkaffee GmbH",
                jurisdiction="DE",
                identifiers=[registration],
                addresses=[Address(kind=AddressKind.ADDRESS_KIND_REGISTERED, country="DE", city="Kiel")],
            )
        )
        print("created ", created.legal_name, created.id)

        for result in client.companies.search("nordwint rostkafee", page_size=3):
            print(f"found    {result.company.legal_name}  score {result.score:.2f}")

        try:
            client.companies.create(Company(legal_name="Copy GmbH", identifiers=[registration]))
        except CompanyIdentifierTakenError as taken:
            print("refused ", taken.reason, taken.metadata["company_id"] == created.id)

        try:
            client.companies.create(
                Company(legal_name="Typo AG", identifiers=[Identifier(scheme="lei", value="529900T8BM49AURSDO56")])
            )
        except InvalidArgumentError as invalid:
            for violation in invalid.violations:
                print("refused ", violation.field, violation.description)


if __name__ == "__main__":
    main()
