"""A decision to try commands with."""

LOAN = """\
name: loan.approval
inputs: [{name: amount, type: int}]
result_type: bool
rule_set:
  policy: first_match
  rules:
    - {id: small, condition: amount <= 1000, outcome: true, reason_code: SMALL, reason: Small ones always.}
    - {id: round, condition: 100000 / (amount - 5000) > 1000 && amount < 9000, outcome: true}
  otherwise: false
tests:
  - {name: small, inputs: {amount: 10}, expect: {value: true, matches: [small]}}
  - {name: large, inputs: {amount: 9999}, expect: {value: false}}
"""
