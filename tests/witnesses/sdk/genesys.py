"""What PureCloudPlatformClientV2 reads from the eight billing operations, over all pages."""

import datetime as dt
import urllib.parse

import PureCloudPlatformClientV2 as Genesys
from common import TURNS, attempt, digits, download, plain, release, total, version, wait, walk, witness

NOBODY = "00000000-0000-4000-8000-000000000000"
QUANTITIES = ("prepaid_quantity", "fairuse_quantity", "actual_quantity", "overage_quantity")


def testify(question):
    """All eight operations for every contract, period, invoice and organization, and what must be refused."""
    Genesys.configuration.host = question["base_url"]
    api, ids = client(question["credentials"]), question.get("ids", {})
    contracts = attempt(listing, contract, api.get_billing_contracts, size(ids, "contracts"))
    invoices = attempt(listing, invoice, api.get_billing_contracts_invoices, size(ids, "invoices"))
    keys = ids.get("invoice_ids") or [row["id"] for row in invoices.get("rows", [])]
    return {
        "sdk": version("PureCloudPlatformClientV2"),
        "get_billing_contracts": contracts,
        "get_billing_contract": {key: attempt(one_contract, api, key) for key in contract_ids(ids, contracts)},
        "get_billing_contract_billingperiod": all_periods(api, ids, contracts),
        "get_billing_contracts_invoices": invoices,
        "filtered": filtered(api, ids, contracts),
        "before": attempt(turned_back, api, invoices, size(ids, "invoices")),
        "get_billing_contracts_invoice_lines": {key: attempt(lines, api, ids, key) for key in keys},
        "get_billing_contracts_invoice_document": {key: attempt(invoice_document, api, key) for key in keys[:3]},
        "get_billing_reports_billableusage": attempt(usage, question, api) if "usage" in ids else None,
        "get_billing_trusteebillingoverview_trustor_org_id": all_overviews(api, ids),
        "refused": refused(question, contracts, keys),
    }


def client(credentials):
    """Log in with client credentials; the SDK takes login and API from the one host setting."""
    logged_in = Genesys.api_client.ApiClient().get_client_credentials_token(
        credentials["client_id"], credentials["client_secret"]
    )
    return Genesys.BillingApi(logged_in)


def size(ids, kind):
    """The page size: text, as declared, but that of contracts is compared with numbers from 267 on."""
    wanted = ids.get("page_size", {}).get(kind)
    number = kind == "contracts" and release("PureCloudPlatformClientV2") >= (267, 0)
    return {} if wanted is None else {"page_size": int(wanted) if number else str(wanted)}


def listing(row, operation, wanted):
    """All pages of a list, by the cursor cut out of nextUri, which the SDK leaves to its caller."""

    def ask(after):
        page = operation(**wanted, **({"after": after} if after else {}))
        return page, cursor(page.next_uri)

    pages = list(walk(ask))
    return {
        "pages": [head(page) for page in pages],
        "rows": [row(entity) for page in pages for entity in page.entities],
    }


def head(page):
    """The size of a page and its links."""
    return {"count": len(page.entities), "self": page.self_uri, "next": page.next_uri, "previous": page.previous_uri}


def cursor(uri, name="after"):
    """The cursor in a link to another page; None where there is no such link."""
    query = urllib.parse.parse_qs(urllib.parse.urlsplit(uri or "").query)
    return query.get(name, [None])[0]


def contract(found):
    """A contract: its numbers, dates, periods, and the purchase orders in the spelling of this SDK."""
    orders = getattr(found, "purchase_order_numbers", None) or getattr(found, "getpurchase_order_numbers", None)
    words = ("id", "external_number", "status", "commercial_model", "date_start", "date_end")
    return {
        **{key: plain(getattr(found, key)) for key in words},
        "purchase_orders": orders,
        "periods": [period(entry) for entry in found.billing_periods or []],
        "plans": [{"id": plan.id, "items": len(plan.items or [])} for plan in found.plans or []],
    }


def period(found):
    """A billing period as a contract names it."""
    return {key: plain(getattr(found, key)) for key in ("id", "date_start", "date_end", "status")}


def one_contract(api, key):
    """One contract by its id."""
    return contract(api.get_billing_contract(key))


def contract_ids(ids, contracts):
    """The contracts asked for, else those that the list has."""
    return ids.get("contract_ids") or [row["id"] for row in contracts.get("rows", [])]


def all_periods(api, ids, contracts):
    """Every period of every contract, or those that the question names."""
    listed = {row["id"]: [entry["id"] for entry in row["periods"]] for row in contracts.get("rows", [])}
    wanted = ids.get("period_ids") or {key: listed.get(key, []) for key in contract_ids(ids, contracts)}
    return {key: {name: attempt(one_period, api, key, name) for name in names} for key, names in wanted.items()}


def one_period(api, key, name):
    """A billing period with its charges and wallets, overage added up."""
    found = api.get_billing_contract_billingperiod(key, name)
    charges, wallets = found.charges or [], found.wallets or []
    return {
        **period(found),
        "charges": [charge(entry) for entry in charges],
        "overage": total(entry.overage_charge or 0 for entry in charges),
        "wallets": [wallet(entry) for entry in wallets],
    }


def charge(found):
    """A charge: its quantities, whole numbers and named get... up to 241, and its overage."""
    read = {key: getattr(found, key, None) for key in QUANTITIES}
    old = {key: getattr(found, f"get{key}", None) for key in QUANTITIES}
    quantities = {key: digits(old[key] if read[key] is None else read[key]) for key in QUANTITIES}
    money = {key: digits(getattr(found, key)) for key in ("overage_rate", "overage_charge")}
    return {"id": found.id, "sku": found.product.sku, "currency": found.overage_currency, **quantities, **money}


def wallet(found):
    """A wallet with all its balances."""
    amounts = [key for key in found.swagger_types if "balance" in key and "currency" not in key]
    return {"id": found.id, "name": found.name, **{key: digits(getattr(found, key)) for key in amounts}}


def invoice(found):
    """An invoice: ids, dates, amount, and how it stands."""
    words = ("id", "date_invoiced", "currency_iso_code", "payment_status", "customer_po_number")
    bill_to = found.bill_to_customer.number if found.bill_to_customer else None
    return {**{key: plain(getattr(found, key)) for key in words}, "bill_to": bill_to, "amount": digits(found.amount)}


def filtered(api, ids, contracts):
    """The ids that each filter leaves: states, numbers, and dates where the question names two days."""
    lists = {"contracts": api.get_billing_contracts, "invoices": api.get_billing_contracts_invoices}
    number = [row["external_number"] for row in contracts.get("rows", [])][:1]
    filters = [("contracts", "status", word) for word in ("Active", "Inactive")]
    filters += [("contracts", "external_number", word) for word in number]
    filters += [("invoices", "payment_status", word) for word in ("Paid", "UnPaid")]
    found = {f"{kind} {key} {word}": attempt(ids_of, lists[kind], {key: word}) for kind, key, word in filters}
    if "dates" in ids:
        start, end = map(dt.date.fromisoformat, ids["dates"])
        found |= {
            f"{kind} dates": attempt(ids_of, lists[kind], {"date_start": start, "date_end": end}) for kind in lists
        }
    return found


def ids_of(operation, wanted):
    """The ids on all pages of a filtered list."""
    return listing(lambda found: found.id, operation, wanted)["rows"]


def turned_back(api, invoices, wanted):
    """The ids of the page before the last, by the cursor cut out of previousUri."""
    before = cursor(invoices["pages"][-1]["previous"], "before")
    page = api.get_billing_contracts_invoices(**wanted, before=before) if before else None
    return page and [entity.id for entity in page.entities]


def lines(api, ids, key):
    """The lines of one invoice over all pages, counted and added up; quantities are cut to whole numbers by the SDK."""
    read = listing(line, lambda **wanted: api.get_billing_contracts_invoice_lines(key, **wanted), size(ids, "lines"))
    rows = read["rows"]
    amounts = total(row["amount"] for row in rows)
    return {"pages": read["pages"], "lines": len(rows), "sum": amounts, "first_line": rows[0] if rows else None}


def line(found):
    """One invoice line."""
    words = ("id", "description", "date_transacted", "date_start", "date_end", "unit_of_measure", "quantity")
    numbers = {"amount": digits(found.amount), "sku": found.product.sku if found.product else None}
    return {**{key: plain(getattr(found, key)) for key in words}, **numbers}


def invoice_document(api, key):
    """The link to an invoice's document, and the document behind it."""
    url = api.get_billing_contracts_invoice_document(key).url
    return {"url": url, **attempt(download, url)}


def usage(question, api):
    """The billable usage, asked for again while it is InProgress."""
    start, end = map(dt.datetime.fromisoformat, question["ids"]["usage"])
    statuses = []
    while len(statuses) < TURNS and statuses[-1:] != ["Complete"]:
        report = api.get_billing_reports_billableusage(start, end)
        statuses.append(report.status)
        if report.status == "InProgress":
            wait(question, 30)
    rows = [
        {"name": entry.name, "total": entry.total_usage, "resources": len(entry.resources)} for entry in report.usages
    ]
    return {"statuses": statuses, "start": plain(report.start_date), "end": plain(report.end_date), "rows": rows}


def all_overviews(api, ids):
    """The partner's view of each customer organization: the running period and those before it."""
    indexes = range(ids.get("overview_periods", 2))
    wanted = ids.get("trustor_org_ids", [])
    return {key: {str(index): attempt(overview, api, key, index) for index in indexes} for key in wanted}


def overview(api, key, index):
    """One billing period of one customer organization; its numbers are text on the wire."""
    found = api.get_billing_trusteebillingoverview_trustor_org_id(key, billing_period_index=index)
    words = ("currency", "subscription_type", "billing_period_start_date", "billing_period_end_date")
    numbers = ("name", "part_number", "grouping", "usage_quantity", "prepay_quantity", "prepay_price", "overage_price")
    return {
        "organization": found.organization.id,
        **{key: plain(getattr(found, key)) for key in (*words, "minimum_monthly_amount")},
        "rows": [{key: plain(getattr(entry, key)) for key in numbers} for entry in found.usages],
    }


def refused(question, contracts, keys):
    """Logins that fail, a token nobody issued, a client without the right, and ids that nobody has."""
    ids, own = question.get("ids", {}), question["credentials"]
    answers = {
        "bad_client": attempt(client, {**own, "client_id": "nobody"}),
        "bad_secret": attempt(client, {**own, "client_secret": "nothing"}),
        "bad_token": every(Genesys.BillingApi(anonymous()), known(ids, contracts, keys)),
        "unknown_id": by_ids(client(own), (NOBODY,) * 4),
    }
    if "noright" in question:
        answers["no_right"] = attempt(lambda: every(client(question["noright"]), known(ids, contracts, keys)))
    return answers


def anonymous():
    """A client with a token that no login gave."""
    api_client = Genesys.api_client.ApiClient()
    api_client.access_token = "nobody"
    return api_client


def known(ids, contracts, keys):
    """A contract, a period, an invoice and an organization that do exist."""
    rows = [row for row in contracts.get("rows", []) if row["periods"]]
    names = (rows[0]["id"], rows[0]["periods"][0]["id"]) if rows else (NOBODY, NOBODY)
    return (*names, (keys or [NOBODY])[0], (ids.get("trustor_org_ids") or [NOBODY])[0])


def every(api, names):
    """All eight operations on one client."""
    day = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    return {
        "get_billing_contracts": attempt(api.get_billing_contracts),
        "get_billing_contracts_invoices": attempt(api.get_billing_contracts_invoices),
        "get_billing_reports_billableusage": attempt(api.get_billing_reports_billableusage, day, day),
        **by_ids(api, names),
    }


def by_ids(api, names):
    """The five operations that name what they want."""
    key, name, number, organization = names
    return {
        "get_billing_contract": attempt(one_contract, api, key),
        "get_billing_contract_billingperiod": attempt(one_period, api, key, name),
        "get_billing_contracts_invoice_lines": attempt(lines, api, {}, number),
        "get_billing_contracts_invoice_document": attempt(invoice_document, api, number),
        "get_billing_trusteebillingoverview_trustor_org_id": attempt(overview, api, organization, 0),
    }


if __name__ == "__main__":
    witness(testify)
