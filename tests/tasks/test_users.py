"""Users: a password proves them, a cookie keeps them logged in for a while, and neither is kept."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from unittest import mock

import pytest
from argon2 import PasswordHasher

from billfold.ledger.access_users import AccessUser, has_credentials
from billfold.ledger.layout import SERVER_FILE
from billfold.model.errors import InvalidArgument
from billfold.model.identity import EVERY_ACCOUNT, DataScope, Role
from billfold.tasks import users
from billfold.tasks.users import ROTATION_GRACE, ROTATION_INTERVAL, SESSION_LIFE
from tests.stage import AT

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def _quick_hasher() -> Iterator[None]:
    users._hash_nothing.cache_clear()
    with mock.patch.object(users, "load_hasher", return_value=PasswordHasher(1, 8, 1)):
        yield
    users._hash_nothing.cache_clear()


def add_user(directory: Path, name: str = "ada") -> AccessUser:
    """Add a user who may read numbers."""
    return users.put_user(directory, name, PASSWORD, Role.READER, EVERY_ACCOUNT, frozenset({DataScope.NUMBERS}), AT)


def test_a_password_proves_a_user(tmp_path: Path) -> None:
    assert not has_credentials(tmp_path)
    user = add_user(tmp_path)
    assert has_credentials(tmp_path)
    assert users.check_password(tmp_path, "ada", PASSWORD) == user
    assert users.check_password(tmp_path, "ada", PASSWORD + " ") is None
    assert users.check_password(tmp_path, "eve", PASSWORD) is None
    assert user.password_hash.startswith("$argon2id$")
    assert PASSWORD.encode() not in (tmp_path / SERVER_FILE).read_bytes()


def test_the_library_decides_what_a_hash_costs() -> None:
    """What the tests make cheap is as the library recommends it, in use."""
    mock.patch.stopall()
    hasher = PasswordHasher()
    assert (hasher.memory_cost, hasher.type.name) >= (19_456, "ID")


def test_a_short_password_is_refused(tmp_path: Path) -> None:
    for password in ("short", "x" * 201):
        with pytest.raises(InvalidArgument, match="12 to 200"):
            users.put_user(tmp_path, "ada", password, Role.READER, EVERY_ACCOUNT, frozenset(), AT)


def test_a_cookie_is_another_after_an_hour(tmp_path: Path) -> None:
    """The one before is good for what is on its way, and no longer; the token of the forms stays."""
    session, cookie = users.open_session(tmp_path, add_user(tmp_path), AT)
    assert users.find_open_session(tmp_path, cookie, AT + ROTATION_INTERVAL - timedelta(seconds=1))
    later = AT + ROTATION_INTERVAL
    opened = users.find_open_session(tmp_path, cookie, later)
    assert opened is not None
    assert opened.new_cookie not in {"", cookie}
    again = users.find_open_session(tmp_path, cookie, later)
    assert again is not None
    assert again.new_cookie == ""
    assert users.find_open_session(tmp_path, cookie, later + ROTATION_GRACE) is None
    renewed = users.find_open_session(tmp_path, opened.new_cookie, later + ROTATION_GRACE)
    assert renewed is not None
    assert renewed.session.csrf == session.csrf
    assert cookie.rpartition(".")[2].encode() not in (tmp_path / SERVER_FILE).read_bytes()


def test_a_session_ends(tmp_path: Path) -> None:
    """By its time, by a logout, and where its user is removed or gets another password."""
    user = add_user(tmp_path)
    _, cookie = users.open_session(tmp_path, user, AT)
    assert users.find_open_session(tmp_path, cookie, AT + SESSION_LIFE) is None
    session, cookie = users.open_session(tmp_path, user, AT)
    users.end_session(tmp_path, session)
    assert users.find_open_session(tmp_path, cookie, AT) is None
    for end in (lambda: add_user(tmp_path), lambda: users.remove_user(tmp_path, "ada")):
        _, cookie = users.open_session(tmp_path, user, AT)
        assert users.find_open_session(tmp_path, cookie, AT)
        end()
        assert users.find_open_session(tmp_path, cookie, AT) is None
    for wrong_cookie in ("", ".", "x", f"{session.id}.", f"{session.id}.wrong"):
        assert users.find_open_session(tmp_path, wrong_cookie, AT) is None
