"""The pages of Genesys Cloud's twin."""

from __future__ import annotations

import base64

from billfold.twin.host import TwinHost
from tests.providers.genesys.twin.kit import TwinClient, parse_link_query


def test_pages_lead_on_and_back(host: TwinHost) -> None:
    """Pages lead on and back, and keep the filters."""
    client = TwinClient(host)
    _, whole_list = client.get("/contracts/invoices", pageSize="200", dateStart="2026-03-01")
    ids = [invoice["id"] for invoice in whole_list["entities"]]
    assert "nextUri" not in whole_list
    assert "previousUri" not in whole_list
    _, first_page = client.get("/contracts/invoices", pageSize="4", dateStart="2026-03-01")
    _, second_page = client.get(
        "/genesys" + first_page["nextUri"].split("?")[0], **parse_link_query(first_page["nextUri"])
    )
    assert [invoice["id"] for invoice in first_page["entities"] + second_page["entities"]] == ids[:8]
    assert parse_link_query(second_page["nextUri"])["dateStart"] == "2026-03-01"
    _, previous_page = client.get("/contracts/invoices", **parse_link_query(second_page["previousUri"]))
    assert previous_page["entities"] == first_page["entities"]
    assert previous_page["nextUri"] == first_page["nextUri"]


def test_page_before_first_item_is_empty(host: TwinHost) -> None:
    """The page before the first item is empty and leads on to it."""
    client = TwinClient(host)
    _, first_page = client.get("/contracts/invoices", pageSize="3")
    _, second_page = client.get("/contracts/invoices", **parse_link_query(first_page["nextUri"]))
    cursor = base64.b64encode(first_page["entities"][0]["id"].encode()).decode()
    _, empty_page = client.get("/contracts/invoices", pageSize="3", before=cursor)
    assert (empty_page["entities"], empty_page.get("previousUri")) == ([], None)
    assert (
        client.get("/contracts/invoices", **parse_link_query(empty_page["nextUri"]))[1]["entities"]
        == first_page["entities"]
    )
    assert second_page["previousUri"]
