"""What a client generated from CockroachDB Cloud's OpenAPI document reads, each body checked against that document."""

import datetime as dt
import json
import pathlib

import httpx
from cockroach_cloud import AuthenticatedClient
from cockroach_cloud.api.billing import cockroach_cloud_get_invoice, cockroach_cloud_list_invoices
from cockroach_cloud.api.organizations import cockroach_cloud_get_organization_info
from cockroach_cloud.models import CockroachCloudListInvoicesStatus as Status
from common import PATIENCE, attempt, body, plain, total, version, witness
from openapi_schema_validator import OAS30Validator

API_VERSION = "2024-09-16"
DOCUMENT = json.loads((pathlib.Path(__file__).parents[1] / "cockroach" / "openapi.json").read_text())


def testify(question):
    """The list as a whole, by status and by time, every invoice in it, and what must be refused."""
    client, ids = connect(question["base_url"], question["credentials"]["api_key"]), question.get("ids", {})
    listed = attempt(invoices, client)
    keys = ids.get("invoice_ids") or list(listed.get("invoices", {}))
    return {
        "sdk": version("openapi-python-client"),
        "list_invoices": listed,
        "list_invoices_by_status": {state.value: attempt(invoices, client, status=state) for state in Status},
        "list_invoices_between": attempt(between, client, ids["times"]) if "times" in ids else None,
        "get_invoice": {key: attempt(invoice, client, key) for key in keys},
        "get_organization_info": attempt(organization, client),
        "refused": refused(question, keys[0] if keys else "1"),
    }


def connect(base_url, key, api_version=API_VERSION):
    """The generated client with the two headers that the vendor's own Go client sends, and without proxies."""
    settings = {"timeout": httpx.Timeout(PATIENCE), "httpx_args": {"trust_env": False}}
    return AuthenticatedClient(base_url=base_url, token=key, headers={"Cc-Version": api_version}, **settings)


def answered(operation, schema, **wanted):
    """Ask the generated operation, check the body, and raise where the status is not 200."""
    answer = operation.sync_detailed(**wanted)
    status, content_type = int(answer.status_code), answer.headers.get("content-type")
    checked = {"content_type": content_type, "schema_errors": problems(answer.content, schema, status)}
    if status != 200:
        raise Refused(status, answer, checked)
    return answer.parsed, checked


class Refused(Exception):  # noqa: N818 - a refusal is an answer, too
    """An answer other than 200, which the generated client returns without complaint."""

    def __init__(self, status, answer, checked):
        super().__init__(f"answered with {status}")
        self.status, self.body, self.headers, self.checked = status, answer.content, answer.headers, checked


def problems(content, schema, status):
    """Where a body differs from its schema; errors are untyped in the document but for its default, Status."""
    wanted = schema if status == 200 else "Status"
    validator = OAS30Validator(
        {"$ref": f"#/components/schemas/{wanted}", "components": DOCUMENT["components"]},
        format_checker=OAS30Validator.FORMAT_CHECKER,
    )
    found = validator.iter_errors(body(content))
    return [f"{error.json_path}: {error.message[:200]}" for error in found]


def invoices(client, **wanted):
    """The list, which has no pages: invoices by id, in the order in which they came."""
    read, checked = answered(cockroach_cloud_list_invoices, "ListInvoicesResponse", client=client, **wanted)
    return {"invoices": {entry.invoice_id: facts(entry) for entry in read.invoices}, **checked}


def between(client, times):
    """The invoices whose period lies between two times."""
    start, end = map(dt.datetime.fromisoformat, times)
    return invoices(client, start_time=start, end_time=end)


def invoice(client, key):
    """One invoice by its id."""
    read, checked = answered(cockroach_cloud_get_invoice, "Invoice", client=client, invoice_id=key)
    return {**facts(read), **checked}


def organization(client):
    """The organization that the key belongs to."""
    read, checked = answered(cockroach_cloud_get_organization_info, "Organization", client=client)
    return {**plain(read.to_dict()), **checked}


def facts(found):
    """An invoice: its period, state and totals per currency, its lines and adjustments counted and added up."""
    lines = [line for item in found.invoice_items for line in item.line_items]
    adjustments = found.adjustments or []
    return {
        "invoice_id": found.invoice_id,
        "period_start": found.period_start.isoformat(),
        "period_end": found.period_end.isoformat(),
        "status": found.status.value if found.status else None,
        "totals": amounts(found.totals),
        "balances": amounts(found.balances),
        "clusters": [cluster(item) for item in found.invoice_items],
        "lines": len(lines),
        "adjustments": len(adjustments),
        "sum": amounts([line.total for line in lines] + [entry.amount for entry in adjustments]),
        "first_line": plain(lines[0]) if lines else None,
    }


def cluster(item):
    """A cluster on an invoice, with its totals per currency."""
    return {"id": item.cluster.id, "name": item.cluster.name, "totals": amounts(item.totals)}


def amounts(found):
    """Amounts added up, each currency by itself; both fields may be absent."""
    currencies = dict.fromkeys(currency(entry) for entry in found)
    return {name: total(entry.amount or 0 for entry in found if currency(entry) == name) for name in sorted(currencies)}


def currency(amount):
    """The currency of an amount, which is dollars where it is not said."""
    return amount.currency.value if amount.currency else "USD"


def refused(question, key):
    """Every operation with a wrong key, with one that lacks the right, and for an id that nobody has."""
    url, own = question["base_url"], question["credentials"]["api_key"]
    answers = {"bad_credential": every(connect(url, "nobody"), key)}
    if "noright" in question:
        answers["no_right"] = every(connect(url, question["noright"]["api_key"]), key)
    answers["bad_version"] = {"list_invoices": attempt(invoices, connect(url, own, "1999-01-01"))}
    answers["unknown_id"] = {"get_invoice": attempt(invoice, connect(url, own), "nobody")}
    return answers


def every(client, key):
    """Both billing operations on one client."""
    return {"list_invoices": attempt(invoices, client), "get_invoice": attempt(invoice, client, key)}


if __name__ == "__main__":
    witness(testify)
