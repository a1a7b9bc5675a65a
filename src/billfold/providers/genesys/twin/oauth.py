"""The twin's two doors beside the API: the token endpoint, and the documents behind pre-signed URLs."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlencode

from billfold.model.money import ZERO, format_decimal
from billfold.model.period import Month
from billfold.providers.genesys.records import LoginError
from billfold.providers.genesys.twin import customers, records_out
from billfold.providers.invoice_pdf import InvoicePaper, make_paper, render_pdf
from billfold.providers.twin_api import RequestContext, TwinAccount
from billfold.wire.answer import build_response
from billfold.wire.auth import read_basic_pair
from billfold.wire.message import Request, Response

TOKEN_LIFE = 86400
"""Seconds. GUESS: the default, and that 300 to 172800 can be chosen for each client, are not in the API's documents."""
URL_LIFE = 600
"""Seconds. GUESS: the vendor's own is not documented."""
_STAMP = "%Y%m%dT%H%M%SZ"
_SEAL = b"twin"


def token(request: Request, accounts: Iterable[TwinAccount], moment: RequestContext) -> Response:
    """Give a bearer token for a client's id and secret."""
    if dict(parse_qsl(request.body.decode("utf-8", "replace"))).get("grant_type") != "client_credentials":
        return _no(400, "unsupported_grant_type", "grant type not supported")  # GUESS: the words
    client, secret = read_basic_pair(request.headers) or ("", "")
    known = {
        said["client_id"]: said["client_secret"]
        for account in accounts
        for said in (account.credentials, account.unprivileged_credentials)
        if said
    }
    if client not in known:
        return _no(400, "invalid_client", "client not found")
    if not hmac.compare_digest(known[client].encode(), secret.encode()):
        return _no(401, "invalid_client", "authentication failed")
    tokens = moment.memory.setdefault("tokens", {})
    made = hashlib.sha256(f"{client} {moment.now.isoformat()} {len(tokens)}".encode()).hexdigest()
    tokens[made] = client, moment.now + timedelta(seconds=TOKEN_LIFE)
    return build_response({"access_token": made, "token_type": "bearer", "expires_in": TOKEN_LIFE})


def _no(status: int, error: str, description: str) -> Response:
    words = LoginError(error=error, description=description, error_description=f"{description}: {error}")
    return build_response(words, status=status)


def document_url(invoice_id: str, moment: RequestContext, mount: str) -> str:
    """Sign a URL of the twin's own host for one document and some minutes."""
    root = f"http://{moment.request.headers.get('host', 'localhost')}{mount}"
    when = moment.now.astimezone(UTC).strftime(_STAMP)
    query = {
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Date": when,
        "X-Amz-SignedHeaders": "host",
        "X-Amz-Expires": str(URL_LIFE),
        "X-Amz-Signature": _signature(moment.account.name, invoice_id, when),
    }
    return f"{root}/documents/{moment.account.name}/{invoice_id}.pdf?{urlencode(query)}"


def _signature(account: str, invoice_id: str, when: str) -> str:
    return hmac.new(_SEAL, f"{account}/{invoice_id}/{when}".encode(), hashlib.sha256).hexdigest()


def document(path: str, said: Mapping[str, str], accounts: Iterable[TwinAccount], moment: RequestContext) -> Response:
    """Give a document to whoever has its URL; refuse a wrong signature or a late request as S3 does."""
    _, _, name, file = (*path.split("/"), "", "", "")[:4]
    invoice_id = file.removesuffix(".pdf")
    when = said.get("X-Amz-Date", "")
    if not hmac.compare_digest(said.get("X-Amz-Signature", ""), _signature(name, invoice_id, when)):
        return _s3(
            "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided."
        )
    signed = datetime.strptime(when, _STAMP).replace(tzinfo=UTC)
    if moment.now > signed + timedelta(seconds=URL_LIFE):
        return _s3("AccessDenied", "Request has expired")
    account = next(one for one in accounts if one.name == name)
    headers = {"content-disposition": f'attachment; filename="{invoice_id}.pdf"'}
    return build_response(
        render_pdf(_paper(account, invoice_id, moment.now)), media_type="application/pdf", headers=headers
    )


def _s3(code: str, message: str) -> Response:
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return build_response(body.encode(), status=403, media_type="application/xml")


def _paper(account: TwinAccount, invoice_id: str, now: datetime) -> InvoicePaper:
    running = Month.of(now)
    bill = records_out.bills(account, running)[invoice_id]
    issued = bill.issued_on or bill.period.end
    facts = {
        "Bill to": customers.payer(account).name,
        "Customer number": customers.payer(account).number,
        "Date": records_out.day(issued),
        "Terms": bill.terms or "",
        "Purchase order": bill.purchase_order or "",
    }
    rows = [
        (line.description, line.organization, line.quantity, line.unit_of_measure, line.amount)
        for line in records_out.lines(account, running, invoice_id)
    ]
    cells = [
        (str(what), "" if not whom else str(whom.name), f"{many} {unit or ''}", str(amount))
        for what, whom, many, unit, amount in rows
    ]
    if tax := records_out.tax(bill):
        cells.append(("Tax", "", "", format_decimal(tax)))
    kind = "Credit memo" if (bill.total or 0) < 0 else "Invoice"
    columns = ("Description", "Organization", "Quantity", "Amount")
    total = f"{format_decimal(bill.total or ZERO)} {bill.currency}"
    return make_paper("Genesys", f"{kind} {invoice_id}", facts, columns, cells, total, issued)
