"""Messages as text for people, without secrets."""

import pytest
from google.protobuf.struct_pb2 import Struct
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date

from function.auth.v1 import api_key_pb2, api_key_service_pb2, tenant_service_pb2
from function_backend_client import Company, CompanyStatus, Identifier, describe


@pytest.mark.parametrize(
    "message",
    [
        api_key_service_pb2.CreateApiKeyResponse(secret="fbk_very_secret"),
        tenant_service_pb2.CreateTenantResponse(secret="fbk_very_secret"),
    ],
)
def test_what_the_contract_marks_as_secret_is_masked(
    message: api_key_service_pb2.CreateApiKeyResponse | tenant_service_pb2.CreateTenantResponse,
) -> None:
    assert "very_secret" not in describe(message)
    assert "secret=***" in describe(message)


def test_a_company_reads_like_a_call() -> None:
    attributes = Struct()
    attributes.update({"tier": "gold"})
    company = Company(
        legal_name="Example GmbH",
        status=CompanyStatus.COMPANY_STATUS_IN_LIQUIDATION,
        incorporation_date=Date(year=1999, month=12, day=31),
        identifiers=[Identifier(scheme="lei", value="529900T8BM49AURSDO55")],
        attributes=attributes,
        labels={"team": "sales"},
        create_time=Timestamp(seconds=1_700_000_000),
        revision=3,
    )
    assert describe(company) == (
        "Company(legal_name='Example GmbH', status=IN_LIQUIDATION, incorporation_date=1999-12-31, "
        "identifiers=[Identifier(scheme='lei', value='529900T8BM49AURSDO55')], attributes={'tier': 'gold'}, "
        "labels={'team': 'sales'}, create_time=2023-11-14T22:13:20Z, revision=3)"
    )


def test_a_long_message_is_cut() -> None:
    text = describe(api_key_pb2.ApiKey(permissions=["company.read"] * 100), longest=60)
    assert len(text) == 60
    assert text.endswith("…")


def test_an_enum_value_that_is_not_known_yet_shows_as_its_number() -> None:
    assert describe(Company(status=99)) == "Company(status=99)"  # type: ignore[arg-type]
