"""What was used under a contract in a billing period that has no invoice yet, as an estimate: overage charges and wallets.

Prepaid seats are not in it: the vendor's period detail has no money for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import NamedTuple

from billfold.model.bill import Bill, Charges, State
from billfold.model.finding import Finding, make_finding
from billfold.model.finding_codes import FindingCode
from billfold.model.money import EXACT_CONTEXT, NO_CURRENCY, ZERO, exact_product, exact_sum
from billfold.model.period import Period
from billfold.model.pricing import Price, PriceBasis, choose_price
from billfold.providers.currencies import check_currency, read_currency
from billfold.providers.genesys.mapping import classify, field_aliases, lines
from billfold.providers.genesys.mapping.commitments import (
    CommitmentShare,
    ContractTerms,
    find_applied,
    index_terms,
    list_commitments,
)
from billfold.providers.genesys.mapping.invoice_periods import is_closed, is_open, read_customer
from billfold.providers.genesys.mapping.lines import (
    PLATFORM_NAME,
    VENDOR_NAME,
    GenesysLine,
    LineSource,
    LineSubject,
)
from billfold.providers.genesys.records import (
    BillingCharge,
    BillingContract,
    BillingContractPeriodDetail,
    BillingProduct,
    BillingWallet,
    NamedEntity,
)
from billfold.providers.mapping import describe_missing
from billfold.providers.provider import ArchivedAnswer
from billfold.wire.codec import UNSET, Maybe, get_or


class PeriodUsage(NamedTuple):
    """What was used under a contract in a period."""

    contract: BillingContract
    detail: BillingContractPeriodDetail
    answer: ArchivedAnswer


def sum_overage(usage: PeriodUsage) -> Decimal:
    """Return what was used beyond what was bought, in money."""
    charges, wallets = get_or(usage.detail.charges, []), get_or(usage.detail.wallets, [])
    return exact_sum(
        [
            *(lines.read_amount(record.overage_charge) for record in charges),
            *(lines.read_amount(record.balance_overage_charge) for record in wallets),
        ]
    )


def build_estimates(period: Period, usage: PeriodUsage) -> Iterator[Bill]:
    """Yield the estimate of a contract's period for each currency."""
    for currency, currency_lines in sorted(_group_by_currency(usage, period).items()):
        if currency == NO_CURRENCY and _is_idle(usage.detail):
            continue
        common_row = lines.build_common_row(
            read_customer(usage.contract.bill_to_customer), period, currency, usage.answer.seq
        )
        yield Bill(
            state=State.ESTIMATE,
            invoice_id=None,
            period=period,
            currency=currency,
            total=None,
            line_count=len(currency_lines),
            charges=[Charges.of(currency_lines, common_row)] if currency_lines else [],
            issuer=VENDOR_NAME,
            commitments=list_commitments([usage.contract], usage.answer.fetched_at),
            findings=tuple(_check_usage(usage, currency)),
            scope=get_or(usage.contract.id, ""),
        )


def _is_idle(detail: BillingContractPeriodDetail) -> bool:
    """Tell whether a period says that nothing was used in it: it has a list of that, and the list is empty."""
    usage_lists = detail.charges, detail.wallets
    return not any(get_or(records, []) for records in usage_lists) and any(
        records is not UNSET for records in usage_lists
    )


def _check_usage(usage: PeriodUsage, currency: str) -> Iterator[Finding]:
    if not is_open(usage.detail) and not is_closed(usage.detail):
        status = get_or(usage.detail.status, None)
        yield make_finding(FindingCode.STATUS_UNKNOWN, f"the period's status {status!r} is not known", status=status)
    if usage.detail.charges is UNSET and usage.detail.wallets is UNSET:
        text = "the period has neither a list of charges nor one of wallets"
        yield make_finding(FindingCode.LINES_INCOMPLETE, text)
    yield from check_currency("" if currency == NO_CURRENCY else currency, subject="the period")
    for charge in get_or(usage.detail.charges, []):
        yield from _check_overage(
            get_or(charge.id, ""),
            field_aliases.get_overage_quantity(charge),
            charge.overage_rate,
            charge.overage_charge,
        )
    for wallet in get_or(usage.detail.wallets, []):
        overage, cost = get_or(wallet.balance_overage, None), wallet.balance_overage_charge
        yield from _check_overage(get_or(wallet.id, ""), overage, wallet.balance_overage_rate, cost)


def _check_overage(
    native_id: str, overage: Decimal | None, rate: Maybe[Decimal], cost: Maybe[Decimal]
) -> Iterator[Finding]:
    """Say what is wrong with an amount: not there, or another than quantity and rate give, beyond rounding."""
    amount = lines.find_amount(cost)
    if (overage or isinstance(cost, Decimal)) and amount is None:
        text = f"{native_id} has an overage and no amount{describe_missing(cost)}"
        yield make_finding(FindingCode.AMOUNT_MISSING, text, line=native_id)
    elif overage is not None and isinstance(rate, Decimal) and amount is not None:
        difference = abs(EXACT_CONTEXT.subtract(amount, exact_product(overage, rate)))
        if difference > max(Decimal(1), abs(amount) / 100):
            text = f"{native_id} states {overage} over at {rate} and an amount of {cost}"
            yield make_finding(FindingCode.AMOUNT_MISMATCH, text, line=native_id)


def _group_by_currency(usage: PeriodUsage, period: Period) -> dict[str, list[GenesysLine]]:
    """Make the lines; where a charge says no currency, it has that of its neighbours, or of the contract's plans."""
    detail = usage.detail
    charges, wallets = get_or(detail.charges, []), get_or(detail.wallets, [])
    currencies = [charge_record.overage_currency for charge_record in charges] + [
        wallet_record.balance_overage_currency for wallet_record in wallets
    ]
    default_currency = (
        next((currency for currency in map(read_currency, currencies) if currency), "")
        or _find_plan_currency(usage.contract)
        or NO_CURRENCY
    )
    lines_by_currency: dict[str, list[GenesysLine]] = {default_currency: []}
    drawn_tokens, terms = _find_drawn_tokens(charges, wallets), index_terms(usage.contract)
    for index, charge in enumerate(charges):
        currency_lines = lines_by_currency.setdefault(read_currency(charge.overage_currency) or default_currency, [])
        currency_lines.append(
            _build_charge_line(charge, terms, period, f"$.charges[{index}]", wallets[0] if drawn_tokens else None)
        )
    for index, wallet in enumerate(wallets):
        currency_lines = lines_by_currency.setdefault(
            read_currency(wallet.balance_overage_currency) or default_currency, []
        )
        currency_lines.append(_build_wallet_line(wallet, terms, period, f"$.wallets[{index}]", drawn_tokens or ZERO))
    return lines_by_currency


def _find_drawn_tokens(charges: Iterable[BillingCharge], wallets: Sequence[BillingWallet]) -> Decimal | None:
    """Return the tokens that charges drew from the one wallet that covered them all; None where it cannot be told.

    Where it ran out, nobody says whose tokens were the last: only the wallet knows how many it covered.
    """
    tokens = exact_sum(get_or(charge.converted_token_count, ZERO) for charge in charges)
    if len(wallets) != 1 or get_or(wallets[0].balance_overage, ZERO):
        return None
    return tokens if ZERO < tokens <= get_or(wallets[0].balance_consumption, ZERO) else None


def _find_plan_currency(contract: BillingContract) -> str:
    items = (item for plan in get_or(contract.plans, []) for item in get_or(plan.items, []))
    return next((currency for item in items if (currency := read_currency(item.currency_iso_code))), "")


def _build_charge_line(
    charge: BillingCharge, terms: ContractTerms, service_time: Period, path: str, wallet: BillingWallet | None
) -> GenesysLine:
    product = get_or(charge.product, BillingProduct())
    service = get_or(product.name, "") or get_or(charge.name, "") or PLATFORM_NAME
    cost, overage = lines.read_amount(charge.overage_charge), field_aliases.get_overage_quantity(charge) or ZERO
    price = _price_overage(cost, overage, charge.overage_rate)
    subject = _build_subject(product, service, get_or(product.unit_of_measure, ""), charge.organizations)
    detail_facts = (
        *_describe_contract(terms.contract, charge.organizations),
        ("PrepaidQuantity", lines.format_number(field_aliases.get_prepaid_quantity(charge))),
        ("FairUseQuantity", lines.format_number(field_aliases.get_fair_use_quantity(charge))),
        ("OverageRate", lines.format_number(charge.overage_rate)),
        ("ConvertedTokenCount", lines.format_number(charge.converted_token_count)),
        ("TokenConversionRate", lines.format_number(charge.token_conversion_rate)),
    )
    source = LineSource(path, get_or(charge.id, None), None, lines.format_details(*detail_facts))
    consumed = field_aliases.get_actual_quantity(charge)
    tokens = get_or(charge.converted_token_count, ZERO)
    if tokens:
        share = _build_wallet_share(wallet, tokens, service_time) if wallet else None
        applied_text = find_applied(terms, share) if share else None
        subject = subject._replace(applied=applied_text, category="Committed" if applied_text else "Other")
    else:
        prepaid_used = min(consumed or ZERO, field_aliases.get_prepaid_quantity(charge) or ZERO)
        organization_ids = frozenset(subject.organization[:1] if subject.organization else ())
        subject = subject._replace(
            applied=find_applied(
                terms, CommitmentShare(service, prepaid_used, subject.sku.unit, *service_time, organization_ids)
            )
        )
    description = get_or(charge.name, "") or service
    return lines.build_line(
        subject, cost, price, price.quantity if consumed is None else consumed, description, service_time, source
    )


def _build_wallet_share(wallet: BillingWallet, quantity: Decimal, service_time: Period) -> CommitmentShare:
    """Say what is drawn from a wallet."""
    product = get_or(wallet.product, BillingProduct())
    unit = classify.format_unit(get_or(wallet.unit_of_measure, "") or get_or(product.unit_of_measure, ""))
    organization_ids = frozenset(
        organization_id
        for organization in get_or(wallet.organizations, [])
        if (organization_id := get_or(organization.id, ""))
    )
    return CommitmentShare(
        get_or(product.name, "") or get_or(wallet.name, ""), quantity, unit, *service_time, organization_ids
    )


def _build_wallet_line(
    wallet: BillingWallet, terms: ContractTerms, service_time: Period, path: str, drawn_tokens: Decimal
) -> GenesysLine:
    product = get_or(wallet.product, BillingProduct())
    service = get_or(product.name, "") or get_or(wallet.name, "") or PLATFORM_NAME
    cost, overage = lines.read_amount(wallet.balance_overage_charge), get_or(wallet.balance_overage, ZERO)
    price = _price_overage(cost, overage, wallet.balance_overage_rate)
    unit = get_or(wallet.unit_of_measure, "") or get_or(product.unit_of_measure, "")
    subject = _build_subject(product, service, unit, wallet.organizations)
    detail_facts = (
        *_describe_contract(terms.contract, wallet.organizations),
        ("StartingBalance", lines.format_number(wallet.starting_balance)),
        ("EndingBalance", lines.format_number(wallet.ending_balance)),
        ("BalanceIncrease", lines.format_number(wallet.balance_increase)),
        ("BalanceDecrease", lines.format_number(wallet.balance_decrease)),
        ("OverageRate", lines.format_number(wallet.balance_overage_rate)),
    )
    source = LineSource(path, get_or(wallet.id, None), None, lines.format_details(*detail_facts))
    consumed = get_or(wallet.balance_consumption, price.quantity)
    remaining_use = EXACT_CONTEXT.subtract(EXACT_CONTEXT.subtract(consumed, overage), drawn_tokens)
    subject = subject._replace(applied=find_applied(terms, _build_wallet_share(wallet, remaining_use, service_time)))
    description = get_or(wallet.name, "") or service
    return lines.build_line(subject, cost, price, consumed, description, service_time, source)


def _build_subject(
    product: BillingProduct,
    service: str,
    unit: str,
    organizations: Maybe[list[NamedEntity]],
) -> LineSubject:
    sku_id = lines.sku_of(product, service)
    return LineSubject(
        classify.DEFAULT_CATEGORY,
        service,
        lines.price_sku(sku_id, classify.format_unit(unit), "Usage"),
        lines.read_only_organization(organizations),
    )


def _price_overage(cost: Decimal, overage: Decimal, rate: Maybe[Decimal]) -> Price:
    """Price an overage; nothing over at a known rate is nothing at that rate."""
    unit_rate = get_or(rate, None)
    if not cost and not overage and unit_rate is not None and unit_rate >= 0:
        return Price(unit_rate, overage, unit_rate, PriceBasis.RATE)
    return choose_price(cost, overage, unit_rate)


def _describe_contract(
    contract: BillingContract, organizations: Maybe[list[NamedEntity]]
) -> tuple[tuple[str, str], ...]:
    organization_list = get_or(organizations, [])
    names = (
        ", ".join(get_or(organization.name, "") or get_or(organization.id, "") for organization in organization_list)
        if len(organization_list) > 1
        else ""
    )
    return (
        ("ContractNumber", get_or(contract.external_number, "")),
        ("EndCustomer", read_customer(contract.end_customer)[0]),
        ("Organizations", names),
    )
