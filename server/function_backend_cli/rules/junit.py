"""The outcome of cases as JUnit XML, which most CI services show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from xml.sax.saxutils import quoteattr  # Only text is written here, nothing is parsed.

from function_backend_cli.rules.report_display import told
from function_backend_rules.definitions import FileProblem
from function_backend_rules.testing import CaseReport, Report, Verdict

_NOT_IN_XML = {code: "�" for code in range(32) if chr(code) not in "\t\n\r"}


def write_junit(reports: Mapping[str, Report], problems: Sequence[FileProblem]) -> str:
    """One suite per decision, and one for the problems of files."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', "<testsuites>"]
    if problems:
        lines.append(f'  <testsuite name="definitions" tests="{len(problems)}" failures="{len(problems)}">')
        lines += _failed(problems[0].file, [(problem.place, str(problem)) for problem in problems])
        lines.append("  </testsuite>")
    for name, report in reports.items():
        failed = sum(case.verdict is not Verdict.PASSED for case in report.cases)
        lines.append(f'  <testsuite name={_attribute(name)} tests="{len(report.cases)}" failures="{failed}">')
        for case in report.cases:
            lines += _case(name, case)
        lines.append("  </testsuite>")
    return "\n".join([*lines, "</testsuites>", ""])


def _case(name: str, case: CaseReport) -> list[str]:
    if case.verdict is Verdict.PASSED:
        return [f"    <testcase classname={_attribute(name)} name={_attribute(case.name)}/>"]
    return _failed(name, [(case.name, "; ".join(told(case)))])


def _failed(suite: str, cases: Sequence[tuple[str, str]]) -> list[str]:
    return [
        f"    <testcase classname={_attribute(suite)} name={_attribute(name)}>"
        f"<failure message={_attribute(message)}/></testcase>"
        for name, message in cases
    ]


def _attribute(text: str) -> str:
    return quoteattr(text.translate(_NOT_IN_XML), {"\n": "&#10;"})
