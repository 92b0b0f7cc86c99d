from __future__ import annotations

from uuid import uuid4

import grpc
import pytest

from function.webhooks.v1 import endpoint_pb2
from tests.factories.webhooks import WebhookCaller, reason_of
from tests.fixtures.principals import make_tenant
from tests.fixtures.server import RunningServer

URL = "https://hooks.example.com/here"


@pytest.fixture
def caller(server: RunningServer) -> WebhookCaller:
    return WebhookCaller(server, make_tenant(server))


class TestEndpoints:
    def test_an_endpoint_is_created_read_and_listed_without_its_secret(self, caller: WebhookCaller) -> None:
        wanted = endpoint_pb2.EventFilter(types=["function.company.*"], labels={"team": "north"})
        made, secret = caller.endpoint(URL, display_name="Ours", filter=wanted, ordered=True, rate_limit_per_second=5)
        assert secret.startswith("whsec_")
        assert made.state == endpoint_pb2.ENDPOINT_STATE_ENABLED
        assert made.payload_mode == endpoint_pb2.PAYLOAD_MODE_REDACTED
        read = caller.send("GetEndpoint", id=made.id)
        assert read.endpoint == made
        assert secret.removeprefix("whsec_") not in str(read)
        assert list(caller.send("ListEndpoints").endpoints) == [made]

    def test_a_public_key_can_be_read_again(self, caller: WebhookCaller) -> None:
        made, public = caller.endpoint(URL, kind=endpoint_pb2.SECRET_KIND_ED25519)
        assert made.secrets[0].public_key == public

    def test_a_repeated_creation_gives_the_same_endpoint_and_secret(self, caller: WebhookCaller) -> None:
        wish = {"endpoint": endpoint_pb2.Endpoint(url=URL), "request_id": str(uuid4())}
        first, second = (caller.send("CreateEndpoint", **wish) for _ in range(2))
        assert first == second
        assert first.secret
        assert len(caller.send("ListEndpoints").endpoints) == 1

    def test_checking_alone_creates_nothing(self, caller: WebhookCaller) -> None:
        caller.send("CreateEndpoint", endpoint=endpoint_pb2.Endpoint(url=URL), validate_only=True)
        assert list(caller.send("ListEndpoints").endpoints) == []

    def test_only_what_the_mask_names_is_changed(self, caller: WebhookCaller) -> None:
        made, _ = caller.endpoint(URL, display_name="Ours")
        wish = endpoint_pb2.Endpoint(id=made.id, display_name="Theirs", ordered=True)
        changed = caller.send("UpdateEndpoint", endpoint=wish, update_mask={"paths": ["ordered"]}).endpoint
        assert (changed.display_name, changed.ordered) == ("Ours", True)
        assert changed.etag != made.etag
        emptied = caller.send(
            "UpdateEndpoint", endpoint=endpoint_pb2.Endpoint(id=made.id), update_mask={"paths": ["filter"]}
        )
        assert emptied.endpoint.filter == endpoint_pb2.EventFilter()

    def test_a_change_that_changes_nothing_is_none(self, caller: WebhookCaller) -> None:
        made, _ = caller.endpoint(URL, display_name="Ours")
        wish = endpoint_pb2.Endpoint(id=made.id, display_name="Ours")
        assert caller.send("UpdateEndpoint", endpoint=wish).endpoint == made

    @pytest.mark.parametrize(
        ("fields", "reason"),
        [
            ({"etag": "old", "display_name": "x"}, "ENDPOINT_ETAG_MISMATCH"),
            ({"url": "http://hooks.example.com/"}, "WEBHOOK_URL_REFUSED"),
            ({"url": "https://127.0.0.1/"}, "WEBHOOK_URL_REFUSED"),
            ({"url": "https://[::ffff:169.254.169.254]/"}, "WEBHOOK_URL_REFUSED"),
        ],
        ids=["old etag", "no https", "loopback", "mapped"],
    )
    def test_a_change_that_must_not_be_is_refused(
        self, caller: WebhookCaller, fields: dict[str, str], reason: str
    ) -> None:
        made, _ = caller.endpoint(URL)
        wish = endpoint_pb2.Endpoint(id=made.id, **fields)  # type: ignore[arg-type]  # by the names of fields
        with pytest.raises(grpc.RpcError) as error:
            caller.send("UpdateEndpoint", endpoint=wish)
        assert reason_of(error.value) == reason

    def test_a_field_that_cannot_be_set_is_named(self, caller: WebhookCaller) -> None:
        made, _ = caller.endpoint(URL)
        with pytest.raises(grpc.RpcError) as error:
            caller.send("UpdateEndpoint", endpoint=endpoint_pb2.Endpoint(id=made.id), update_mask={"paths": ["owner"]})
        assert reason_of(error.value) == "INVALID_REQUEST"

    def test_without_an_id_nothing_can_be_changed(self, caller: WebhookCaller) -> None:
        with pytest.raises(grpc.RpcError) as error:
            caller.send("UpdateEndpoint", endpoint=endpoint_pb2.Endpoint(display_name="x"))
        assert reason_of(error.value) == "INVALID_REQUEST"

    def test_a_deleted_endpoint_is_gone(self, caller: WebhookCaller) -> None:
        made, _ = caller.endpoint(URL)
        caller.send("DeleteEndpoint", id=made.id)
        with pytest.raises(grpc.RpcError) as error:
            caller.send("GetEndpoint", id=made.id)
        assert reason_of(error.value) == "ENDPOINT_NOT_FOUND"
        assert list(caller.send("ListEndpoints").endpoints) == []

    def test_disabling_and_enabling_twice_changes_nothing(self, caller: WebhookCaller) -> None:
        made, _ = caller.endpoint(URL)
        assert caller.send("EnableEndpoint", id=made.id).endpoint == made
        disabled = caller.send("DisableEndpoint", id=made.id).endpoint
        assert disabled.HasField("disable_time")
        assert caller.send("DisableEndpoint", id=made.id).endpoint == disabled
        enabled = caller.send("EnableEndpoint", id=made.id).endpoint
        assert enabled.state == endpoint_pb2.ENDPOINT_STATE_ENABLED
        assert not enabled.HasField("disable_time")

    def test_pages_follow_each_other(self, caller: WebhookCaller) -> None:
        made = [caller.endpoint(f"{URL}/{number}")[0].id for number in range(3)]
        first = caller.send("ListEndpoints", page_size=2)
        second = caller.send("ListEndpoints", page_size=2, page_token=first.next_page_token)
        assert [each.id for each in (*first.endpoints, *second.endpoints)] == made
        assert second.next_page_token == ""


class TestSecrets:
    def test_a_rotation_without_overlap_leaves_the_new_one_alone(self, caller: WebhookCaller) -> None:
        made, _ = caller.endpoint(URL)
        changed = caller.send("RotateSecret", id=made.id, overlap={"seconds": 0}).endpoint
        assert len(changed.secrets) == 1
        assert changed.secrets[0].id != made.secrets[0].id

    def test_a_rotation_lets_the_old_one_end_after_a_day(self, caller: WebhookCaller) -> None:
        made, _ = caller.endpoint(URL)
        new, old = caller.send("RotateSecret", id=made.id).endpoint.secrets
        assert old.id == made.secrets[0].id
        assert old.expire_time.seconds - new.create_time.seconds == 86_400
        assert not new.HasField("expire_time")

    def test_the_one_that_stays_cannot_be_revoked(self, caller: WebhookCaller) -> None:
        made, _ = caller.endpoint(URL)
        new, _ = caller.send("RotateSecret", id=made.id).endpoint.secrets
        with pytest.raises(grpc.RpcError) as error:
            caller.send("RevokeSecret", id=made.id, secret_id=new.id)
        assert reason_of(error.value) == "LAST_SECRET"
