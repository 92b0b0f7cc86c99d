"""`keys`, `tenants`, `services` and `health`, against the real service."""

from tests.fixtures.command_line import RunCommand
from tests.fixtures.server import RunningServer


class TestKeys:
    def test_the_secret_of_a_new_key_is_shown_once(self, command: RunCommand) -> None:
        created = command("keys", "create", "ci", "--permission", "company.read", "--permission", "company.import")
        assert created.status == 0, created.err
        assert "fbk_" in created.out
        listed = command("keys", "list").out
        assert "ci" in listed
        assert "company.import company.read" in listed
        assert "fbk_" not in listed

    def test_a_revoked_key_is_left_out_unless_asked_for(self, command: RunCommand) -> None:
        (created,) = command("keys", "create", "old", "-p", "company.read", "--expires", "2099-01-01", "--json").lines
        key_id = created["api_key"]["id"]
        assert "expires 2099-01-01" in command("keys", "get", key_id).out
        assert command("keys", "get", key_id, "--json").lines[0]["display_name"] == "old"
        assert "revoked" in command("keys", "revoke", key_id).out
        assert key_id not in command("keys", "list").out
        assert key_id in command("keys", "list", "--show-revoked").out
        assert key_id in {key["id"] for key in command("keys", "list", "--show-revoked", "--json").lines}

    def test_a_permission_that_the_caller_lacks_cannot_be_given(self, command: RunCommand) -> None:
        (reader,) = command("keys", "create", "r", "-p", "auth.api_key.create", "--json").lines
        done = command(
            *("keys", "create", "x", "-p", "company.delete"),
            environment_more={"FUNCTION_BACKEND_API_KEY": reader["secret"]},
        )
        assert (done.status, "PERMISSION_ESCALATION" in done.err) == (1, True)


class TestTenants:
    def test_the_installation_s_administrator_creates_and_lists_them(
        self, command: RunCommand, server: RunningServer
    ) -> None:
        admin = {"FUNCTION_BACKEND_API_KEY": server.admin_key}
        created = command("tenants", "create", "acme-cli", "--display-name", "Acme", environment_more=admin)
        assert created.status == 0, created.err
        assert "fbk_" in created.out
        assert "acme-cli" in command("tenants", "list", environment_more=admin).out
        names = {tenant["name"] for tenant in command("tenants", "list", "--json", environment_more=admin).lines}
        assert {"acme-cli", "default"} <= names
        (again,) = command("tenants", "create", "acme-more", "--json", environment_more=admin).lines
        assert again["tenant"]["name"] == "acme-more"
        taken = command("tenants", "create", "acme-cli", environment_more=admin)
        assert (taken.status, "TENANT_NAME_TAKEN" in taken.err) == (1, True)

    def test_everybody_sees_their_own(self, command: RunCommand) -> None:
        (own,) = command("tenants", "get", "--json").lines
        assert own["name"].startswith("tenant-")
        assert own["id"] in command("tenants", "get", own["id"]).out


class TestDataKeys:
    def test_one_is_replaced_and_the_command_waits_until_everything_is_under_it(self, command: RunCommand) -> None:
        (first,) = command("data-keys", "rotate", "--wait", "--json").lines
        assert "finish_time" in first["resealing"]
        (second,) = command("data-keys", "rotate", "--json").lines
        assert second["operation"].startswith("operations/")
        assert second["data_key"]["generation"] == first["generation"] + 1
        assert second["data_key"]["id"] in command("data-keys", "get").out


class TestServices:
    def test_they_are_listed_without_a_key(self, command: RunCommand) -> None:
        done = command("services", environment_more={"FUNCTION_BACKEND_API_KEY": ""})
        assert done.status == 0, done.err
        assert "function.company.v1.CompanyService" in done.out.splitlines()

    def test_methods_are_listed_too_when_asked_for(self, command: RunCommand) -> None:
        assert "  SearchCompanies" in command("services", "--methods").out.splitlines()
        described = {line["service"]: line["methods"] for line in command("services", "--methods", "--json").lines}
        assert "CreateTenant" in described["function.auth.v1.TenantService"]
        assert {"service": "grpc.health.v1.Health"} in command("services", "--json").lines


class TestHealth:
    def test_a_service_that_serves_is_status_0(self, command: RunCommand) -> None:
        done = command("health", environment_more={"FUNCTION_BACKEND_API_KEY": ""})
        assert done.status == 0, done.err
        assert "function.company.v1.CompanyService" in done.out

    def test_one_service_can_be_asked_for(self, command: RunCommand) -> None:
        name = "function.auth.v1.ApiKeyService"
        assert command("health", name, "--json").lines == [{"service": name, "status": "SERVING"}]

    def test_a_service_that_does_not_exist_is_status_1(self, command: RunCommand) -> None:
        done = command("health", "no.such.Service")
        assert (done.status, "NOT_FOUND" in done.err) == (1, True)
