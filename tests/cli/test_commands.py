"""Every command ends with its exit code and one clear sentence: no traceback, no secret, all digits."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from billfold.collect import importing
from billfold.model.period import parse_instant
from billfold.transport.sync import HttpTransport
from billfold.wire.message import Response
from tests.cli.terminal import NORIGHT, Said, Terminal, environment
from tests.ledger.kit import invoice, invoices
from tests.transport.hostile import hostile, nobody, says

WRONG = "wrong-key-20319"
EARLY = "0001-01-01T00:00:00+23:59"
READING = [
    ["invoices"],
    ["charges"],
    ["report"],
    ["reconcile"],
    ["sql", "SELECT 1"],
    ["export", "focus", "out"],
]


def clear(said: Said, code: int, words: str) -> None:
    """Check that a command ended as it should, with these words and no traceback."""
    assert "Traceback" not in said.err, said.err[-600:]
    assert said.code == code, said
    assert words in said.all, said


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nosuch"], "No such command 'nosuch'"),
        (["api", "nosuch"], "there is no provider 'nosuch'; known are"),
        (["api", "cockroach", "nosuch"], "has no operation 'nosuch'; it has get_invoice"),
        (["api", "cockroach", "get_invoice"], "get_invoice needs invoice_id; write invoice_id=..."),
        (["api", "cockroach", "list_invoices", "bogus=1"], "list_invoices takes no 'bogus'"),
        (
            ["api", "cockroach", "list_invoices", "status=BOGUS"],
            "status is 'BOGUS'; it must be one of FINALIZED, DRAFT",
        ),
        (["connect", "nosuch"], "there is no provider 'nosuch'"),
        (["connect", "cockroach", "--reference", "token=env:K"], "has no credential 'token'"),
        (["import", "nosuch", "billfold.toml"], "there is no provider 'nosuch'"),
        (["import", "cockroach", "none.json"], "'none.json' does not exist"),
        (["invoices", "--as-of", "garbage"], "'garbage' is not a time; write it as 2026-05-01T00:00:00Z"),
        *(([*command, "--as-of", "9999-12-31"], "'9999-12-31' is the calendar's last day") for command in READING),
        (["invoices", "--from", "garbage"], "'garbage' is not a month; write it as 2026-05"),
        (["invoices", "--format", "xml"], "'xml' is not one of"),
        (["sync", "--account", "nosuch"], "no account of the configuration fits; there are mine (cockroach)"),
        (["sync", "--provider", "nosuch"], "no account of the configuration fits; there are mine (cockroach)"),
        (["sync", "--config", "none.toml"], "there is no configuration at none.toml"),
        (["report", "--config", "none.toml"], "there is no configuration at none.toml"),
        (["sync", "--ledger", "billfold.toml"], "is a file where a directory is needed"),
        (["sync", "--ledger", "billfold.toml/x"], "is a file where a directory is needed"),
        (["sync", "--config", "."], "cannot be read"),
        (["sync", "--config", "key"], "cannot be read"),
        (["sync", "--config", "a\0b"], "cannot be read"),
        (["twin", "--port", "70000"], "70000 is not in the range"),
        (["twin", "--scenario", "nosuch"], "nosuch"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else "",
)
def test_what_is_asked_wrongly_is_told_in_a_sentence(arguments: list[str], words: str, terminal: Terminal) -> None:
    clear(terminal.run(*arguments), 2, words)


@pytest.mark.parametrize(
    "arguments",
    [
        ["invoices", "--as-of", EARLY],
        ["invoices", "--from", "0000-01"],
        ["invoices", "--to", "9999-12"],
        ["sync", "--recheck", "99999"],
        ["api", "cockroach", "list_invoices", f"start_time={EARLY}"],
        ["api", "cockroach", "get_invoice", b"invoice_id=\xff"],
        ["connect", "cockroach", "--config", "key/x.toml"],
        ["twin", "--port", "0", "--write-config", "key/x.toml"],
    ],
    ids=range(8),
)
def test_hostile_arguments_are_told_in_a_sentence(arguments: list[str | bytes], terminal: Terminal) -> None:
    clear(terminal.run(*arguments), 2, "")


def test_a_log_level_that_is_none_is_told_in_a_sentence(terminal: Terminal) -> None:
    words = "BILLFOLD_LOG is 'garbage'; it can be debug, info, warning, error or critical"
    clear(terminal.process("--version", BILLFOLD_LOG="garbage"), 2, words)
    clear(terminal.run("--version", BILLFOLD_LOG="garbage"), 2, words)


@pytest.mark.parametrize("level", ["", "debug", "WARNING"])
def test_a_log_level_that_is_one_is_taken(level: str, terminal: Terminal) -> None:
    clear(terminal.process("--version", BILLFOLD_LOG=level), 0, "billfold")


@pytest.mark.parametrize("command", READING, ids=lambda command: command[0])
@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--provider", "cokroach"], "there is no provider 'cokroach'; known are cockroach, fastly, genesys, vultr"),
        (["--account", "minne"], "there is no account 'minne'; there are mine"),
        (["--account", ""], "there is no account ''; there are mine"),
        (["--account", "mine", "--provider", "fastly"], "there is no account 'mine'; there are none yet"),
        (["--from", "2026-09", "--to", "2026-08"], "no month lies between 2026-09 and 2026-08"),
    ],
    ids=["provider", "account", "empty", "of-another-provider", "months"],
)
def test_a_filter_that_names_what_there_is_not_lists_what_there_is(
    options: list[str], words: str, command: list[str], synced: Terminal
) -> None:
    clear(synced.run("--ledger", "ledger", *command, *options), 2, words)
    assert not (synced.home / "out").exists()


def test_a_filter_that_names_what_there_is_needs_no_configuration(synced: Terminal, tmp_path: Path) -> None:
    elsewhere = Terminal(tmp_path)
    said = elsewhere.run("--ledger", synced.home / "ledger", "invoices", "--account", "mine", "--provider", "cockroach")
    clear(said, 0, "mine")


@pytest.mark.parametrize("command", ["invoices", "report", "reconcile", "verify", "hash"])
def test_a_ledger_that_is_not_there_is_no_empty_one(command: str, terminal: Terminal) -> None:
    clear(terminal.run("--ledger", "ledger", command), 2, "there is no ledger in ledger: `billfold sync` makes one")
    assert not (terminal.home / "ledger").exists()


def test_what_is_to_be_redacted_is_not_looked_for_at_a_provider_that_is_none(synced: Terminal) -> None:
    clear(synced.run("--ledger", "ledger", "redact", "--provider", "cokroach"), 2, "there is no provider 'cokroach'")


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (WRONG, "(HTTP 401). Check the key that this account's configuration refers to."),
        (NORIGHT, "(HTTP 403). Give the key the right to read what is billed"),
        ("", "env:COCKROACH_API_KEY is empty or not set"),
        ("one\ntwo", "no key has"),
        ("schl\u00fcssel-\u03a9", "no key has"),
    ],
    ids=["wrong", "without-the-right", "unset", "two-lines", "not-latin"],
)
def test_a_key_that_does_not_open_fails_its_account_and_is_not_told(key: str, words: str, terminal: Terminal) -> None:
    terminal.account()
    said = terminal.run("sync", COCKROACH_API_KEY=key)
    clear(said, 3, words)
    assert not key or key not in said.all


@pytest.mark.parametrize(("key", "words"), [(WRONG, "(HTTP 401)"), ("", "is empty or not set")])
def test_a_process_ends_as_the_command_does(key: str, words: str, terminal: Terminal) -> None:
    terminal.account()
    clear(terminal.process("sync", COCKROACH_API_KEY=key), 3, words)
    clear(terminal.process("nosuch", COCKROACH_API_KEY=key), 2, "No such command 'nosuch'")


@pytest.mark.parametrize("key", [WRONG, NORIGHT, ""])
def test_the_doctor_says_what_the_key_needs(key: str, terminal: Terminal) -> None:
    terminal.account()
    said = terminal.run("doctor", COCKROACH_API_KEY=key)
    clear(said, 3, "CockroachDB Cloud")
    assert "the key needs: role BILLING_COORDINATOR" in said.out or "cannot ask" in said.out


def test_the_doctor_says_that_all_is_well(terminal: Terminal) -> None:
    said = terminal.run("doctor")
    clear(said, 0, "ok: list_invoices")
    assert not (terminal.home / "ledger").exists()


def test_the_doctor_asks_only_the_accounts_that_are_wanted(terminal: Terminal) -> None:
    clear(terminal.run("doctor", "--account", "mine"), 0, "mine (CockroachDB Cloud)")
    clear(terminal.run("doctor", "--provider", "vultr"), 2, "no account of the configuration fits; there are mine")


def test_a_literal_secret_is_refused_and_not_told(terminal: Terminal) -> None:
    terminal.account("CCDB1_live_secret")
    said = terminal.run("sync")
    clear(said, 2, "never the secret itself")
    assert "CCDB1_live_secret" not in said.all


def test_an_id_that_is_not_there_is_told_by_the_vendor(terminal: Terminal) -> None:
    said = terminal.run("api", "cockroach", "get_invoice", "invoice_id=nope/../x")
    clear(said, 3, "cockroach get_invoice: invoice nope/../x not found (HTTP 404). Check the id.")
    assert said.out == ""


def test_a_host_that_is_not_there_is_told_and_asked_no_further(terminal: Terminal) -> None:
    address = nobody()
    terminal.account(f"file:{terminal.home / 'key'}", address)
    said = terminal.run("api", "cockroach", "get_organization")
    clear(said, 3, f"cannot connect to {address.removeprefix('http://')}. Check the network")


def test_a_base_url_that_is_none_is_told_in_a_sentence(terminal: Terminal) -> None:
    terminal.account(f"file:{terminal.home / 'key'}", "http://[::1")
    clear(terminal.run("doctor"), 2, "base_url must be a whole URL")


def test_a_vendor_that_answers_nonsense_is_told_in_a_sentence(terminal: Terminal) -> None:
    with hostile(says(b"<html>sign in", content_type="text/html")) as server:
        terminal.account(f"file:{terminal.home / 'key'}", server.root)
        said = terminal.run("sync")
    clear(said, 3, "expected JSON, got text/html")


@pytest.mark.parametrize("command", [["doctor"], ["sync"], ["api", "cockroach", "list_invoices", "--all"]], ids=str)
def test_an_answer_that_cannot_be_read_is_told_with_its_question_by_every_command(
    command: list[str], terminal: Terminal
) -> None:
    with hostile(says(b'{"invoices": 5}')) as server:
        terminal.account(f"file:{terminal.home / 'key'}", server.root)
        assert "cockroach list_invoices: the answer does not have the documented shape" in terminal.run(*command).all


def test_an_invoice_that_cannot_be_read_is_told_and_is_not_a_success(terminal: Terminal) -> None:
    with hostile(says(invoices(invoice(period_start="null")))) as server:
        terminal.account(f"file:{terminal.home / 'key'}", server.root)
        clear(terminal.run("sync", "--ledger", "ledger"), 1, "is none")


def test_a_number_that_is_none_leaves_the_ledger_usable(terminal: Terminal) -> None:
    with hostile(says(invoices(invoice(total='"NaN"')))) as server:
        terminal.account(f"file:{terminal.home / 'key'}", server.root)
        terminal.run("sync", "--ledger", "ledger")
    clear(terminal.run("invoices", "--ledger", "ledger"), 0, "")


def test_the_ledger_holds_what_the_twin_says_is_true(synced: Terminal, root: str) -> None:
    import urllib.request

    with urllib.request.urlopen(f"{root}/_twin/truth") as answer:
        true = [bill for bill in json.load(answer)["invoices"] if bill["account"] == "cockroach"]
    ours = [bill | {"account": "cockroach"} for bill in synced.rows("--ledger", "ledger", "invoices")]
    assert sorted(map(str, ours)) == sorted(map(str, true))


@pytest.mark.parametrize("command", ["invoices", "charges"])
def test_a_table_names_the_account_in_every_row(command: str, synced: Terminal) -> None:
    rows = synced.rows("--ledger", "ledger", command)
    accounts = {row.get("account") or row["x_AccountName"] for row in rows}
    said = synced.run("--ledger", "ledger", command)
    assert (said.code, said.err) == (0, "")
    assert sum(account in line for line in said.out.splitlines() for account in accounts) >= len(rows)


@pytest.mark.parametrize("command", ["invoices", "charges", "report"])
def test_json_and_csv_say_the_same_with_all_digits(command: str, synced: Terminal) -> None:
    rows = synced.rows("--ledger", "ledger", command)
    said = synced.run("--ledger", "ledger", command, "--format", "csv")
    cells = list(csv.DictReader(io.StringIO(said.out)))
    assert len(rows) == len(cells) > 0
    money = {"invoices": "total", "charges": "BilledCost", "report": "cost"}[command]
    for row, cell in zip(rows, cells, strict=True):
        assert list(row) == list(cell)[: len(row)]
        assert row[money] == cell[money]
        assert "E" not in row[money]
    assert any(Decimal(row[money]) % Decimal("0.01") for row in rows)


def test_a_report_has_months_totals_and_states_of_their_own(synced: Terminal) -> None:
    said = synced.run("--ledger", "ledger", "report")
    clear(said, 0, "Issued invoices, USD")
    assert "Drafts - may still change, USD" in said.out


def test_the_places_are_accepted_before_and_after_the_command(synced: Terminal, tmp_path: Path) -> None:
    places = ["--config", str(synced.config), "--ledger", str(synced.home / "ledger")]
    elsewhere = Terminal(tmp_path)
    before, after = elsewhere.run(*places, "hash"), elsewhere.run("hash", *places)
    assert before == after
    assert before.out.startswith("sha256:")
    both = elsewhere.run("--ledger", "nowhere", "hash", *places)
    assert both == after
    variables = {"BILLFOLD_CONFIG": str(synced.config), "BILLFOLD_LEDGER": str(synced.home / "ledger")}
    assert elsewhere.run("hash", **variables) == after
    assert list(tmp_path.iterdir()) == []


def test_as_of_a_time_before_anything_was_known_there_is_nothing(synced: Terminal) -> None:
    assert synced.rows("--ledger", "ledger", "invoices", "--as-of", "2020-01-01") == []
    assert len(synced.rows("--ledger", "ledger", "invoices", "--as-of", "2999-01-01")) >= 12


def test_months_narrow_a_listing_and_both_ends_are_in_it(synced: Terminal) -> None:
    rows = synced.rows("--ledger", "ledger", "invoices", "--from", "2026-08", "--to", "2026-09")
    assert [row["period_start"][:7] for row in rows] == ["2026-08", "2026-09"]


def test_a_line_of_the_log_says_when_by_utc_and_of_which_account(terminal: Terminal) -> None:
    said = terminal.process("sync", "--ledger", "ledger", BILLFOLD_LOG="info", TZ="Asia/Tokyo").err.splitlines()
    [line] = [line for line in said if "list_invoices" in line]
    when, rest = line.split(" ", 1)
    assert abs(parse_instant(when) - datetime.now(UTC)) < timedelta(hours=1)
    assert re.fullmatch(r"\[mine\] billfold\.sync: list_invoices: 200, \d+ bytes", rest)


def test_syncing_twice_changes_nothing_and_a_lost_ledger_comes_back(terminal: Terminal) -> None:
    clear(terminal.process("sync", "--ledger", "ledger"), 0, "2 answers")
    first = terminal.run("hash", "--ledger", "ledger")
    clear(terminal.run("sync", "--ledger", "ledger", "--json"), 0, '"error": null')
    (terminal.home / "ledger" / "ledger.duckdb").unlink()
    assert terminal.run("hash", "--ledger", "ledger") == terminal.run("rebuild", "--ledger", "ledger") == first
    clear(terminal.run("verify", "--ledger", "ledger"), 0, "all is as it was written")


def test_a_damaged_ledger_is_computed_anew(synced: Terminal, tmp_path: Path) -> None:
    shutil.copytree(synced.home / "ledger", tmp_path / "ledger")
    (tmp_path / "ledger" / "ledger.duckdb").write_bytes(b"garbage" * 999)
    said = synced.run("hash", "--ledger", tmp_path / "ledger")
    clear(said, 0, "sha256:")
    assert said.out == synced.run("hash", "--ledger", "ledger").out


def test_a_warning_is_a_sentence_and_a_line_of_the_log_where_one_is_asked_for(synced: Terminal, tmp_path: Path) -> None:
    shutil.copytree(synced.home / "ledger", tmp_path / "ledger")
    for asked, form in (("", r"billfold: warning: "), ("warning", r"\S+Z \[MainThread\] billfold\.books: ")):
        (tmp_path / "ledger" / "ledger.duckdb").write_bytes(b"garbage" * 999)
        said = synced.process("hash", "--ledger", tmp_path / "ledger", BILLFOLD_LOG=asked)
        assert re.fullmatch(form + r"\S+ cannot be read: .*; computing the ledger anew from the archive\n", said.err), (
            said
        )


def test_garbage_in_the_archives_place_is_told_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "archive.sqlite").write_bytes(b"garbage" * 999)
    clear(Terminal(tmp_path).process("invoices", "--ledger", "."), 2, "file is not a database")
    assert (tmp_path / "archive.sqlite").read_bytes() == b"garbage" * 999


@pytest.mark.parametrize("command", ["invoices", "verify", "sync"])
def test_a_damaged_archive_is_told_in_a_sentence(command: str, synced: Terminal, tmp_path: Path) -> None:
    shutil.copytree(synced.home / "ledger", tmp_path / "ledger")
    path = tmp_path / "ledger" / "archive.sqlite"
    content = bytearray(path.read_bytes())
    for page in range(4096, len(content), 4096):
        content[page : page + 200] = b"\xff" * 200
    path.write_bytes(content)
    said = synced.run(command, "--ledger", tmp_path / "ledger")
    assert "Traceback" not in said.err
    assert said.code in {1, 2}


def test_connecting_writes_a_reference_and_never_a_key(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    clear(terminal.run("connect", "cockroach", COCKROACH_API_KEY=WRONG), 0, "set COCKROACH_API_KEY")
    assert 'api_key = "env:COCKROACH_API_KEY"' in terminal.config.read_text()
    assert WRONG not in terminal.config.read_text()
    clear(terminal.run("connect", "cockroach"), 2, "'cockroach' is used twice")
    refused = terminal.run("connect", "cockroach", "--name", "b", "--reference", f"api_key={WRONG}")
    clear(refused, 2, "never the secret itself")
    assert WRONG not in refused.all + terminal.config.read_text()


@pytest.mark.parametrize(
    ("option", "value"), [("--base-url", f"http://user:{WRONG}@127.0.0.1:1"), ("--reference", WRONG)]
)
def test_a_key_that_is_given_to_connect_in_the_wrong_place_is_refused_and_not_told(
    option: str, value: str, tmp_path: Path
) -> None:
    terminal = Terminal(tmp_path)
    said = terminal.run("connect", "fastly", option, value)
    assert (said.code, WRONG in said.all) == (2, False), said
    assert not terminal.config.exists()


@pytest.mark.parametrize("pair", ["api_key", "api_key=", "=env:K", "="])
def test_a_reference_without_its_field_or_its_place_is_refused_in_words(pair: str, tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    said = terminal.run("connect", "vultr", "--reference", pair)
    clear(said, 2, "has no credential ''" if pair == "=env:K" else "--reference takes FIELD=REF, as api_key=env:MY_KEY")
    assert not terminal.config.exists()


def test_a_bill_that_adds_up_by_rounding_only_is_named_by_reconcile(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    (tmp_path / "off.json").write_bytes(invoices(invoice("r", total="1.51"), invoice("s")))
    clear(terminal.run("--ledger", "l", "import", "cockroach", "off.json"), 0, "adds up")
    said = terminal.run("--ledger", "l", "reconcile")
    clear(said, 0, "2 bills checked: everything adds up")
    assert "rounding charge of ours" in said.out
    assert [line.split()[3:] for line in said.out.splitlines() if "2026-08" in line] == [["r", "USD", "0.01"]]
    shown = terminal.run("--ledger", "l", "report").out
    assert "CockroachDB Cloud: adjustment" in shown


def test_a_bill_whose_total_nobody_states_is_told_as_that(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    (tmp_path / "none.json").write_bytes(invoices(invoice("r", totals="[]")))
    clear(
        terminal.run("--ledger", "l", "import", "cockroach", "none.json"), 1, "issued r without a total in USD: parked"
    )
    clear(terminal.run("--ledger", "l", "explain", "r"), 0, "the vendor states no total in 1 lines")


def test_what_is_parked_follows_an_invoice_in_words(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    for name, total in (("good", "1.5"), ("off", "7")):
        (tmp_path / f"{name}.json").write_bytes(invoices(invoice("r", total=total)))
        terminal.run("--ledger", "l", "import", "cockroach", f"{name}.json")
    said = terminal.run("--ledger", "l", "restatements")
    clear(said, 0, "was 1.50, what it is told as now is parked, not counted: its charges sum to 1.5 USD")
    assert len(said.out.splitlines()) == 1


def test_a_saved_answer_is_imported_and_says_whether_it_adds_up(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    (tmp_path / "good.json").write_bytes(invoices(invoice("g")))
    (tmp_path / "off.json").write_bytes(invoices(invoice("o", total="7")))
    (tmp_path / "bad.json").write_bytes(b"{}x")
    clear(terminal.run("import", "cockroach", "good.json", "--ledger", "l"), 0, "issued g 1.5 USD: adds up")
    clear(terminal.run("import", "cockroach", "off.json", "--ledger", "l"), 1, "the vendor states 7")
    bad = terminal.run("import", "cockroach", "bad.json", "--ledger", "l")
    clear(bad, 1, "bad.json: NOT READ")
    assert bad.out.endswith("\nno charges were booked from this\n"), "what was not read is not kept"
    assert [row["invoice_id"] for row in terminal.rows("invoices", "--ledger", "l")] == ["g", "o"]


def test_a_file_that_is_nested_deeper_than_any_answer_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "deep.json").write_bytes(b'{"a":' * 5000 + b"1" + b"}" * 5000)
    clear(Terminal(tmp_path).run("import", "cockroach", "deep.json", "--ledger", "l"), 1, "deep.json: NOT READ")


def test_what_can_be_no_saved_answer_is_refused_before_it_is_read_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "MAX_FILE_SIZE", 100)
    (tmp_path / "empty.csv").write_bytes(b" \n")
    (tmp_path / "large.json").write_bytes(b" " * 101)
    for file, words in (
        ("/dev/zero", "it is a device, not a file"),
        ("empty.csv", "it is empty"),
        ("large.json", "it is larger than"),
    ):
        clear(Terminal(tmp_path).run("import", "fastly", file, "--ledger", "l"), 1, f"{file}: NOT READ: {words}")


def test_an_import_under_a_name_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "good.json").write_bytes(invoices(invoice("g")))
    clear(Terminal(tmp_path).run("import", "cockroach", "good.json", "--account", b"\xff"), 2, "")


def test_an_operation_is_asked_and_answered_as_json_or_as_it_came(terminal: Terminal) -> None:
    shown, raw = (terminal.run("api", "cockroach", "list_invoices", "status=DRAFT", *more) for more in ([], ["--raw"]))
    assert json.loads(shown.out) == json.loads(raw.out)
    assert [one["status"] for one in json.loads(raw.out)["invoices"]] == ["DRAFT"]
    assert shown.out.startswith("{\n  ")


@pytest.mark.parametrize("body", [b"<html>busy</html>", b"null", b'{"id":[]}'])
def test_an_answer_that_is_none_is_an_error_unless_its_bytes_are_wanted(
    body: bytes, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    came = Response(200, {"content-type": "application/json"}, body)
    monkeypatch.setattr(HttpTransport, "send", lambda self, op: came)
    said = terminal.run("api", "cockroach", "get_organization")
    clear(said, 3, "cockroach get_organization: the answer")
    assert said.out == ""
    assert terminal.run("api", "cockroach", "get_organization", "--raw").out == body.decode()


def test_operations_are_described_without_any_account(tmp_path: Path) -> None:
    said = Terminal(tmp_path).run("api", "cockroach")
    clear(said, 0, "get_invoice invoice_id=text")
    assert "GET /api/v1/invoices/{invoice_id}" in said.out


def test_help_needs_no_configuration_and_names_every_command(tmp_path: Path) -> None:
    said = Terminal(tmp_path).process("--help")
    clear(said, 0, "sync")
    assert all(
        name in said.out for name in ("api", "charges", "connect", "doctor", "import", "invoices", "report", "twin")
    )


def test_a_reader_that_goes_away_is_no_error(synced: Terminal) -> None:
    line = [sys.executable, "-m", "billfold", "--ledger", "ledger", "charges", "--format", "json"]
    with subprocess.Popen(
        line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=synced.home, env=environment(synced.home)
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        assert b"Traceback" not in process.stderr.read()
    assert process.returncode == 0


@pytest.mark.skipif(os.name != "posix", reason="a shell closes the streams")
@pytest.mark.parametrize("stream", ["1", "2"])
@pytest.mark.parametrize("command", ["report", "hash", "sync"])
def test_a_closed_stream_stops_no_command(command: str, stream: str, synced: Terminal) -> None:
    shell = f'exec "$0" -m billfold --ledger ledger {command} {stream}>&-'
    said = synced.process(command, "--ledger", "ledger").code
    done = subprocess.run(
        ["sh", "-c", shell, sys.executable],
        check=False,
        capture_output=True,
        cwd=synced.home,
        env=environment(synced.home),
    )
    assert (done.returncode, b"foresee" in done.stderr) == (said, False), done


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device")
@pytest.mark.parametrize("command", [["--help"], ["invoices"], ["charges", "--format", "csv"], ["api", "cockroach"]])
def test_an_output_that_cannot_be_written_is_told(command: list[str], synced: Terminal) -> None:
    line = [sys.executable, "-m", "billfold", "--ledger", "ledger", *command]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            line, check=False, stdout=full, stderr=subprocess.PIPE, cwd=synced.home, env=environment(synced.home)
        )
    assert (done.returncode, b"No space left on device; check the path" in done.stderr) == (2, True), done.stderr
    assert b"Traceback" not in done.stderr
