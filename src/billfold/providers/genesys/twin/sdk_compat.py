"""How the API speaks to whoever asks: by the SDK's own header ``purecloud-sdk``, newest by default.

Source: the models of PureCloudPlatformClientV2 228.0.0 to 269.0.0, compared version by version. That the wire changed
together with the SDK is a guess: only the two ends of the change are public.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import ROUND_DOWN, Decimal
from typing import NamedTuple

from msgspec.structs import replace

from billfold.providers.genesys.records import (
    BillingCharge,
    BillingContract,
    BillingContractPeriodDetail,
    BillingInvoice,
    InvoiceAddress,
)
from billfold.wire.codec import UNSET, Maybe, get_or

NEWEST = 10**6


class Dialect(NamedTuple):
    """What differs between versions of the API."""

    has_get_names: bool
    has_whole_quantities: bool
    has_tokens: bool
    has_names: bool
    contracts_a_page: int


def dialect(headers: Mapping[str, str]) -> Dialect:
    """Return the dialect that a request is answered in."""
    said = re.match(r"(\d{1,6})\.", headers.get("purecloud-sdk", ""))
    version = int(said[1]) if said else NEWEST
    # GUESS: the wire has whole quantities as long as the SDK has them; 236 cannot tell.
    return Dialect(version < 242, version < 261, version >= 260, version >= 263, 200 if version < 267 else 10)


def contract(one: BillingContract, spoken: Dialect) -> BillingContract:
    """Put a contract into a dialect."""
    if not spoken.has_get_names:
        return one
    return replace(one, purchase_order_numbers=UNSET, getpurchase_order_numbers=one.purchase_order_numbers)


def invoice(one: BillingInvoice, spoken: Dialect) -> BillingInvoice:
    """Put an invoice into a dialect."""
    if not spoken.has_get_names:
        return one
    return replace(one, bill_to_address=_address(one.bill_to_address), ship_to_address=_address(one.ship_to_address))


def _address(one: Maybe[InvoiceAddress]) -> InvoiceAddress:
    said = get_or(one, InvoiceAddress())
    return replace(
        said,
        date_effective=UNSET,
        city_subdivision1=UNSET,
        getdate_effective=said.date_effective,
        getcity_subdivision1=said.city_subdivision1,
    )


def detail(one: BillingContractPeriodDetail, spoken: Dialect) -> BillingContractPeriodDetail:
    """Put what was used in a period into a dialect."""
    return replace(one, charges=[_charge(charge, spoken) for charge in get_or(one.charges, [])])


def _charge(one: BillingCharge, spoken: Dialect) -> BillingCharge:
    said = one
    if not spoken.has_names:
        said = replace(said, name=UNSET)
    if not spoken.has_tokens:
        said = replace(said, converted_token_count=UNSET, token_conversion_rate=UNSET)
    if spoken.has_whole_quantities:
        said = replace(
            said,
            prepaid_quantity=_whole(said.prepaid_quantity),
            fairuse_quantity=_whole(said.fairuse_quantity),
            actual_quantity=_whole(said.actual_quantity),
            overage_quantity=_whole(said.overage_quantity),
        )
    return _old_names(said) if spoken.has_get_names else said


def _old_names(one: BillingCharge) -> BillingCharge:
    return replace(
        one,
        prepaid_quantity=UNSET,
        fairuse_quantity=UNSET,
        actual_quantity=UNSET,
        overage_quantity=UNSET,
        getprepaid_quantity=one.prepaid_quantity,
        getfairuse_quantity=one.fairuse_quantity,
        getactual_quantity=one.actual_quantity,
        getoverage_quantity=one.overage_quantity,
    )


def _whole(number: Maybe[Decimal]) -> Maybe[Decimal]:
    return number.quantize(Decimal(1), rounding=ROUND_DOWN) if isinstance(number, Decimal) else number
