"""A running service with a hundred rules in force."""

from __future__ import annotations

from bench import rule_sets
from bench.service import Service
from function.rules.v1 import definition_pb2, definition_service_pb2, definition_service_pb2_grpc

RULES = 100
NAME = "bench.rules"


def publish(service: Service) -> definition_pb2.Definition:
    """Puts the rules of `rule_sets` in force, first match."""
    made = rule_sets.definition(RULES, definition_pb2.RULE_POLICY_FIRST_MATCH)
    with service.connect() as client:
        definitions = client.stub(definition_service_pb2_grpc.DefinitionServiceStub)
        definitions.CreateDefinition(definition_service_pb2.CreateDefinitionRequest(definition=made))
        definitions.SubmitForReview(definition_service_pb2.SubmitForReviewRequest(name=NAME))
        definitions.ApproveVersion(definition_service_pb2.ApproveVersionRequest(name=NAME, version=1))
        definitions.PublishVersion(definition_service_pb2.PublishVersionRequest(name=NAME, version=1), timeout=120)
    return made
