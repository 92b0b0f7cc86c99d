"""Where events are to be delivered to."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from function_backend.events.log import head
from function_backend.kernel.clock import Clock
from function_backend.kernel.identifiers import new_id
from function_backend.kernel.pagination import PageTokens
from function_backend.persistence.unit_of_work import Transactions
from function_backend.services.webhooks.domain.addresses import (
    AddressRules,
    ForbiddenAddressError,
    UrlProblemError,
    read_url,
)
from function_backend.services.webhooks.domain.audience import Audience
from function_backend.services.webhooks.domain.endpoint import DisableReason, Endpoint, EndpointContent
from function_backend.services.webhooks.domain.secret import SecretKind, SigningSecret, make_secret, secret_purpose
from function_backend.services.webhooks.errors import EndpointLimitReachedError, WebhookUrlRefusedError
from function_backend.services.webhooks.events import (
    EndpointCreated,
    EndpointDeleted,
    EndpointDisabled,
    EndpointEnabled,
    EndpointUpdated,
)
from function_backend.services.webhooks.repository.delivery import TOPIC
from function_backend.services.webhooks.repository.endpoint import EndpointRepository
from function_backend.services.webhooks.service.finding import DEFAULT_PAGE_SIZE, caller_of, endpoint_of
from function_backend.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class UrlRules:
    """Which URLs are taken."""

    addresses: AddressRules
    allow_http: bool

    def check(self, url: str) -> None:
        """Raises WebhookUrlRefusedError for a URL to which nothing is ever posted.

        A name is not looked up: where it leads is judged with each attempt.
        """
        try:
            target = read_url(url, allow_http=self.allow_http)
            if target.literal is not None:
                self.addresses.check(target.literal)
        except UrlProblemError as error:
            raise WebhookUrlRefusedError(str(error)) from error
        except ForbiddenAddressError as error:
            raise WebhookUrlRefusedError(str(error)) from error


class Endpoints:
    """The use cases of endpoints."""

    def __init__(
        self,
        *,
        transactions: Transactions,
        clock: Clock,
        page_tokens: PageTokens,
        vault: Vault,
        urls: UrlRules,
        most_endpoints: int,
    ) -> None:
        self._transactions = transactions
        self._clock = clock
        self._page_tokens = page_tokens
        self._vault = vault
        self._urls = urls
        self._most = most_endpoints

    def create(self, content: EndpointContent, kind: SecretKind) -> tuple[Endpoint, str]:
        """The new endpoint, and its secret as the receiver gets it."""
        self._urls.check(content.url)
        now = self._clock.now()
        made = make_secret(kind)
        with self._transactions() as work:
            endpoints = EndpointRepository(work)
            if endpoints.count() >= self._most:
                raise EndpointLimitReachedError(self._most)
            caller = caller_of(work)
            endpoint = Endpoint(
                id=new_id(),
                content=content,
                secrets=(SigningSecret(id=new_id(), kind=kind, public_key=made.public_key, created_at=now),),
                owner=caller.actor,
                audience=Audience.of(caller),
                disable_reason=None,
                disabled_at=None,
                since_position=head(work).position,
                revision=1,
                created_at=now,
                updated_at=now,
            )
            endpoints.add(
                endpoint, sealed=self._vault.seal(work, made.text.encode(), purpose=secret_purpose(endpoint.id))
            )
            work.record(EndpointCreated.of(endpoint, at=now))
        return endpoint, made.shown

    def get(self, endpoint_id: UUID) -> Endpoint:
        """The endpoint."""
        with self._transactions.reading() as work:
            return endpoint_of(work, endpoint_id)

    def list_page(self, *, page_size: int, page_token: str) -> tuple[Sequence[Endpoint], str]:
        """A page of the endpoints in the order in which they were made, and the token of the next one."""
        with self._transactions.reading() as work:
            query = (str(work.tenant_id), "webhook endpoints")
            key = self._page_tokens.read(query, page_token)
            after = None if key is None else UUID(key[0])
            page = EndpointRepository(work).list_after(after, limit=page_size or DEFAULT_PAGE_SIZE)
        return page.items, "" if page.next_key is None else self._page_tokens.write(query, page.next_key)

    def update(self, endpoint_id: UUID, content: EndpointContent, fields: Collection[str], *, etag: str) -> Endpoint:
        """The changed endpoint; nothing is written when nothing differs."""
        if "url" in fields:
            self._urls.check(content.url)
        now = self._clock.now()
        with self._transactions() as work:
            before = endpoint_of(work, endpoint_id, lock=True, etag=etag)
            caller = caller_of(work)
            after, differing = before.changed(content, fields, owner=caller.actor, audience=Audience.of(caller), at=now)
            if after is before:
                return before
            EndpointRepository(work).save(after)
            work.record(EndpointUpdated.of(after, at=now, changed_fields=differing))
        return after

    def delete(self, endpoint_id: UUID, *, etag: str) -> Endpoint:
        """The endpoint, which is gone."""
        now = self._clock.now()
        with self._transactions() as work:
            endpoint = endpoint_of(work, endpoint_id, lock=True, etag=etag)
            EndpointRepository(work).remove(endpoint, at=now)
            work.record(EndpointDeleted.of(endpoint, at=now, sequence=endpoint.revision + 1))
        return endpoint

    def enable(self, endpoint_id: UUID, *, etag: str) -> Endpoint:
        """The enabled endpoint; what waited goes on."""
        now = self._clock.now()
        with self._transactions() as work:
            before = endpoint_of(work, endpoint_id, lock=True, etag=etag)
            after = before.enabled_again(since_position=head(work).position, at=now)
            if after is before:
                return before
            EndpointRepository(work).save_enabled(after, at=now)
            work.record(EndpointEnabled.of(after, at=now))
            work.notify(TOPIC, "")
        return after

    def disable(self, endpoint_id: UUID, *, etag: str) -> Endpoint:
        """The disabled endpoint."""
        now = self._clock.now()
        with self._transactions() as work:
            before = endpoint_of(work, endpoint_id, lock=True, etag=etag)
            after = before.disabled(DisableReason.ASKED, at=now)
            if after is before:
                return before
            EndpointRepository(work).save_disabled(after)
            work.record(EndpointDisabled.of(after, at=now))
        return after
