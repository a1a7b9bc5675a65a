"""An operation is asked by its name, and its answer printed as JSON or as it came."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from billfold.transport.sync import HttpTransport
from billfold.wire.message import Response
from tests.cli.terminal import Terminal, clear
from tests.transport.hostile import nobody


def test_an_id_that_is_not_there_is_told_by_the_vendor(terminal: Terminal) -> None:
    result = terminal.run("api", "cockroach", "get_invoice", "invoice_id=nope/../x")
    clear(result, 3, "cockroach get_invoice: invoice nope/../x not found (HTTP 404). Check the id.")
    assert result.out == ""


def test_a_host_that_is_not_there_is_told_and_asked_no_further(terminal: Terminal) -> None:
    address = nobody()
    terminal.account(f"file:{terminal.home / 'key'}", address)
    result = terminal.run("api", "cockroach", "get_organization")
    clear(result, 3, f"cannot connect to {address.removeprefix('http://')}. Check the network")


def test_an_operation_answers_as_json_or_as_it_came(terminal: Terminal) -> None:
    """An operation is asked, and its answer printed as JSON or as it came."""
    shown, raw = (terminal.run("api", "cockroach", "list_invoices", "status=DRAFT", *more) for more in ([], ["--raw"]))
    assert json.loads(shown.out) == json.loads(raw.out)
    assert [invoice["status"] for invoice in json.loads(raw.out)["invoices"]] == ["DRAFT"]
    assert shown.out.startswith("{\n  ")


@pytest.mark.parametrize("body", [b"<html>busy</html>", b"null", b'{"id":[]}'])
def test_an_answer_that_is_none_is_an_error_unless_raw(
    body: bytes, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer that is none is an error unless its bytes are wanted."""
    came = Response(200, {"content-type": "application/json"}, body)
    monkeypatch.setattr(HttpTransport, "send", lambda self, op: came)
    result = terminal.run("api", "cockroach", "get_organization")
    clear(result, 3, "cockroach get_organization: the answer")
    assert result.out == ""
    assert terminal.run("api", "cockroach", "get_organization", "--raw").out == body.decode()


def test_operations_are_described_without_any_account(tmp_path: Path) -> None:
    result = Terminal(tmp_path).run("api", "cockroach")
    clear(result, 0, "get_invoice invoice_id=text")
    assert "GET /api/v1/invoices/{invoice_id}" in result.out
