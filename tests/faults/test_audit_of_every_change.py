"""Every method of audit, auth, jobs and rules that changes something, called once: each is in the audit trail."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from typing import Any
from uuid import UUID

import grpc
import psycopg
import pyotp
from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.message_factory import GetMessageClass
from joserfc.jwk import ECKey

from tests.factories.dead_letters import set_aside
from tests.factories.notifications import unsubscribe_token
from tests.factories.rules import accepting, loan
from tests.fixtures.accounts import tenant_of
from tests.fixtures.grants import CLIENT
from tests.fixtures.methods import call, every_method
from tests.fixtures.server import MASTER_KEY, RunningServer, StartServer

_PACKAGES = ("function.audit.", "function.auth.", "function.rules.")
METHODS = {
    method.descriptor.name: method
    for method in every_method()
    if method.descriptor.containing_service.full_name.startswith(
        (
            "function.audit.",
            "function.auth.",
            "function.events.",
            "function.rules.",
            "function.jobs.",
            "function.notifications.",
            "function.webhooks.",
            "google.longrunning.",
        )
    )
}
CHANGING = {name for name, method in METHODS.items() if method.changes}
_PASSWORDS = tuple(f"harbour number {number} of mine" for number in range(8))

Json = dict[str, Any]


class _Caller:
    """Calls methods, and sees after each that the trail has grown."""

    def __init__(self, server: RunningServer) -> None:
        self.server = server
        self.called: set[str] = set()
        self.silent: set[str] = set()

    def send(self, name: str, *messages: Json, by: str | None = None, anonymous: bool = False) -> Json:
        method = METHODS[name]
        bodies = [ParseDict(message, method.request()).SerializeToString() for message in messages or ({},)]
        metadata = () if anonymous else self.server.metadata(by)
        before = self._records()
        answer = call(self.server.channel, method, bodies, metadata)
        assert answer.code is grpc.StatusCode.OK, f"{name}: {answer}"
        self.called.add(name)
        if self._records() == before:
            self.silent.add(name)
        response = GetMessageClass(method.descriptor.output_type).FromString(answer.responses[0])
        found: Json = MessageToDict(response, preserving_proto_field_name=True)
        return found

    def token(self, **fields: str) -> Json:
        return self.send("Token", fields, anonymous=True)

    def _records(self) -> int:
        with psycopg.connect(self.server.database.superuser_url) as connection:
            row = connection.execute("select count(*) from audit_record").fetchone()
        assert row is not None
        return int(row[0])


def test_every_change_is_in_the_audit_trail(start_server: StartServer) -> None:
    caller = _Caller(start_server())
    for go_through in (
        _tenants,
        _users,
        _sign_ins,
        _services,
        _keys,
        _roles,
        _relations,
        _rules,
        _jobs,
        _dead_letters,
        _webhooks,
        _notifications,
        _installation,
    ):
        go_through(caller)
    caller.send("RotateDataKey")
    # Keys are wrapped anew where another master key stands first.
    another = f"another:{base64.b64encode(secrets.token_bytes(32)).decode()}"
    caller.server = start_server(settings={"auth.master_keys": f"{another},{MASTER_KEY}"})
    caller.send("RewrapKeys")
    assert caller.called & CHANGING == CHANGING
    assert caller.silent & CHANGING == set()


def _name() -> str:
    return f"n{secrets.token_hex(8)}"


def _tenants(caller: _Caller) -> None:
    caller.send("CreateTenant", {"name": _name()})
    child = caller.send("CreateChildTenant", {"name": _name()})["tenant"]
    caller.send("UpdateTenant", {"tenant": {"id": child["id"], "display_name": "Another name"}})
    caller.send("SuspendTenant", {"id": child["id"]})
    caller.send("ResumeTenant", {"id": child["id"]})
    caller.send("ExportTenant", {"id": child["id"]})
    caller.send("SuspendTenant", {"id": child["id"]})
    caller.send("DeleteTenant", {"id": child["id"], "name": child["name"]})


def _users(caller: _Caller) -> None:
    user_id = caller.send("CreateUser", {"user": {"user_name": _name()}})["user"]["id"]
    caller.send("UpdateUser", {"user": {"id": user_id, "display_name": "Ann"}})
    for name in ("LockUser", "UnlockUser", "SuspendUser", "ActivateUser", "DeleteUser"):
        caller.send(name, {"id": user_id})
    invited = caller.send("InviteUser", {"user": {"user_name": _name()}})["user"]["id"]
    renewed = caller.send("RenewInvitation", {"id": invited})["token"]
    caller.send("AcceptInvitation", {"token": renewed, "password": _PASSWORDS[0]}, anonymous=True)
    reset = caller.send("StartPasswordReset", {"id": invited})["token"]
    caller.send("FinishPasswordReset", {"token": reset, "password": _PASSWORDS[1]}, anonymous=True)
    row = {"row": 1, "user": {"user_name": _name()}}
    caller.send("ImportUsers", {"config": {"source": "elsewhere"}}, {"batch": {"rows": [row]}})
    group = caller.send("CreateGroup", {"group": {"name": _name()}})["group"]["id"]
    caller.send("UpdateGroup", {"group": {"id": group, "display_name": "All of us"}})
    members = [{"kind": "MEMBER_KIND_USER", "id": invited}]
    caller.send("AddMembers", {"id": group, "members": members})
    caller.send("RemoveMembers", {"id": group, "members": members})
    caller.send("DeleteGroup", {"id": group})


def _sign_ins(caller: _Caller) -> None:
    name = _name()
    user = caller.send("CreateUser", {"user": {"user_name": name}})["user"]["id"]
    caller.send("SetPassword", {"id": user, "password": _PASSWORDS[2]})
    tenant_id = tenant_of(caller.server)
    change = {"tenant_id": tenant_id, "login": name, "old_password": _PASSWORDS[2], "new_password": _PASSWORDS[3]}
    caller.send("ReplacePassword", change, anonymous=True)
    proof = {"grant_type": "password", "client_id": CLIENT, "tenant": "default", "username": name}
    weak = caller.token(**proof, password=_PASSWORDS[3])["access_token"]
    change = {"old_password": _PASSWORDS[3], "new_password": _PASSWORDS[4]}
    caller.send("ChangePassword", change, by=weak)
    proof["password"] = _PASSWORDS[4]
    seed = caller.send("EnrolTotp", by=weak)["secret"]
    codes = caller.send("ConfirmTotp", {"code": pyotp.TOTP(seed).now()}, by=weak)["recovery_codes"]
    strong = caller.token(**proof, otp=codes[0])["access_token"]
    codes = caller.send("RegenerateRecoveryCodes", by=strong)["recovery_codes"]
    caller.send("RemoveTotp", by=strong)
    seed = caller.send("EnrolTotp", by=strong)["secret"]
    caller.send("ConfirmTotp", {"code": pyotp.TOTP(seed).now()}, by=strong)
    caller.send("RemoveUserTotp", {"id": user})
    first, second, third = (caller.token(**proof) for _ in range(3))
    caller.token(grant_type="refresh_token", client_id=CLIENT, refresh_token=first["refresh_token"])
    caller.send("Revoke", {"token": third["refresh_token"], "client_id": CLIENT}, anonymous=True)
    session = caller.send("WhoAmI", by=first["access_token"])["identity"]["session_id"]
    caller.send("RevokeSession", {"id": session})
    caller.send("RevokeAllSessions", by=second["access_token"])
    caller.token(**proof)
    caller.send("RevokeUserSessions", {"user_id": user})
    _devices(caller, user, proof)


def _devices(caller: _Caller, user: str, proof: Json) -> None:
    role = caller.send("CreateRole", {"role": {"name": _name(), "permissions": ["auth.device.approve"]}})["role"]["id"]
    subject = {"kind": "ROLE_SUBJECT_KIND_USER", "id": user}
    caller.send("CreateRoleBinding", {"role_id": role, "subject": subject})
    token = caller.token(**proof)["access_token"]
    for decide in ("ApproveDevice", "DenyDevice"):
        asked = caller.send("AuthorizeDevice", {"client_id": CLIENT, "tenant": "default"}, anonymous=True)
        caller.send(decide, {"user_code": asked["user_code"]}, by=token)


def _services(caller: _Caller) -> None:
    account = caller.send("CreateServiceAccount", {"service_account": {"name": _name()}})["service_account"]["id"]
    caller.send("UpdateServiceAccount", {"service_account": {"id": account, "display_name": "Nightly import"}})
    secret = caller.send("CreateClientSecret", {"client_id": account})
    public = json.dumps(ECKey.generate_key("P-256").as_dict(private=False))
    caller.send("AddPublicKey", {"client_id": account, "public_jwk": public})
    proof = {"client_id": account, "client_secret": secret["secret"]}
    token = caller.token(grant_type="client_credentials", **proof)["access_token"]
    caller.token(
        grant_type="urn:ietf:params:oauth:grant-type:token-exchange",
        subject_token=token,
        subject_token_type="urn:ietf:params:oauth:token-type:access_token",
        **proof,
    )
    caller.send("Revoke", {"token": token, **proof}, anonymous=True)
    caller.send("RevokeClientCredential", {"id": secret["credential"]["id"]})
    bound = {"name_kind": "CERTIFICATE_NAME_KIND_URI", "name": f"spiffe://example.org/{_name()}"}
    identity = caller.send("CreateCertificateIdentity", {**bound, "service_account_id": account})
    caller.send("DeleteCertificateIdentity", {"id": identity["certificate_identity"]["id"]})
    for name in ("DisableServiceAccount", "EnableServiceAccount", "DeleteServiceAccount"):
        caller.send(name, {"id": account})


def _keys(caller: _Caller) -> None:
    account = caller.send("CreateServiceAccount", {"service_account": {"name": _name()}})["service_account"]["id"]
    owner = f"service_account:{account}"
    wish = {"display_name": "a key", "permissions": ["company.read"], "owner": owner}
    key = caller.send("CreateApiKey", wish)["api_key"]["id"]
    caller.send("UpdateApiKey", {"api_key": {"id": key, "display_name": "another"}})
    caller.send("RerollApiKey", {"id": key})
    caller.send("RevokeApiKey", {"id": key})
    digest = base64.b64encode(hashlib.sha256(secrets.token_bytes(32)).digest()).decode()
    caller.send("ImportApiKeys", {"api_keys": [{**wish, "sha256": digest, "prefix": "sk_old_"}]})
    caller.send("RevokeApiKeysOfOwner", {"owner": owner})


def _roles(caller: _Caller) -> None:
    user = caller.send("CreateUser", {"user": {"user_name": _name()}})["user"]["id"]
    role = caller.send("CreateRole", {"role": {"name": _name(), "permissions": ["company.read"]}})["role"]["id"]
    caller.send("UpdateRole", {"id": role, "role": {"description": "Reads"}})
    subject = {"kind": "ROLE_SUBJECT_KIND_USER", "id": user}
    binding = caller.send("CreateRoleBinding", {"role_id": role, "subject": subject})["role_binding"]["id"]
    caller.send("DeleteRoleBinding", {"id": binding, "reason": "no longer needed"})
    caller.send("DeleteRole", {"id": role})


def _relations(caller: _Caller) -> None:
    caller.send("WriteSchema", {"text": "definition user {} definition document { relation viewer: user }"})
    relationship = {"resource": "document:d1", "relation": "viewer", "subject": "user:u1"}
    update = {"operation": "RELATIONSHIP_OPERATION_TOUCH", "relationship": relationship}
    caller.send("WriteRelationships", {"updates": [update]})
    caller.send("DeleteRelationships", {"filter": {"resource_type": "document"}})


def _rules(caller: _Caller) -> None:
    definition = MessageToDict(loan(f"loan.{_name()}"))
    name = definition["name"]
    caller.send("CreateDefinition", {"definition": definition})
    caller.send("DeleteDraft", {"name": name})
    caller.send("CreateDefinition", {"definition": definition})
    caller.send("SubmitForReview", {"name": name})
    caller.send("RejectVersion", {"name": name, "version": 1, "comment": "too generous"})
    for number in (1, 2):
        caller.send("UpdateDraft", {"definition": {**definition, "description": f"Number {number}"}})
        caller.send("SubmitForReview", {"name": name})
        caller.send("ApproveVersion", {"name": name, "version": number})
        caller.send("PublishVersion", {"name": name, "version": number})
    caller.send("RollbackDefinition", {"name": name, "comment": "too strict"})
    caller.send("SetRollout", {"name": name, "candidate_version": 2, "mode": "ROLLOUT_MODE_SHADOW"})
    caller.send("EndRollout", {"name": name, "end": "ROLLOUT_END_DROP"})
    simulation = caller.send("CreateSimulation", {"name": name, "source": {"stored_decisions": {}}})["simulation"]["id"]
    with psycopg.connect(caller.server.database.superuser_url, autocommit=True) as connection:
        # As if it were for later: what is over cannot be cancelled.
        connection.execute(
            "update job set state = 'waiting', run_at = '2999-01-01', ended_at = null, fence = fence + 1, "
            "holder = null where kind = 'rules.simulation'"
        )
        connection.execute("update rules_simulation set ended_at = null, state = 'queued'")
    caller.send("CancelSimulation", {"id": simulation})
    caller.send("DeleteSimulation", {"id": simulation})
    caller.send("RetireVersion", {"name": name, "version": 2, "comment": "wrong"})
    caller.send("ImportDefinition", {"text": json.dumps({**definition, "description": "Number 3"})})
    _hooks(caller)


def _hooks(caller: _Caller) -> None:
    name = f"company.{_name()}"
    caller.send("CreateDefinition", {"definition": MessageToDict(accepting(name))})
    caller.send("SubmitForReview", {"name": name})
    caller.send("ApproveVersion", {"name": name, "version": 1})
    caller.send("PublishVersion", {"name": name, "version": 1})
    caller.send("CreateHook", {"name": name, "definition": name, "operations": ["company.update"]})
    caller.send("UpdateHook", {"name": name, "order": 5})
    caller.send("DeleteHook", {"name": name})


def _notifications(caller: _Caller) -> None:
    caller.send("SetCategory", {"category": {"name": "news"}})
    content = {"subject": "s", "text": "t"}
    template = {"name": "news.one", "language": "en", "category": "news", "content": content}
    caller.send("CreateTemplate", {"template": template})
    caller.send("UpdateTemplate", {"template": {**template, "description": "Another one"}})
    wish = {"recipient": {"chat": "#tests"}, "template": "news.one"}
    sent = caller.send("SendNotification", {"notification": {**wish, "send_time": "2999-01-01T00:00:00Z"}})
    caller.send("CancelNotification", {"id": sent["notification"]["id"]})
    made = caller.send("BatchSendNotifications", {"notifications": [wish]})["notifications"]
    with psycopg.connect(caller.server.database.superuser_url) as connection:
        connection.execute(
            "update notification set state = 'sent', due_at = null, provider_id = 'there' where id = %s",
            (made[0]["id"],),
        )
    caller.send("ReportDelivery", {"channel": "chat", "provider_id": "there", "delivered": True})
    holder = {"chat": "#tests"}
    caller.send("SetPreference", {"holder": holder, "category": "news", "channel": "chat", "subscribed": True})
    tenant_id = caller.send("GetTenant")["tenant"]["id"]
    caller.send("DeleteTemplate", {"name": "news.one", "language": "en"})
    caller.send("Unsubscribe", {"token": unsubscribe_token(tenant_id, "#tests", "news")}, anonymous=True)
    caller.send("DeleteCategory", {"name": "news"})


def _dead_letters(caller: _Caller) -> None:
    events = caller.send("ListEvents", {"page_size": 2})["events"]
    given_up, tried = (set_aside(caller.server, UUID(each["event"]["id"])) for each in events)
    caller.send("ResendDeadLetter", {"id": tried})
    caller.send("DiscardDeadLetter", {"id": given_up})


def _jobs(caller: _Caller) -> None:
    caller.send("PauseSchedule", {"name": "jobs.purge"})
    caller.send("ResumeSchedule", {"name": "jobs.purge"})
    job = caller.send("RunSchedule", {"name": "jobs.purge"})["job"]["id"]
    with psycopg.connect(caller.server.database.superuser_url, autocommit=True) as connection:
        # Of a kind that nobody runs: it ends when it is told to, and not before.
        connection.execute(
            "update job set kind = 'test.none', state = 'waiting', run_at = '2999-01-01', ended_at = null, "
            "expires_at = null, fence = fence + 1, holder = null where id = %s",
            (job,),
        )
    caller.send("CancelOperation", {"name": f"operations/{job}"})
    caller.send("RequeueJob", {"id": job})
    caller.send("CancelOperation", {"name": f"operations/{job}"})
    caller.send("DeleteOperation", {"name": f"operations/{job}"})


def _webhooks(caller: _Caller) -> None:
    wish = {"endpoint": {"url": "https://hooks.example.com/here"}}
    endpoint = caller.send("CreateEndpoint", wish)["endpoint"]["id"]
    caller.send("UpdateEndpoint", {"endpoint": {"id": endpoint, "display_name": "Another"}})
    secrets_left = caller.send("RotateSecret", {"id": endpoint})["endpoint"]["secrets"]
    caller.send("RevokeSecret", {"id": endpoint, "secret_id": secrets_left[1]["id"]})
    delivery = caller.send("TestEndpoint", {"id": endpoint})["delivery"]["id"]
    caller.send("ResendDelivery", {"id": delivery})
    caller.send("ReplayEvents", {"endpoint_id": endpoint})
    caller.send("DisableEndpoint", {"id": endpoint})
    caller.send("EnableEndpoint", {"id": endpoint})
    caller.send("DeleteEndpoint", {"id": endpoint})


def _installation(caller: _Caller) -> None:
    _audit(caller)
    key = caller.send("RotateSigningKey")["signing_key"]["id"]
    caller.send("RetireSigningKey", {"id": key})
    caller.send("RotateAuditKey")


def _audit(caller: _Caller) -> None:
    caller.send("ExportAuditRecords")
    caller.send("SetAuditRetention", {"keep_for": "7776000s"})
