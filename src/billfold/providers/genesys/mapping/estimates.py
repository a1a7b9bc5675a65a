"""What was used under a contract in a billing period that has no invoice yet, as an estimate: overage charges and wallets.

Prepaid seats are not in it: the vendor's period detail has no money for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import chain
from typing import NamedTuple

from billfold.model.bill import Bill, Charges, State
from billfold.model.money import EXACT_CONTEXT, ZERO, exact_product, exact_sum
from billfold.model.period import Period
from billfold.model.pricing import Price, choose_price
from billfold.providers.genesys.mapping import classify, field_aliases, lines
from billfold.providers.genesys.mapping.commitments import Share, applied, commitments, positions
from billfold.providers.genesys.mapping.invoice_periods import is_closed, is_open, name
from billfold.providers.genesys.mapping.lines import PLATFORM, VENDOR, Line, What, When, Where
from billfold.providers.genesys.records import (
    BillingCharge,
    BillingContract,
    BillingContractPeriodDetail,
    BillingProduct,
    BillingWallet,
    NamedEntity,
)
from billfold.providers.provider import ArchivedAnswer
from billfold.wire.codec import Maybe, get_or


class Used(NamedTuple):
    """What was used under a contract in a period."""

    contract: BillingContract
    detail: BillingContractPeriodDetail
    answer: ArchivedAnswer


def overage(used: Used) -> Decimal:
    """Return what was used beyond what was bought, in money."""
    charges = [get_or(one.overage_charge, ZERO) for one in get_or(used.detail.charges, [])]
    return exact_sum([*charges, *(get_or(one.balance_overage_charge, ZERO) for one in get_or(used.detail.wallets, []))])


def estimate(period: Period, used: Used) -> Iterator[Bill]:
    """Yield the estimate of a contract's period for each currency."""
    for currency, rows in sorted(_by_currency(used, period).items()):
        common = lines.common(name(used.contract.bill_to_customer), period, currency, used.answer.seq)
        yield Bill(
            state=State.ESTIMATE,
            invoice_id=None,
            period=period,
            currency=currency,
            total=None,
            line_count=len(rows),
            charges=[Charges(common, rows)] if rows else [],
            issuer=VENDOR,
            commitments=commitments([used.contract], used.answer.fetched_at),
            problems=tuple(dict.fromkeys(_problems(used, currency))),
            scope=get_or(used.contract.id, ""),
        )


def _problems(used: Used, currency: str) -> Iterator[str]:
    if not is_open(used.detail) and not is_closed(used.detail):
        yield f"the period's status {get_or(used.detail.status, None)!r} is not known"
    if not isinstance(used.detail.charges, list) and not isinstance(used.detail.wallets, list):
        yield "the period has neither a list of charges nor one of wallets"
    if currency == "XXX":
        yield "the period states no currency"
    for charge in get_or(used.detail.charges, []):
        yield from _doubt(
            get_or(charge.id, ""), field_aliases.overage(charge), charge.overage_rate, charge.overage_charge
        )
    for wallet in get_or(used.detail.wallets, []):
        over, cost = get_or(wallet.balance_overage, None), wallet.balance_overage_charge
        yield from _doubt(get_or(wallet.id, ""), over, wallet.balance_overage_rate, cost)


def _doubt(native: str, over: Decimal | None, rate: Maybe[Decimal], cost: Maybe[Decimal]) -> Iterator[str]:
    """Say what is wrong with an amount: not there, or another than quantity and rate give, beyond rounding."""
    if over and not isinstance(cost, Decimal):
        yield f"{native} has an overage and no amount"
    elif over is not None and isinstance(rate, Decimal) and isinstance(cost, Decimal):
        off = abs(EXACT_CONTEXT.subtract(cost, exact_product(over, rate)))
        if off > max(Decimal(1), abs(cost) / 100):
            yield f"{native} states {over} over at {rate} and an amount of {cost}"


def _by_currency(used: Used, period: Period) -> dict[str, list[Line]]:
    """Make the lines; where a charge says no currency, it has that of its neighbours, or of the contract's plans."""
    detail, when = used.detail, When(*period)
    charges, wallets = get_or(detail.charges, []), get_or(detail.wallets, [])
    said = [c.overage_currency for c in charges] + [w.balance_overage_currency for w in wallets]
    usual = next((word for word in map(_word, said) if word), "") or _planned(used.contract) or "XXX"
    found: dict[str, list[Line]] = {usual: []}
    drawn = _drawn(charges, wallets)
    for index, charge in enumerate(charges):
        mine = found.setdefault(_word(charge.overage_currency) or usual, [])
        mine.append(_of_charge(charge, used.contract, when, f"$.charges[{index}]", wallets[0] if drawn else None))
    for index, wallet in enumerate(wallets):
        mine = found.setdefault(_word(wallet.balance_overage_currency) or usual, [])
        mine.append(_of_wallet(wallet, used.contract, when, f"$.wallets[{index}]", drawn or ZERO))
    return found


def _drawn(charges: Iterable[BillingCharge], wallets: Sequence[BillingWallet]) -> Decimal | None:
    """Return the tokens that charges drew from the one wallet that covered them all; None where it cannot be told.

    Where it ran out, nobody says whose tokens were the last: only the wallet knows how many it covered.
    """
    tokens = exact_sum(get_or(one.converted_token_count, ZERO) for one in charges)
    if len(wallets) != 1 or get_or(wallets[0].balance_overage, ZERO):
        return None
    return tokens if ZERO < tokens <= get_or(wallets[0].balance_consumption, ZERO) else None


def _word(currency: Maybe[str]) -> str:
    return get_or(currency, "")


def _planned(contract: BillingContract) -> str:
    items = (item for plan in get_or(contract.plans, []) for item in get_or(plan.items, []))
    return next((word for item in items if (word := _word(item.currency_iso_code))), "")


def _of_charge(
    charge: BillingCharge, contract: BillingContract, when: When, path: str, wallet: BillingWallet | None
) -> Line:
    product = get_or(charge.product, BillingProduct())
    service = get_or(product.name, "") or get_or(charge.name, "") or PLATFORM
    cost, over = lines.money(charge.overage_charge), field_aliases.overage(charge) or ZERO
    priced = _priced(cost, over, charge.overage_rate)
    what = _what(product, service, get_or(product.unit_of_measure, ""), charge.organizations, contract, when.start)
    facts = (
        *_about(contract, charge.organizations),
        ("PrepaidQuantity", lines.digits(field_aliases.prepaid(charge))),
        ("FairUseQuantity", lines.digits(field_aliases.fair_use(charge))),
        ("OverageRate", lines.digits(charge.overage_rate)),
        ("ConvertedTokenCount", lines.digits(charge.converted_token_count)),
        ("TokenConversionRate", lines.digits(charge.token_conversion_rate)),
    )
    where = Where(path, get_or(charge.id, None), None, lines.details(*facts))
    consumed = field_aliases.actual(charge)
    tokens = get_or(charge.converted_token_count, ZERO)
    if tokens:
        share = _share(wallet, tokens, when) if wallet else None
        found = applied(share, positions([contract])) if share else None
        what = what._replace(applied=found, category="Committed" if found else "Other")
    else:
        bought = min(consumed or ZERO, field_aliases.prepaid(charge) or ZERO)
        whose = frozenset(what.organization[:1] if what.organization else ())
        what = what._replace(applied=applied(Share(service, bought, what.unit, *when, whose), positions([contract])))
    description = get_or(charge.name, "") or service
    return lines.line(what, cost, priced, priced.quantity if consumed is None else consumed, description, when, where)


def _share(wallet: BillingWallet, quantity: Decimal, when: When) -> Share:
    """Say what is drawn from a wallet."""
    product = get_or(wallet.product, BillingProduct())
    unit = classify.unit(get_or(wallet.unit_of_measure, "") or get_or(product.unit_of_measure, ""))
    whose = frozenset(found for one in get_or(wallet.organizations, []) if (found := get_or(one.id, "")))
    return Share(get_or(product.name, "") or get_or(wallet.name, ""), quantity, unit, *when, whose)


def _of_wallet(wallet: BillingWallet, contract: BillingContract, when: When, path: str, drawn: Decimal) -> Line:
    product = get_or(wallet.product, BillingProduct())
    service = get_or(product.name, "") or get_or(wallet.name, "") or PLATFORM
    cost, over = lines.money(wallet.balance_overage_charge), get_or(wallet.balance_overage, ZERO)
    priced = _priced(cost, over, wallet.balance_overage_rate)
    unit = get_or(wallet.unit_of_measure, "") or get_or(product.unit_of_measure, "")
    what = _what(product, service, unit, wallet.organizations, contract, when.start)
    facts = (
        *_about(contract, wallet.organizations),
        ("StartingBalance", lines.digits(wallet.starting_balance)),
        ("EndingBalance", lines.digits(wallet.ending_balance)),
        ("BalanceIncrease", lines.digits(wallet.balance_increase)),
        ("BalanceDecrease", lines.digits(wallet.balance_decrease)),
        ("OverageRate", lines.digits(wallet.balance_overage_rate)),
    )
    where = Where(path, get_or(wallet.id, None), None, lines.details(*facts))
    consumed = get_or(wallet.balance_consumption, priced.quantity)
    rest = EXACT_CONTEXT.subtract(EXACT_CONTEXT.subtract(consumed, over), drawn)
    what = what._replace(applied=applied(_share(wallet, rest, when), positions([contract])))
    description = get_or(wallet.name, "") or service
    return lines.line(what, cost, priced, consumed, description, when, where)


def _what(
    product: BillingProduct,
    service: str,
    unit: str,
    organizations: Maybe[list[NamedEntity]],
    contract: BillingContract,
    start: datetime,
) -> What:
    sku = lines.sku_of(product, service)
    known = (found for (n, c, _), found in lines.rates([contract]).items() if n == service and c == "Usage")
    rate = lines.rate_on(start, chain.from_iterable(known))
    price_id = lines.price_id(sku, "Usage", rate)
    return What(classify.OTHER, service, sku, price_id, classify.unit(unit), lines.only(organizations))


def _priced(cost: Decimal, over: Decimal, rate: Maybe[Decimal]) -> Price:
    """Price an overage; nothing over at a known rate is nothing at that rate."""
    known = get_or(rate, None)
    if not cost and not over and known is not None and known >= 0:
        return Price(known, over, None)
    return choose_price(cost, over, known)


def _about(contract: BillingContract, organizations: Maybe[list[NamedEntity]]) -> tuple[tuple[str, str], ...]:
    several = get_or(organizations, [])
    names = ", ".join(get_or(one.name, "") or get_or(one.id, "") for one in several) if len(several) > 1 else ""
    return (
        ("ContractNumber", get_or(contract.external_number, "")),
        ("EndCustomer", name(contract.end_customer)[0]),
        ("Organizations", names),
    )
