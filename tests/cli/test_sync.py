"""A sync tells what failed in a sentence, and leaves a ledger that is true."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta

import pytest

from billfold.model.period import parse_instant
from tests.cli.terminal import NORIGHT, WRONG, Terminal, clear
from tests.ledger.kit import invoice, invoices
from tests.transport.hostile import hostile, says


@pytest.mark.parametrize(
    ("key", "sentence"),
    [
        (WRONG, "(HTTP 401). Check the key that this account's configuration refers to."),
        (NORIGHT, "(HTTP 403). Give the key the right to read what is billed"),
        ("", "env:COCKROACH_API_KEY is empty or not set"),
        ("one\ntwo", "no key has"),
        ("schl\u00fcssel-\u03a9", "no key has"),
    ],
    ids=["wrong", "without-the-right", "unset", "two-lines", "not-latin"],
)
def test_a_wrong_key_fails_its_account_and_is_not_told(key: str, sentence: str, terminal: Terminal) -> None:
    """A key that does not open fails its account, and is not told."""
    terminal.account()
    result = terminal.run("sync", COCKROACH_API_KEY=key)
    clear(result, 3, sentence)
    assert not key or key not in result.all


def test_a_literal_secret_is_refused_and_not_told(terminal: Terminal) -> None:
    terminal.account("CCDB1_live_secret")
    result = terminal.run("sync")
    clear(result, 2, "never the secret itself")
    assert "CCDB1_live_secret" not in result.all


def test_a_vendor_that_answers_nonsense_is_told_in_a_sentence(terminal: Terminal) -> None:
    with hostile(says(b"<html>sign in", content_type="text/html")) as server:
        terminal.account(f"file:{terminal.home / 'key'}", server.root)
        result = terminal.run("sync")
    clear(result, 3, "expected JSON, got text/html")


@pytest.mark.parametrize("command", [["doctor"], ["sync"], ["api", "cockroach", "list_invoices", "--all"]], ids=str)
def test_an_unreadable_answer_is_told_by_every_command(command: list[str], terminal: Terminal) -> None:
    """An answer that cannot be read is told with its operation by every command."""
    with hostile(says(b'{"invoices": 5}')) as server:
        terminal.account(f"file:{terminal.home / 'key'}", server.root)
        assert "cockroach list_invoices: the answer does not have the documented shape" in terminal.run(*command).all


def test_an_unreadable_invoice_is_told_and_no_success(terminal: Terminal) -> None:
    """An invoice that cannot be read is told and is not a success."""
    with hostile(says(invoices(invoice(period_start="null")))) as server:
        terminal.account(f"file:{terminal.home / 'key'}", server.root)
        clear(terminal.run("sync", "--ledger", "ledger"), 1, "is none")


def test_a_number_that_is_none_leaves_the_ledger_usable(terminal: Terminal) -> None:
    with hostile(says(invoices(invoice(total='"NaN"')))) as server:
        terminal.account(f"file:{terminal.home / 'key'}", server.root)
        terminal.run("sync", "--ledger", "ledger")
    clear(terminal.run("invoices", "--ledger", "ledger"), 1, "")


def test_the_ledger_holds_what_the_twin_says_is_true(synced: Terminal, root: str) -> None:
    import urllib.request

    with urllib.request.urlopen(f"{root}/_twin/truth") as answer:
        true = [bill for bill in json.load(answer)["invoices"] if bill["account"] == "cockroach"]
    ours = [bill | {"account": "cockroach"} for bill in synced.rows("--ledger", "ledger", "invoices")]
    assert sorted(map(str, ours)) == sorted(map(str, true))


def test_a_line_of_the_log_has_its_time_and_account(terminal: Terminal) -> None:
    """A line of the log says when by UTC and of which account."""
    lines = terminal.process("sync", "--ledger", "ledger", BILLFOLD_LOG="info", TZ="Asia/Tokyo").err.splitlines()
    [line] = [line for line in lines if "list_invoices" in line]
    when, rest = line.split(" ", 1)
    assert abs(parse_instant(when) - datetime.now(UTC)) < timedelta(hours=1)
    assert re.fullmatch(r"\[mine\] billfold\.sync: list_invoices: 200, \d+ bytes", rest)


def test_syncing_twice_changes_nothing(terminal: Terminal) -> None:
    """Syncing twice changes nothing, and a lost ledger comes back."""
    clear(terminal.process("sync", "--ledger", "ledger"), 0, "2 answers")
    first = terminal.run("hash", "--ledger", "ledger")
    clear(terminal.run("sync", "--ledger", "ledger", "--json"), 0, '"error": null')
    (terminal.home / "ledger" / "catalog.sqlite").unlink()
    assert terminal.run("hash", "--ledger", "ledger") == terminal.run("rebuild", "--ledger", "ledger") == first
    clear(terminal.run("verify", "--ledger", "ledger"), 0, "all is as it was written")


def test_sync_reports_an_unknown_provider_as_failed(terminal: Terminal) -> None:
    """Sync collects the others, and reports an account of an unknown provider as failed."""
    with terminal.config.open("a") as file:
        file.write('\n[[accounts]]\nname = "new"\nprovider = "acme"\ntoken = "env:ACME_TOKEN"\n')
    for command in ("doctor", "sync"):
        result = terminal.run(command, "--ledger", "ledger")
        assert result.code == 3, result
        assert "there is no provider 'acme'; known are cockroach, fastly, genesys, vultr" in result.out
    assert "correct the name, or update billfold" in result.out
    assert len(terminal.rows("invoices", "--ledger", "ledger", code=1)) > 1
    assert terminal.run("rebuild", "--ledger", "ledger").code == 0
    assert "acme new: nothing was collected yet" in terminal.run("reconcile", "--ledger", "ledger").out.replace(
        " :", ":"
    )
    assert terminal.run("sync", "--ledger", "ledger", "--account", "mine").code == 0
    assert terminal.run("sync", "--ledger", "other", "--account", "new").code == 3


def test_invented_bills_in_the_default_ledger_are_told(terminal: Terminal) -> None:
    sentence = "all accounts are on this machine"
    assert sentence in terminal.run("sync").err
    assert sentence not in terminal.run("sync", "--ledger", "ledger").err
    assert sentence not in terminal.run("sync", BILLFOLD_LEDGER="ledger").err
