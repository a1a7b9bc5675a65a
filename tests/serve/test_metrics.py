"""``/metrics``: Prometheus's text, with all digits of each amount, and with labels that nothing breaks out of."""

from __future__ import annotations

import re
from decimal import Decimal

from billfold.model.money import exact_sum
from billfold.serve.metrics import Metric, write_metrics
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
