"""Users of the desk and their sessions as they are kept: no password and no cookie, only what proves them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from billfold.ledger.access_keys import SCHEMA as KEY_SCHEMA
from billfold.ledger.access_keys import has_keys, read_rights, read_time, write_rights
from billfold.ledger.entries import format_time
from billfold.ledger.layout import SERVER_FILE
from billfold.ledger.server_file import open_server_file
from billfold.model.identity import AccountPatterns, DataScope, Role
from billfold.model.period import parse_instant

SCHEMA = (
    """CREATE TABLE IF NOT EXISTS access_users (
        name TEXT PRIMARY KEY, role TEXT NOT NULL, accounts TEXT NOT NULL, scopes TEXT NOT NULL,
        password_hash TEXT NOT NULL, created_at TEXT NOT NULL, last_login_at TEXT) STRICT""",
    """CREATE TABLE IF NOT EXISTS access_sessions (
        id TEXT PRIMARY KEY, user TEXT NOT NULL, secret_hash TEXT NOT NULL, old_hash TEXT, csrf TEXT NOT NULL,
        started_at TEXT NOT NULL, rotated_at TEXT NOT NULL, expires_at TEXT NOT NULL) STRICT""",
)


class AccessUser(NamedTuple):
    """A user; ``password_hash`` is what a library of passwords made of his, "" where another service proves him."""

    name: str
    role: Role
    accounts: AccountPatterns
    scopes: frozenset[DataScope]
    password_hash: str
    created_at: datetime
    last_login_at: datetime | None = None


class LoginSession(NamedTuple):
    """A login: the hash of its cookie (and of the one before it was rotated), and the token that each of its forms carries."""

    id: str
    user: str
    secret_hash: str
    old_hash: str | None
    csrf: str
    started_at: datetime
    rotated_at: datetime
    expires_at: datetime


def put_user(directory: Path, user: AccessUser) -> None:
    """Keep a user, in the place of the one of that name; his sessions end."""
    row = (user.name, user.role, *write_rights(user.accounts, user.scopes), user.password_hash)
    with open_server_file(directory, SCHEMA) as db:
        db.execute(
            "INSERT OR REPLACE INTO access_users VALUES (?,?,?,?,?,?,NULL)", (*row, format_time(user.created_at))
        )
        db.execute("DELETE FROM access_sessions WHERE user=?", (user.name,))


def list_users(directory: Path) -> list[AccessUser]:
    """Return all users by name."""
    with open_server_file(directory, SCHEMA) as db:
        return list(map(_read_user, db.execute("SELECT * FROM access_users ORDER BY name")))


def find_user(directory: Path, name: str) -> AccessUser | None:
    """Return a user by name; None where there is none."""
    with open_server_file(directory, SCHEMA) as db:
        row = db.execute("SELECT * FROM access_users WHERE name=?", (name,)).fetchone()
        return _read_user(row) if row else None


def remove_user(directory: Path, name: str) -> bool:
    """Remove a user and end his sessions; returns whether there was one."""
    with open_server_file(directory, SCHEMA) as db:
        db.execute("DELETE FROM access_sessions WHERE user=?", (name,))
        return db.execute("DELETE FROM access_users WHERE name=?", (name,)).rowcount > 0


def add_session(directory: Path, session: LoginSession) -> None:
    """Keep a new session, note the login, and forget the sessions that have expired."""
    times = [format_time(instant) for instant in session[5:]]
    with open_server_file(directory, SCHEMA) as db:
        db.execute("DELETE FROM access_sessions WHERE expires_at < ?", (times[0],))
        db.execute("INSERT INTO access_sessions VALUES (?,?,?,?,?,?,?,?)", (*session[:5], *times))
        db.execute("UPDATE access_users SET last_login_at=? WHERE name=?", (times[0], session.user))


def find_session(directory: Path, session_id: str) -> tuple[LoginSession, AccessUser] | None:
    """Return a session by its id, with its user; None where there is none."""
    with open_server_file(directory, SCHEMA) as db:
        row = db.execute("SELECT * FROM access_sessions WHERE id=?", (session_id,)).fetchone()
        user_row = row and db.execute("SELECT * FROM access_users WHERE name=?", (row[1],)).fetchone()
        return (_read_session(row), _read_user(user_row)) if user_row else None


def rotate_session(directory: Path, session: LoginSession, secret_hash: str, now: datetime) -> bool:
    """Give a session another cookie; returns False where a request beside this one did so already."""
    statement = (
        "UPDATE access_sessions SET old_hash=secret_hash, secret_hash=?, rotated_at=? WHERE id=? AND secret_hash=?"
    )
    with open_server_file(directory, SCHEMA) as db:
        values = (secret_hash, format_time(now), session.id, session.secret_hash)
        return db.execute(statement, values).rowcount > 0


def end_session(directory: Path, session_id: str) -> None:
    """Forget a session."""
    with open_server_file(directory, SCHEMA) as db:
        db.execute("DELETE FROM access_sessions WHERE id=?", (session_id,))


def has_credentials(directory: Path) -> bool:
    """Tell whether there was ever a key, or is a user: then nobody is answered without one; makes no file."""
    if not (directory / SERVER_FILE).exists():
        return False
    with open_server_file(directory, (*SCHEMA, *KEY_SCHEMA)) as db:
        (has_user,) = db.execute("SELECT EXISTS (SELECT 1 FROM access_users)").fetchone()
        return bool(has_user) or has_keys(db)


def _read_user(row: Sequence[str | None]) -> AccessUser:
    name, role, accounts, scopes, password_hash, created_at = map(str, row[:6])
    rights = read_rights(accounts, scopes)
    return AccessUser(name, Role(role), *rights, password_hash, parse_instant(created_at), read_time(row[6]))


def _read_session(row: Sequence[str | None]) -> LoginSession:
    session_id, user, secret_hash, _, csrf, *times = map(str, row)
    return LoginSession(session_id, user, secret_hash, row[3], csrf, *map(parse_instant, times))
