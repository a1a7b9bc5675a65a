"""Keys: shown once, kept as a hash, good until they are revoked, rotated or over."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from billfold.ledger.access_keys import list_keys as list_stored_keys
from billfold.ledger.layout import SERVER_FILE
from billfold.model.errors import InvalidArgument
from billfold.model.identity import EVERY_ACCOUNT, AccountPatterns, DataScope, Role, parse_patterns, parse_scopes
from billfold.tasks.keys import GRACE, KEY_PATTERN, KeyRights, create_key, find_key_identity, revoke_key, rotate_key
from tests.stage import AT

RIGHTS = KeyRights(Role.READER, AccountPatterns(("vultr/*",)), frozenset({DataScope.NUMBERS}))


def test_a_key_stands_for_what_it_may(tmp_path: Path) -> None:
    made_key = create_key(tmp_path, " controller ", RIGHTS, AT)
    identity = find_key_identity(tmp_path, made_key.secret, AT)
    assert KEY_PATTERN.fullmatch(made_key.secret)
    assert identity is not None
    assert (identity.name, identity.role, identity.scopes) == ("controller", Role.READER, RIGHTS.scopes)
    assert identity.accounts.includes("vultr", "main")
    assert not identity.accounts.includes("fastly", "vultr/main")


def test_only_a_hash_of_a_secret_is_kept(tmp_path: Path) -> None:
    secret = create_key(tmp_path, "controller", RIGHTS, AT).secret
    assert secret.rpartition("_")[2].encode() not in (tmp_path / SERVER_FILE).read_bytes()
    assert secret not in str(list_stored_keys(tmp_path))


def test_a_wrong_secret_stands_for_nobody(tmp_path: Path) -> None:
    secret = create_key(tmp_path, "controller", RIGHTS, AT).secret
    other = create_key(tmp_path, "other", RIGHTS, AT).secret
    wrong_secrets = (secret[:-1], f"{secret[:-1]}{'a' if secret[-1] != 'a' else 'b'}", f"{secret[:12]}{other[12:]}")
    for wrong_secret in (*wrong_secrets, "", "bf_", f"{secret}\n", "' OR 1=1"):
        assert find_key_identity(tmp_path, wrong_secret, AT) is None


def test_a_revoked_or_expired_key_stands_for_nobody(tmp_path: Path) -> None:
    made_key = create_key(tmp_path, "short", RIGHTS._replace(expires_at=AT + timedelta(days=1)), AT)
    assert find_key_identity(tmp_path, made_key.secret, AT + timedelta(hours=23))
    assert find_key_identity(tmp_path, made_key.secret, AT + timedelta(days=1)) is None
    lasting_key = create_key(tmp_path, "long", RIGHTS, AT)
    revoke_key(tmp_path, lasting_key.key.id, AT)
    assert find_key_identity(tmp_path, lasting_key.secret, AT) is None
    for key in (made_key.key, lasting_key.key):
        with pytest.raises(InvalidArgument, match="revoked or expired"):
            rotate_key(tmp_path, key.id, AT + timedelta(days=2))
    with pytest.raises(InvalidArgument, match="is over"):
        create_key(tmp_path, "late", RIGHTS._replace(expires_at=AT), AT)


def test_the_old_secret_ends_a_day_after_the_new(tmp_path: Path) -> None:
    first = create_key(tmp_path, "controller", RIGHTS, AT)
    second = rotate_key(tmp_path, first.key.id, AT)
    assert second.old_until == AT + GRACE
    for instant, is_good in ((AT, True), (AT + GRACE - timedelta(seconds=1), True), (AT + GRACE, False)):
        assert bool(find_key_identity(tmp_path, first.secret, instant)) is is_good
        assert find_key_identity(tmp_path, second.secret, instant)


def test_the_last_use_is_written_once_a_minute(tmp_path: Path) -> None:
    secret = create_key(tmp_path, "controller", RIGHTS, AT).secret
    for seconds, noted in ((0, 0), (59, 0), (60, 60), (90, 60), (200, 200)):
        find_key_identity(tmp_path, secret, AT + timedelta(seconds=seconds))
        assert list_stored_keys(tmp_path)[0].last_used_at == AT + timedelta(seconds=noted)


@pytest.mark.parametrize("text", ["", "vultr", "vultr/", "/main", "vultr/*,", "vultr/\x07"])
def test_what_is_no_pattern_is_refused(text: str) -> None:
    """An empty pattern is no pattern of all: what nobody wrote must not open everything."""
    with pytest.raises(InvalidArgument, match="no pattern of accounts"):
        parse_patterns(text)
    assert parse_patterns(None) == parse_patterns("*/*") == EVERY_ACCOUNT
    assert not AccountPatterns(()).includes("vultr", "main")


def test_settings_are_for_admins() -> None:
    assert parse_scopes(None, Role.READER) == {DataScope.NUMBERS}
    assert parse_scopes(None, Role.ADMIN) == set(DataScope)
    with pytest.raises(InvalidArgument, match="for the role admin"):
        parse_scopes("settings", Role.ACCOUNTANT)
    with pytest.raises(InvalidArgument, match="is no scope"):
        parse_scopes("numbers,all", Role.ADMIN)
