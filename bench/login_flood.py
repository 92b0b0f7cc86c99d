"""Logs users in with their password, each again and again without pause, until it is ended.

python -m bench.login_flood ADDRESS USER...
"""

from __future__ import annotations

import sys
import threading

import grpc

from bench.auth_scene import password_grant
from function.auth.v1 import oauth_service_pb2_grpc


def main(address: str, users: list[str]) -> None:
    """One connection and one thread for each user."""
    threads = [threading.Thread(target=_log_in, args=(address, user)) for user in users]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _log_in(address: str, user: str) -> None:
    options = (("grpc.use_local_subchannel_pool", 1),)
    with grpc.insecure_channel(address, options=options) as channel:
        stub = oauth_service_pb2_grpc.OAuthServiceStub(channel)
        while True:
            try:
                stub.Token(password_grant(user), timeout=60)
            except grpc.RpcError as error:
                # Too many wait for a hash already: a flood does not mind and comes again.
                if error.code() is not grpc.StatusCode.RESOURCE_EXHAUSTED:
                    raise


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
