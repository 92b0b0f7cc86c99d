"""What other slices have to tell, in the transaction in which it happened."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING

from function_backend.kernel.errors import ServiceError
from function_backend.kernel.notices import Notice
from function_backend.services.notifications.domain.addresses import EMAIL
from function_backend.services.notifications.service.sending import Recipient, Sending, Wish

if TYPE_CHECKING:
    from function_backend.persistence.unit_of_work import UnitOfWork

_log = logging.getLogger(__name__)

_TOKEN = "{token}"  # noqa: S105  a place for one


class Telling:
    """Sends notices by e-mail."""

    def __init__(self, sending: Sending, *, links: Mapping[str, str]) -> None:
        """`links` are pages by the name of the template, each with `{token}` where the token goes."""
        self._sending = sending
        self._links = links

    def tell(self, work: UnitOfWork, notice: Notice) -> bool:
        """Whether the notice will be sent. A tenant's own wording that fails keeps nobody from it."""
        if not notice.email:
            return False
        variables = dict(notice.variables)
        link = self._links.get(notice.template, "")
        if "token" in variables:
            variables["link"] = link.replace(_TOKEN, variables["token"])
        wish = Wish(
            recipient=Recipient(
                addresses={"email": notice.email},
                user_id=notice.user_id,
                display_name=notice.display_name,
                language=notice.language,
            ),
            template=notice.template,
            variables=variables,
            # No caller's key begins with a space, so none can be taken by a caller to keep a notice from somebody.
            key=f" {notice.key}",
            channel=EMAIL,
            expires_at=notice.expires_at,
        )
        try:
            self._sending.accept(work, wish)
        except ServiceError as error:
            if error.reason != "TEMPLATE_FAILED":
                _log.warning("a notice could not be sent: %s", error.reason)
                return False
            _log.warning("a tenant's template '%s' failed", notice.template)
            self._sending.accept(work, wish, built_in=True)
        return True
