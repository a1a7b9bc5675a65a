"""How Genesys Cloud's twin refuses a request."""

from __future__ import annotations

import pytest

from billfold.model.errors import Forbidden
from billfold.twin.host import TwinHost
from tests import stage as stages
from tests.providers.genesys.twin.kit import TwinClient, first_account


@pytest.mark.parametrize(
    ("path", "query", "code"),
    [
        ("/contracts", {"pageSize": "11"}, "invalid.value"),
        ("/contracts", {"pageSize": "0"}, "invalid.value"),
        ("/contracts", {"pageSize": "None"}, "invalid.value"),
        ("/contracts/invoices", {"pageSize": "201"}, "invalid.value"),
        ("/contracts", {"status": "Bogus"}, "invalid.value"),
        ("/contracts/invoices", {"paymentStatus": "Overdue"}, "invalid.value"),
        ("/contracts", {"after": "garbage"}, "bad.request"),
        ("/contracts", {"after": "QQ==", "before": "QQ=="}, "bad.request"),
        ("/contracts/invoices", {"dateStart": "yesterday"}, "invalid.date"),
        ("/reports/billableusage", {}, "bad.request"),
        ("/reports/billableusage", {"startDate": "2026-10-01T00:00:00", "endDate": "2026-11-01T00:00:00"}, "invalid.date"),
        ("/contracts/nobody", {}, "not.found"),
        ("/contracts/nobody/billingperiods/202610", {}, "not.found"),
        ("/contracts/invoices/nobody/lines", {}, "not.found"),
        ("/contracts/invoices/nobody/document", {}, "not.found"),
        ("/trusteebillingoverview/nobody", {}, "not.found"),
        ("/trusteebillingoverview/nobody", {"billingPeriodIndex": "-1"}, "invalid.value"),
        ("/no/such/path", {}, "not.found"),
    ],
)  # fmt: skip
def test_bad_request_gets_vendor_error(host: TwinHost, path: str, query: dict[str, str], code: str) -> None:
    """A wrong request is refused with the vendor's code and the request's number."""
    answer, body = TwinClient(host).get(path, **query)
    assert body["code"] == code
    assert body["status"] == answer.status == (404 if code == "not.found" else 400)
    assert body["contextId"] == answer.headers["inin-correlation-id"]


@pytest.mark.parametrize(
    ("query", "value", "allowed"),
    [
        ({"status": "Foo"}, "Foo", "Active, Inactive"),
        ({"pageSize": "11"}, "11", "1 to 10"),
        ({"pageSize": "many"}, "many", "whole numbers"),
        ({"status": "a\x1fb"}, "a\x1fb", "Active, Inactive"),
    ],
)
def test_bad_value_lists_allowed_values(host: TwinHost, query: dict[str, str], value: str, allowed: str) -> None:
    """A wrong value is refused with the documented message and its parameters."""
    _, body = TwinClient(host).get("/contracts", **query)
    (field,) = query
    assert body["messageParams"] == {"value": value, "type": field, "allowableValues": allowed}
    assert body["message"] == f"Value [{value}] is not valid for field type [{field}]. Allowable values are: {allowed}"


def test_missing_permission_is_named(host: TwinHost) -> None:
    """A client without the right is refused with the name of the permission that it lacks."""
    client, account = TwinClient(host, "twin-genesys-noright"), first_account(host)
    answer, body = client.get("/contracts")
    assert (answer.status, body["messageParams"]) == (403, {"permissions": "[billing:subscription:view]"})
    _, body = client.get(f"/trusteebillingoverview/{account.public_facts['trustor_org_ids'][0]}")
    assert "affiliateOrganization:clientBilling:view" in body["message"]
    with pytest.raises(Forbidden):
        list(
            stages.client(
                host, account, credentials=dict(account.unprivileged_credentials)
            ).get_billing_contracts_invoices()
        )
