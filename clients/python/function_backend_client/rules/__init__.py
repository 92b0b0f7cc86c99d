"""Takes decisions by the published rules in this process; needs `function-backend-client[rules]`.

with LocalRules(connect("backend:50051", api_key="fbk_…"), names=["credit.approval"]) as rules:
    rules.evaluate("credit.approval", company=company, amount=5000).value
"""

try:
    import function_backend_rules  # noqa: F401
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "local evaluation needs the engine: install function-backend-client[rules]", name=error.name
    ) from error

from function_backend_client.rules.decision import LocalDecision
from function_backend_client.rules.errors import LocalRulesError, NotReadyError, StaleRulesError, VersionRefusedError
from function_backend_client.rules.local import LocalRules
from function_backend_client.rules.settings import LocalSettings

__all__ = [
    "LocalDecision",
    "LocalRules",
    "LocalRulesError",
    "LocalSettings",
    "NotReadyError",
    "StaleRulesError",
    "VersionRefusedError",
]
