"""The page of links with which people unsubscribe: a look does nothing, a press of the button or a mail program does.

Mail programs post to the link without asking (RFC 8058), and scanners follow every link they see: so GET only shows a
button, and POST ends it. The request becomes a call of `NotificationService.Unsubscribe`, as any other.
"""

from __future__ import annotations

from html import escape
from http import HTTPStatus
from urllib.parse import parse_qs, quote

import grpc

from function.notifications.v1 import notification_service_pb2
from function_backend.runtime.http.answer import Answer
from function_backend.runtime.http.oauth import Request, call_metadata
from function_backend.runtime.http.workers import NoWorkerError, Workers

UNSUBSCRIBE_PATH = "/notifications/unsubscribe"

_RPC = "/function.notifications.v1.NotificationService/Unsubscribe"
_TIMEOUT_SECONDS = 20.0
_LONGEST_TOKEN = 1000
_VERBS = frozenset({"GET", "HEAD", "POST"})
_HEADERS = (
    ("Cache-Control", "no-store"),
    ("Referrer-Policy", "no-referrer"),
    ("Content-Security-Policy", "default-src 'none'; form-action 'self'; frame-ancestors 'none'"),
)
_WORDS = {
    "en": ("Unsubscribe", "You get no more of these messages.", "The link is not valid.", "Try again later."),
    "de": (
        "Abbestellen",
        "Sie bekommen keine solchen Nachrichten mehr.",
        "Der Link gilt nicht.",
        "Versuchen Sie es später.",
    ),
}


class UnsubscribePages:
    """Answers requests for the page."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers

    def answer(self, request: Request) -> Answer:
        """The page."""
        language = "de" if request.headers.get("accept-language", "").lower().startswith("de") else "en"
        button, done, wrong, later = _WORDS[language]
        if request.verb not in _VERBS:
            return _page(HTTPStatus.METHOD_NOT_ALLOWED, language, wrong, ("Allow", "GET, HEAD, POST"))
        token = _token(request.query)
        if not token:
            return _page(HTTPStatus.BAD_REQUEST, language, wrong)
        if request.verb != "POST":
            action = f"{UNSUBSCRIBE_PATH}?token={quote(token, safe='')}"
            form = f'<form method="post" action="{escape(action)}"><button>{button}</button></form>'
            return _page(HTTPStatus.OK, language, form, is_text=False)
        message = notification_service_pb2.UnsubscribeRequest(token=token)
        try:
            self._workers.call(_RPC, message.SerializeToString(), call_metadata(request), timeout=_TIMEOUT_SECONDS)
        except NoWorkerError:
            return _page(HTTPStatus.SERVICE_UNAVAILABLE, language, later, ("Retry-After", "1"))
        except grpc.RpcError as error:
            refused = error.code() is grpc.StatusCode.INVALID_ARGUMENT
            status = HTTPStatus.BAD_REQUEST if refused else HTTPStatus.SERVICE_UNAVAILABLE
            return _page(status, language, wrong if refused else later)
        return _page(HTTPStatus.OK, language, done)


def _token(query: str) -> str:
    """The token of the link; empty when there is not exactly one that may be one."""
    try:
        found = parse_qs(query, max_num_fields=10).get("token", [])
    except ValueError:
        return ""
    return found[0] if len(found) == 1 and len(found[0]) <= _LONGEST_TOKEN and found[0].isascii() else ""


def _page(status: HTTPStatus, language: str, content: str, *headers: tuple[str, str], is_text: bool = True) -> Answer:
    inner = f"<p>{escape(content)}</p>" if is_text else content
    body = f'<!doctype html><html lang="{language}"><meta charset="utf-8"><title>-</title><body>{inner}</body></html>\n'
    return Answer(status, body.encode(), (*headers, *_HEADERS), content_type="text/html; charset=utf-8")
