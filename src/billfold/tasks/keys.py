"""Keys of the API: made, listed, revoked and rotated; a secret is shown once, and kept nowhere."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import string
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from billfold.ledger import access_keys
from billfold.ledger.access_keys import AccessKey
from billfold.ledger.entries import format_time
from billfold.model.errors import InvalidArgument
from billfold.model.identity import (
    AccountPatterns,
    DataScope,
    Identity,
    IdentityKind,
    Role,
    check_name,
    sort_scopes,
)

ID_LETTERS, SECRET_LETTERS = string.ascii_lowercase + string.digits, string.ascii_letters + string.digits
ID_CHARS, SECRET_CHARS = 8, 32
KEY_PATTERN = re.compile(r"bf_([a-z0-9]{8})_[A-Za-z0-9]{32}")
GRACE = timedelta(hours=24)
"""How long the secret before a rotation is still good."""


class KeyRights(NamedTuple):
    """What a key may, and until when (None: until it is revoked)."""

    role: Role
    accounts: AccountPatterns
    scopes: frozenset[DataScope]
    expires_at: datetime | None = None


class KeyListing(NamedTuple):
    """A key as it is listed; ``state`` is active, expired or revoked."""

    id: str
    name: str
    role: str
    accounts: str
    scopes: str
    state: str
    prefix: str
    created_at: str
    expires_at: str | None
    last_used_at: str | None


class NewSecret(NamedTuple):
    """A key with its secret, which is shown this once; ``old_until`` is when the secret before it ends."""

    key: AccessKey
    secret: str
    old_until: datetime | None = None


def create_key(directory: Path, name: str, rights: KeyRights, now: datetime) -> NewSecret:
    """Make a key; raises ``InvalidArgument`` for a name or an end that cannot be."""
    if rights.expires_at is not None and rights.expires_at <= now:
        raise InvalidArgument(f"{rights.expires_at:%Y-%m-%d} is over: choose a later --expires, or leave it out")
    key_id = "".join(secrets.choice(ID_LETTERS) for _ in range(ID_CHARS))
    secret = _make_secret(key_id)
    key = AccessKey(key_id, check_name(name), *rights[:3], hash_secret(secret), now, rights.expires_at)
    access_keys.add_key(directory, key)
    return NewSecret(key, secret)


def _make_secret(key_id: str) -> str:
    return f"bf_{key_id}_{''.join(secrets.choice(SECRET_LETTERS) for _ in range(SECRET_CHARS))}"


def hash_secret(secret: str) -> str:
    """Return what is kept of a secret: it is random enough that no slow hash is needed."""
    return hashlib.sha256(secret.encode()).hexdigest()


def rotate_key(directory: Path, key_id: str, now: datetime) -> NewSecret:
    """Give a key another secret; the old one is good for a day. Raises ``InvalidArgument`` for no such key."""
    key = _require_key(directory, key_id)
    if not key.is_active(now):
        raise InvalidArgument(f"{key_id} is revoked or expired: `billfold keys create` makes another key")
    secret, old_until = _make_secret(key_id), now + GRACE
    access_keys.replace_secret(directory, key_id, hash_secret(secret), old_until)
    return NewSecret(key, secret, old_until)


def revoke_key(directory: Path, key_id: str, now: datetime) -> AccessKey:
    """Let a key be good no longer, from now on; raises ``InvalidArgument`` for no such key."""
    key = _require_key(directory, key_id)
    access_keys.revoke_key(directory, key_id, now)
    return key


def _require_key(directory: Path, key_id: str) -> AccessKey:
    key = access_keys.find_key(directory, key_id)
    if key is None:
        raise InvalidArgument(f"there is no key {key_id[:20]!r}: `billfold keys list` lists them by their ids")
    return key


def find_key_identity(directory: Path, secret: str, now: datetime) -> Identity | None:
    """Return whom a secret stands for, and note its use; None for a wrong, revoked or expired one."""
    match = KEY_PATTERN.fullmatch(secret)
    key = access_keys.find_key(directory, match[1]) if match else None
    if key is None or not key.is_active(now):
        return None
    digest = hash_secret(secret)
    if not any(hmac.compare_digest(digest, good_hash) for good_hash in key.list_hashes(now)):
        return None
    access_keys.note_key_use(directory, key, now)
    return Identity(IdentityKind.KEY, key.id, key.name, key.role, key.accounts, key.scopes)


def list_keys(directory: Path, now: datetime | None = None) -> list[KeyListing]:
    """Return the keys as they are listed, the oldest first."""
    instant = now or datetime.now(UTC)
    return [_list_key(key, instant) for key in access_keys.list_keys(directory)]


def _list_key(key: AccessKey, now: datetime) -> KeyListing:
    state = "revoked" if key.revoked_at else "active" if key.is_active(now) else "expired"
    times = [format_time(instant) if instant else None for instant in (key.expires_at, key.last_used_at)]
    rights = (key.role, str(key.accounts), ",".join(sort_scopes(key.scopes)))
    return KeyListing(key.id, key.name, *rights, state, f"bf_{key.id}_", format_time(key.created_at), *times)
