"""``/metrics``: Prometheus's text, with all digits of each amount, and with labels that nothing breaks out of."""

from __future__ import annotations

import re
from contextlib import closing
from datetime import timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path

from billfold.collect.sync import sync_accounts
from billfold.collect.workspace import Workspace
from billfold.config import AccountConfig
from billfold.ledger.entries import Run
from billfold.model.money import exact_sum
from billfold.providers.provider import find_provider
from billfold.serve.metrics import Metric, measure_durations, write_metrics
from tests.cli.terminal import Terminal
from tests.serve.reader import Reader, open_reader
from tests.stage import connection, stage, twin

LINE = re.compile(r'(billfold_\w+)(?:\{((?:\w+="(?:[^"\\]|\\.)*",?)*)\})? (-?\d+(?:\.\d+)?)')


def test_every_line_is_prometheus_text(reader: Reader) -> None:
    page = reader.get("/metrics")
    assert page.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = page.text.splitlines()
    assert all(LINE.fullmatch(line) or line.startswith(("# HELP billfold_", "# TYPE billfold_")) for line in lines)
    names = {line.split()[2] for line in lines if line.startswith("# TYPE")}
    assert names >= {
        "billfold_invoice_amount",
        "billfold_parked_bills",
        "billfold_sync_last_success_timestamp_seconds",
        "billfold_estimate_age_seconds",
        "billfold_sync_last_end_timestamp_seconds",
        "billfold_sync_duration_seconds",
        "billfold_sync_failing",
        "billfold_http_requests_total",
    }
    assert "float" in page.text


def test_amounts_are_the_commands_to_the_last_digit(reader: Reader, ledger: Terminal) -> None:
    rows = [row for row in ledger.rows("invoices", "--ledger", "ledger", "--from", "2026-09") if row["total"]]
    expected = exact_sum(Decimal(row["total"]) for row in rows)
    matches = map(LINE.fullmatch, reader.get("/metrics").text.splitlines())
    amounts = [Decimal(match[3]) for match in matches if match and match[1] == "billfold_invoice_amount"]
    assert amounts
    assert exact_sum(amounts) == expected


def test_a_label_cannot_break_out() -> None:
    text = write_metrics([Metric("billfold_x", "two\nlines", [({"account": 'a"} 1\nevil \\'}, 1)])])
    assert text.splitlines() == [
        r"# HELP billfold_x two\nlines",
        "# TYPE billfold_x gauge",
        r'billfold_x{account="a\"} 1\nevil \\"} 1',
    ]


def test_the_last_ended_collection_of_an_account_counts() -> None:
    """Imports, open collections and damaged times say nothing of how long the last sync took."""
    day = "2026-11-01T0{}:00:00.{}Z"
    runs = [
        Run(1, "fastly", "cdn", "sync", day.format(1, "000000"), day.format(2, "000000"), "complete"),
        Run(2, "fastly", "cdn", "sync", day.format(3, "000000"), day.format(3, "123456"), "HTTP 401"),
        Run(3, "fastly", "cdn", "import", day.format(4, "000000"), day.format(5, "000000"), "complete"),
        Run(4, "fastly", "cdn", "sync", "?", day.format(5, "000000"), "complete"),
        Run(5, "fastly", "cdn", "sync", day.format(6, "000000"), None, None),
        Run(6, "vultr", "main", "sync", day.format(1, "000000"), day.format(2, "000000"), "complete"),
    ]
    cdn, main = {"provider": "fastly", "account": "cdn"}, {"provider": "vultr", "account": "main"}
    assert list(measure_durations(runs).values) == [(cdn, Decimal("0.123")), (main, Decimal("3600.000"))]


def test_a_collection_that_fails_is_measured(tmp_path: Path) -> None:
    """An account whose key is refused is failing, and its last success stays."""
    host = twin(months=2)
    account = stage(host, "cockroach").accounts[0]
    configured = AccountConfig(account.name, find_provider("cockroach"), {}, unlimited=True)
    with closing(Workspace(tmp_path / "ledger")) as workspace:
        for credentials in (dict(account.credentials), {"api_key": "wrong-key-20319"}):
            transport = partial(connection, host, account, credentials, retries=0)
            sync_accounts(workspace, [configured], connect=lambda _: transport(), clock=host.clock.now)  # noqa: B023
            host.clock.advance(timedelta(days=1))
    with open_reader(tmp_path) as opened:
        lines = opened.get("/metrics").text.splitlines()
    values = {line.partition("{")[0]: line.rpartition(" ")[2] for line in lines if 'account="cockroach"' in line}
    assert values["billfold_sync_failing"] == "1"
    success, end = (values[f"billfold_sync_last_{name}_timestamp_seconds"] for name in ("success", "end"))
    assert int(end) - int(success) == 86_400
