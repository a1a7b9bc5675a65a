"""Keys with two spellings are read in either."""

from __future__ import annotations

import json

from billfold.providers import genesys
from billfold.providers.genesys.mapping import field_aliases
from billfold.wire import codec
from tests.providers.genesys.kit import SAMPLES


def test_both_spellings_read_alike() -> None:
    """Both spellings of the renamed keys are read as the same values."""
    old, new = (codec.decode_record((SAMPLES / f"contract.{version}.json").read_bytes(), genesys.records.BillingContract) for version in ("v236", "v269"))  # fmt: skip
    assert field_aliases.get_purchase_orders(old) == field_aliases.get_purchase_orders(new) == ["PO-2026-011"]
    record_type = genesys.records.BillingContractPeriodDetail
    old_detail, new_detail = (
        codec.decode_record((SAMPLES / f"billingperiod.{version}.json").read_bytes(), record_type)
        for version in ("v236", "v269")
    )
    for name in ("prepaid", "fair_use", "actual", "overage"):
        read = getattr(field_aliases, f"get_{name}_quantity")
        old_values, new_values = [read(c) for c in old_detail.charges], [read(c) for c in new_detail.charges]  # type: ignore[union-attr]
        assert old_values[:2] == new_values[:2]
        assert None not in old_values + new_values
    addresses = [codec.decode_record(json.dumps(address).encode(), genesys.records.InvoiceAddress) for address in (
        {"dateEffective": "2024-05-01", "citySubdivision1": "Downtown"},
        {"getdateEffective": "2024-05-01", "getcitySubdivision1": "Downtown"},
    )]  # fmt: skip
    assert {field_aliases.get_effective_date(address) for address in addresses} == {"2024-05-01"}
    assert [address.city_subdivision1 for address in addresses] == ["Downtown", codec.UNSET]
    assert [address.getcity_subdivision1 for address in addresses] == [codec.UNSET, "Downtown"]
