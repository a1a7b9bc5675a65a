"""The company's two years, played by the example: every planted fault is named, and nothing in the clean months."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

EXAMPLE = Path(__file__).parent.parent / "examples" / "month_end" / "play.py"
CODES_BY_KIND: Mapping[str, set[str]] = {
    "spike": {"amount-jump"},
    "late-invoice": {"invoice-late"},
    "missing-invoice": {"invoice-late", "month-empty"},
    "duplicate-invoice": {"duplicate-suspected"},
    "disputed-invoice": {"disputed", "invoice-disputed"},
    "restated-invoice": {"changed"},
    "late-memo": {"appeared"},
    "double-payment": {"paid-twice", "payment-doubled"},
    "unpaid-invoice": {"overdue", "payment-overdue"},
}
"""What names each planted fault: the code of a finding, a change since the close, the state of a payable."""


@pytest.fixture(scope="module")
def example() -> Any:
    """Return the example's module."""
    spec = importlib.util.spec_from_file_location("month_end_play", EXAMPLE)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def played(example: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, list[dict[str, Any]]]]:
    """Play the company once; gives it with the events that were planted."""
    with example.open_company(tmp_path_factory.mktemp("company")) as company:
        example.play(company)
        yield company, company.ask_twin("events")


def test_every_planted_fault_is_named_in_its_month(played: tuple[Any, list[dict[str, Any]]]) -> None:
    company, events = played
    planted = [event for event in events if event["kind"] in CODES_BY_KIND]
    assert len(planted) == len(CODES_BY_KIND)
    for event in planted:
        codes = {
            telling.code
            for telling in company.tellings
            if (telling.account, telling.month) == (event["account"], event["month"])
        }
        assert codes & CODES_BY_KIND[event["kind"]], (event, codes)


def test_nothing_is_named_that_was_not_planted(example: Any, played: tuple[Any, list[dict[str, Any]]]) -> None:
    """In the twelve clean months nothing is named, and in the others nothing of an account that nothing happened to."""
    company, events = played
    planted = {(event["account"], event["month"]) for event in events}
    assert [telling for telling in company.tellings if (telling.account, telling.month) not in planted] == []
    months = {str(month) for month in example.FIRST_MONTH.iter_until(example.FIRST_MONTH.add_months(23))}
    eventful = {event["month"] for event in events if event["kind"] != "cost-centers"}
    assert len(months - eventful) == 12


def test_the_commands_print_what_is_expected(example: Any, played: tuple[Any, list[dict[str, Any]]]) -> None:
    """The pages are those under ``expected/``; ``python examples/month_end/play.py --update`` writes them anew."""
    assert example.list_differences(played[0].pages) == []


def test_changes_are_empty_until_the_memo_comes(played: tuple[Any, list[dict[str, Any]]]) -> None:
    """The month is closed and nothing has changed; then a memo comes, and is named with its money."""
    company, _ = played
    memos = [telling for telling in company.tellings if telling.code == "appeared" and telling.played > 20]
    assert not [telling for telling in company.tellings if telling.command == "changes" and telling.played == 20]
    assert [(memo.command, memo.account, memo.month) for memo in memos] == [("changes", "contact-center", "2026-06")]
    assert memos[0].text.startswith("-")
