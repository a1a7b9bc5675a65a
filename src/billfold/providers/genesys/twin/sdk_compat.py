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

NEWEST_VERSION = 10**6


class GenesysSdk(NamedTuple):
    """What differs between versions of the API."""

    has_get_prefixes: bool
    has_whole_quantities: bool
    has_tokens: bool
    has_charge_names: bool
    max_contracts_page_size: int


def detect_sdk(headers: Mapping[str, str], account_type: str = "") -> GenesysSdk:
    """Return the dialect that a request is answered in.

    Only the Python SDK tells its version; for another client an account of the kind ``sdk-N`` is answered as version N.
    """
    version_match = re.match(r"(\d{1,6})\.", headers.get("purecloud-sdk", "")) or re.fullmatch(
        r"sdk-(\d{1,6})", account_type
    )
    version = int(version_match[1]) if version_match else NEWEST_VERSION
    # GUESS: the wire has whole quantities as long as the SDK has them; 236 cannot tell.
    return GenesysSdk(version < 242, version < 261, version >= 260, version >= 263, 200 if version < 267 else 10)


def adapt_contract(record: BillingContract, sdk: GenesysSdk) -> BillingContract:
    """Put a contract into a dialect."""
    if not sdk.has_get_prefixes:
        return record
    return replace(record, purchase_order_numbers=UNSET, getpurchase_order_numbers=record.purchase_order_numbers)


def adapt_invoice(record: BillingInvoice, sdk: GenesysSdk) -> BillingInvoice:
    """Put an invoice into a dialect."""
    if not sdk.has_get_prefixes:
        return record
    return replace(
        record,
        bill_to_address=_adapt_address(record.bill_to_address),
        ship_to_address=_adapt_address(record.ship_to_address),
    )


def _adapt_address(address: Maybe[InvoiceAddress]) -> InvoiceAddress:
    address_record = get_or(address, InvoiceAddress())
    return replace(
        address_record,
        date_effective=UNSET,
        city_subdivision1=UNSET,
        getdate_effective=address_record.date_effective,
        getcity_subdivision1=address_record.city_subdivision1,
    )


def adapt_detail(record: BillingContractPeriodDetail, sdk: GenesysSdk) -> BillingContractPeriodDetail:
    """Put what was used in a period into a dialect."""
    return replace(record, charges=[_adapt_charge(charge, sdk) for charge in get_or(record.charges, [])])


def _adapt_charge(charge: BillingCharge, sdk: GenesysSdk) -> BillingCharge:
    adapted_charge = charge
    if not sdk.has_charge_names:
        adapted_charge = replace(adapted_charge, name=UNSET)
    if not sdk.has_tokens:
        adapted_charge = replace(adapted_charge, converted_token_count=UNSET, token_conversion_rate=UNSET)
    if sdk.has_whole_quantities:
        adapted_charge = replace(
            adapted_charge,
            prepaid_quantity=_floor_quantity(adapted_charge.prepaid_quantity),
            fairuse_quantity=_floor_quantity(adapted_charge.fairuse_quantity),
            actual_quantity=_floor_quantity(adapted_charge.actual_quantity),
            overage_quantity=_floor_quantity(adapted_charge.overage_quantity),
        )
    return _use_old_names(adapted_charge) if sdk.has_get_prefixes else adapted_charge


def _use_old_names(charge: BillingCharge) -> BillingCharge:
    return replace(
        charge,
        prepaid_quantity=UNSET,
        fairuse_quantity=UNSET,
        actual_quantity=UNSET,
        overage_quantity=UNSET,
        getprepaid_quantity=charge.prepaid_quantity,
        getfairuse_quantity=charge.fairuse_quantity,
        getactual_quantity=charge.actual_quantity,
        getoverage_quantity=charge.overage_quantity,
    )


def _floor_quantity(quantity: Maybe[Decimal]) -> Maybe[Decimal]:
    return quantity.quantize(Decimal(1), rounding=ROUND_DOWN) if isinstance(quantity, Decimal) else quantity
