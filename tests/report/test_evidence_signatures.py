"""What was signed is held against the register both ways, and a change since is told until somebody accepted it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing as closed
from pathlib import Path
from typing import Any

import pytest

from billfold.collect.workspace import Workspace
from billfold.ledger.acknowledgements import add_acknowledgement, list_acknowledgements, withdraw_acknowledgement
from billfold.model.finding import AccountFinding, make_finding
from billfold.model.finding_codes import FindingCode
from billfold.report.evidence_verifier import main, verify
from tests import stage
from tests.report.evidence_kit import (
    MONTH,
    NOW,
    accept_changes,
    edit_rows,
    find_defects,
    forge,
    keep_vendor,
    list_issued,
    raise_total,
    sign,
    write,
)


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the ledger of two vendors that nobody signed."""
    directory = tmp_path_factory.mktemp("collected") / "books"
    host = stage.twin(months=2)
    with closed(Workspace(directory)) as workspace:
        for vendor in ("vultr", "fastly"):
            stage.collected(host, workspace, vendor)
    return directory


@pytest.fixture
def books(collected: Path, tmp_path: Path) -> Iterator[Workspace]:
    """Yield a copy of it to sign."""
    shutil.copytree(collected, tmp_path / "books")
    with closed(Workspace(tmp_path / "books")) as workspace:
        yield workspace


def narrow_to_fastly(files: dict[str, bytes], manifest: dict[str, Any]) -> None:
    manifest["scope"] = ["fastly", ""]
    keep_vendor(files, "fastly")


def test_a_cut_month_is_never_told_as_the_whole(
    books: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever cuts evidence to one vendor says so in the manifest: refused, and as a part with what was signed and is not in it."""
    sign(books, list_issued(books))
    head = write(books, tmp_path / "a.zip").head
    forged = str(forge(tmp_path / "a.zip", tmp_path / "b.zip", narrow_to_fastly))
    assert main([forged, head]) == 1
    assert capsys.readouterr().out.startswith("2026-10, only fastly: a part of the month\nthe rest of the month is not")
    assert main([forged, head, "--part"]) == 0
    output = capsys.readouterr().out
    assert "only fastly: a part of the month" in output
    assert "all as they were written" not in output
    left_out = [row.invoice_id for row in list_issued(books) if row.provider == "vultr"]
    assert f"signed, and left out here: vultr vultr {', '.join(map(str, left_out))}" in output


def test_rows_of_another_account_than_stated_are_told(books: Workspace, tmp_path: Path) -> None:
    write(books, tmp_path / "a.zip")
    forged = forge(tmp_path / "a.zip", tmp_path / "b.zip", lambda _, manifest: manifest.update(scope=["fastly", ""]))
    assert any("is of another account" in defect for defect in find_defects(forged))


def test_the_readme_says_what_the_evidence_covers(books: Workspace, tmp_path: Path) -> None:
    from zipfile import ZipFile

    write(books, tmp_path / "a.zip", provider="fastly")
    text = ZipFile(tmp_path / "a.zip").read("README.txt").decode()
    assert text.startswith("Evidence of the invoices of 2026-10, only fastly: a part of the month\n")
    assert "EVIDENCE.zip [HEAD] --part" in text


def test_what_is_as_signed_is_told_with_its_signer(books: Workspace, tmp_path: Path) -> None:
    sign(books, list_issued(books))
    summary = write(books, tmp_path / "a.zip")
    coverage, defects, proofs = verify(str(tmp_path / "a.zip"), summary.head)
    assert (coverage, defects) == ("2026-10, all accounts", [])
    assert "signed by Ann on 2026-11-20" in proofs
    assert f"hash of the month {summary.hash}, as signed" in proofs


def test_another_hash_than_the_signed_one_is_told(books: Workspace, tmp_path: Path) -> None:
    sign(books, list_issued(books))
    write(books, tmp_path / "a.zip")
    forged = forge(tmp_path / "a.zip", tmp_path / "b.zip", lambda _, manifest: manifest.update(hash="sha256:0"))
    assert any("no accepted change explains it" in defect for defect in find_defects(forged))


def test_a_hash_that_nobody_signed_is_told_as_that(books: Workspace, tmp_path: Path) -> None:
    summary = write(books, tmp_path / "a.zip")
    proofs = verify(str(tmp_path / "a.zip")).proofs
    assert f"hash of the month {summary.hash}, proven by no signature" in proofs
    assert any(sentence.startswith("not signed") for sentence in proofs)


def test_an_invoice_that_was_signed_cannot_be_left_out(books: Workspace, tmp_path: Path) -> None:
    sign(books, list_issued(books))
    write(books, tmp_path / "a.zip")
    forged = forge(tmp_path / "a.zip", tmp_path / "b.zip", lambda files, _: keep_vendor(files, "fastly"))
    assert any("and changed since: vultr" in defect and "vanished" in defect for defect in find_defects(forged))


def change_signed(books: Workspace, change: str) -> None:
    """Sign the month as it was before its first invoice changed or appeared, or before one vanished."""
    first, *others = list_issued(books)
    if change == "changed":
        sign(books, [raise_total(first, -10), *others])
    elif change == "appeared":
        sign(books, others)
    else:
        sign(books, [first, *others, raise_total(first, 5)._replace(invoice_id="gone")])


@pytest.mark.parametrize("change", ["changed", "appeared", "vanished"])
def test_a_change_since_is_a_defect_until_accepted(books: Workspace, tmp_path: Path, change: str) -> None:
    """It is accepted in the words that billfold has for it, and no longer when that is withdrawn."""
    change_signed(books, change)
    write(books, tmp_path / "a.zip")
    (defect,) = find_defects(tmp_path / "a.zip")
    assert defect.startswith("signed by Ann on 2026-11-20, and changed since: ")
    assert f" {change} " in defect

    (located,) = accept_changes(books)
    write(books, tmp_path / "a.zip")
    verdict = verify(str(tmp_path / "a.zip"))
    assert verdict.defects == []
    assert any(
        located.finding.subject in proof and "accepted by Bea: booked in December" in proof for proof in verdict.proofs
    )

    (acknowledgement,) = list_acknowledgements(books.archive)
    withdraw_acknowledgement(books.archive, acknowledgement, "no", "Bea", NOW)
    write(books, tmp_path / "a.zip")
    assert find_defects(tmp_path / "a.zip") == [defect]


def test_one_acceptance_covers_no_other_amount(books: Workspace, tmp_path: Path) -> None:
    change_signed(books, "changed")
    accept_changes(books)
    write(books, tmp_path / "a.zip")
    first = list_issued(books)[0]

    def leave_out(files: dict[str, bytes], _: dict[str, Any]) -> None:
        edit_rows(files, "register.csv", lambda row: None if row["invoice_id"] == first.invoice_id else row)
        edit_rows(files, "charges.csv", lambda row: None if row["InvoiceId"] == first.invoice_id else row)

    forged = forge(tmp_path / "a.zip", tmp_path / "b.zip", leave_out)
    assert any("vanished" in defect for defect in find_defects(forged))


def test_accounts_that_nobody_signed_are_named(books: Workspace, tmp_path: Path) -> None:
    """A signature of one vendor's month says nothing of another's."""
    sign(books, list_issued(books), scope=("fastly", ""))
    write(books, tmp_path / "a.zip")
    _, defects, proofs = verify(str(tmp_path / "a.zip"))
    assert defects == []
    assert any(proof.startswith("not signed: vultr vultr ") for proof in proofs)
    assert any(proof.endswith("proven by no signature") for proof in proofs)


def test_other_lines_for_the_same_total_are_told(books: Workspace, tmp_path: Path) -> None:
    """The hash of the month is another then, and only an acceptance since explains it."""
    rows = list_issued(books)
    sign(books, rows)
    write(books, tmp_path / "a.zip")
    located = AccountFinding(
        rows[0].provider,
        rows[0].account,
        str(MONTH),
        make_finding(FindingCode.MONTH_CHANGED, "changed in 2026-10: other lines for the same 1.00 USD", "a"),
    )
    add_acknowledgement(books.archive, located, "seen", "Bea", NOW)
    write(books, tmp_path / "b.zip")
    explained = forge(tmp_path / "b.zip", tmp_path / "c.zip", lambda _, manifest: manifest.update(hash="sha256:0"))
    _, defects, proofs = verify(str(explained))
    assert defects == []
    assert any("other lines for the same" in proof and "accepted by Bea: seen" in proof for proof in proofs)


def test_an_account_may_be_called_otherwise_now(books: Workspace, tmp_path: Path) -> None:
    rows = list_issued(books)
    sign(books, [row._replace(account=f"old-{row.account}") for row in rows])
    write(books, tmp_path / "a.zip")
    assert find_defects(tmp_path / "a.zip") == []
