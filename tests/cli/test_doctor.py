"""The doctor says what a collection will miss, or that there will be none, by the collection's own rule."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from billfold.cli.sync import choose_exit_code
from billfold.collect.sync import sync_accounts
from billfold.collect.workspace import Workspace
from billfold.config import AccountConfig
from billfold.model.errors import ApiError, Forbidden, NotReady, RateLimited, ServerError, Unauthorized, Unreachable
from billfold.providers import provider
from billfold.wire.auth import LOGIN_OPERATION
from billfold.wire.message import Response
from billfold.wire.operation import operation_name
from tests.cli.terminal import NORIGHT, WRONG, Terminal, clear
from tests.ledger.kit import NOW, Vendor, invoice, invoices

WORDS = "the organization's id and name: "


class Reluctant(Vendor):
    """A vendor that answers everything but who its customer is."""

    def __init__(self, organization: ApiError | bytes) -> None:
        super().__init__(invoices(invoice()))
        self.organization = organization

    def send(self, op: Any, /) -> Response:
        if operation_name(op) == "list_invoices":
            return super().send(op)
        if isinstance(self.organization, ApiError):
            raise self.organization
        return Response(200, {"content-type": "application/json"}, self.organization)


@pytest.mark.parametrize(
    ("organization", "code"),
    [
        (Forbidden("no", status=403), 1),
        (ServerError("no", status=500), 1),
        (RateLimited("no", status=429), 1),
        (NotReady("no"), 1),
        (b'{"id":', 1),
        (Unauthorized("no", status=401), 3),
        (Unreachable("no"), 3),
        (RateLimited("no", status=429, operation=LOGIN_OPERATION), 3),
    ],
    ids=["right", "failing", "limited", "not-ready", "cut", "key", "nobody", "login"],
)
def test_the_doctor_says_beforehand_what_a_sync_then_does(
    organization: ApiError | bytes, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    books, account = Workspace(tmp_path / "ledger"), AccountConfig("mine", provider.find_provider("cockroach"), {})
    (outcome,) = sync_accounts(books, [account], connect=lambda _: Reluctant(organization), clock=lambda: NOW)
    books.close()
    terminal = Terminal(tmp_path)
    terminal.account(base_url="https://api.example")
    monkeypatch.setattr("billfold.cli.doctor.open_transport", lambda _: Reluctant(organization))
    result = terminal.run("doctor")
    assert (choose_exit_code([outcome]), result.code) == (code, code), result
    assert ([sentence for sentence in outcome.missing if sentence.subject == WORDS.removesuffix(": ")] != []) is (
        code == 1
    )
    assert (f"  will be missing: {WORDS}" in result.out) is (code == 1)
    assert "billfold doctor" not in result.all
    assert ("named below" in result.out) is isinstance(organization, Forbidden)
    assert ("the key needs: " in result.out) is isinstance(organization, Forbidden | Unauthorized)


@pytest.mark.parametrize("key", [WRONG, NORIGHT, ""])
def test_the_doctor_says_what_the_key_needs(key: str, terminal: Terminal) -> None:
    terminal.account()
    result = terminal.run("doctor", COCKROACH_API_KEY=key)
    clear(result, 3, "CockroachDB Cloud")
    assert "the key needs: role BILLING_COORDINATOR" in result.out or "cannot ask" in result.out


def test_the_doctor_says_that_all_is_well(terminal: Terminal) -> None:
    result = terminal.run("doctor")
    clear(result, 0, "ok: list_invoices")
    assert not (terminal.home / "ledger").exists()


def test_the_doctor_asks_only_the_accounts_that_are_wanted(terminal: Terminal) -> None:
    clear(terminal.run("doctor", "--account", "mine"), 0, "mine (CockroachDB Cloud)")
    clear(terminal.run("doctor", "--provider", "vultr"), 2, "no account of the configuration fits; there are mine")


def test_a_base_url_that_is_none_is_told_in_a_sentence(terminal: Terminal) -> None:
    terminal.account(f"file:{terminal.home / 'key'}", "http://[::1")
    clear(terminal.run("doctor"), 2, "base_url must be a whole URL")
