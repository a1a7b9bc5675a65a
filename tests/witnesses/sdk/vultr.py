"""What vultr-python-client reads from the four billing operations."""

import vultr_python_client
from common import PATIENCE, attempt, body, digits, total, version, witness
from vultr_python_client.apis.tags.billing_api import BillingApi


def testify(question):
    """All four operations, then the same with credentials and ids that must be refused."""
    api = client(question["base_url"], question["credentials"])
    listed = attempt(listing, api.list_invoices, "billing_invoices")
    ids = question.get("ids", {}).get("invoice_ids") or [row["id"] for row in listed.get("rows", [])]
    return {
        "sdk": version("vultr-python-client"),
        "list_billing_history": attempt(listing, api.list_billing_history, "billing_history"),
        "list_invoices": listed,
        "get_invoice": {key: attempt(invoice, api, key) for key in ids},
        "get_invoice_items": {key: attempt(items, api, key) for key in ids},
        "raw": attempt(raw, api),
        "refused": refused(question, ids[0] if ids else "1"),
    }


def client(base_url, credentials):
    """The token is set afterwards: the constructor does not take it, whatever the SDK's README says."""
    configuration = vultr_python_client.Configuration(host=base_url)
    configuration.access_token = credentials["api_key"]
    return BillingApi(vultr_python_client.ApiClient(configuration))


def listing(operation, key):
    """The first page of a list, the only one that this SDK can ask for."""
    answer = operation(timeout=PATIENCE).body
    return {"rows": [row(entry) for entry in answer[key]], **meta(answer)}


def meta(answer):
    """Size of the whole list, and the way to its other pages."""
    links = answer["meta"]["links"]
    return {"total": int(answer["meta"]["total"]), "next": str(links["next"]), "prev": str(links["prev"])}


def row(entry):
    """An invoice or a history entry: ids and words as text, money as digits."""
    words = {key: str(entry[key]) for key in ("id", "date", "type", "description") if key in entry}
    return {**words, **{key: digits(entry[key]) for key in ("amount", "balance") if key in entry}}


def invoice(api, key):
    """One invoice by its id."""
    return row(api.get_invoice(path_params={"invoice-id": key}, timeout=PATIENCE).body["billing_invoice"])


def items(api, key):
    """The items of one invoice, counted and added up."""
    answer = api.get_invoice_items(path_params={"invoice-id": key}, timeout=PATIENCE).body
    found = answer["invoice_items"]
    first = item(found[0]) if found else None
    return {"lines": len(found), "sum": total(line["total"] for line in found), "first_line": first, **meta(answer)}


def item(line):
    """One invoice item with every field that it carries."""
    numbers = ("units", "unit_price", "total")
    return {key: digits(line[key]) if key in numbers else str(line[key]) for key in line}


def raw(api):
    """The answer as it came, which this SDK calls skip_deserialization."""
    answer = api.list_invoices(skip_deserialization=True, timeout=PATIENCE).response
    return {"status": answer.status, "content_type": answer.headers["content-type"], "body": body(answer.data)}


def refused(question, key):
    """Every operation with a wrong key, with one that lacks the right, and with an id that nobody has."""
    url = question["base_url"]
    answers = {"bad_credential": every(client(url, {"api_key": "nobody"}), key)}
    if "noright" in question:
        answers["no_right"] = every(client(url, question["noright"]), key)
    api = client(url, question["credentials"])
    unknown = {"get_invoice": invoice, "get_invoice_items": items}
    return {**answers, "unknown_id": {name: attempt(call, api, "999999999") for name, call in unknown.items()}}


def every(api, key):
    """All four operations on one client."""
    return {
        "list_billing_history": attempt(listing, api.list_billing_history, "billing_history"),
        "list_invoices": attempt(listing, api.list_invoices, "billing_invoices"),
        "get_invoice": attempt(invoice, api, key),
        "get_invoice_items": attempt(items, api, key),
    }


if __name__ == "__main__":
    witness(testify)
