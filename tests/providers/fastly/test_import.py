"""Saved Fastly answers, imported from files."""

from __future__ import annotations

from pathlib import Path

import pytest

from billfold.collect.importing import find_answers, identify_answer, import_files
from billfold.collect.workspace import Workspace
from billfold.model.errors import InvalidArgument
from billfold.providers.fastly import PROVIDER
from billfold.wire import codec
from tests.providers.fastly.kit import make_v2_invoice


def test_v2_list_imports_like_its_members(tmp_path: Path) -> None:
    """A saved list of v2 invoices is imported like its members."""
    path, workspace = tmp_path / "list.json", Workspace(tmp_path / "ledger")
    path.write_bytes(
        codec.encode_json([make_v2_invoice(), make_v2_invoice(invoice_id=7, status={"status": "Pending"})])
    )
    result = import_files(workspace, PROVIDER, "cdn", [path], None, {})
    assert (result.is_doubtful, [file.operation for file in result.files]) == (False, ["get_invoice_by_id"])
    assert [(bill.state, bill.invoice_id, bill.total) for bill in result.bills] == [
        ("issued", "4183280", "2856.49"),
        ("draft", "7", "2856.49"),
    ]
    assert import_files(workspace, PROVIDER, "cdn", [path], None, {}).bills == []
    workspace.close()


@pytest.mark.parametrize("body", [b"[]", b"[5]", b'[{"billing_invoice":{"id":1}}]', b"[[]]"])
def test_list_of_other_things_is_refused(body: bytes) -> None:
    """A list of something else is not taken for a list of invoices."""
    with pytest.raises(InvalidArgument):
        find_answers(body, PROVIDER, None, {})


def test_body_of_another_vendor_is_refused() -> None:
    """The body of another vendor is not taken for Fastly's."""
    with pytest.raises(InvalidArgument):
        identify_answer(b'{"billing_invoice":{"id":1}}', PROVIDER, None, {})
