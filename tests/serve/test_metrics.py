"""``/metrics``: Prometheus's text, with all digits of each amount, and with labels that nothing breaks out of."""

from __future__ import annotations

import re
from decimal import Decimal

from billfold.ledger.entries import Run
from billfold.model.money import exact_sum
from billfold.serve.metrics import Metric, list_run_metrics, write_metrics
from tests.cli.terminal import Terminal
from tests.serve.reader import Reader

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
    """Imports, open collections and damaged times say nothing of how the last sync went."""
    day = "2026-11-01T0{}:00:00.{}Z"
    runs = [
        Run(1, "fastly", "cdn", "sync", day.format(1, "000000"), day.format(2, "000000"), "complete"),
        Run(2, "fastly", "cdn", "sync", day.format(3, "000000"), day.format(3, "123456"), "HTTP 401"),
        Run(3, "fastly", "cdn", "import", day.format(4, "000000"), day.format(4, "000000"), "complete"),
        Run(4, "fastly", "cdn", "sync", "?", day.format(5, "000000"), "complete"),
        Run(5, "fastly", "cdn", "sync", day.format(6, "000000"), None, None),
        Run(6, "vultr", "main", "sync", day.format(1, "000000"), day.format(2, "000000"), "complete"),
    ]
    cdn, main = {"provider": "fastly", "account": "cdn"}, {"provider": "vultr", "account": "main"}
    ends, durations, failing = (list(metric.values) for metric in list_run_metrics(runs))
    assert ends == [(cdn, 1793502000), (main, 1793498400)]
    assert durations == [(cdn, Decimal("0.123")), (main, Decimal("3600.000"))]
    assert failing == [(cdn, 1), (main, 0)]
