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

TOKEN_LIFETIME_S = 86400
"""Seconds. GUESS: the default, and that 300 to 172800 can be chosen for each client, are not in the API's documents."""
URL_LIFETIME_S = 600
"""Seconds. GUESS: the vendor's own is not documented."""
_TIMESTAMP_FORMAT = "%Y%m%dT%H%M%SZ"
_SIGNING_KEY = b"twin"


def issue_token(request: Request, accounts: Iterable[TwinAccount], context: RequestContext) -> Response:
    """Give a bearer token for a client's id and secret."""
    if dict(parse_qsl(request.body.decode("utf-8", "replace"))).get("grant_type") != "client_credentials":
        return _refuse_login(400, "unsupported_grant_type", "grant type not supported")  # GUESS: the words
    client_id, secret = read_basic_pair(request.headers) or ("", "")
    secrets_by_client = {
        login["client_id"]: login["client_secret"]
        for account in accounts
        for login in (account.credentials, account.unprivileged_credentials)
        if login
    }
    if client_id not in secrets_by_client:
        return _refuse_login(400, "invalid_client", "client not found")
    if not hmac.compare_digest(secrets_by_client[client_id].encode(), secret.encode()):
        return _refuse_login(401, "invalid_client", "authentication failed")
    tokens = context.memory.tokens
    access_token = hashlib.sha256(f"{client_id} {context.now.isoformat()} {len(tokens)}".encode()).hexdigest()
    tokens[access_token] = client_id, context.now + timedelta(seconds=TOKEN_LIFETIME_S)
    return build_response({"access_token": access_token, "token_type": "bearer", "expires_in": TOKEN_LIFETIME_S})


def _refuse_login(status: int, error: str, description: str) -> Response:
    login_error = LoginError(error=error, description=description, error_description=f"{description}: {error}")
    return build_response(login_error, status=status)


def sign_document_url(invoice_id: str, context: RequestContext, mount_path: str) -> str:
    """Sign a URL of the twin's own host for one document and some minutes."""
    root = f"http://{context.request.headers.get('host', 'localhost')}{mount_path}"
    timestamp = context.now.astimezone(UTC).strftime(_TIMESTAMP_FORMAT)
    query = {
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Date": timestamp,
        "X-Amz-SignedHeaders": "host",
        "X-Amz-Expires": str(URL_LIFETIME_S),
        "X-Amz-Signature": _sign_document(context.account.name, invoice_id, timestamp),
    }
    return f"{root}/documents/{context.account.name}/{invoice_id}.pdf?{urlencode(query)}"


def _sign_document(account_name: str, invoice_id: str, timestamp: str) -> str:
    return hmac.new(_SIGNING_KEY, f"{account_name}/{invoice_id}/{timestamp}".encode(), hashlib.sha256).hexdigest()


def answer_document(
    path: str, query_params: Mapping[str, str], accounts: Iterable[TwinAccount], context: RequestContext
) -> Response:
    """Give a document to whoever has its URL; refuse a wrong signature or a late request as S3 does."""
    _, _, account_name, file_name = (*path.split("/"), "", "", "")[:4]
    invoice_id = file_name.removesuffix(".pdf")
    timestamp = query_params.get("X-Amz-Date", "")
    signature = _sign_document(account_name, invoice_id, timestamp)
    if not hmac.compare_digest(query_params.get("X-Amz-Signature", "").encode(), signature.encode()):
        return _build_s3_error(
            "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided."
        )
    signed_at = datetime.strptime(timestamp, _TIMESTAMP_FORMAT).replace(tzinfo=UTC)
    if context.now > signed_at + timedelta(seconds=URL_LIFETIME_S):
        return _build_s3_error("AccessDenied", "Request has expired")
    account = next(candidate for candidate in accounts if candidate.name == account_name)
    headers = {"content-disposition": f'attachment; filename="{invoice_id}.pdf"'}
    return build_response(
        render_pdf(_make_invoice_paper(account, invoice_id, context.now)), media_type="application/pdf", headers=headers
    )


def _build_s3_error(code: str, message: str) -> Response:
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return build_response(body.encode(), status=403, media_type="application/xml")


def _make_invoice_paper(account: TwinAccount, invoice_id: str, now: datetime) -> InvoicePaper:
    running_month = Month.of(now)
    bill = records_out.list_bills(account, running_month)[invoice_id]
    issued_on = bill.issued_on or bill.period.end
    facts = {
        "Bill to": customers.make_payer(account).name,
        "Customer number": customers.make_payer(account).number,
        "Date": records_out.format_day(issued_on),
        "Terms": bill.terms or "",
        "Purchase order": bill.purchase_order or "",
    }
    rows = [
        (line.description, line.organization, line.quantity, line.unit_of_measure, line.amount)
        for line in records_out.make_lines(account, running_month, invoice_id)
    ]
    cells = [
        (str(description), "" if not organization else str(organization.name), f"{quantity} {unit or ''}", str(amount))
        for description, organization, quantity, unit, amount in rows
    ]
    if tax := records_out.sum_hidden_tax(bill):
        cells.append(("Tax", "", "", format_decimal(tax)))
    document_title = "Credit memo" if (bill.total or 0) < 0 else "Invoice"
    columns = ("Description", "Organization", "Quantity", "Amount")
    total = f"{format_decimal(bill.total or ZERO)} {bill.currency}"
    return make_paper("Genesys", f"{document_title} {invoice_id}", facts, columns, cells, total, issued_on)
