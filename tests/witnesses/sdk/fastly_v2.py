"""What fastly-py up to 7.0.0 reads from the three operations of billing v2, as JSON, CSV and PDF."""

import csv
import io

import fastly
from common import PATIENCE, TURNS, attempt, digits, document, plain, release, total, version, wait, witness
from fastly.api.billing_api import BillingApi

ID = str if release("fastly") < (5, 7) else int
AMOUNTS = ("cost", "cost_before_discount", "incurred_cost", "extras_cost", "overage", "plan_minimum", "discount")
UNKNOWN_CUSTOMER = "nobody0000000000000000"


def testify(question):
    """Every month, every id, the estimate, the documents, and what must be refused."""
    api, ids = client(question), question["ids"]
    months = {month: attempt(by_month, api, month) for month in ids["months"]}
    keys = ids.get("invoice_ids") or [invoice["invoice_id"] for invoice in months.values() if "error" not in invoice]
    return {
        "sdk": version("fastly"),
        "get_invoice": months,
        "get_invoice_by_id": {key: attempt(by_id, api, ids["customer_id"], key) for key in keys},
        "get_invoice_mtd": attempt(estimate, question, api),
        "documents": {kind: documents(question, kind, keys) for kind in ("text/csv", "application/pdf")},
        "refused": refused(question, keys[0] if keys else "1"),
    }


def client(question, credentials=None, accept=None):
    """The host is given in code; an Accept of our own replaces the JSON that the SDK always asks for."""
    configuration = fastly.Configuration(host=question["base_url"])
    configuration.api_key["token"] = (credentials or question["credentials"])["token"]
    api_client = fastly.ApiClient(configuration)
    if accept:
        api_client.set_default_header("Accept", accept)
    return BillingApi(api_client)


def by_month(api, month):
    """The invoice of a month written 2026-05."""
    year, number = month.split("-")
    return invoice(api.get_invoice(number, year, _request_timeout=PATIENCE))


def by_id(api, customer_id, key):
    """The same invoice by its id: text for this SDK up to 5.6, a number from 5.7 on."""
    return invoice(api.get_invoice_by_id(customer_id, ID(key), _request_timeout=PATIENCE))


def invoice(read):
    """Ids, dates and totals of an invoice or estimate, its lines counted and added up."""
    found = read.to_dict()
    lines = entries(found)
    return {
        "invoice_id": identity(found["invoice_id"]),
        **{key: plain(found.get(key)) for key in ("customer_id", "vendor_state")},
        **{key: plain(found.get(key)) for key in ("start_time", "end_time")},
        "status": found.get("status", {}).get("status"),
        **{key: digits(found["total"].get(key)) for key in AMOUNTS},
        "regions": sorted(found.get("regions", {})),
        "lines": len(lines),
        "sum": total(line["amount"] for line in lines),
        "first_line": plain(lines[0]) if lines else None,
    }


def identity(read):
    """The id as text: this SDK makes a fraction of an integer in a model composed of several."""
    return read if isinstance(read, str) else digits(read)


def entries(found):
    """The lines: 5.6 wraps the list of an invoice in a model of its own."""
    lines = found.get("line_items") or []
    return lines["value"] if isinstance(lines, dict) else lines


def estimate(question, api):
    """Ask for the month to date until it is no longer 202, which the SDK itself cannot tell."""
    customer_id = question["ids"]["customer_id"]
    early = attempt(month_to_date, api, customer_id)
    statuses = []
    while len(statuses) < TURNS and statuses[-1:] != [200]:
        answer = api.get_invoice_mtd(customer_id, _preload_content=False, _request_timeout=PATIENCE)
        statuses.append(answer.status)
        if answer.status == 202:
            wait(question, 60)
    named = question["ids"].get("mtd_month")
    again = attempt(month_to_date, api, customer_id, named) if named else None
    return {"early": early, "statuses": statuses, "by_month": again, **month_to_date(api, customer_id)}


def month_to_date(api, customer_id, month=None):
    """The estimate, of the running month or of a month named as 2026-05."""
    named = dict(zip(("year", "month"), month.split("-"), strict=True)) if month else {}
    return invoice(api.get_invoice_mtd(customer_id, **named, _request_timeout=PATIENCE))


def documents(question, kind, keys):
    """The first month and the first id as a document, by way of the SDK's raw answer."""
    api, ids = client(question, accept=kind), question["ids"]
    raw = {"_preload_content": False, "_request_timeout": PATIENCE}
    year, number = ids["months"][0].split("-")
    answers = {"get_invoice": attempt(lambda: described(api.get_invoice(number, year, **raw)))}
    if keys:
        one = (ids["customer_id"], ID(keys[0]))
        answers["get_invoice_by_id"] = attempt(lambda: described(api.get_invoice_by_id(*one, **raw)))
    return answers


def described(answer):
    """A document, and for CSV its header, its number of rows and its sum."""
    data = answer.data
    facts = document(answer.status, answer.headers, data)
    if not (facts["content_type"] or "").startswith("text/csv"):
        return facts
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))
    amounts = [row["amount"] for row in rows if row.get("amount")]
    return {**facts, "header": list(rows[0]) if rows else [], "rows": len(rows), "sum": total(amounts)}


def refused(question, key):
    """Every operation with a wrong token, with one that lacks the right, and for what does not exist."""
    ids = {**question["ids"], "key": key}
    answers = {"bad_credential": every(client(question, {"token": "nobody"}), ids)}
    if "noright" in question:
        answers["no_right"] = every(client(question, question["noright"]), ids)
    answers["unknown_id"] = unknown(client(question), ids)
    return answers


def unknown(api, ids):
    """A month before the account, an id that nobody has, and a customer that is somebody else."""
    return {
        "get_invoice": attempt(by_month, api, "1999-01"),
        "get_invoice_by_id": attempt(by_id, api, ids["customer_id"], "999999999"),
        "get_invoice_by_id_of_another": attempt(by_id, api, UNKNOWN_CUSTOMER, ids["key"]),
        "get_invoice_mtd": attempt(month_to_date, api, UNKNOWN_CUSTOMER),
    }


def every(api, ids):
    """All three operations on one client."""
    return {
        "get_invoice": attempt(by_month, api, ids["months"][0]),
        "get_invoice_by_id": attempt(by_id, api, ids["customer_id"], ids["key"]),
        "get_invoice_mtd": attempt(month_to_date, api, ids["customer_id"]),
    }


if __name__ == "__main__":
    witness(testify)
