"""`function-backend rules bind`, `unbind`, `hooks` and `set-hook`: decisions that changes of companies wait for."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

import typer

from function.rules.v1 import hook_pb2, hook_service_pb2_grpc
from function.rules.v1 import hook_service_pb2 as wire
from function_backend_cli.connection import Session, remote
from function_backend_cli.messages import show_all
from function_backend_client.pages import Page, Pager

_PAGE = 200
_Hook = Annotated[str, typer.Argument(metavar="HOOK", help="The name of the hook.")]
_Shadow = Annotated[
    bool | None, typer.Option("--shadow/--enforce", help="Only log what it would deny; or deny.", show_default=False)
]
_Order = Annotated[int | None, typer.Option("--order", help="Its place among the hooks of an operation.")]
_ValidateOnly = Annotated[bool, typer.Option("--validate-only", help="Check everything and change nothing.")]
_COLUMNS = ("name", "definition", "operations", "mode", "enabled", "order", "update_time")


@remote
def bind(
    session: Session,
    definition: Annotated[str, typer.Argument(metavar="NAME", help="The decision.")],
    operations: Annotated[
        list[str], typer.Option("--to", help="company.create, company.update or company.import; again for more.")
    ],
    hook: Annotated[str, typer.Option("--hook", help="The name of the hook; that of the decision when absent.")] = "",
    shadow: _Shadow = None,
    order: _Order = None,
    description: Annotated[str, typer.Option("--description", help="What it is for.")] = "",
    validate_only: _ValidateOnly = False,
) -> None:
    """Have changes of companies wait for a decision; one that it denies is not made."""
    request = wire.CreateHookRequest(
        name=hook or definition,
        definition=definition,
        operations=operations,
        mode=hook_pb2.HOOK_MODE_SHADOW if shadow else hook_pb2.HOOK_MODE_ENFORCE,
        order=order or 0,
        description=description,
        request_id=str(uuid.uuid4()),
        validate_only=validate_only,
    )
    made = _hooks(session).CreateHook(request).hook
    if session.output.json:
        session.output.message(made)
        return
    effect = "is logged" if made.mode == hook_pb2.HOOK_MODE_SHADOW else "decides"
    session.output.say(f"{made.name}: {made.definition} {effect} from now on before {', '.join(made.operations)}")


@remote
def unbind(session: Session, hook: _Hook, validate_only: _ValidateOnly = False) -> None:
    """Delete a hook: changes do not wait for it any more."""
    request = wire.DeleteHookRequest(name=hook, request_id=str(uuid.uuid4()), validate_only=validate_only)
    done = _hooks(session).DeleteHook(request)
    if session.output.json:
        session.output.message(done)
    else:
        session.output.say(f"{hook}: is deleted; no change waits for it any more")


@remote
def hooks(
    session: Session,
    definition: Annotated[str, typer.Option("--of", help="Only hooks of this decision.")] = "",
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="Print at most so many.")] = 100,
) -> None:
    """Print which changes wait for which decisions."""
    show_all(session, _every(session, definition), _COLUMNS, empty="No hooks.", limit=limit)


@remote
def set_hook(
    session: Session,
    hook: _Hook,
    enabled: Annotated[
        bool | None, typer.Option("--enable/--disable", help="Whether it is asked at all.", show_default=False)
    ] = None,
    shadow: _Shadow = None,
    order: _Order = None,
    description: Annotated[str | None, typer.Option("--description", help="What it is for.")] = None,
    validate_only: _ValidateOnly = False,
) -> None:
    """Change whether a hook is asked, and what becomes of its answer."""
    if (enabled, shadow, order, description) == (None, None, None, None):
        raise ValueError("nothing to change; say --enable, --disable, --shadow, --enforce, --order or --description")
    request = wire.UpdateHookRequest(name=hook, request_id=str(uuid.uuid4()), validate_only=validate_only)
    if enabled is not None:
        request.enabled = enabled
    if shadow is not None:
        request.mode = hook_pb2.HOOK_MODE_SHADOW if shadow else hook_pb2.HOOK_MODE_ENFORCE
    if order is not None:
        request.order = order
    if description is not None:
        request.description = description
    show_all(session, [_hooks(session).UpdateHook(request).hook], _COLUMNS, empty="", limit=1)


def _hooks(session: Session) -> Any:  # noqa: ANN401 - a stub, whose generated type has no calls that wait
    return session.client.stub(hook_service_pb2_grpc.HookServiceStub)


def _every(session: Session, definition: str) -> Pager[hook_pb2.Hook]:
    def fetch(token: str) -> Page[hook_pb2.Hook]:
        request = wire.ListHooksRequest(page_size=_PAGE, page_token=token, definition=definition)
        found = _hooks(session).ListHooks(request)
        return Page(found.hooks, found.next_page_token)

    return Pager(fetch)
