import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from function.rules.v1 import definition_pb2
from function_backend_rules.interchange.table_csv import CsvRefusedError, read_csv, write_csv

_EXAMPLE = '''\
#hit_policy,HIT_POLICY_UNIQUE
#allow_gaps,true
id,input country: string,input amount: int,output discount: double,output note,reason_code,reason
#expression,company.country,,,,,
#description,,The order's worth,Off the price,,,
#priorities,,,"[""0.2"", ""0.1""]",,,
#otherwise,,,0.0,"""none""",,
eu-large,"in [""DE"", ""FR""]",>= 1000,0.15,amount > 5,LARGE,"A large order, really"
,-,,0.1,"""x""",,
'''


def test_a_file_says_all_of_a_table() -> None:
    found = read_csv(_EXAMPLE)
    assert found.input_types == {"country": "string", "amount": "int"}
    table = found.table
    assert (table.hit_policy, table.allow_gaps) == (definition_pb2.HIT_POLICY_UNIQUE, True)
    assert [(column.name, column.expression, column.description) for column in table.input_columns] == [
        ("country", "company.country", ""), ("amount", "", "The order's worth"),
    ]  # fmt: skip
    assert [(column.name, column.type, list(column.priorities)) for column in table.output_columns] == [
        ("discount", "double", ["0.2", "0.1"]), ("note", "", []),
    ]  # fmt: skip
    assert list(table.otherwise) == ["0.0", '"none"']
    assert table.rows[0] == definition_pb2.Row(
        id="eu-large",
        cells=['in ["DE", "FR"]', ">= 1000"],
        outputs=["0.15", "amount > 5"],
        reason_code="LARGE",
        reason="A large order, really",
    )
    assert write_csv(table, found.input_types) == _EXAMPLE


_TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=12)
_NAME = st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
_HOSTILE = st.sampled_from(
    ['"', ",", "\r", "\n", "\0", "#x", "a: b", ": ", "; ", "\ufeff", "", "=1+1", "id", "input x"]
)


@st.composite
def _tables(draw: st.DrawFn) -> definition_pb2.DecisionTable:
    text, name = _TEXT | _HOSTILE, _NAME | _HOSTILE.filter(bool)
    table = definition_pb2.DecisionTable(
        hit_policy=draw(st.integers(0, 6)),  # type: ignore[arg-type] # Any number of the enum.
        aggregation=draw(st.sampled_from([0, 1, 4, 99])),  # type: ignore[arg-type] # As above.
        on_error=draw(st.integers(0, 2)),  # type: ignore[arg-type] # As above.
        allow_gaps=draw(st.booleans()),
    )
    for each in draw(st.lists(name, max_size=3)):
        table.input_columns.add(name=each, expression=draw(text), description=draw(text))
    for each in draw(st.lists(name, min_size=1, max_size=3)):
        declared = draw(st.sampled_from(["", "int", "map(string, dyn)", "function.company.v1.Company"]))
        priorities = draw(st.lists(text, max_size=2))
        table.output_columns.add(name=each, type=declared, priorities=priorities, description=draw(text))
    outputs = len(table.output_columns)
    if draw(st.booleans()):
        table.otherwise.extend(draw(st.lists(text, min_size=outputs, max_size=outputs)))
    for _ in range(draw(st.integers(0, 3))):
        table.rows.add(
            id=draw(st.sampled_from(["", "a", "row-1", "id"])),
            cells=[draw(text) for _ in table.input_columns],
            outputs=[draw(text) for _ in table.output_columns],
            reason_code=draw(st.sampled_from(["", "CODE"])),
            reason=draw(text),
        )
    return table


@settings(deadline=None)
@given(_tables())
def test_a_table_comes_back_as_it_was(table: definition_pb2.DecisionTable) -> None:
    assert read_csv(write_csv(table)).table == table
    types = {column.name: "int" for column in table.input_columns}
    assert read_csv(write_csv(table, types)).table == table


@settings(deadline=None)
@given(st.text(alphabet="#\"',\r\n;: idinputoutput\0", max_size=80))
def test_any_text_is_a_table_or_refused_with_places(text: str) -> None:
    problems = [(1, 1)]
    try:
        read_csv(text)
    except CsvRefusedError as refused:
        problems = [(problem.line, problem.column) for problem in refused.problems]
    assert problems
    assert all(line >= 1 and column >= 1 for line, column in problems)


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        ("", 1, 1, "there is no header"),
        ("id,input a: int\n", 1, 2, "the table has no output column"),
        ("id,inputs a,output b\n", 1, 2, "'inputs a' is no column"),
        ("id;input a;output b\n", 1, 1, "the fields seem to be separated by ';'"),
        ("#hit_polcy,X\nid,output a\n", 1, 1, "#hit_polcy is not known"),
        ("#hit_policy,HIT_POLICY_FIRTS\nid,output a\n", 1, 2, "'HIT_POLICY_FIRTS' is no hit policy"),
        ("#allow_gaps,yes\nid,output a\n", 1, 2, "'yes' is neither true nor false"),
        ("#expression,a\nid,output a\n", 1, 1, "#expression stands behind the header"),
        ('id,output a\n"x\n\ny",1\nb,1,2\n', 5, 3, "the record has 3 fields, and the header has 2"),
        ("id,output a\nb\n", 2, 2, "the record has 1 fields, and the header has 2"),
        ("id,output a\n#priorities,high\n", 2, 2, "priorities are a JSON list"),
        ("id,input a,output b\n#priorities,[],\n", 2, 2, "#priorities says nothing about this column"),
        ("id,output a\n#hit_policy,X\n", 2, 1, "#hit_policy is not known behind the header"),
        ('id,output a\nb,"x\n', 2, 1, "the record cannot be read: unexpected end of data"),
        ('id,output a\nb,"x"y\n', 2, 1, "the record cannot be read"),
    ],
)  # fmt: skip
def test_a_bad_file_is_refused_with_line_and_column(text: str, line: int, column: int, message: str) -> None:
    with pytest.raises(CsvRefusedError) as refused:
        read_csv(text)
    problem = refused.value.problems[0]
    assert (problem.line, problem.column) == (line, column)
    assert problem.message.startswith(message)


def test_a_table_that_would_not_come_back_is_not_written() -> None:
    table = definition_pb2.DecisionTable()
    with pytest.raises(ValueError, match="without output columns"):
        write_csv(table)
    table.output_columns.add(name="a")
    table.rows.add(id="#x", outputs=["1"])
    with pytest.raises(ValueError, match="begins with #"):
        write_csv(table)
    table.rows[0].id = "x"
    table.rows[0].outputs.append("2")
    with pytest.raises(ValueError, match="row 1"):
        write_csv(table)
