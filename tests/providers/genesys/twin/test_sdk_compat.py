"""Genesys Cloud's twin answers in the dialect of the SDK that sends the request."""

from __future__ import annotations

import pytest

from billfold.twin.host import TwinHost
from tests.providers.genesys.twin.kit import TwinClient


@pytest.mark.parametrize(
    ("version", "old_names", "whole_numbers", "names_products"),
    [("236.0.0", True, True, False), ("241.0.0", True, True, False), ("242.0.0", False, True, False),
     ("261.0.0", False, False, False), ("269.0.0", False, False, True), ("", False, False, True)],
)  # fmt: skip
def test_dialect_matches_sdk_version(
    host: TwinHost, version: str, old_names: bool, whole_numbers: bool, names_products: bool
) -> None:
    """The dialect is that of the SDK that sends the request."""
    client = TwinClient(host, **({"purecloud-sdk": version} if version else {}))
    _, contracts = client.get("/contracts")
    contract = contracts["entities"][0]
    assert ("getpurchaseOrderNumbers" in contract) == old_names
    assert ("purchaseOrderNumbers" in contract) != old_names
    _, detail = client.get(f"/contracts/{contract['id']}/billingperiods/202610")
    charge = next(item for item in detail["charges"] if item["product"]["sku"] == "GC-170-NV-BYOC")
    actual = charge["getactualQuantity" if old_names else "actualQuantity"]
    assert (int(actual) == actual) == whole_numbers
    assert ("name" in charge) == names_products
    _, invoices = client.get("/contracts/invoices")
    assert ("getdateEffective" in invoices["entities"][0]["billToAddress"]) == old_names
    response, _ = client.get("/contracts", pageSize="200")
    assert response.status == (400 if version in {"269.0.0", ""} else 200)
