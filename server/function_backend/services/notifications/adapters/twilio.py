"""Text messages through a provider that speaks as Twilio's Programmable Messaging does.

`POST <url>/2010-04-01/Accounts/<account>/Messages.json`, a form with `To`, `From` and `Body`, basic authentication; the
answer is JSON with `sid`. The interface has no key that makes a repetition safe.
"""

from __future__ import annotations

import base64
from urllib.parse import quote, urlencode

import orjson

from function_backend.services.notifications.adapters.http_calls import ProviderCalls, refuse
from function_backend.services.notifications.domain.channel_policies import SmsPolicy
from function_backend.services.notifications.ports import OutgoingMessage

_LONGEST_ID = 200


class TwilioChannel:
    """See `ChannelAdapter`."""

    name = "twilio"
    idempotent = False

    def __init__(self, policy: SmsPolicy, *, timeout: float) -> None:
        """The sender is a number, or the id of a messaging service (`MG…`)."""
        account, sender = policy.account, policy.sender
        self._url = f"{policy.url.rstrip('/')}/2010-04-01/Accounts/{quote(account, safe='')}/Messages.json"
        self._authorization = "Basic " + base64.b64encode(f"{account}:{policy.token.reveal()}".encode()).decode()
        self._sender = {"MessagingServiceSid" if sender.startswith("MG") else "From": sender}
        self._calls = ProviderCalls(timeout=timeout)

    def send(self, message: OutgoingMessage) -> str:
        """The `sid`."""
        form = urlencode({"To": message.to, **self._sender, "Body": message.short_text})
        answer = self._calls.post(
            self._url,
            form.encode(),
            {
                "Authorization": self._authorization,
                "Content-Type": "application/x-www-form-urlencoded",
                "Accept": "application/json",
            },
        )
        said = _said(answer.body)
        if not answer.is_success:
            refuse(answer, code=str(said.get("code", ""))[:20])
        return str(said.get("sid", ""))[:_LONGEST_ID]

    def close(self) -> None:
        """Ends connections."""
        self._calls.close()


def _said(body: bytes) -> dict[str, object]:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}
