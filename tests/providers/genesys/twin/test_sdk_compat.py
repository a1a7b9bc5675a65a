"""Genesys Cloud's twin answers in the dialect of the SDK that sends the request."""

from __future__ import annotations

import pytest

from billfold.providers.genesys.twin.sdk_compat import detect_sdk
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


@pytest.mark.parametrize(("header", "account_type"), [("", "sdk-234"), ("234.0.0", "ordinary"), ("234.0.0", "sdk-269")])
def test_an_account_may_be_of_an_older_sdk(header: str, account_type: str) -> None:
    """A client that does not tell its version is answered as its account's kind says; one that tells is answered so."""
    headers = {"purecloud-sdk": header} if header else {}
    assert detect_sdk(headers, account_type) == detect_sdk({"purecloud-sdk": "234.1.0"})
    assert detect_sdk({}, "sdk-269") == detect_sdk({}) == detect_sdk({}, "euro")
