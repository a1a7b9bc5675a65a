"""The packed demo: it is what the twin answers, to the byte, and what its ledger states is the twin's truth."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from billfold.collect.workspace import Workspace
from billfold.config import load_accounts
from billfold.ledger.archive import Archive
from billfold.ledger.layout import ARCHIVE_FILE
from billfold.model.errors import LedgerError
from billfold.tasks import demo_ledger
from billfold.twin.world import describe_bill
from tests import stage
from tests.demo_archive import collect_demo


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> demo_ledger.DemoLedger:
    """Return the packed demo, unpacked."""
    return demo_ledger.unpack_demo(tmp_path_factory.mktemp("demo"))


def iter_answers(directory: Path) -> Iterator[tuple[object, ...]]:
    """Yield what was asked and answered, but for the bytes of PDFs: those change with the library that draws them."""
    with closing(Archive(directory / ARCHIVE_FILE)) as archive:
        for entry in archive.iter_entries():
            is_pdf = "application/pdf" in entry.headers
            question = entry.account, entry.operation, entry.question
            yield *question, entry.status, entry.fetched_at, not is_pdf and entry.body


def test_the_packed_demo_is_what_the_twin_answers(unpacked: demo_ledger.DemoLedger, tmp_path: Path) -> None:
    """If this fails, the twin has changed: run `make demo-archive`."""
    collect_demo(tmp_path)
    assert list(iter_answers(unpacked.directory)) == list(iter_answers(tmp_path))


def test_its_ledger_states_what_is_true(unpacked: demo_ledger.DemoLedger) -> None:
    host = stage.twin()
    true_bills: list[dict[str, Any]] = [describe_bill(*bill) for bill in host.world.iter_bills(host.clock.now())]
    with closing(Workspace(unpacked.directory)) as workspace:
        assert sorted(map(str, stage.list_invoices(workspace))) == sorted(map(str, true_bills))


def test_it_configures_the_twins_accounts(unpacked: demo_ledger.DemoLedger) -> None:
    addresses = stage.twin().world.iter_addresses("http://127.0.0.1:8400")
    expected = [(account.name, account.provider, base_url, True) for account, base_url in addresses]
    configured = load_accounts(unpacked.config_path)
    assert sorted((row.name, row.provider.name, row.base_url, row.unlimited) for row in configured) == sorted(expected)


def test_a_demo_that_cannot_be_unpacked_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="the demo cannot be unpacked in "):
        demo_ledger.unpack_demo(tmp_path / "nowhere")
    (tmp_path / "damaged").write_bytes(b"no archive")
    monkeypatch.setattr(demo_ledger, "PACKED_FILE", tmp_path / "damaged")
    with pytest.raises(LedgerError, match="install billfold again"):
        demo_ledger.unpack_demo(tmp_path)
