"""What people call things on the command line, as the ids that the contract wants."""

from __future__ import annotations

import difflib
import itertools
import uuid
from collections.abc import Callable, Iterable, Sequence

from function.auth.v1 import group_pb2, role_binding_pb2
from function_backend_cli.connection import Session

_SEARCHED = 1000

KINDS: tuple[str, ...] = ("user", "service_account", "group")
"""What a role can be bound to, and what a group can have as a member."""


def nearest(name: str, known: Iterable[str]) -> str:
    """The end of a message about a wrong name: the one that was probably meant, or all there are."""
    names = sorted(set(known))
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; there are {', '.join(names[:20])}" if names else ""


def is_id(text: str) -> bool:
    """Whether a text is an id rather than a name."""
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return len(text) == len(str(uuid.UUID(int=0)))


def user_id(session: Session, text: str) -> str:
    """The id of a user, given as id, e-mail address or user name."""
    if is_id(text):
        return text
    users = session.client.users
    found = users.list(email=text) if "@" in text else users.list(user_name=text)
    wanted = text.casefold()
    for user in itertools.islice(found, _SEARCHED):
        if wanted in {user.email.casefold(), user.user_name.casefold()}:
            return user.id
    known = [user.email if "@" in text else user.user_name for user in itertools.islice(users.list(), _SEARCHED)]
    raise ValueError(f"there is no user {text!r}{nearest(text, known)}")


def service_account_id(session: Session, text: str) -> str:
    """The id of a service account, given as id or name."""
    return _by_name(text, "service account", lambda: _named(session.client.service_accounts.list()))


def group_id(session: Session, text: str) -> str:
    """The id of a group, given as id or name."""
    return _by_name(text, "group", lambda: _named(session.client.groups.list()))


def role_id(session: Session, text: str) -> str:
    """The id of a role, given as id or name."""
    return _by_name(text, "role", lambda: _named(session.client.roles.list()))


def subject(session: Session, text: str) -> tuple[str, str]:
    """Kind and id of a subject such as `user:ann`, `service_account:billing` or `group:eng`; a user without a kind."""
    kind, colon, name = text.partition(":")
    if not colon:
        kind, name = "user", text
    kind = kind.replace("-", "_")
    find: dict[str, Callable[[Session, str], str]] = {
        "user": user_id,
        "service_account": service_account_id,
        "group": group_id,
    }
    if kind not in find:
        raise ValueError(f"{kind!r} is no kind of subject{nearest(kind, find)}")
    return kind, find[kind](session, name)


def role_subject(session: Session, text: str) -> role_binding_pb2.RoleSubject:
    """Who gets a role."""
    kind, found = subject(session, text)
    number = role_binding_pb2.RoleSubjectKind.Value(f"ROLE_SUBJECT_KIND_{kind.upper()}")
    return role_binding_pb2.RoleSubject(kind=number, id=found)


def member(session: Session, text: str) -> group_pb2.Member:
    """Who is in a group."""
    kind, found = subject(session, text)
    return group_pb2.Member(kind=group_pb2.MemberKind.Value(f"MEMBER_KIND_{kind.upper()}"), id=found)


def owner(session: Session, text: str) -> str:
    """Who a key belongs to, as the contract has it: `user:<id>` or `service_account:<id>`."""
    kind, found = subject(session, text)
    return f"{kind}:{found}"


def labels(pairs: Sequence[str]) -> dict[str, str]:
    """Labels given as `key=value`."""
    found = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise ValueError(f"{pair!r}: write KEY=VALUE")
        found[key] = value
    return found


def _named(things: Iterable[object]) -> dict[str, str]:
    return {
        str(getattr(thing, "name", "")): str(getattr(thing, "id", "")) for thing in itertools.islice(things, _SEARCHED)
    }


def _by_name(text: str, what: str, known: Callable[[], dict[str, str]]) -> str:
    if is_id(text):
        return text
    ids = known()
    if text in ids:
        return ids[text]
    raise ValueError(f"there is no {what} {text!r}{nearest(text, ids)}")
