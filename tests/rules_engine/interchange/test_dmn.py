import pytest

from function.rules.v1 import definition_pb2
from function_backend_rules.cel.budget import Budget
from function_backend_rules.cel.environment import Environment
from function_backend_rules.cel.values import Timestamp
from function_backend_rules.interchange.dmn import import_dmn
from function_backend_rules.interchange.imported import ImportedTable, ImportRefusedError
from function_backend_rules.tables.compilation import compile_table

_NAMESPACE = "https://www.omg.org/spec/DMN/20191111/MODEL/"


def _file(table: str, namespace: str = _NAMESPACE) -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><definitions xmlns="{namespace}" name="x"><inputData name="y"/>'
        f'<decision id="d" name="Discount Level">{table}</decision></definitions>'
    )


def _imported(table: str, namespace: str = _NAMESPACE) -> ImportedTable:
    (found,) = import_dmn(_file(table, namespace))
    return found


_TABLE = """
<decisionTable hitPolicy="PRIORITY">
  <input label="Age"><inputExpression typeRef="number"><text>Applicant.Age In Years</text></inputExpression></input>
  <input><inputExpression typeRef="string"><text>country</text></inputExpression></input>
  <input><inputExpression typeRef="date"><text>since</text></inputExpression></input>
  <output name="level" typeRef="string">
    <outputValues><text>"high", "low"</text></outputValues>
    <defaultOutputEntry><text>"low"</text></defaultOutputEntry>
  </output>
  <rule id="r1">
    <description>Grown up</description>
    <inputEntry><text>]18..65]</text></inputEntry><inputEntry><text>not("FR","DE")</text></inputEntry>
    <inputEntry><text>&lt; date("2020-01-01")</text></inputEntry><outputEntry><text>"high"</text></outputEntry>
  </rule>
  <rule>
    <inputEntry><text>&gt;= 66</text></inputEntry><inputEntry><text>-</text></inputEntry>
    <inputEntry><text>? &gt; date and time("2020-01-01T00:00:00Z") and country != "IT"</text></inputEntry>
    <outputEntry><text>if starts with(country, "X") then "low" else "high"</text></outputEntry>
  </rule>
</decisionTable>"""


@pytest.mark.parametrize("version", ["20180521", "20191111", "20211108", "20230324"])
def test_a_table_becomes_a_definition(version: str) -> None:
    scheme = "http" if version == "20180521" else "https"
    found = _imported(_TABLE, f"{scheme}://www.omg.org/spec/DMN/{version}/MODEL/")
    assert found.losses == ()
    assert found.assumptions == ("a date is its first moment in UTC",)
    assert (found.path, found.definition.name) == ("decision[1]", "discount_level")
    assert {each.name: each.type for each in found.definition.inputs} == {
        "Applicant_Age_In_Years": "double", "country": "string", "since": "timestamp",
    }  # fmt: skip
    table = found.definition.table
    assert table.hit_policy == definition_pb2.HIT_POLICY_PRIORITY
    assert [list(row.cells) for row in table.rows] == [
        ["(18.0..65.0]", 'not("FR", "DE")', '< timestamp("2020-01-01T00:00:00Z")'],
        [">= 66.0", "", '(cell > timestamp("2020-01-01T00:00:00Z")) && (country != "IT")'],
    ]
    assert (table.rows[0].id, table.rows[0].reason) == ("r1", "Grown up")
    assert list(table.otherwise) == ['"low"']


def test_an_imported_table_decides_as_it_reads() -> None:
    definition = _imported(_TABLE).definition
    declared = {each.name: each.type for each in definition.inputs} | {"now": "timestamp"}
    table = compile_table(definition.table, Environment(declared))

    def level(age: float, country: str, year: int) -> object:
        since = Timestamp((year - 1970) * 31_557_600 * 10**9)
        bindings = {"Applicant_Age_In_Years": float(age), "country": country, "since": since, "now": Timestamp(0)}
        return table.evaluate_named(bindings, Budget()).value

    assert [level(30, "US", 2010), level(18, "US", 2010), level(65, "FR", 2010)] == ["high", "low", "low"]
    assert [level(66, "FR", 2023), level(66, "XX", 2023), level(66, "IT", 2023)] == ["high", "low", "low"]


@pytest.mark.parametrize(
    ("policy", "wanted", "aggregation"),
    [
        ("", "UNIQUE", "UNSPECIFIED"),
        ('hitPolicy="ANY"', "ANY", "UNSPECIFIED"),
        ('hitPolicy="RULE ORDER"', "RULE_ORDER", "UNSPECIFIED"),
        ('hitPolicy="COLLECT" aggregation="SUM"', "COLLECT", "SUM"),
        ('hitPolicy="COLLECT"', "COLLECT", "UNSPECIFIED"),
    ],
)
def test_hit_policies_have_the_same_names(policy: str, wanted: str, aggregation: str) -> None:
    found = _imported(f'<decisionTable {policy}><output name="a" typeRef="number"/></decisionTable>')
    assert found.losses == ()
    assert definition_pb2.HitPolicy.Name(found.definition.table.hit_policy) == f"HIT_POLICY_{wanted}"
    assert definition_pb2.Aggregation.Name(found.definition.table.aggregation) == f"AGGREGATION_{aggregation}"


def _one_row(entry: str, kind: str = "number", output: str = "1", attributes: str = "") -> str:
    return f"""<decisionTable {attributes}>
      <input><inputExpression typeRef="{kind}"><text>a</text></inputExpression></input>
      <output name="b"/>
      <rule><inputEntry><text>{entry}</text></inputEntry><outputEntry><text>{output}</text></outputEntry></rule>
    </decisionTable>"""


@pytest.mark.parametrize(
    ("table", "path", "reason"),
    [
        (_one_row("5", attributes='hitPolicy="OUTPUT ORDER"'), "@hitPolicy", "the hit policy has no counterpart"),
        (_one_row("5", attributes='aggregation="SUM"'), "@aggregation", "the aggregation has no counterpart"),
        (
            _one_row("5", "years and months duration"),
            "input[1]/inputExpression/@typeRef",
            "the type has no counterpart",
        ),
        (_one_row('"x"'), "rule[1]/inputEntry[1]", "the value of the column is a number here and a text there"),
        (_one_row("every x in a satisfies x"), "rule[1]/inputEntry[1]", "the end is expected"),
        (_one_row("5", output="sum(a)"), "rule[1]/outputEntry[1]", "the function sum has no counterpart"),
        (_one_row("5", output="a[1]"), "rule[1]/outputEntry[1]", "an element by its number has no counterpart"),
        ("<decisionTable/>", "output", "the table has no output"),
        ('<decisionTable><output name="a"/><rule/></decisionTable>', "rule[1]", "the rule has 0 output entries for 1"),
    ],
)
def test_what_is_not_understood_is_listed_with_its_path(table: str, path: str, reason: str) -> None:
    losses = _imported(table).losses
    assert [(loss.path, loss.reason[: len(reason)]) for loss in losses][:1] == [
        (f"decision[1]/decisionTable/{path}", reason)
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<a/>",
        '<definitions xmlns="http://example.com/"/>',
        _file("").replace("<definitions", "<!DOCTYPE x [<!ENTITY a 'b'>]><definitions"),
        _file("").replace("<definitions", "<!DOCTYPE x SYSTEM 'file:///etc/passwd'><definitions"),
        _file("\0"),
    ],
)
def test_what_is_no_plain_dmn_is_refused(text: str) -> None:
    with pytest.raises(ImportRefusedError):
        import_dmn(text)


def test_a_file_without_tables_gives_none() -> None:
    assert import_dmn(_file("<literalExpression><text>1</text></literalExpression>")) == []
