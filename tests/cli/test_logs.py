"""The log of JSON: every line that a command writes on stderr is one object, and no key or vendor's command is in it."""

from __future__ import annotations

import json
import logging
import re
from typing import Any

import pytest

from billfold.cli.logs import JsonFormatter, LineFormatter
from billfold.model.log_context import log_fields
from tests.cli.terminal import WRONG, Terminal

JSON = {"BILLFOLD_LOG_FORMAT": "json"}


def read_lines(text: str) -> list[dict[str, Any]]:
    """Return the lines of a log; each has its time (UTC), its level, what happened and who says so."""
    lines: list[dict[str, Any]] = list(map(json.loads, text.splitlines()))
    assert all({"time", "level", "event", "logger"} <= line.keys() for line in lines)
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["time"]) for line in lines)
    return lines


def test_a_sync_says_all_in_its_log(terminal: Terminal) -> None:
    """Each line names provider, account and run, and nothing else is printed."""
    result = terminal.process("sync", "--ledger", "ledger", **JSON)
    assert (result.code, result.out) == (0, "")
    lines = read_lines(result.err)
    assert {(line["provider"], line["account"]) for line in lines} == {("cockroach", "mine")}
    collected = next(line for line in lines if line["event"].startswith("collected"))
    assert (collected["outcome"], collected["run"], collected["answers"] > 1) == ("complete", 1, True)
    assert {line["operation"] for line in lines if "operation" in line} >= {"list_invoices"}
    assert lines[-1]["event"] == "booked"
    assert lines[-1]["head"].startswith("sha256:")


def test_a_failure_is_in_the_log_and_its_key_is_not(terminal: Terminal) -> None:
    terminal.account()
    result = terminal.process("sync", "--ledger", "ledger", COCKROACH_API_KEY=WRONG, **JSON)
    assert result.code == 3
    outcomes = [line.get("outcome") for line in read_lines(result.err)]
    assert "failed" in outcomes
    assert WRONG not in result.all
    reading = terminal.process("report", "--ledger", "nowhere", **JSON)
    assert [(line["level"], line["exit_code"]) for line in read_lines(reading.err)] == [("error", 2)]
    assert "there is no ledger in nowhere" in reading.err


def test_a_format_that_is_none_is_told(terminal: Terminal) -> None:
    result = terminal.run("--version", BILLFOLD_LOG_FORMAT="xml")
    assert (result.code, result.err) == (2, "billfold: BILLFOLD_LOG_FORMAT is 'xml'; it can be text or json\n")


def make_record(text: str, **fields: object) -> logging.LogRecord:
    record = logging.makeLogRecord({"msg": text, "levelname": "INFO", "levelno": 20, "name": "billfold"})
    record.__dict__.update(log_fields(**fields))
    return record


@pytest.mark.parametrize("text", ["a\nb", "\x1b[2J", "\u202e\u2028", "€" * 20_000])
def test_a_line_is_one_line_whatever_a_vendor_writes(text: str) -> None:
    line = JsonFormatter().format(make_record(text, amount=text))
    assert line.isascii()
    assert line.isprintable()
    assert json.loads(line)["event"] == text[:10_000]
    assert "\n" not in LineFormatter().format(make_record(text))


def test_an_error_has_its_traceback_in_the_line() -> None:
    record = make_record("it failed")
    record.exc_info = (ValueError, ValueError("two\nlines"), None)
    line = JsonFormatter().format(record)
    assert "\n" not in line
    assert "ValueError: two\nlines" in json.loads(line)["traceback"]
