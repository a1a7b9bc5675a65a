"""No fault makes a collection tell a credential: not a log, not a message, not a file, not an export."""

from __future__ import annotations

import json
import logging
import sqlite3
import urllib.request
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import duckdb
import pytest

from billfold.collect.outcome import CollectOutcome
from billfold.collect.sync import sync_accounts
from billfold.collect.workspace import Workspace
from billfold.config import AccountConfig as Configured
from billfold.providers import provider
from billfold.providers.twin_api import TwinAccount
from billfold.transport.loop import InProcessTransport
from billfold.twin.faults import FAULTS, RESTATEMENTS
from billfold.twin.host import TwinHost
from billfold.wire.message import Request, Response
from tests import canaries, stage
from tests.cli.terminal import Terminal, twin

FAULTY = [*FAULTS, *RESTATEMENTS]
COMMANDS = [
    ["sync"],
    ["doctor"],
    ["invoices", "--format", "json"],
    ["charges", "--format", "csv"],
    ["report"],
    ["reconcile"],
    ["restatements"],
    ["verify"],
    ["sql", "SELECT * FROM records", "--format", "json"],
    ["export", "focus", "out/parquet", "--include-parked"],
    ["export", "focus", "out/csv", "--format", "csv", "--include-parked"],
]


def disguised(host: TwinHost, vendor: str) -> tuple[list[TwinAccount], set[str]]:
    """Give every account of a vendor a credential that is found wherever it stands; return them, and these."""
    number, vendor_played = next((n, s) for n, s in enumerate(host.world.vendors) if s.provider.name == vendor)
    fresh, secrets = [], set()
    for account in vendor_played.accounts:
        credentials = {k: v if k == "region" else f"canary-{account.name}-{k}" for k, v in account.credentials.items()}
        secrets |= {value for name, value in credentials.items() if name not in canaries.PLAIN}
        fresh.append(account._replace(credentials=credentials))
    host.world.vendors[number] = vendor_played._replace(accounts=tuple(fresh))
    return fresh, secrets


def collected(books: Workspace, vendor: str, fault: str) -> tuple[list[CollectOutcome], set[str]]:
    """Collect a vendor anew on a bad day; return what came of it, and every secret that there was."""
    host = stage.twin(months=1)
    accounts, secrets = disguised(host, vendor)
    for at in (2, 5, 9):
        host.set_fault(stage.fault(vendor, fault, at=at, times=2))
    by_name, transports = {account.name: account for account in accounts}, list[InProcessTransport]()

    def opened(configured_account: Configured) -> InProcessTransport:
        transports.append(stage.connection(host, by_name[configured_account.name]))
        return transports[-1]

    configured = [Configured(name, provider.find_provider(vendor), {}, unlimited=True) for name in by_name]
    outcomes = sync_accounts(books, configured, connect=opened, clock=host.clock.now, recheck_months=24)
    tokens = {secret for transport in transports for secret in transport.context.auth.secrets}
    return outcomes, secrets | tokens | {canaries.SIGNATURE}


@pytest.mark.parametrize("vendor", provider.provider_names())
def test_no_fault_of_a_vendor_makes_us_tell_a_credential(
    vendor: str, tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    books, secrets, printed_text = Workspace(tmp_path / "ledger"), set[str](), ""
    for fault in FAULTY:
        outcomes, more = collected(books, vendor, fault)
        secrets |= more
        printed_text += "".join(
            f"{vars(outcome)} {outcome.error!r} {vars(outcome.error) if outcome.error else ''}" for outcome in outcomes
        )
        printed_text += caplog.text
        caplog.clear()
    books.archive._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    books.close()
    for command in COMMANDS[2:]:
        shown = Terminal(tmp_path).run("--ledger", "ledger", *command, BILLFOLD_LOG="debug")
        assert shown.code in {0, 1}, shown
        printed_text += shown.all
    printed_text += "".join(capfd.readouterr())
    assert len(secrets) > 1
    assert canaries.find_secrets(printed_text, secrets) == set()
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} > {".sqlite", ".parquet", ".csv"}
    for path in files:
        assert canaries.in_file(path, secrets) == set(), path
        if path.suffix == ".parquet":
            assert canaries.find_secrets(canaries.cells(path), secrets) == set(), path


@pytest.mark.parametrize("status", [200, 401, 500])
@pytest.mark.parametrize("vendor", provider.provider_names())
def test_an_echoed_credential_is_in_no_file(vendor: str, status: int, tmp_path: Path) -> None:
    """A vendor that echoes the credential puts it into no file."""
    host = stage.twin(months=1)
    accounts, secrets = disguised(host, vendor)

    def opened(configured_account: Configured) -> InProcessTransport:
        transport = stage.connection(
            host, next(account for account in accounts if account.name == configured_account.name)
        )
        true = transport._server

        def answer(request: Request) -> Response:
            came, sent = true(request), request.headers.get("authorization") or request.headers.get("fastly-key", "")
            if request.method != "GET" or came.status != 200:
                return came
            body = came.body.replace(b"{", b'{"echo":' + json.dumps(sent).encode() + b",", 1)
            return Response(status, {**came.headers, "retry-after": sent, "etag": sent}, body)

        transport._server = answer
        transports.append(transport)
        return transport

    books, transports = Workspace(tmp_path), list[InProcessTransport]()
    configured = [Configured(account.name, provider.find_provider(vendor), {}, unlimited=True) for account in accounts]
    outcomes = sync_accounts(books, configured, connect=opened, clock=host.clock.now)
    tokens = {secret for transport in transports for secret in transport.context.auth.secrets}
    contents = [books.archive.read_body(entry.body) + entry.headers.encode() for entry in books.archive.iter_answers()]
    books.close()
    assert any(b"[secret]" in content for content in contents)
    assert all(outcome.error is None for outcome in outcomes) == (status == 200)
    for path in [path for path in tmp_path.rglob("*") if path.is_file()]:
        assert canaries.in_file(path, secrets | tokens) == set(), path


STRUCK = ["cut-body", "html-200", "unauthorized", "document-redirect", "forbidden"]


def configuration(home: Path, root: str) -> tuple[dict[str, str], set[str]]:
    """Write a configuration that refers to variables; return the variables, and which of their values are secret."""
    variables, secrets, blocks = dict[str, str](), set[str](), []
    with urllib.request.urlopen(f"{root}/_twin/accounts") as answer:
        accounts = json.load(answer)
    for account in accounts:
        lines = [f'{key} = "{account[key]}"' for key in ("name", "provider", "base_url")]
        for field, value in account["credentials"].items():
            variable = f"CREDENTIAL_{len(variables)}"
            variables[variable] = value
            lines.append(f'{field} = "env:{variable}"')
            secrets |= {value} - {value for _ in [0] if field in canaries.PLAIN}
        blocks.append("\n".join(["[[accounts]]", *lines, 'rate = "off"\n']))
    (home / "billfold.toml").write_text("\n".join(blocks))
    return variables, secrets


def struck(root: str, **fault: Any) -> None:
    """Set a fault on a twin, where the vendor has what it strikes."""
    with suppress(HTTPError):
        urllib.request.urlopen(f"{root}/_twin/faults", json.dumps(fault).encode()).close()


def test_processes_that_log_everything_tell_no_credential(tmp_path: Path) -> None:
    """Processes that log everything over a real network tell no credential."""
    home, printed_text = tmp_path / "home", ""
    home.mkdir()
    with twin(tmp_path) as root:
        variables, secrets = configuration(home, root)
        for number, (vendor, fault) in enumerate((v, f) for v in provider.provider_names() for f in STRUCK):
            struck(root, provider=vendor, fault=fault, at=3 + 2 * (number % len(STRUCK)))
        for command in [["sync"], *COMMANDS]:
            shown = Terminal(home).process("--ledger", "ledger", *command, BILLFOLD_LOG="debug", **variables)
            assert "Traceback" not in shown.all, shown.err
            printed_text += shown.all
    secrets |= {canaries.SIGNATURE, "Bearer "}
    assert "billfold" in printed_text
    assert canaries.find_secrets(printed_text, secrets) == set()
    for path in [path for path in home.rglob("*") if path.is_file()]:
        assert canaries.in_file(path, secrets) == set(), path


def test_a_secret_is_found_wherever_it_hides(tmp_path: Path) -> None:
    secret = "canary-of-the-look-itself"
    (tmp_path / "log").write_text(f"x{secret}x")
    db = sqlite3.connect(tmp_path / "a.sqlite")
    db.execute("CREATE TABLE bodies (packed BLOB)")
    db.execute("INSERT INTO bodies VALUES (?)", [zlib.compress(f"{'x' * 999}{secret}".encode())])
    db.commit()
    db.close()
    with duckdb.connect(str(tmp_path / "l.duckdb")) as ledger:
        ledger.execute(f"CREATE TABLE t AS SELECT '{secret}' AS c")
        ledger.execute(f"COPY t TO '{tmp_path / 't.parquet'}'")
    for name in ("log", "a.sqlite"):
        assert canaries.in_file(tmp_path / name, [secret, "other"]) == {secret}
    for name in ("l.duckdb", "t.parquet"):
        assert canaries.find_secrets(canaries.cells(tmp_path / name), [secret, "other"]) == {secret}
