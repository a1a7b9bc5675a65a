"""What is said of commitments: of contracts, balances and the configuration, in a month and over a whole time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from billfold.collect.workspace import Workspace
from billfold.ledger.query import LedgerFilter
from billfold.model.commitment import CommitmentKind, StatedCommitment
from billfold.model.payment import PaymentEvidence
from billfold.model.period import Month, Period
from billfold.report.commitment_uses import CommitmentUse
from billfold.report.commitments import find_commitments
from tests import stage

ALL = LedgerFilter()
YEAR = Period(Month(2026, 1).start, Month(2027, 1).start)
CREDITS = StatedCommitment(
    "cockroach-credits", "c1", CommitmentKind.PREPAID_CREDITS, "CRDB_CLOUD_CREDITS", Decimal(600_000), YEAR
)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """Yield a ledger of two vendors on 15 November, whose months began in July; leave it as it is."""
    host, books = stage.twin(seed=4, months=4), Workspace(tmp_path_factory.mktemp("books"))
    for vendor in ("cockroach", "fastly"):
        stage.collected(host, books, vendor, workers=1)
    yield books
    books.close()


def find(workspace: Workspace, *stated: StatedCommitment, filters: LedgerFilter = ALL) -> list[CommitmentUse]:
    """Return the commitments, some of them stated."""
    with workspace.open_ledger() as db:
        uses = find_commitments(db, filters, PaymentEvidence(commitments=stated))
    for use in uses:
        assert use.used is None or use.committed - use.used + use.overage == use.left
    return uses


def test_credits_are_told_by_their_balance(workspace: Workspace) -> None:
    """Committed is all that was bought, and the runway is known without any configuration."""
    (use,) = find(workspace)
    assert (use.account, use.kind, use.source, use.committed, use.bought) == (
        "cockroach-credits",
        "prepaid-credits",
        "balance",
        Decimal(600_000),
        Decimal(600_000),
    )
    assert (use.ends_on, use.expected_shortfall) == ("", None)
    assert use.runway_on > "2026-11-15"


def test_a_stated_end_tells_what_lapses(workspace: Workspace) -> None:
    """Credits that end this year will not be used up; the same balance is not told twice."""
    (use,) = find(workspace, CREDITS)
    assert (use.source, use.ends_on, use.expected_on, use.expected_overage) == (
        "configuration",
        "2026-12-31",
        "2026-12-31",
        Decimal(0),
    )
    assert use.rate is not None
    assert use.left is not None
    assert use.expected_shortfall == pytest.approx(use.left - use.rate * Decimal(46) / 30, rel=Decimal("0.05"))


def test_a_monthly_minimum_is_told_month_by_month(workspace: Workspace) -> None:
    """The charges say what was spent; a shortfall that is charged is no use, and no tax is."""
    minimum = StatedCommitment(
        "fastly", "m", CommitmentKind.MINIMUM_SPEND, "USD", Decimal(1_000_000), YEAR, is_monthly=True
    )
    months = find(workspace, minimum, filters=LedgerFilter(provider="fastly", first_month=Month(2026, 8)))
    assert [use.month for use in months] == ["2026-08", "2026-09", "2026-10", "2026-11"]
    assert all(use.used and use.bought is None for use in months)
    assert months[2].expected_shortfall is None
    assert months[3].expected_shortfall is not None
    assert months[3].expected_on == "2026-11-30"
    with workspace.open_ledger() as db:
        query = """SELECT sum(c.BilledCost) FROM charges c JOIN bills b ON c.bill = b.id JOIN accounts a USING (provider, account)
                   WHERE a.name = 'fastly' AND b.until_seq IS NULL AND b.period_start = '2026-10-01'
                   AND c.ChargeCategory IN ('Usage', 'Purchase') AND c.ChargeDescription NOT ILIKE '%shortfall%'"""
        assert db.execute(query).fetchall() == [(months[2].used,)]


def test_a_minimum_of_a_year_runs_out_or_short(workspace: Workspace) -> None:
    """Too small a minimum is used up already; too large a one falls short when its time ends."""
    small = StatedCommitment("fastly", "small", CommitmentKind.MINIMUM_SPEND, "USD", Decimal(10), YEAR)
    large = small._replace(commitment_id="large", amount=Decimal(10**7))
    by_id = {use.commitment_id: use for use in find(workspace, small, large, filters=LedgerFilter(provider="fastly"))}
    assert by_id["small"].left == 0
    assert by_id["small"].overage > 0
    assert by_id["large"].expected_shortfall
    assert by_id["large"].expected_on == "2026-12-31"


def test_a_service_narrows_and_strangers_are_left_out(workspace: Workspace) -> None:
    """Use of another service or account is none, and an account that is not collected is not told of."""
    seats = StatedCommitment(
        "fastly", "s", CommitmentKind.SEATS, "Requests", Decimal(5), YEAR, is_monthly=True, service="None such"
    )
    uses = find(workspace, seats, seats._replace(account="stranger"), filters=LedgerFilter(provider="fastly"))
    assert [(use.commitment_id, use.used, use.left) for use in uses] == [("s", Decimal(0), Decimal(5))]


def test_used_and_bought_of_closed_months_stay(tmp_path: Path) -> None:
    """After the invoice came, what was in use in its month is still known, and is not what was bought."""
    host, books = stage.twin(seed=4, months=2), Workspace(tmp_path)
    stage.collected(host, books, "genesys", workers=1)
    october = LedgerFilter(first_month=Month(2026, 10), last_month=Month(2026, 10))
    before = find(books, filters=october)
    host.clock.advance(timedelta(days=40))
    stage.collected(host, books, "genesys", workers=1)
    assert find(books, filters=october) == before
    assert any(use.used != use.bought for use in before)
    assert all(use.bought == use.committed for use in before)
    november = find(books, filters=LedgerFilter(first_month=Month(2026, 11), last_month=Month(2026, 11)))
    assert len(november) == len(before)
    assert all(use.used for use in november)
    books.close()
