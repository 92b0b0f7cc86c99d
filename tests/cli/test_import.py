"""`import` against the real service: what is good arrives, what is not is reported, and nothing is lost."""

import csv
import gzip
import json
from pathlib import Path

import pytest

from tests.fixtures.command_line import RunCommand

MAPPING = """
[import]
match_scheme = "us-cik"
source = "test"
droppable = ["contacts", "identifiers.us-ein", "addresses.postal_code", "incorporation_date"]

[company]
legal_name = { column = "name" }
jurisdiction = { column = "state", prefix = "US-" }
incorporation_date = { column = "founded" }

[[company.identifiers]]
scheme = "us-cik"
value = { column = "cik" }

[[company.identifiers]]
scheme = "us-ein"
value = { column = "ein" }

[[company.addresses]]
kind = "business"
country = "US"
city = { column = "city" }
postal_code = { column = "zip" }

[[company.contacts]]
kind = "phone"
value = { column = "phone" }
"""
HEADER = "cik,name,state,ein,city,zip,phone,founded"
APPLE = "320193,Apple Inc.,CA,942404110,Cupertino,95014,4089961010,1977-01-03"
ABBOTT = "1800,Abbott Laboratories,IL,360698440,Abbott Park,60064,2246676100,"


@pytest.fixture(autouse=True)
def written(here: Path) -> None:
    (here / "mapping.toml").write_text(MAPPING)


def companies(command: RunCommand) -> dict[str, dict[str, object]]:
    listed = command("company", "list", "--limit", "1000", "--json").lines
    return {str(company["legal_name"]): company for company in listed}


def rejects(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


class TestRows:
    def test_good_rows_become_companies(self, command: RunCommand, here: Path) -> None:
        (here / "in.csv").write_text(f"{HEADER}\n{APPLE}\n{ABBOTT}\n")
        (done,) = command("import", "--mapping", "mapping.toml", "in.csv", "--json").lines
        assert (done["rows"], done["created"], done["rejected"], done["dropped"]) == (2, 2, 0, 0)
        apple = companies(command)["Apple Inc."]
        assert apple["jurisdiction"] == "US-CA"
        assert apple["identifiers"] == [
            {"scheme": "us-cik", "value": "0000320193"},
            {"scheme": "us-ein", "value": "942404110"},
        ]
        assert not (here / "in.csv.rejects.csv").exists()

    def test_importing_again_changes_nothing(self, command: RunCommand, here: Path) -> None:
        (here / "in.csv").write_text(f"{HEADER}\n{APPLE}\n{ABBOTT}\n")
        command("import", "--mapping", "mapping.toml", "in.csv")
        before = companies(command)
        (done,) = command("import", "--mapping", "mapping.toml", "in.csv", "--json").lines
        assert (done["created"], done["updated"], done["unchanged"]) == (0, 0, 2)
        assert companies(command) == before

    def test_a_changed_row_changes_its_company(self, command: RunCommand, here: Path) -> None:
        (here / "in.csv").write_text(f"{HEADER}\n{APPLE}\n{ABBOTT}\n")
        command("import", "--mapping", "mapping.toml", "in.csv")
        (here / "in.csv").write_text(f"{HEADER}\n{APPLE.replace('Apple', 'Apples')}\n{ABBOTT}\n")
        (done,) = command("import", "--mapping", "mapping.toml", "in.csv", "--json").lines
        assert (done["created"], done["updated"], done["unchanged"]) == (0, 1, 1)
        assert set(companies(command)) == {"Apples Inc.", "Abbott Laboratories"}

    def test_the_summary_for_people(self, command: RunCommand, here: Path) -> None:
        (here / "in.csv").write_text(f"{HEADER}\n{APPLE}\n1,,CA,,,,,\n")
        done = command("import", "--mapping", "mapping.toml", "in.csv")
        assert done.status == 0
        assert done.out.splitlines()[1].split()[:6] == ["2", "1", "0", "0", "1", "0"]
        assert "in.csv.rejects.csv" in done.out

    def test_a_packed_file_from_standard_input(self, command: RunCommand) -> None:
        packed = gzip.compress(f"{HEADER}\n{APPLE}\n".encode())
        (done,) = command("import", "--mapping", "mapping.toml", "-", "--json", stdin=packed).lines
        assert done["created"] == 1

    def test_checking_alone_changes_nothing(self, command: RunCommand, here: Path) -> None:
        (here / "in.csv").write_text(f"{HEADER}\n{APPLE}\n1,,CA,,,,,\n")
        (done,) = command("import", "--mapping", "mapping.toml", "in.csv", "--validate-only", "--json").lines
        assert (done["created"], done["rejected"]) == (1, 1)
        assert companies(command) == {}

    def test_only_so_many(self, command: RunCommand, here: Path) -> None:
        (here / "in.csv").write_text(f"{HEADER}\n{APPLE}\n{ABBOTT}\n")
        (done,) = command("import", "--mapping", "mapping.toml", "in.csv", "--limit", "1", "--json").lines
        assert (done["rows"], done["created"]) == (1, 1)


class TestRejects:
    LINES = (
        APPLE,
        "1,,CA,,,,,",
        "x,No Number,CA,,,,,",
        "ragged,line",
        "2,Bad Bytes \udcff,CA,,,,,",
        "3,Bad Values,CA,123,Nowhere,?,12,soon",
        ABBOTT,
    )

    @pytest.fixture
    def reported(self, command: RunCommand, here: Path) -> list[dict[str, str]]:
        (here / "in.csv").write_bytes("\n".join((HEADER, *self.LINES, "")).encode(errors="surrogateescape"))
        done = command("import", "--mapping", "mapping.toml", "in.csv", "--json")
        assert done.status == 0
        assert done.lines[0] | {"seconds": 0} == {
            "rows": 7,
            "created": 3,
            "updated": 0,
            "unchanged": 0,
            "rejected": 4,
            "dropped": 4,
            "seconds": 0,
            "resumed_after": 0,
            "validate_only": False,
            "rejects_file": "in.csv.rejects.csv",
        }
        return rejects(here / "in.csv.rejects.csv")

    def test_each_is_reported_with_line_field_reason_and_row(self, reported: list[dict[str, str]]) -> None:
        found = {
            (row["reject_line"], row["reject_outcome"], row["reject_field"], row["reject_reason"]) for row in reported
        }
        assert found == {
            ("3", "rejected", "company.legal_name", "INVALID_REQUEST"),
            ("4", "rejected", "company.identifiers[0].value", "INVALID_REQUEST"),
            ("5", "rejected", "", "UNREADABLE_ROW"),
            ("6", "rejected", "", "UNREADABLE_VALUE"),
            ("7", "dropped", "company.incorporation_date", "UNREADABLE_VALUE"),
            ("7", "dropped", "company.identifiers[1].value", "INVALID_REQUEST"),
            ("7", "dropped", "company.addresses[0].postal_code", "INVALID_REQUEST"),
            ("7", "dropped", "company.contacts[0].value", "INVALID_REQUEST"),
        }
        assert [int(row["reject_line"]) for row in reported] == sorted(int(row["reject_line"]) for row in reported)
        assert {row["reject_value"] for row in reported if row["reject_outcome"] == "dropped"} == {"123", "?", "12", ""}
        assert reported[0]["cik"] == "1"

    def test_what_was_dropped_is_missing_and_the_rest_is_there(
        self, command: RunCommand, reported: list[dict[str, str]]
    ) -> None:
        company = companies(command)["Bad Values"]
        assert company["identifiers"] == [{"scheme": "us-cik", "value": "0000000003"}]
        assert company["addresses"] == [{"kind": "ADDRESS_KIND_BUSINESS", "country": "US", "city": "Nowhere"}]
        assert "contacts" not in company

    def test_the_corrected_file_can_be_imported_with_the_same_mapping(
        self, command: RunCommand, here: Path, reported: list[dict[str, str]]
    ) -> None:
        path = here / "in.csv.rejects.csv"
        path.write_text(path.read_text().replace(",1,,CA", ",1,Now Named,CA"))
        assert command("import", "--mapping", "mapping.toml", path.name).status == 0
        assert "Now Named" in companies(command)

    def test_they_can_be_made_to_fail_the_command(self, command: RunCommand, here: Path) -> None:
        (here / "in.csv").write_text(f"{HEADER}\n1,,CA,,,,,\n")
        fail = ("import", "--mapping", "mapping.toml", "in.csv", "--fail-on-rejects")
        assert command(*fail, "--rejects", "elsewhere/r.csv").status == 1
        assert len(rejects(here / "elsewhere" / "r.csv")) == 1

    def test_an_older_file_goes_when_there_is_nothing_to_report(self, command: RunCommand, here: Path) -> None:
        (here / "in.csv").write_text(f"{HEADER}\n{APPLE}\n")
        (here / "in.csv.rejects.csv").write_text("from an older run")
        command("import", "--mapping", "mapping.toml", "in.csv")
        assert not (here / "in.csv.rejects.csv").exists()


class TestProfiles:
    def test_sec_sub_fills_the_fields_of_a_company(self, command: RunCommand, here: Path) -> None:
        columns = [
            *("adsh", "cik", "name", "sic", "countryba", "stprba", "cityba", "zipba", "bas1", "bas2", "baph"),
            *("countryma", "stprma", "cityma", "zipma", "mas1", "mas2", "countryinc", "stprinc", "ein", "former"),
            *("changed", "fye", "filed"),
        ]
        apple = {
            "cik": "320193",
            "name": "APPLE INC",
            "sic": "3571",
            "countryba": "US",
            "stprba": "CA",
            "cityba": "CUPERTINO",
            "zipba": "95014",
            "bas1": "ONE APPLE PARK WAY",
            "baph": "(408) 996-1010",
            "countryinc": "US",
            "stprinc": "CA",
            "ein": "942404110",
            "former": 'APPLE "COMPUTER" INC',
            "changed": "20070109",
            "fye": "0930",
            "filed": "20210128",
        }
        lines = ["\t".join(columns), "\t".join(apple.get(column, "") for column in columns)]
        (here / "sub.txt").write_text("\n".join(lines) + "\n")
        (done,) = command("import", "--profile", "sec-sub", "sub.txt", "--json").lines
        assert (done["created"], done["dropped"]) == (1, 0)
        company = companies(command)["APPLE INC"]
        assert company["contacts"] == [{"kind": "CONTACT_KIND_PHONE", "value": "+14089961010"}]
        assert company["names"] == [
            {
                "value": 'APPLE "COMPUTER" INC',
                "kind": "NAME_KIND_PREVIOUS",
                "validity": {"end_date": {"year": 2007, "month": 1, "day": 9}},
            }
        ]
        (revision,) = command("company", "revisions", str(company["id"]), "--json").lines
        assert revision["valid_from"] == "2021-01-28T00:00:00Z"

    def test_sec_tickers_join_the_records_of_one_company(self, command: RunCommand, here: Path) -> None:
        records = [
            {"cik_str": 1652044, "ticker": "GOOGL", "title": "Alphabet Inc."},
            {"cik_str": 320193, "ticker": "AAPL", "title": "Apple Inc."},
            {"cik_str": 1652044, "ticker": "GOOG", "title": "Alphabet Inc."},
        ]
        (here / "t.json").write_text(json.dumps({str(number): record for number, record in enumerate(records)}))
        (done,) = command("import", "--profile", "sec-tickers", "t.json", "--json").lines
        assert (done["rows"], done["created"]) == (2, 2)
        identifiers = companies(command)["Alphabet Inc."]["identifiers"]
        assert isinstance(identifiers, list)
        assert [item["value"] for item in identifiers] == ["0001652044", "GOOGL", "GOOG"]

    def test_gleif_lei_fills_the_fields_of_a_company(self, command: RunCommand, here: Path) -> None:
        values = {
            "LEI": "529900T8BM49AURSDO55",
            "Entity.LegalName": "Müller Maschinenbau GmbH",
            "Entity.OtherEntityNames.OtherEntityName.1": "Mueller Machines",
            "Entity.OtherEntityNames.OtherEntityName.1.xmllang": "en",
            "Entity.OtherEntityNames.OtherEntityName.1.type": "TRADING_OR_OPERATING_NAME",
            "Entity.LegalAddress.FirstAddressLine": "Hauptstr. 1",
            "Entity.LegalAddress.City": "Freiburg",
            "Entity.LegalAddress.Region": "DE-BW",
            "Entity.LegalAddress.Country": "DE",
            "Entity.LegalAddress.PostalCode": "79098",
            "Entity.HeadquartersAddress.FirstAddressLine": "Hauptstr. 1",
            "Entity.HeadquartersAddress.City": "Freiburg",
            "Entity.HeadquartersAddress.Country": "DE",
            "Entity.RegistrationAuthority.RegistrationAuthorityID": "RA000221",
            "Entity.RegistrationAuthority.RegistrationAuthorityEntityID": "HRB 2345",
            "Entity.LegalJurisdiction": "DE",
            "Entity.EntityCategory": "GENERAL",
            "Entity.LegalForm.EntityLegalFormCode": "2HBR",
            "Entity.EntityStatus": "INACTIVE",
            "Entity.EntityCreationDate": "1998-01-01T00:00:00Z",
            "Entity.EntityExpirationDate": "2024-06-30T00:00:00Z",
            "Entity.EntityExpirationReason": "DISSOLVED",
            "Registration.LastUpdateDate": "2024-09-01T10:11:12.000Z",
            "Registration.RegistrationStatus": "RETIRED",
        }
        with (here / "lei.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, quoting=csv.QUOTE_ALL)
            writer.writerows([values.keys(), values.values()])
        done = command("import", "--profile", "gleif-lei", "lei.csv", "--json")
        assert done.lines[0]["created"] == 1, (here / "lei.csv.rejects.csv").read_text()
        company = companies(command)["Müller Maschinenbau GmbH"]
        assert company["status"] == "COMPANY_STATUS_DISSOLVED"
        assert company["incorporation_date"] == {"year": 1998, "month": 1, "day": 1}
        assert company["dissolution_date"] == {"year": 2024, "month": 6, "day": 30}
        assert company["legal_form"] == {"code": "2HBR"}
        assert company["names"] == [{"value": "Mueller Machines", "kind": "NAME_KIND_TRADING", "language": "en"}]
        assert company["identifiers"] == [
            {"scheme": "lei", "value": "529900T8BM49AURSDO55"},
            {"scheme": "ra", "value": "HRB 2345", "issuer": "RA000221"},
        ]
        assert company["attributes"] == {"lei": {"category": "GENERAL", "registration_status": "RETIRED"}}

    def test_a_profile_shows_its_mapping(self, command: RunCommand) -> None:
        assert 'match_scheme = "lei"' in command("import", "--profile", "gleif-lei", "--show-mapping").out


class TestCommandLine:
    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            ((), "name the file"),
            (("in.csv",), "needs a mapping"),
            (("in.csv", "--profile", "gleif"), "did you mean 'gleif-lei'"),
            (("in.csv", "--profile", "gleif-lei", "--mapping", "mapping.toml"), "brings its own"),
            (("in.csv", "--profile", "jsonl", "--mapping", "mapping.toml"), "nothing to map"),
            (("missing.csv", "--mapping", "mapping.toml"), "missing.csv"),
            (("in.csv", "--mapping", "missing.toml"), "missing.toml"),
            (("in.csv", "--mapping", "mapping.toml", "--delimiter", ";"), "no column 'name'; there are cik"),
            (("in.csv", "--mapping", "mapping.toml", "--encoding", "x"), "no encoding 'x'"),
            (("in.csv", "--profile", "binary"), "not a file of delimited messages"),
        ],
    )
    def test_mistakes_are_explained(
        self, command: RunCommand, here: Path, arguments: tuple[str, ...], said: str
    ) -> None:
        (here / "in.csv").write_text(f"{HEADER}\n{APPLE}\n" + "\xff" * 200)
        done = command("import", *arguments)
        assert done.status == 2
        assert said in done.err
        assert "Traceback" not in done.err

    def test_a_scheme_that_does_not_exist_is_refused_by_the_service(self, command: RunCommand, here: Path) -> None:
        (here / "in.csv").write_text(f"{HEADER}\n{APPLE}\n")
        done = command("import", "--mapping", "mapping.toml", "in.csv", "--match-scheme", "us-cikk")
        assert done.status == 1
        assert "us-cik" in done.err
