"""Puts a rule in force, decides by it in this process, changes it, and looks into the log of the service.

FUNCTION_BACKEND_API_KEY holds the key that the service printed at its first start. Needs
`function-backend-client[rules]`.
"""

import os
import threading
import uuid

from function.rules.v1 import definition_pb2, definition_service_pb2, definition_service_pb2_grpc
from function_backend_client import Client, Company, connect
from function_backend_client.rules import LocalRules


def publish(client: Client, name: str, *, limit: int) -> None:
    """Puts a rule for credits up to the limit in force."""
    definition = definition_pb2.Definition(name=name, result_type="bool")
    definition.inputs.add(name="company", type="function.company.v1.Company")
    definition.inputs.add(name="amount", type="double")
    definition.rule_set.policy = definition_pb2.RULE_POLICY_FIRST_MATCH
    definition.rule_set.otherwise = "false"
    definition.rule_set.rules.add(
        id="small",
        condition=f"company.jurisdiction == 'DE' && amount <= {limit}.0",
        outcome="true",
        reason=f"Credits up to {limit} are granted.",
    )
    service = client.stub(definition_service_pb2_grpc.DefinitionServiceStub)
    if limit == FIRST_LIMIT:
        service.CreateDefinition(definition_service_pb2.CreateDefinitionRequest(definition=definition))
    else:
        service.UpdateDraft(definition_service_pb2.UpdateDraftRequest(definition=definition))
    version = service.SubmitForReview(definition_service_pb2.SubmitForReviewRequest(name=name)).version.version
    service.ApproveVersion(definition_service_pb2.ApproveVersionRequest(name=name, version=version))
    service.PublishVersion(definition_service_pb2.PublishVersionRequest(name=name, version=version))


FIRST_LIMIT = 1000


def main() -> None:
    """Runs the steps against the service at FUNCTION_BACKEND_ADDRESS, or on this machine."""
    address = os.environ.get("FUNCTION_BACKEND_ADDRESS", "127.0.0.1:50051")
    name = f"example.credit_{uuid.uuid4().hex}"
    company = Company(legal_name="Nordwind Röstkaffee GmbH", jurisdiction="DE")
    changed = threading.Semaphore(0)
    with connect(address, api_key=os.environ["FUNCTION_BACKEND_API_KEY"]) as client:
        publish(client, name, limit=FIRST_LIMIT)
        with LocalRules(client, names=[name], changed=lambda _: changed.release()) as rules:
            decision = rules.evaluate(name, company=company, amount=5000)
            print("here    ", decision.value, decision.by_otherwise)
            print("there   ", client.rules.evaluate(name, company=company, amount=5000).value)

            publish(client, name, limit=10_000)
            while rules.version(name) == decision.version:
                changed.acquire(timeout=10)
            print("changed ", rules.evaluate(name, company=company, amount=5000).reason)

            rules.flush()
            logged = client.rules.explain(decision.decision_id)
            print("logged  ", logged.decision.local, logged.reproduced)


if __name__ == "__main__":
    main()
