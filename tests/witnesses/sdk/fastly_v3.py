"""What fastly-py reads from the five operations of billing v3."""

import fastly
from common import PATIENCE, TURNS, attempt, digits, plain, release, total, version, wait, walk, witness
from fastly.api.billing_invoices_api import BillingInvoicesApi
from fastly.api.billing_usage_metrics_api import BillingUsageMetricsApi

ID = str if release("fastly") < (5, 7) else int


def testify(question):
    """Every page, every invoice, the month to date, both usage reports, and what must be refused."""
    api, ids = client(question), question.get("ids", {})
    listed = attempt(invoices, api, ids)
    keys = ids.get("invoice_ids") or list(listed.get("invoices", {}))
    months = ids.get("usage_months") or latest(listed)
    metrics = attempt(usage_metrics, api, months)
    return {
        "sdk": version("fastly"),
        "list_invoices": listed,
        "list_invoices_between": attempt(between, api, ids["dates"]) if "dates" in ids else None,
        "get_invoice_by_invoice_id": {key: attempt(by_id, api, key) for key in keys},
        "get_month_to_date_invoice": attempt(month_to_date, question, api),
        "get_usage_metrics": metrics,
        "get_service_level_usage": attempt(service_usage, api, ids, months, metrics),
        "refused": refused(question, keys[0] if keys else "1", months),
    }


def client(question, credentials=None):
    """The host is given in code; both APIs of v3 share one client."""
    configuration = fastly.Configuration(host=question["base_url"])
    configuration.api_key["token"] = (credentials or question["credentials"])["token"]
    return fastly.ApiClient(configuration)


def latest(listed):
    """The month of the newest invoice, as first and last month of a usage report."""
    starts = [invoice["billing_start_date"][:7] for invoice in listed.get("invoices", {}).values()]
    return [max(starts)] * 2 if starts else ["2026-01", "2026-01"]


def invoices(api, ids):
    """All pages of the list: the cursor of one page asks for the next, an empty one ends it."""

    def ask(cursor):
        wanted = {"limit": ids.get("limit", "100"), **({"cursor": cursor} if cursor else {})}
        page = BillingInvoicesApi(api).list_invoices(**wanted, _request_timeout=PATIENCE).to_dict()
        return page, page["meta"].get("next_cursor")

    pages = list(walk(ask))
    return {
        "pages": [{"count": len(page["data"]), **plain(page["meta"])} for page in pages],
        "invoices": {str(entry["invoice_id"]): invoice(entry) for page in pages for entry in page["data"]},
    }


def between(api, dates):
    """The ids of the invoices whose billing period lies between two dates."""
    start, end = dates
    wanted = {"billing_start_date": start, "billing_end_date": end}
    page = BillingInvoicesApi(api).list_invoices(**wanted, _request_timeout=PATIENCE).to_dict()
    return {"ids": [entry["invoice_id"] for entry in page["data"]], **plain(page["meta"])}


def by_id(api, key):
    """One posted invoice; the id is text on the wire and a number in the call."""
    return invoice(BillingInvoicesApi(api).get_invoice_by_invoice_id(ID(key), _request_timeout=PATIENCE).to_dict())


def invoice(found):
    """Ids, dates and amount of an invoice or estimate, its lines counted and added up."""
    words = ("customer_id", "invoice_id", "statement_number", "currency_code")
    dates = ("invoice_posted_on", "billing_start_date", "billing_end_date")
    lines = found["transaction_line_items"]
    return {
        **{key: plain(found[key]) for key in (*words, *dates) if key in found},
        "monthly_transaction_amount": digits(found["monthly_transaction_amount"]),
        "lines": len(lines),
        "sum": total(line["amount"] for line in lines),
        "first_line": plain(lines[0]) if lines else None,
    }


def month_to_date(question, api):
    """Ask until it is no longer 202, where the SDK returns a hollow invoice without complaint."""
    answers = []
    while len(answers) < TURNS and (not answers or answers[-1]["status"] == 202):
        read, status, _headers = ask_month_to_date(api)
        answers.append({"status": status, "keys": sorted(read)})
        if status == 202:
            wait(question, 60)
    return {"answers": answers, **invoice(read)}


def ask_month_to_date(api):
    """The month to date with its status, which decides whether there is one."""
    options = {"_return_http_data_only": False, "_request_timeout": PATIENCE}
    read, status, headers = BillingInvoicesApi(api).get_month_to_date_invoice(**options)
    return read.to_dict(), status, headers


def usage_metrics(api, months):
    """Usage by product and region: declared as one row by the SDK, read as a list of untyped rows."""
    start, end = months
    read = BillingUsageMetricsApi(api).get_usage_metrics(start, end, _request_timeout=PATIENCE).to_dict()
    return {"rows": plain(read["data"])}


def service_usage(api, ids, months, metrics):
    """Usage by service, all pages, of the product given or of the first in the usage metrics."""
    wanted = ids.get("product") or product(metrics)

    def ask(cursor):
        page = service_page(api, {**wanted, **({"cursor": cursor} if cursor else {})}, ids, months)
        return page, page.get("meta", {}).get("next_cursor")

    pages = list(walk(ask))
    rows = [row for page in pages for row in page["details"]]
    heads = [{key: plain(page[key]) for key in page if key != "details"} for page in pages]
    return {"asked": wanted, "pages": heads, "rows": plain(rows), "sum": total(row["usage_units"] for row in rows)}


def product(metrics):
    """The first product and usage type of the usage metrics, which are to be asked for together."""
    row = metrics["rows"][0]
    return {"product_id": row["product_id"], "usage_type_name": row["usage_type"]}


def service_page(api, wanted, ids, months):
    """One page of the usage by service."""
    start, end = months
    asked = {**wanted, "limit": ids.get("limit", "100"), "start_month": start, "end_month": end}
    read = BillingUsageMetricsApi(api).get_service_level_usage(**asked, _request_timeout=PATIENCE)
    return read.to_dict()["data"]


def refused(question, key, months):
    """Every operation with a wrong token, with one that lacks the right, and for what does not exist."""
    answers = {"bad_credential": every(client(question, {"token": "nobody"}), key, months)}
    if "noright" in question:
        answers["no_right"] = every(client(question, question["noright"]), key, months)
    answers["unknown_id"] = {"get_invoice_by_invoice_id": attempt(by_id, client(question), "999999999")}
    answers["unknown_cursor"] = {"list_invoices": attempt(listing, client(question), cursor="nowhere")}
    answers["limit_too_large"] = {"list_invoices": attempt(listing, client(question), limit="201")}
    return answers


def every(api, key, months):
    """All five operations on one client."""
    start, end = months
    usage = {"product_id": "none", "usage_type_name": "none"}
    return {
        "list_invoices": attempt(listing, api),
        "get_invoice_by_invoice_id": attempt(by_id, api, key),
        "get_month_to_date_invoice": attempt(lambda: ask_month_to_date(api)[1]),
        "get_usage_metrics": attempt(usage_metrics, api, [start, end]),
        "get_service_level_usage": attempt(service_page, api, usage, {}, [start, end]),
    }


def listing(api, **wanted):
    """One page of the list, as its meta data and the number of its invoices."""
    page = BillingInvoicesApi(api).list_invoices(**wanted, _request_timeout=PATIENCE).to_dict()
    return {"count": len(page["data"]), **plain(page["meta"])}


if __name__ == "__main__":
    witness(testify)
