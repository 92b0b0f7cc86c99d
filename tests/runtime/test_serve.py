import os
import signal
import socket
import subprocess
import threading
import time

import grpc
import pytest
from grpc_channelz.v1 import channelz_pb2, channelz_pb2_grpc

from function.auth.v1 import tenant_service_pb2, tenant_service_pb2_grpc
from function_backend.persistence.embedded.processes import find_process
from function_backend.runtime.health import Status
from function_backend.runtime.settings import OLDER_EVENT_LOOP
from tests.fixtures.serve import Serve, ServeProcess
from tests.runtime.certificates import Authority
from tests.runtime.echo import eventually, filters_sockets
from tests.runtime.test_health import Watcher


def get_tenant(channel: grpc.Channel, key: str) -> str:
    stub = tenant_service_pb2_grpc.TenantServiceStub(channel)
    metadata = (("authorization", f"Bearer {key}"),)
    return stub.GetTenant(tenant_service_pb2.GetTenantRequest(), metadata=metadata, timeout=30).tenant.name


def postgres(service: ServeProcess) -> int:
    """The pid of the embedded server."""
    (found,) = [
        process.pid
        for process in service.descendants()
        if process.parent == service.process.pid and "postgres" in process.command.split()[0]
    ]
    return found


class TestStart:
    def test_the_first_start_prints_a_key_that_works_and_the_second_none(self, first_serve: Serve) -> None:
        first = first_serve()
        key = first.admin_key
        with first.channel() as channel:
            assert get_tenant(channel, key) == "default"
        assert first.interrupt() == 0
        second = first_serve()
        assert not second.has_printed_a_key
        with second.channel() as channel:
            assert get_tenant(channel, key) == "default"

    def test_the_key_stands_on_standard_output_and_never_in_the_log(self, serve: Serve) -> None:
        service = serve("--log-level", "debug")
        key = service.admin_key
        with service.channel() as channel:
            get_tenant(channel, key)
            with pytest.raises(grpc.RpcError):
                get_tenant(channel, f"{key}x")
        assert service.interrupt() == 0
        assert '"message":"call"' in service.logged
        assert key not in service.logged

    @pytest.mark.parametrize(
        ("variable", "message"),
        [
            ("FUNCTION_BACKEND_SERVER_LISTN", "the nearest one is FUNCTION_BACKEND_SERVER_LISTEN"),
            ("FUNCTION_BACKEND_PROCESS_WORKERS", "process.workers (from environment FUNCTION_BACKEND_PROCESS_WORKERS)"),
        ],
    )
    def test_settings_that_are_wrong_stop_the_process(self, first_serve: Serve, variable: str, message: str) -> None:
        service = first_serve.begin(**{variable: "many"})
        assert service.wait() == 2
        assert message in service.logged

    def test_a_port_on_which_somebody_listens_stops_the_process(self, first_serve: Serve) -> None:
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            service = first_serve.begin("--listen", f"127.0.0.1:{other.getsockname()[1]}")
            assert service.wait() == 2
        assert "the port is in use" in service.logged
        assert not (first_serve.folder / "data").exists()

    def test_a_database_url_needs_a_token_secret(self, first_serve: Serve) -> None:
        service = first_serve.begin("--database-url", "postgresql://app:hunter2@localhost/companies")
        assert service.wait() == 2
        assert "FUNCTION_BACKEND_TOKEN_SECRET" in service.logged
        assert "hunter2" not in service.logged


class TestEnd:
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_leaves_nothing_behind(self, serve: Serve, number: signal.Signals) -> None:
        service = serve()
        below = service.descendants()
        assert len(below) > 3
        service.process.send_signal(number)
        assert service.wait() == 0
        assert [process for process in below if find_process(process.pid)] == []
        assert list(serve.temporary.iterdir()) == []

    def test_ctrl_c_in_a_terminal_reaches_all_processes_and_ends_in_order(self, serve: Serve) -> None:
        service = serve()
        below = service.descendants()
        for pid in [service.process.pid, *(process.pid for process in below if "postgres" not in process.command)]:
            os.kill(pid, signal.SIGINT)
        assert service.wait() == 0
        assert "Traceback" not in service.logged
        assert [process for process in below if find_process(process.pid)] == []

    def test_the_next_start_takes_over_what_a_killed_supervisor_left(self, serve: Serve) -> None:
        killed = serve()
        key = killed.admin_key
        database = postgres(killed)
        killed.process.kill()
        killed.wait()
        service = serve()
        with service.channel() as channel:
            assert get_tenant(channel, key) == "default"
        assert service.interrupt() == 0
        assert find_process(database) is None


class TestFaults:
    def test_a_killed_worker_is_replaced(self, serve: Serve) -> None:
        service = serve("--workers", "2")
        key = service.admin_key
        victim, survivor = service.workers()
        os.kill(victim, signal.SIGKILL)
        eventually(lambda: len(service.workers()) == 2 and victim not in service.workers())
        assert survivor in service.workers()
        with service.channel() as channel:
            assert get_tenant(channel, key) == "default"

    def test_a_killed_database_is_started_again(self, serve: Serve) -> None:
        service = serve("--workers", "1")
        key = service.admin_key
        killed = postgres(service)
        os.kill(killed, signal.SIGKILL)
        with service.channel() as channel:
            eventually(lambda: find_process(killed) is None and _works(channel, key), seconds=30)
        eventually(lambda: service.fetch("/readyz")[0] == 200)

    def test_a_replacement_under_load_fails_no_call(self, serve: Serve) -> None:
        service = serve("--workers", "2", "--set", "server.max_connection_age=700ms")
        key = service.admin_key
        before = set(service.workers())
        failures: list[str] = []
        over = threading.Event()

        failing: set[int] = set()

        def call(number: int) -> None:
            with service.channel() as channel:
                while not over.is_set():
                    try:
                        get_tenant(channel, key)
                    except grpc.RpcError as error:
                        failures.append(f"{error.code()} {error.details()}")
                        failing.add(number)

        callers = [threading.Thread(target=call, args=(number,)) for number in range(16)]
        for caller in callers:
            caller.start()
        service.process.send_signal(signal.SIGHUP)
        try:
            eventually(lambda: before.isdisjoint(service.workers()) and len(service.workers()) == 2, seconds=60)
        finally:
            over.set()
            for caller in callers:
                caller.join()
        if filters_sockets():
            assert failures == []
        else:  # Whose connection is reset in the moment of a close fails until it connects again, a second later.
            assert len(failing) <= 2
            assert all("UNAVAILABLE" in failure for failure in failures)


class TestSettingsOfTheProcess:
    def test_grpc_runs_with_its_older_event_loop_unless_something_else_is_set(self, serve: Serve) -> None:
        service = serve("--workers", "1")
        assert f'"experiments":"{OLDER_EVENT_LOOP}"' in service.logged

    def test_grpc_is_left_its_choice_where_the_setting_is_empty(self, serve: Serve) -> None:
        service = serve("--workers", "1", "--set", "process.grpc_experiments=")
        assert "gRPC experiments" not in service.logged
        with service.channel() as channel:
            assert get_tenant(channel, service.admin_key) == "default"

    def test_experiments_of_grpc_are_handed_on_and_logged(self, serve: Serve) -> None:
        service = serve("--workers", "1", "--set", "process.grpc_experiments=-event_engine_listener")
        assert '"experiments":"-event_engine_listener"' in service.logged
        with service.channel() as channel:
            assert get_tenant(channel, service.admin_key) == "default"

    def test_workers_can_be_pinned(self, serve: Serve) -> None:
        if not hasattr(os, "sched_getaffinity"):
            pytest.skip("this system cannot pin a process")
        service = serve("--workers", "2", "--pin-workers")
        assert [len(os.sched_getaffinity(worker)) for worker in service.workers()] == [1, 1]

    def test_a_replacement_takes_up_changed_settings_and_ignores_wrong_ones(self, serve: Serve) -> None:
        file = serve.folder / "settings.toml"
        file.write_text('[log]\nlevel = "info"\n[server]\nmax_connection_age = "300ms"')
        service = serve("--workers", "1", "--config", str(file))
        file.write_text('[log]\nlevel = "loud"')
        before = set(service.workers())
        service.process.send_signal(signal.SIGHUP)
        eventually(lambda: len(service.workers()) == 1 and before.isdisjoint(service.workers()), seconds=30)
        assert "settings not reloaded" in service.logged
        with service.channel() as channel:
            assert get_tenant(channel, service.admin_key) == "default"


class TestSeenFromOutside:
    def test_metrics_of_all_workers_are_one_page(self, serve: Serve) -> None:
        service = serve("--workers", "2")
        for _ in range(20):
            with service.channel() as channel:
                get_tenant(channel, service.admin_key)
        handled = (
            'function_backend_rpc_handled_total{code="OK",method="/function.auth.v1.TenantService/GetTenant"} 20.0'
        )
        eventually(lambda: handled in service.fetch("/metrics")[1])
        page = service.fetch("/metrics")[1]
        assert 'function_backend_worker_resident_bytes{worker="1"}' in page
        assert 'function_backend_worker_state{state="serving",worker="0"} 1.0' in page

    def test_readiness_names_the_workers_and_other_paths_are_not_found(self, serve: Serve) -> None:
        service = serve("--workers", "1")
        assert service.fetch("/healthz") == (200, '{"status":"alive"}\n')
        status, body = service.fetch("/readyz")
        assert status == 200
        assert '"state":"serving"' in body
        assert service.fetch("/else")[0] == 404

    def test_draining_is_announced_before_the_end(self, serve: Serve) -> None:
        service = serve("--workers", "1")
        with service.channel() as channel:
            watcher = Watcher(channel)
            assert watcher.next() is Status.SERVING
            service.process.send_signal(signal.SIGTERM)
            assert watcher.next() is Status.NOT_SERVING
            assert watcher.next() is grpc.StatusCode.UNAVAILABLE
        assert service.wait() == 0

    def test_grpcurl_lists_and_calls_by_reflection_alone(self, serve: Serve, grpcurl: str) -> None:
        service = serve("--workers", "1")
        target = f"127.0.0.1:{service.port}"
        listed = subprocess.run(
            [grpcurl, "-plaintext", target, "list"], capture_output=True, text=True, check=True, timeout=60
        ).stdout.split()
        assert {
            "function.auth.v1.TenantService",
            "grpc.health.v1.Health",
            "grpc.reflection.v1.ServerReflection",
        } <= set(listed)
        for name in listed:
            subprocess.run(
                [grpcurl, "-plaintext", target, "describe", name], check=True, capture_output=True, timeout=60
            )
        authorization = f"authorization: Bearer {service.admin_key}"
        called = subprocess.run(
            [grpcurl, "-plaintext", "-H", authorization, target, "function.auth.v1.TenantService/GetTenant"],
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        ).stdout
        assert '"name": "default"' in called

    def test_tls_is_spoken_when_certificates_are_set(self, serve: Serve) -> None:
        authority = Authority()
        pair = authority.issue()
        (serve.folder / "server.crt").write_bytes(pair.certificate)
        (serve.folder / "server.key").write_bytes(pair.private_key)
        service = serve(
            "--workers",
            "1",
            FUNCTION_BACKEND_TLS_CERTIFICATE=str(serve.folder / "server.crt"),
            FUNCTION_BACKEND_TLS_PRIVATE_KEY=str(serve.folder / "server.key"),
        )
        credentials = grpc.ssl_channel_credentials(authority.root)
        with grpc.secure_channel(f"127.0.0.1:{service.port}", credentials) as channel:
            assert get_tenant(channel, service.admin_key) == "default"

    def test_certificates_that_do_not_fit_stop_the_process(self, serve: Serve) -> None:
        authority = Authority()
        (serve.folder / "server.crt").write_bytes(authority.issue().certificate)
        (serve.folder / "server.key").write_bytes(authority.issue().private_key)
        service = serve.begin(
            FUNCTION_BACKEND_TLS_CERTIFICATE=str(serve.folder / "server.crt"),
            FUNCTION_BACKEND_TLS_PRIVATE_KEY=str(serve.folder / "server.key"),
        )
        assert service.wait() == 1
        assert "is not the key of" in service.logged

    def test_channelz_is_served_on_the_admin_port_of_each_worker(self, serve: Serve) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        service = serve("--workers", "1", "--admin-listen", f"127.0.0.1:{port}")
        with service.channel() as channel:
            get_tenant(channel, service.admin_key)
            with grpc.insecure_channel(f"127.0.0.1:{port}") as admin:
                stub = channelz_pb2_grpc.ChannelzStub(admin)

                def succeeded() -> bool:
                    servers = stub.GetServers(channelz_pb2.GetServersRequest(), timeout=60).server
                    return any(entry.data.calls_succeeded > 0 for entry in servers)

                # gRPC counts a call when it is done with it, which may be after the caller has its answer.
                eventually(succeeded)


def _works(channel: grpc.Channel, key: str) -> bool:
    try:
        return get_tenant(channel, key) == "default"
    except grpc.RpcError:
        time.sleep(0.05)
        return False
