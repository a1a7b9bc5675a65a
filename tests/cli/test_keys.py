"""``billfold keys``, ``users`` and ``audit``: a secret is printed once, a password is never an argument."""

from __future__ import annotations

import io
import json
import re
import sys
from pathlib import Path
from unittest import mock

import pytest

from billfold.ledger.archive import Archive
from billfold.ledger.layout import ARCHIVE_FILE, SERVER_FILE
from tests.cli.terminal import Terminal, clear


@pytest.fixture
def home(tmp_path: Path) -> Terminal:
    """Return a terminal with an empty archive."""
    (tmp_path / "ledger").mkdir()
    Archive(tmp_path / "ledger" / ARCHIVE_FILE).close()
    return Terminal(tmp_path)


def test_a_key_is_made_listed_rotated_and_revoked(home: Terminal) -> None:
    created = home.run(
        "keys", "create", "grafana", "--accounts", "vultr/*", "--expires", "2099-01-31", "--ledger", "ledger"
    )
    assert created.code == 0, created
    match = re.fullmatch(r"(bf_([a-z0-9]{8})_\w{32})\n", created.out)
    assert match
    (row,) = home.rows("keys", "list", "--ledger", "ledger")
    assert (row["id"], row["name"], row["accounts"], row["state"]) == (match[2], "grafana", "vultr/*", "active")
    assert row["expires_at"] == "2099-02-01T00:00:00.000000Z"
    rotated = home.run("keys", "rotate", match[2], "--ledger", "ledger")
    assert rotated.out.startswith(f"bf_{match[2]}_")
    assert rotated.out != created.out
    assert "The old secret ends at" in rotated.err
    clear(home.run("keys", "revoke", match[2], "--ledger", "ledger"), 0, "is revoked")
    clear(home.run("keys", "list", "--ledger", "ledger"), 0, "revoked")
    listing = home.run("keys", "list", "--ledger", "ledger", "--format", "csv").out
    assert match[1] not in listing + home.run("audit", "--ledger", "ledger", "--format", "json").out


def test_a_password_comes_from_stdin(home: Terminal) -> None:
    with mock.patch.object(sys, "stdin", io.StringIO("correct horse battery\n")):
        clear(
            home.run("users", "add", "ada", "--role", "accountant", "--ledger", "ledger"), 0, "may log in as accountant"
        )
    with mock.patch.object(sys, "stdin", io.StringIO("short\n")):
        clear(home.run("users", "add", "bob", "--ledger", "ledger"), 2, "12 to 200 characters")
    (row,) = home.rows("users", "list", "--ledger", "ledger")
    assert (row["name"], row["scopes"], row["last_login_at"]) == ("ada", "numbers,documents", None)
    clear(home.run("users", "list", "--ledger", "ledger"), 0, "never")
    clear(home.run("users", "remove", "ada", "--ledger", "ledger"), 0, "may log in no longer")
    clear(home.run("users", "remove", "ada", "--ledger", "ledger"), 2, "there is no user 'ada'")


def test_what_cannot_be_is_told(home: Terminal) -> None:
    for line, text in (
        (["create", "x", "--accounts", "vultr"], "is no pattern of accounts"),
        (["create", "x", "--scope", "all"], "is no scope"),
        (["create", " "], "a name has 1 to 60 characters"),
        (["create", "x", "--expires", "2020-01-01"], "is over"),
        (["revoke", "abcdefgh"], "there is no key"),
    ):
        clear(home.run("keys", *line, "--ledger", "ledger"), 2, text)
    clear(home.run("keys", "list", "--ledger", "nowhere"), 2, "there is no ledger in nowhere")
    clear(home.run("keys", "list", "--ledger", "ledger"), 0, "There are no keys")


def test_the_audit_log_is_shown_and_verified(home: Terminal) -> None:
    clear(home.run("audit", "--ledger", "ledger"), 0, "Nothing is in the audit log")
    home.run("keys", "create", "grafana", "--ledger", "ledger")
    shown = home.run("audit", "--ledger", "ledger")
    clear(shown, 0, "create key")
    assert "audit head 1 sha256:" in shown.out
    rows = json.loads(home.run("audit", "--since", "2020-01-01", "--ledger", "ledger", "--format", "json").out)
    assert [(row["action"], row["result"][9:]) for row in rows] == [("create key", "(grafana)")]
    clear(home.run("verify", "--ledger", "ledger"), 0, "audit log: 1 row")
    path = home.home / "ledger" / SERVER_FILE
    path.write_bytes(path.read_bytes().replace(b"(grafana)", b"(grafanb)"))
    clear(home.run("verify", "--ledger", "ledger"), 1, "the audit log was changed")
