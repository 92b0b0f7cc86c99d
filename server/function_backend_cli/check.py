"""`function-backend check`: may somebody do something, by the relationships of the tenant?"""

from __future__ import annotations

from typing import Annotated

import typer

from function_backend_cli.application import application
from function_backend_cli.connection import Session, remote
from function_backend_cli.explanation import tree_of
from function_backend_cli.output import REFUSED

app = application()


@app.command()
@remote
def check(
    session: Session,
    permission: Annotated[str, typer.Argument(help="A permission or relation of the schema, such as view.")],
    resource: Annotated[str, typer.Argument(help="Type and id, such as document:42.")],
    subject: Annotated[str, typer.Argument(help="Who, such as user:ann or group:eng#member.")],
    explain: Annotated[bool, typer.Option("--explain", help="Say why, or what is missing.")] = False,
    record: Annotated[
        bool, typer.Option("--record", help="Keep the decision, so that it can be explained later.")
    ] = False,
    consistency_token: Annotated[
        str, typer.Option("--consistency-token", help="What a write printed: the answer is not older than that.")
    ] = "",
) -> None:
    """Say whether a subject has a permission on a resource. The exit status is 1 when it has not."""
    if consistency_token:
        session.client.observe(consistency_token)
    answer = session.client.checks.check(resource, permission, subject=subject, record=record)
    if session.output.json:
        session.output.message(answer)
    else:
        session.output.say(f"{subject} {'has' if answer.permitted else 'does not have'} {permission} on {resource}")
        if answer.decision_id:
            session.output.say(f"decision {answer.decision_id}")
    if explain:
        explained = session.client.checks.explain(resource=resource, permission=permission, subject=subject)
        session.output.tree(explained, tree_of(explained))
    if not answer.permitted:
        raise typer.Exit(REFUSED)
