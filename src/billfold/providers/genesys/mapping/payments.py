"""Which invoices Genesys says are paid, and what its wallets held, period by period."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from billfold.model.balance import Balance, BalanceKind
from billfold.model.money import EXACT_CONTEXT, ZERO, exact_sum
from billfold.model.payment import Payment, PaymentKind
from billfold.model.period import Period
from billfold.providers.currencies import read_currency
from billfold.providers.genesys.mapping import field_aliases
from billfold.providers.genesys.mapping.charges import read_contracts, read_listed_invoices, read_usages
from billfold.providers.genesys.mapping.classify import format_unit
from billfold.providers.genesys.mapping.commitments import (
    CommitmentShare,
    PlanPosition,
    find_position,
    list_positions,
)
from billfold.providers.genesys.mapping.invoice_periods import BillingCalendar, is_closed
from billfold.providers.genesys.mapping.lines import find_amount
from billfold.providers.genesys.records import BillingCharge, BillingProduct, BillingWallet, NamedEntity
from billfold.providers.provider import RunAnswers
from billfold.wire.codec import Maybe, get_or

KINDS_BY_STATUS = {"paid": PaymentKind.SETTLED, "unpaid": PaymentKind.UNSETTLED}
"""The API writes Unpaid, its documentation UnPaid."""


def read_payments(run_answers: RunAnswers) -> Iterator[Payment]:
    """Yield of each listed invoice whether it is paid; nothing of one that does not say."""
    for record in read_listed_invoices(run_answers).values():
        invoice_id = str(get_or(record.invoice.id, ""))
        kind = KINDS_BY_STATUS.get(get_or(record.invoice.payment_status, "").strip().lower())
        if invoice_id and kind:
            yield Payment(kind, "", invoice_id, read_currency(record.invoice.currency_iso_code))


def read_balances(run_answers: RunAnswers) -> Iterator[Balance]:
    """Yield what each wallet held in each period that was read, and how many of what each plan commits to were used."""
    calendar = BillingCalendar(read_contracts(run_answers).values())
    for period, usages in read_usages(run_answers, calendar, []).items():
        for usage in usages:
            positions = list_positions([usage.contract])
            is_open = not is_closed(usage.detail)
            for wallet in get_or(usage.detail.wallets, []):
                yield _build_balance(wallet, period, positions)._replace(is_open=is_open)
            for balance in _sum_charges(get_or(usage.detail.charges, []), period, positions):
                yield balance._replace(is_open=is_open)


def _build_balance(wallet: BillingWallet, period: Period, positions: Sequence[PlanPosition]) -> Balance:
    increase, decrease = find_amount(wallet.balance_increase), find_amount(wallet.balance_decrease)
    bought = None if increase is None else EXACT_CONTEXT.subtract(increase, decrease or ZERO)
    unit_code = get_or(wallet.unit_of_measure, "")
    position = _find_position(
        wallet.product, get_or(wallet.name, ""), unit_code, wallet.organizations, period, positions
    )
    return Balance(
        str(get_or(wallet.id, "")) or get_or(wallet.name, "") or "wallet",
        get_or(wallet.name, "") or "wallet",
        format_unit(unit_code),
        period,
        find_amount(wallet.starting_balance),
        bought,
        find_amount(wallet.balance_consumption),
        find_amount(wallet.ending_balance),
        find_amount(wallet.balance_overage) or ZERO,
        commitment_id=position.id if position else "",
    )


def _sum_charges(
    charges: Iterable[BillingCharge], period: Period, positions: Sequence[PlanPosition]
) -> Iterator[Balance]:
    """Add up by commitment what is bought for each month and what was in use; what is paid in tokens, its wallet knows."""
    charges_by_position = dict[str, list[BillingCharge]]()
    positions_by_id = {position.id: position for position in positions}
    for charge in charges:
        position = _find_position(charge.product, get_or(charge.name, ""), "", charge.organizations, period, positions)
        if position and not get_or(charge.converted_token_count, ZERO):
            charges_by_position.setdefault(position.id, []).append(charge)
    for position_id, members in charges_by_position.items():
        position = positions_by_id[position_id]
        yield Balance(
            position.id,
            get_or(position.item.name, "") or position.id,
            position.unit,
            period,
            bought=exact_sum(find_amount(field_aliases.get_prepaid_quantity(charge)) or ZERO for charge in members),
            used=exact_sum(find_amount(field_aliases.get_actual_quantity(charge)) or ZERO for charge in members),
            overage=exact_sum(find_amount(field_aliases.get_overage_quantity(charge)) or ZERO for charge in members),
            kind=BalanceKind.ALLOWANCE,
            commitment_id=position.id,
        )


def _find_position(
    product: Maybe[BillingProduct],
    name: str,
    unit_code: str,
    organizations: Maybe[list[NamedEntity]],
    period: Period,
    positions: Iterable[PlanPosition],
) -> PlanPosition | None:
    """Return the position of a plan that something which was used draws on."""
    known_product = get_or(product, BillingProduct())
    unit = format_unit(unit_code or get_or(known_product.unit_of_measure, ""))
    ids = frozenset(identity for entity in get_or(organizations, []) if (identity := get_or(entity.id, "")))
    share = CommitmentShare(get_or(known_product.name, "") or name, ZERO, unit, *period, ids)
    return find_position(share, positions)
