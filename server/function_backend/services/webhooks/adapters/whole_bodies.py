"""Bodies with what the contract marks as sensitive, written when they are sent: such is stored in no queue."""

from __future__ import annotations

from uuid import UUID

from function_backend.events.log import find_event, opened
from function_backend.kernel.background import acting_for
from function_backend.persistence.unit_of_work import Transactions
from function_backend.services.webhooks.domain.endpoint import PayloadMode
from function_backend.services.webhooks.ports import EventForms
from function_backend.services.webhooks.repository.endpoint import EndpointRepository
from function_backend.services.webhooks.repository.sending import METHOD, STATEMENT_SECONDS
from function_backend.vault.errors import SecretLostError
from function_backend.vault.masking import sensitive_permission


class WholeBodies:
    """Finds them for endpoints that take everything."""

    def __init__(self, transactions: Transactions, forms: EventForms) -> None:
        self._transactions = transactions
        self._forms = forms

    def find(self, tenant_id: UUID, endpoint_id: UUID, event_id: UUID) -> bytes | None:
        """The whole event as it is posted.

        None where what is stored of it is all that there is, or all that the owner of the endpoint may see: what is
        sensitive takes a permission of its own, such as `auth.sensitive.read`, for the whole tenant.
        """
        with acting_for(tenant_id, METHOD, seconds=STATEMENT_SECONDS), self._transactions.apart() as work:
            event, endpoint = find_event(work, event_id), EndpointRepository(work).find(endpoint_id)
            if event is None or endpoint is None or not event.sealed:
                return None
            owner = endpoint.audience.as_principal(endpoint.id, tenant_id)
            if not owner.permissions.allows(sensitive_permission(event.type)):
                return None
            try:
                return self._forms.body(opened(work, event), PayloadMode.FULL)
            except SecretLostError:
                return None
