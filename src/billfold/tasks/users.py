"""Users of the desk: their passwords by Argon2, their sessions by a random cookie of which only a hash is kept."""

from __future__ import annotations

import hmac
import secrets
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import NamedTuple

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from billfold.ledger import access_users
from billfold.ledger.access_users import AccessUser, LoginSession
from billfold.ledger.entries import format_time
from billfold.model.errors import InvalidArgument
from billfold.model.identity import AccountPatterns, DataScope, Identity, IdentityKind, Role, check_name, sort_scopes
from billfold.tasks.keys import hash_secret

MIN_PASSWORD_CHARS, MAX_PASSWORD_CHARS = 12, 200
SESSION_LIFE, ROTATION_INTERVAL, ROTATION_GRACE = timedelta(hours=12), timedelta(hours=1), timedelta(minutes=1)
"""How long a login lasts, after how long its cookie is another, and how long the one before is good for requests on their way."""


class UserListing(NamedTuple):
    """A user as he is listed."""

    name: str
    role: str
    accounts: str
    scopes: str
    created_at: str
    last_login_at: str | None


class OpenSession(NamedTuple):
    """A session that a cookie proves: whose it is, the token of its forms, and another cookie where it is time for one."""

    session: LoginSession
    identity: Identity
    new_cookie: str = ""


@cache
def load_hasher() -> PasswordHasher:
    """Return what hashes passwords, with the library's own settings (RFC 9106, low memory)."""
    return PasswordHasher()


@cache
def _hash_nothing() -> str:
    """Return the hash of a password that nobody has: an unknown name takes as long as a wrong password."""
    return load_hasher().hash(secrets.token_hex(16))


def put_user(
    directory: Path,
    name: str,
    password: str,
    role: Role,
    accounts: AccountPatterns,
    scopes: frozenset[DataScope],
    now: datetime,
) -> AccessUser:
    """Make a user, or give the one of that name another password and other rights; raises ``InvalidArgument``."""
    if not MIN_PASSWORD_CHARS <= len(password) <= MAX_PASSWORD_CHARS:
        raise InvalidArgument(f"a password has {MIN_PASSWORD_CHARS} to {MAX_PASSWORD_CHARS} characters: choose another")
    user = AccessUser(check_name(name), role, accounts, scopes, load_hasher().hash(password), now)
    access_users.put_user(directory, user)
    return user


def put_outside_user(
    directory: Path, name: str, role: Role, accounts: AccountPatterns, scopes: frozenset[DataScope], now: datetime
) -> AccessUser | None:
    """Return a user whom another service proves, with what he may now; None where one with a password has that name."""
    earlier = access_users.find_user(directory, name)
    if earlier is not None and earlier.password_hash:
        return None
    if earlier is not None and earlier[1:4] == (role, accounts, scopes):
        return earlier
    user = AccessUser(name, role, accounts, scopes, "", now)
    access_users.put_user(directory, user)
    return user


def remove_user(directory: Path, name: str) -> None:
    """Remove a user and end his sessions; raises ``InvalidArgument`` where there is none."""
    if not access_users.remove_user(directory, name):
        raise InvalidArgument(f"there is no user {name[:60]!r}: `billfold users list` lists them")


def list_users(directory: Path) -> list[UserListing]:
    """Return the users as they are listed, by name."""
    return [
        UserListing(
            *(user.name, user.role, str(user.accounts), ",".join(sort_scopes(user.scopes))),
            format_time(user.created_at),
            format_time(user.last_login_at) if user.last_login_at else None,
        )
        for user in access_users.list_users(directory)
    ]


def check_password(directory: Path, name: str, password: str) -> AccessUser | None:
    """Return the user whose password this is; None for a wrong one, and for no such user after as long a time."""
    user = access_users.find_user(directory, name)
    password_hash = user.password_hash if user and user.password_hash else _hash_nothing()
    try:
        load_hasher().verify(password_hash, password[: MAX_PASSWORD_CHARS + 1])
    except (VerificationError, InvalidHashError):
        return None
    return user


def open_session(directory: Path, user: AccessUser, now: datetime) -> tuple[LoginSession, str]:
    """Begin a session of a user; returns it with its cookie."""
    session_id, secret = secrets.token_urlsafe(12), secrets.token_urlsafe(32)
    hashes = (hash_secret(secret), None, secrets.token_urlsafe(24))
    session = LoginSession(session_id, user.name, *hashes, now, now, now + SESSION_LIFE)
    access_users.add_session(directory, session)
    return session, f"{session_id}.{secret}"


def find_open_session(directory: Path, cookie: str, now: datetime) -> OpenSession | None:
    """Return the session that a cookie proves, with another cookie where it is time for one; None for no such session."""
    session_id, _, secret = cookie.partition(".")
    record = access_users.find_session(directory, session_id) if secret else None
    if record is None or now >= record[0].expires_at:
        return None
    session, user = record
    digest = hash_secret(secret)
    has_old = session.old_hash is not None and now < session.rotated_at + ROTATION_GRACE
    is_old = has_old and hmac.compare_digest(digest, session.old_hash or "")
    if not is_old and not hmac.compare_digest(digest, session.secret_hash):
        return None
    opened = OpenSession(session, describe_user(user))
    if is_old or now < session.rotated_at + ROTATION_INTERVAL:
        return opened
    new_secret = secrets.token_urlsafe(32)
    is_rotated = access_users.rotate_session(directory, session, hash_secret(new_secret), now)
    return opened._replace(new_cookie=f"{session_id}.{new_secret}" if is_rotated else "")


def describe_user(user: AccessUser) -> Identity:
    """Return a user as who asks."""
    return Identity(IdentityKind.USER, user.name, user.name, user.role, user.accounts, user.scopes)


def end_session(directory: Path, session: LoginSession) -> None:
    """End a session: its cookie proves nothing any more."""
    access_users.end_session(directory, session.id)
