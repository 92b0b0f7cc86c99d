"""Commands for people, roles, relations, sessions and signing keys, against a scripted peer."""

import json
from pathlib import Path
from typing import Any

import pytest

from function.auth.v1 import (
    api_key_pb2,
    api_key_service_pb2,
    client_credential_service_pb2,
    group_pb2,
    group_service_pb2,
    permission_check_service_pb2,
    permission_pb2,
    permission_service_pb2,
    relation_schema_pb2,
    relation_schema_service_pb2,
    relationship_service_pb2,
    role_binding_pb2,
    role_binding_service_pb2,
    role_pb2,
    role_service_pb2,
    service_account_pb2,
    service_account_service_pb2,
    session_service_pb2,
    tenant_pb2,
    tenant_service_pb2,
    user_pb2,
    user_service_pb2,
)
from tests.fixtures.command_line import RunCommand
from tests.fixtures.scripted import ScriptedService, always

ANN = "01938d2e-0000-7000-8000-000000000001"
BILLING = "01938d2e-0000-7000-8000-000000000002"
ENGINEERS = "01938d2e-0000-7000-8000-000000000003"
READER = "01938d2e-0000-7000-8000-000000000004"
BINDING = "01938d2e-0000-7000-8000-000000000005"
TENANT = "01938d2e-0000-7000-8000-000000000006"


@pytest.fixture
def service(scripted: ScriptedService) -> ScriptedService:
    """A tenant with one of each."""
    user = user_pb2.User(id=ANN, user_name="ann", email="ann@example.com", state=user_pb2.USER_STATE_ACTIVE)
    account = service_account_pb2.ServiceAccount(id=BILLING, name="billing")
    role = role_pb2.Role(id=READER, name="reader", permissions=["company.read"])
    binding = role_binding_pb2.RoleBinding(id=BINDING, role_id=READER, reason="she asked")
    binding.subject.kind = role_binding_pb2.ROLE_SUBJECT_KIND_USER
    binding.subject.id = ANN
    scripted.on("CreateUser", lambda request, context: user_service_pb2.CreateUserResponse(user=request.user))
    scripted.on("GetUser", always(user_service_pb2.GetUserResponse(user=user)))
    scripted.on("ListUsers", always(user_service_pb2.ListUsersResponse(users=[user])))
    scripted.on("SuspendUser", always(user_service_pb2.SuspendUserResponse(user=user)))
    scripted.on("SetPassword", always(user_service_pb2.SetPasswordResponse(user=user)))
    scripted.on("InviteUser", always(user_service_pb2.InviteUserResponse(user=user, token="s3cret-invitation")))
    scripted.on(
        "ListServiceAccounts",
        always(service_account_service_pb2.ListServiceAccountsResponse(service_accounts=[account])),
    )
    scripted.on(
        "CreateClientSecret", always(client_credential_service_pb2.CreateClientSecretResponse(secret="s3cret-client"))
    )
    scripted.on(
        "ListGroups", always(group_service_pb2.ListGroupsResponse(groups=[group_pb2.Group(id=ENGINEERS, name="eng")]))
    )
    scripted.on("AddMembers", always(group_service_pb2.AddMembersResponse(added_count=2)))
    scripted.on("ListRoles", always(role_service_pb2.ListRolesResponse(roles=[role])))
    scripted.on("CreateRole", always(role_service_pb2.CreateRoleResponse(role=role)))
    scripted.on(
        "ListPermissions",
        always(
            permission_service_pb2.ListPermissionsResponse(
                permissions=[permission_pb2.Permission(name=name) for name in ("company.read", "company.update")]
            )
        ),
    )
    scripted.on("CreateRoleBinding", always(role_binding_service_pb2.CreateRoleBindingResponse(role_binding=binding)))
    scripted.on("ListRoleBindings", always(role_binding_service_pb2.ListRoleBindingsResponse(role_bindings=[binding])))
    scripted.on("DeleteRoleBinding", always(role_binding_service_pb2.DeleteRoleBindingResponse(role_binding=binding)))
    return scripted


def sent(service: ScriptedService, method: str) -> Any:
    return service.received(method)[-1].request


class TestUsers:
    def test_a_user_is_created_with_what_was_said_and_a_password_nobody_sees(
        self, scripted_command: RunCommand, service: ScriptedService
    ) -> None:
        done = scripted_command(
            *("users", "create", "ann", "--email", "ann@example.com", "--label", "team=eng", "--password-stdin"),
            stdin="pa55word\n",
        )
        assert done.status == 0, done.err
        request = sent(service, "CreateUser")
        assert (request.user.user_name, request.user.email) == ("ann", "ann@example.com")
        assert dict(request.user.labels) == {"team": "eng"}
        assert request.password == "pa55word"
        assert "pa55word" not in done.out + done.err

    def test_a_user_is_found_by_id_name_or_address(
        self, scripted_command: RunCommand, service: ScriptedService
    ) -> None:
        for text in (ANN, "ann", "Ann@Example.com"):
            assert "ann@example.com" in scripted_command("users", "get", text).out
            assert sent(service, "GetUser").id == ANN

    def test_a_name_that_nobody_has_is_answered_with_the_nearest(
        self, scripted_command: RunCommand, service: ScriptedService
    ) -> None:
        done = scripted_command("users", "suspend", "anna")
        assert (done.status, "did you mean 'ann'?" in done.err) == (2, True)
        assert not service.received("SuspendUser")

    def test_the_token_of_an_invitation_is_shown(self, scripted_command: RunCommand, service: ScriptedService) -> None:
        assert "s3cret-invitation" in scripted_command("users", "invite", "ann").out
        (line,) = scripted_command("users", "invite", "ann", "--json").lines
        assert line["token"] == "s3cret-invitation"

    def test_states_are_named_and_misspelt_ones_explained(
        self, scripted_command: RunCommand, service: ScriptedService
    ) -> None:
        assert "active" in scripted_command("users", "list", "--state", "active").out
        assert list(sent(service, "ListUsers").states) == [user_pb2.USER_STATE_ACTIVE]
        done = scripted_command("users", "list", "--state", "activ")
        assert (done.status, "did you mean 'active'?" in done.err) == (2, True)

    def test_a_file_of_users_is_imported_with_their_hashes(
        self, scripted_command: RunCommand, service: ScriptedService, here: Path
    ) -> None:
        file = here / "users.jsonl"
        rows = [{"user_name": f"u{number}", "password_hash": "$2b$12$abc"} for number in range(150)]
        file.write_text("\n".join(json.dumps(row) for row in rows))
        refused = user_service_pb2.ImportUsersResult(row=7, reason="USER_NAME_TAKEN")
        scripted_command_done = user_service_pb2.ImportUsersResponse(row_count=150, created_count=149, rejected_count=1)
        scripted_command_done.results.append(refused)
        service.on("ImportUsers", always(scripted_command_done))
        done = scripted_command("users", "import", file, "--source", "old system")
        assert done.status == 1
        assert "149 created" in done.out
        assert "USER_NAME_TAKEN" in done.out
        config, *batches = sent(service, "ImportUsers")
        assert config.config.source == "old system"
        imported = [row for message in batches for row in message.batch.rows]
        assert [row.row for row in imported] == list(range(1, 151))
        assert {row.password_hash for row in imported} == {"$2b$12$abc"}

    def test_a_damaged_line_stops_an_import_before_it_begins(
        self, scripted_command: RunCommand, service: ScriptedService, here: Path
    ) -> None:
        file = here / "users.jsonl"
        file.write_text('{"user_name": "a"}\n{"password_hash": "$2b$12$s3cret", "user": 1}\n')
        done = scripted_command("users", "import", file)
        assert (done.status, "line 2" in done.err) == (2, True)
        assert "s3cret" not in done.err
        assert not service.received("ImportUsers")


class TestServiceAccountsAndGroups:
    def test_a_secret_is_made_for_an_account_by_name_and_shown(
        self, scripted_command: RunCommand, service: ScriptedService
    ) -> None:
        done = scripted_command("service-accounts", "create-secret", "billing", "--for", "ci")
        assert "s3cret-client" in done.out
        request = sent(service, "CreateClientSecret")
        assert (request.client_id, request.display_name) == (BILLING, "ci")
        assert "did you mean 'billing'?" in scripted_command("service-accounts", "get", "biling").err

    def test_members_of_every_kind_are_added(self, scripted_command: RunCommand, service: ScriptedService) -> None:
        done = scripted_command("groups", "add", "eng", "ann", "service-account:billing")
        assert done.status == 0, done.err
        request = sent(service, "AddMembers")
        assert request.id == ENGINEERS
        assert [(member.kind, member.id) for member in request.members] == [
            (group_pb2.MEMBER_KIND_USER, ANN),
            (group_pb2.MEMBER_KIND_SERVICE_ACCOUNT, BILLING),
        ]
        assert "did you mean 'group'?" in scripted_command("groups", "add", "eng", "groop:x").err


class TestRoles:
    def test_a_role_with_a_misspelt_permission_is_not_created(
        self, scripted_command: RunCommand, service: ScriptedService
    ) -> None:
        done = scripted_command("roles", "create", "reader", "-p", "company.reed")
        assert (done.status, "did you mean 'company.read'?" in done.err) == (2, True)
        assert not service.received("CreateRole")

    def test_permissions_of_other_services_and_branches_may_be_named(
        self, scripted_command: RunCommand, service: ScriptedService
    ) -> None:
        done = scripted_command(
            *("roles", "create", "r", "-p", "order.read", "-p", "company.*", "--inherit", "reader"),
            *("--second-factor", "--max-age", "5"),
        )
        assert done.status == 0, done.err
        role = sent(service, "CreateRole").role
        assert list(role.permissions) == ["order.read", "company.*"]
        assert list(role.inherited_role_ids) == [READER]
        assert (role.step_up.second_factor, role.step_up.max_age.seconds) == (True, 300)

    def test_a_role_is_bound_to_a_subject_on_a_scope(
        self, scripted_command: RunCommand, service: ScriptedService
    ) -> None:
        done = scripted_command(
            *("roles", "bind", "reader", "group:eng", "--on", "company", "--label", "tier=gold"),
            *("--expires", "2099-01-01", "--reason", "audit"),
        )
        assert done.status == 0, done.err
        request = sent(service, "CreateRoleBinding")
        assert (request.role_id, request.subject.id) == (READER, ENGINEERS)
        assert request.subject.kind == role_binding_pb2.ROLE_SUBJECT_KIND_GROUP
        assert (request.scope.resource_type, dict(request.scope.labels)) == ("company", {"tier": "gold"})
        assert request.reason == "audit"
        assert request.expire_time.seconds > 0
        assert "needs --on" in scripted_command("roles", "bind", "reader", "ann", "--label", "tier=gold").err

    def test_it_is_taken_away_by_name_or_by_the_id_of_the_binding(
        self, scripted_command: RunCommand, service: ScriptedService
    ) -> None:
        assert scripted_command("roles", "unbind", "reader", "ann", "--reason", "left").status == 0
        assert sent(service, "ListRoleBindings").subject.id == ANN
        request = sent(service, "DeleteRoleBinding")
        assert (request.id, request.reason) == (BINDING, "left")
        assert scripted_command("roles", "unbind", BINDING).status == 0
        service.on("ListRoleBindings", always(role_binding_service_pb2.ListRoleBindingsResponse()))
        assert "does not have" in scripted_command("roles", "unbind", "reader", "ann").err

    def test_bindings_are_shown_with_the_names_of_roles_and_the_reasons(
        self, scripted_command: RunCommand, service: ScriptedService
    ) -> None:
        shown = scripted_command("roles", "bindings", "--subject", "ann").out
        assert "reader" in shown
        assert "she asked" in shown
        (line,) = scripted_command("roles", "bindings", "--json").lines
        assert line["role_id"] == READER

    def test_the_permissions_there_are_can_be_listed(
        self, scripted_command: RunCommand, service: ScriptedService
    ) -> None:
        assert "company.update" in scripted_command("roles", "permissions", "company.*").out
        assert sent(service, "ListPermissions").pattern == "company.*"


class TestRelations:
    def test_a_check_says_yes_or_no_with_its_exit_status(
        self, scripted_command: RunCommand, scripted: ScriptedService
    ) -> None:
        answer = permission_check_service_pb2.CheckPermissionResponse
        scripted.on("CheckPermission", always(answer(permitted=True)))
        yes = scripted_command("check", "view", "document:42", "user:ann")
        assert (yes.status, "user:ann has view on document:42" in yes.out) == (0, True)
        scripted.on("CheckPermission", always(answer(permitted=False)))
        no = scripted_command("check", "view", "document:42", "user:ann")
        assert (no.status, "does not have" in no.out) == (1, True)

    def test_why_is_a_tree_for_people_and_a_message_for_programs(
        self, scripted_command: RunCommand, scripted: ScriptedService
    ) -> None:
        wire = permission_check_service_pb2
        kinds = wire.ExplanationKind
        missing = wire.Explanation(
            kind=kinds.EXPLANATION_KIND_RELATION, resource="document:42", name="viewer", omitted_count=3
        )
        there = wire.Explanation(
            kind=kinds.EXPLANATION_KIND_RELATIONSHIP, holds=True, relationship="document:42#owner@user:ann"
        )
        either = wire.Explanation(kind=kinds.EXPLANATION_KIND_UNION, holds=True, parts=[missing, there])
        explained = wire.ExplainPermissionResponse(permitted=True, explanation=either, subject="user:ann")
        explained.resource, explained.permission, explained.decision_caller = "document:42", "view", "user:bob"
        scripted.on("CheckPermission", always(wire.CheckPermissionResponse(permitted=True)))
        scripted.on("ExplainPermission", always(explained))
        shown = scripted_command("check", "view", "document:42", "user:ann", "--explain").out
        assert shown.splitlines()[1:] == [
            "✓ any of",
            "├── ✗ document:42#viewer",
            "│   └── and 3 more",
            "└── ✓ document:42#owner@user:ann",
        ]
        assert (
            '"omitted_count"' in scripted_command("check", "view", "document:42", "user:ann", "--explain", "--json").out
        )
        past = scripted_command("relations", "decision", "01938d2e-7f04-7c3e-9d55-0a6f3c3f0b11").out
        assert "user:ann had view on document:42" in past
        assert "for user:bob" in past

    def test_tuples_are_written_as_they_are_written_down(
        self, scripted_command: RunCommand, scripted: ScriptedService
    ) -> None:
        scripted.on("WriteRelationships", always(relationship_service_pb2.WriteRelationshipsResponse(written_count=1)))
        done = scripted_command("relations", "write", "document:42#viewer@group:eng#member", "--reason", "shared")
        assert done.status == 0, done.err
        (update,) = sent(scripted, "WriteRelationships").updates
        assert (update.relationship.resource, update.relationship.relation) == ("document:42", "viewer")
        assert update.relationship.subject == "group:eng#member"
        assert "is not a relationship" in scripted_command("relations", "write", "document:42").err
        wrong = scripted_command("relations", "write", "a:1#b@c:2", "--operation", "tuch")
        assert "did you mean 'touch'?" in wrong.err

    def test_a_schema_is_read_written_and_compared(
        self, scripted_command: RunCommand, scripted: ScriptedService, here: Path
    ) -> None:
        read = relation_schema_service_pb2.ReadSchemaResponse()
        read.schema.text = "type user"
        scripted.on("ReadSchema", always(read))
        written = relation_schema_service_pb2.WriteSchemaResponse(consistency_token="t0")
        written.schema.version = 2
        scripted.on("WriteSchema", always(written))
        change = relation_schema_pb2.SchemaChange(
            definition="document", name="view", before="permission view = a", after="permission view = a + b"
        )
        scripted.on("DiffSchema", always(relation_schema_service_pb2.DiffSchemaResponse(changes=[change])))
        assert "type user" in scripted_command("relations", "schema").out
        file = here / "schema"
        file.write_text("type document")
        compared = scripted_command("relations", "schema", file, "--diff")
        assert compared.out.splitlines() == [
            "- document: permission view = a",
            "+ document: permission view = a + b",
        ]
        assert not scripted.received("WriteSchema")
        assert "version 2, consistency token t0\nNothing differs." in scripted_command("relations", "schema", file).out
        assert sent(scripted, "WriteSchema").text == "type document"
        assert not sent(scripted, "WriteSchema").validate_only

    def test_a_schema_is_checked_without_being_written(
        self, scripted_command: RunCommand, scripted: ScriptedService, here: Path
    ) -> None:
        scripted.on("WriteSchema", always(relation_schema_service_pb2.WriteSchemaResponse()))
        file = here / "schema"
        file.write_text("type document")
        assert scripted_command("relations", "schema", file, "--validate-only").status == 0
        assert sent(scripted, "WriteSchema").validate_only

    def test_a_recorded_decision_is_explained(self, scripted_command: RunCommand, scripted: ScriptedService) -> None:
        explained = permission_check_service_pb2.ExplainPermissionResponse(permitted=True, resource="document:42")
        scripted.on("ExplainPermission", always(explained))
        done = scripted_command("relations", "decision", READER, "--json")
        assert json.loads(done.out)["resource"] == "document:42"
        assert sent(scripted, "ExplainPermission").decision_id == READER

    def test_a_check_carries_the_token_that_it_is_given(
        self, scripted_command: RunCommand, scripted: ScriptedService
    ) -> None:
        scripted.on("CheckPermission", always(permission_check_service_pb2.CheckPermissionResponse(permitted=True)))
        done = scripted_command("check", "view", "document:42", "user:ann", "--consistency-token", "AQAAAAABoTpA")
        assert done.status == 0, done.err
        assert scripted.received("CheckPermission")[-1].metadata["function-consistency-token"] == "AQAAAAABoTpA"


class TestTheRest:
    def test_sessions_are_ended_one_by_one_or_all(self, scripted_command: RunCommand, service: ScriptedService) -> None:
        service.on("RevokeAllSessions", always(session_service_pb2.RevokeAllSessionsResponse(revoked_count=2)))
        service.on("RevokeUserSessions", always(session_service_pb2.RevokeUserSessionsResponse(revoked_count=2)))
        assert scripted_command("sessions", "revoke", "--others").status == 0
        assert sent(service, "RevokeAllSessions").except_current
        assert scripted_command("sessions", "revoke", "--user", "ann").status == 0
        assert sent(service, "RevokeUserSessions").user_id == ANN
        assert "say which" in scripted_command("sessions", "revoke").err

    def test_keys_of_an_owner_are_revoked_and_one_is_given_another_secret(
        self, scripted_command: RunCommand, service: ScriptedService
    ) -> None:
        service.on("RevokeApiKeysOfOwner", always(api_key_service_pb2.RevokeApiKeysOfOwnerResponse(revoked_count=3)))
        service.on(
            "RerollApiKey",
            always(api_key_service_pb2.RerollApiKeyResponse(api_key=api_key_pb2.ApiKey(id="k"), secret="fbk_new")),
        )
        assert "3" in scripted_command("keys", "revoke-owner", "service_account:billing").out
        assert sent(service, "RevokeApiKeysOfOwner").owner == f"service_account:{BILLING}"
        assert "fbk_new" in scripted_command("keys", "reroll", "k", "--overlap", "2").out
        assert sent(service, "RerollApiKey").overlap.seconds == 7200

    def test_settings_of_a_tenant_are_named_and_misspelt_ones_explained(
        self, scripted_command: RunCommand, scripted: ScriptedService
    ) -> None:
        tenant = tenant_pb2.Tenant(id=TENANT, name="acme", etag="e1")
        scripted.on("GetTenant", always(tenant_service_pb2.GetTenantResponse(tenant=tenant)))
        scripted.on("UpdateTenant", always(tenant_service_pb2.UpdateTenantResponse(tenant=tenant)))
        done = scripted_command(
            *("tenants", "settings", "--set", "session_idle_lifetime=8h", "--set", "second_factor_required=yes"),
            *("--set", "allowed_grants=password,refresh_token", "--set", "password_min_length=14"),
        )
        assert done.status == 0, done.err
        request = sent(scripted, "UpdateTenant")
        settings = request.tenant.settings
        assert (settings.session_idle_lifetime.seconds, settings.second_factor_required) == (28_800, True)
        assert list(settings.allowed_grants) == [tenant_pb2.GRANT_PASSWORD, tenant_pb2.GRANT_REFRESH_TOKEN]
        assert settings.password_min_length == 14
        assert request.tenant.etag == "e1"
        assert "settings.password_min_length" in request.update_mask.paths
        for wrong, said in (
            ("password_min_lenght=3", "did you mean 'password_min_length'?"),
            ("session_idle_lifetime=long", "no span of time"),
            ("password_min_length=many", "no number"),
            ("second_factor_required=maybe", "neither yes nor no"),
        ):
            assert said in scripted_command("tenants", "settings", "--set", wrong).err
