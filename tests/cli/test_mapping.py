"""Mappings: every step does what it says, and whatever is wrong is named with what would be right."""

from pathlib import Path
from typing import Any

import pytest

from function.company.v1 import company_pb2
from function_backend_cli.importing.faults import MappingError, RowFault
from function_backend_cli.importing.mapping import (
    Mapping,
    overridden,
    parse_mapping,
    profile_names,
    read_mapping,
    read_profile,
)
from function_backend_cli.importing.scalars import Fields
from function_backend_client import Company

EXAMPLES = sorted((Path(__file__).parents[2] / "examples" / "mappings").glob("*.toml"))
COLUMNS = ("name", "id", "state", "country", "street", "street2", "day", "phone", "codes", "places", "size")
ROW = dict.fromkeys(COLUMNS, "")


def mapping(company: str, settings: str = "", more: str = "") -> Mapping:
    return parse_mapping(f'[import]\nmatch_scheme = "x-id"\n{settings}\n[company]\n{company}\n{more}', name="test")


def built(company: str, *, settings: str = "", more: str = "", **values: str) -> Company:
    """The company that a row with the values becomes."""
    fields, _ = read(company, settings=settings, more=more, **values)
    return Company(**(fields or {}))


def read(company: str, *, settings: str = "", more: str = "", **values: str) -> tuple[Fields | None, list[RowFault]]:
    dropped: list[RowFault] = []
    compiled = mapping(company, settings, more).compiled(COLUMNS)
    return compiled.build(tuple((ROW | values).values()), dropped), dropped


class TestValues:
    @pytest.mark.parametrize(
        ("spec", "values", "text"),
        [
            ('"constant"', {}, "constant"),
            ('{ constant = "c" }', {}, "c"),
            ('{ column = "name" }', {"name": "  Example  "}, "Example"),
            ('{ column = "nam", optional = true, default = "none" }', {}, "none"),
            ('{ column = "name", default = { column = "id" } }', {"id": "7"}, "7"),
            ('{ join = ["street", "street2"], separator = ", " }', {"street": "a", "street2": "b"}, "a, b"),
            ('{ join = ["street", "street2"] }', {"street2": "b"}, "b"),
            ('{ template = "US-{state}" }', {"state": "DE"}, "US-DE"),
            ('{ template = "US-{state}" }', {}, ""),
            ('{ first = [{ column = "name" }, { column = "id" }, "x"] }', {"id": "7"}, "7"),
            ('{ column = "name", empty = ["N/A", "-"] }', {"name": "n/a"}, ""),
            ('{ column = "id", remove = "-. " }', {"id": "12-3 4.5"}, "12345"),
            ('{ column = "name", case = "upper" }', {"name": "straße"}, "STRASSE"),
            ('{ column = "name", case = "title" }', {"name": "O'NEIL and SONS"}, "O'neil And Sons"),
            ('{ column = "id", pad = 10 }', {"id": "320193"}, "0000320193"),
            ('{ column = "day", length = 10 }', {"day": "2020-01-02T03:04"}, "2020-01-02"),
            ('{ column = "id", prefix = "DE" }', {"id": "1"}, "DE1"),
            ('{ column = "id", prefix = "DE" }', {"id": "DE1"}, "DE1"),
            ('{ column = "id", suffix = "!" }', {"id": "1"}, "1!"),
            ('{ column = "id", prefix = "DE" }', {}, ""),
            ('{ column = "country", lookup = "countries" }', {"country": "south korea"}, "KR"),
            ('{ column = "country", lookup = "countries" }', {"country": "DEU"}, "DE"),
            ('{ column = "state", lookup = "edgar-places" }', {"state": "e9"}, "KY"),
            ('{ column = "state", lookup = "own", unknown = "keep" }', {"state": "q"}, "q"),
            ('{ column = "state", lookup = "own", unknown = "drop" }', {"state": "q"}, ""),
            ('{ column = "state", lookup = "own" }', {"state": "A"}, "first"),
            ('{ column = "name", when = { column = "state", is = "DE" } }', {"name": "x", "state": "DE"}, "x"),
            ('{ column = "name", when = { column = "state", is = "DE" } }', {"name": "x"}, ""),
            ('{ column = "name", when = { column = "state", not = "DE" } }', {"name": "x"}, "x"),
            ('{ column = "name", when = { column = "state", in = ["DE", "NV"] } }', {"name": "x", "state": "NV"}, "x"),
            ('{ column = "name", when = { column = "id", like = "RA0*" } }', {"name": "x", "id": "RA01"}, "x"),
            ('{ column = "name", when = { column = "id", present = false } }', {"name": "x"}, "x"),
        ],
    )
    def test_steps_transform_a_value_in_order(self, spec: str, values: dict[str, str], text: str) -> None:
        assert built(f"legal_name = {spec}", more='[lookups.own]\na = "first"', **values).legal_name == text

    @pytest.mark.parametrize(
        ("text", "country", "read_as"),
        [
            ("(630) 227-2000", "US", "+16302272000"),
            ("16302272000", "CA", "+16302272000"),
            ("+44 20 7496 2107", "US", "+44 20 7496 2107"),
            ("442074962107", "GB", "+442074962107"),
            ("0044-20-3555-4619", "GB", "+442035554619"),
            ("011 34 91 537 8172", "ES", "+34915378172"),
            ("81-3-3758-2111", "JP", "+81337582111"),
            ("570-752-3671 X 1150", "US", "570-752-3671 X 1150"),
            ("12345", "US", "12345"),
            ("2157846000", "SG", "2157846000"),
            ("6302272000", "", "6302272000"),
            ("", "US", ""),
        ],
    )
    def test_phone_numbers_are_made_international_where_it_is_plain_how(
        self, text: str, country: str, read_as: str
    ) -> None:
        spec = 'legal_name = { column = "phone", phone = { column = "country" } }'
        assert built(spec, phone=text, country=country).legal_name == read_as


class TestFields:
    def test_a_message_within_a_message(self) -> None:
        company = built('legal_form.text = { column = "name" }\nlegal_form.code = "2HBR"', name="GmbH")
        assert (company.legal_form.text, company.legal_form.code) == ("GmbH", "2HBR")

    def test_a_message_of_which_nothing_is_known_is_left_out(self) -> None:
        company = built('legal_form.text = { column = "name" }\nlegal_form.code = "2HBR"')
        assert not company.HasField("legal_form")

    @pytest.mark.parametrize(
        ("form", "text"), [("iso", "2021-02-19"), ("iso", "2021-02-19T00:00:00Z"), ("%Y%m%d", "20210219")]
    )
    def test_dates_are_read_in_the_named_form(self, form: str, text: str) -> None:
        date = built(f'incorporation_date = {{ column = "day", date = "{form}" }}', day=text).incorporation_date
        assert (date.year, date.month, date.day) == (2021, 2, 19)

    def test_states_by_their_short_names(self) -> None:
        assert built('status = "dissolved"').status == company_pb2.COMPANY_STATUS_DISSOLVED
        assert built('status = { column = "state" }', state="Active").status == company_pb2.COMPANY_STATUS_ACTIVE
        assert built('status = { column = "state" }').status == company_pb2.COMPANY_STATUS_UNSPECIFIED

    def test_lists_of_messages_leave_out_what_has_no_value(self) -> None:
        spec = """
        [[company.identifiers]]
        scheme = "x-id"
        value = { column = "id" }
        [[company.identifiers]]
        scheme = "us-ein"
        value = { column = "size" }
        [[company.addresses]]
        kind = "business"
        country = { column = "country" }
        lines = [{ column = "street" }, { column = "street2" }]
        [[company.industries]]
        scheme = "sic"
        code = { column = "codes" }
        primary = true
        """
        company = built(spec, id="1", street2="Main St", country="US")
        assert [(item.scheme, item.value) for item in company.identifiers] == [("x-id", "1")]
        assert [list(address.lines) for address in company.addresses] == [["Main St"]]
        assert len(company.industries) == 0
        assert len(built(spec).addresses) == 0
        assert built(spec, codes="3720").industries[0].primary

    def test_an_element_may_depend_on_the_row(self) -> None:
        spec = """
        [[company.identifiers]]
        scheme = "gb-crn"
        value = { column = "id" }
        when = { column = "country", is = "GB" }
        """
        assert len(built(spec, id="1", country="GB").identifiers) == 1
        assert len(built(spec, id="1", country="DE").identifiers) == 0

    def test_one_value_may_become_several_elements_whose_parts_belong_together(self) -> None:
        spec = """
        [[company.identifiers]]
        scheme = "ticker"
        value = { column = "codes", split = "|" }
        issuer = { column = "places", split = "|" }
        """
        company = built(spec, codes="LNC| LNC-PD ||", places="NYSE|Nasdaq|X")
        assert [(item.value, item.issuer) for item in company.identifiers] == [("LNC", "NYSE"), ("LNC-PD", "Nasdaq")]
        assert len(built(spec).identifiers) == 0

    def test_an_element_that_is_there_twice_is_taken_once(self) -> None:
        spec = '[[company.names]]\nvalue = { column = "name" }\n[[company.names]]\nvalue = { column = "id" }'
        assert [name.value for name in built(spec, name="A", id="A").names] == ["A"]

    def test_attributes_have_types_and_depth(self) -> None:
        spec = """
        attributes.size = { column = "size", type = "number" }
        attributes.listed = { column = "state", type = "boolean" }
        attributes.seen = { column = "day", type = "date", date = "%Y%m%d" }
        attributes.where.street = { column = "street" }
        attributes.where.country = { column = "country" }
        attributes.codes = [{ column = "codes" }, { column = "places" }]
        attributes.version = 2
        attributes.source = "test"
        """
        company = built(spec, size="1,234.5", state="No", day="20210219", street="Main St", codes="c")
        assert dict(company.attributes.fields["where"].struct_value) == {"street": "Main St"}
        assert company.attributes["size"] == 1234.5
        assert company.attributes["listed"] is False
        assert company.attributes["seen"] == "2021-02-19"
        assert company.attributes.get_or_create_list("codes")[0] == "c"
        assert company.attributes["version"] == 2
        assert company.attributes["source"] == "test"

    def test_labels_take_columns_and_constants(self) -> None:
        assert dict(built('labels.a = { column = "size" }\nlabels.b = "x"', size="big").labels) == {
            "a": "big",
            "b": "x",
        }
        assert dict(built('labels = { a = { column = "size" } }').labels) == {}


class TestFaults:
    @pytest.mark.parametrize(
        ("spec", "values", "field", "said"),
        [
            ('incorporation_date = { column = "day" }', {"day": "31.12.1999"}, "incorporation_date", "31.12.1999"),
            ('incorporation_date = { column = "day" }', {"day": "1999-13-01"}, "incorporation_date", "1999-13-01"),
            (
                'incorporation_date = { column = "day", date = "%Y%m%d" }',
                {"day": "0000"},
                "incorporation_date",
                "of the form %Y%m%d",
            ),
            ('status = { column = "state" }', {"state": "sleeping"}, "status", "ACTIVE"),
            (
                'attributes.a.b = { column = "size", type = "number" }',
                {"size": "big"},
                "attributes.a.b",
                "no number",
            ),
            ('attributes.a = { column = "size", type = "boolean" }', {"size": "big"}, "attributes.a", "neither"),
            (
                '[[company.addresses]]\ncountry = { column = "country", lookup = "countries" }',
                {"country": "Narnia"},
                "addresses[0].country",
                "Narnia",
            ),
        ],
    )
    def test_a_value_that_cannot_be_read_rejects_the_row_and_is_named(
        self, spec: str, values: dict[str, str], field: str, said: str
    ) -> None:
        with pytest.raises(RowFault) as caught:
            read(spec, **values)
        assert caught.value.field == field
        assert caught.value.reason == "UNREADABLE_VALUE"
        assert said in caught.value.description

    @pytest.mark.parametrize(
        ("spec", "droppable", "values", "field"),
        [
            ('incorporation_date = { column = "day" }', "incorporation_date", {"day": "?"}, "incorporation_date"),
            (
                '[[company.addresses]]\nkind = "business"\ncountry = { column = "country", lookup = "countries" }',
                "addresses",
                {"country": "Narnia"},
                "addresses.country",
            ),
            (
                '[[company.addresses]]\nkind = "business"\ncountry = { column = "country", lookup = "countries" }',
                "addresses.business",
                {"country": "Narnia"},
                "addresses.country",
            ),
            (
                '[[company.names]]\nvalue = "x"\nkind = { column = "state" }',
                "names.kind",
                {"state": "odd"},
                "names.kind",
            ),
        ],
    )
    def test_what_may_be_dropped_is_dropped_and_noted(
        self, spec: str, droppable: str, values: dict[str, str], field: str
    ) -> None:
        settings = f'droppable = ["{droppable}"]'
        fields, dropped = read(f'legal_name = {{ column = "name" }}\n{spec}', settings=settings, name="x", **values)
        assert fields is not None
        assert fields["legal_name"] == "x"
        assert [fault.field for fault in dropped] == [field]


class TestMistakes:
    """What is wrong with a mapping is found before a row is read."""

    @pytest.mark.parametrize(
        ("company", "said"),
        [
            ('legal_nam = "x"', "did you mean 'legal_name'?"),
            ('create_time = "x"', "no field 'create_time'"),
            ('legal_name = { colum = "name" }', "did you mean 'column'?"),
            ('legal_name = { column = "name", cas = "upper" }', "did you mean 'case'?"),
            ('legal_name = { column = "name", case = "uper" }', "did you mean 'upper'?"),
            ("legal_name = { pad = 3 }", "says where the value comes from; there is none"),
            ('legal_name = { column = "name", constant = "x" }', "there are column and constant"),
            ('legal_name = { column = "name", pad = "3" }', "not a whole number"),
            ('legal_name = { column = "name", lookup = "contries" }', "did you mean 'countries'?"),
            ('legal_name = { column = "name", lookup = "countries", unknown = "what" }', "unknown = 'what'"),
            ('legal_name = { column = "name", when = { is = "x" } }', "column"),
            ('legal_name = { column = "name", when = { column = "id" } }', "belongs beside 'column'"),
            ('legal_name = { column = "name", split = "|" }', "can be split"),
            ('legal_name = { join = "name" }', "a list in brackets"),
            ("legal_name = { column = 3 }", "not the name of a column"),
            ("legal_name = { template = 3 }", "a template is text"),
            ('legal_name = { template = "{name" }', "cannot be read"),
            ("legal_name = { constant = [1] }", "neither a constant nor a table"),
            ('status = "sleeping"', "there is no CompanyStatus 'sleeping'"),
            ('incorporation_date = { column = "day", date = 3 }', "a form such as"),
            ('incorporation_date = { column = "day", date = "%Q" }', "not a form of a date"),
            ('legal_form = "GmbH"', "a table of the fields of LegalForm"),
            ('names = "x"', "a list is needed"),
            ('labels = "x"', "a table is needed"),
            ('attributes = "x"', "a table of attributes"),
            ('attributes.a = { column = "size", type = "integer" }', "there is no type 'integer'"),
            (
                '[[company.addresses]]\nlines = [{ column = "street" }]\ncity = { column = "size", split = 1 }',
                "between",
            ),
            ('[[company.addresses]]\nlines = { column = "street", split = "|" }', "only fields of text"),
        ],
    )
    def test_in_the_company(self, company: str, said: str) -> None:
        with pytest.raises(MappingError) as caught:
            mapping(company)
        assert said in str(caught.value)

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("[company", "is not TOML"),
            ("[imports]", "did you mean 'import'?"),
            ("import = 3", "[import] is a table"),
            ('[company]\nlegal_name = "x"', "[import] is missing"),
            ('[import]\nmatch_scheme = "lei"', "[company] is missing"),
            ('[import]\nsource = "x"\n[company]\nlegal_name = "x"', "match_scheme"),
            ('[import]\nmatch_schem = "x"', "did you mean 'match_scheme'?"),
            ('[import]\nmatch_scheme = "x"\ndroppable = ["contact"]\n[company]\nlegal_name = "x"', "'contacts'"),
            (
                '[import]\nmatch_scheme = "x"\ndroppable = ["legal_name"]\n[company]\nlegal_name = "x"',
                "cannot be dropped",
            ),
            ('[import]\nmatch_scheme = "x"\n[input]\nformat = "xml"\n[company]\nlegal_name = "x"', "no format 'xml'"),
            ('[import]\nmatch_scheme = "x"\n[input]\ndelimiter = ""\n[company]\nlegal_name = "x"', "one character"),
            ('[import]\nmatch_scheme = "x"\n[input]\nquotes = ""\n[company]\nlegal_name = "x"', "'quote'"),
            ('[import]\nmatch_scheme = "x"\n[company]\nlegal_name = "x"\n[lookups]\na = "b"', "from text to text"),
        ],
    )
    def test_in_the_rest(self, text: str, said: str) -> None:
        with pytest.raises(MappingError) as caught:
            parse_mapping(text, name="test")
        assert said in str(caught.value)

    def test_a_column_that_the_file_lacks_names_the_nearest(self) -> None:
        with pytest.raises(MappingError, match="no column 'nmae'; did you mean 'name'"):
            mapping('legal_name = { column = "nmae" }').compiled(COLUMNS)

    def test_a_file_that_cannot_be_read_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(MappingError, match=r"missing\.toml: cannot be read"):
            read_mapping(tmp_path / "missing.toml")
        (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")
        with pytest.raises(MappingError, match=r"binary\.toml: is not UTF-8"):
            read_mapping(tmp_path / "binary.toml")
        (tmp_path / "wrong.toml").write_text("[companies]")
        with pytest.raises(MappingError, match=r"wrong\.toml: there is no table 'companies'"):
            read_mapping(tmp_path / "wrong.toml")


class TestShipped:
    @pytest.mark.parametrize("name", profile_names())
    def test_profiles_can_be_used(self, name: str) -> None:
        assert read_profile(name).match_scheme

    def test_there_are_the_three_that_are_promised(self) -> None:
        assert profile_names() == ["gleif-lei", "sec-sub", "sec-tickers"]

    @pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
    def test_examples_can_be_used(self, path: Path) -> None:
        assert read_mapping(path).source

    def test_an_unknown_profile_names_the_nearest(self) -> None:
        with pytest.raises(MappingError, match="did you mean 'gleif-lei'"):
            read_profile("gleif")

    def test_settings_of_the_command_line_win(self) -> None:
        changed = overridden(read_profile("sec-sub"), delimiter=";", source="mine", encoding=None)
        changes: dict[str, Any] = {"delimiter": changed.input.delimiter, "quote": changed.input.quote}
        assert changes == {"delimiter": ";", "quote": ""}
        assert (changed.source, changed.input.encoding) == ("mine", "utf-8")
