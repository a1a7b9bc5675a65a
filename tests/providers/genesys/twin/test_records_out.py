"""The records of Genesys Cloud's twin."""

from __future__ import annotations

from billfold.twin.host import TwinHost
from tests.providers.genesys.twin.kit import TwinClient


def test_line_quantities_are_whole(host: TwinHost) -> None:
    """Lines have whole quantities for every SDK, and amounts for all that was used."""
    for client in (TwinClient(host), TwinClient(host, **{"purecloud-sdk": "236.0.0"})):
        _, invoices = client.get("/contracts/invoices", pageSize="200")
        numbers = [invoice["id"] for invoice in invoices["entities"]]
        lines = [
            line for number in numbers for line in client.get(f"/contracts/invoices/{number}/lines")[1]["entities"]
        ]
        assert all(line["quantity"] == int(line["quantity"]) != 0 for line in lines)
        minutes = [line for line in lines if line.get("unitOfMeasure") == "Minute" and line["amount"] > 0]
        assert any(line["amount"] != round(line["quantity"] * 0.006, 2) for line in minutes)


def test_charges_stop_at_contract_end(host: TwinHost) -> None:
    """Nothing is charged beyond the end of a contract."""
    _, contracts = TwinClient(host).get("/contracts", status="Inactive")
    (contract,) = contracts["entities"]
    assert {item["dateChargedThrough"] for plan in contract["plans"] for item in plan["items"]} == {contract["dateEnd"]}
