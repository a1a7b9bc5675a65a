"""What may be done over HTTP: acknowledge a finding, sign a month, start a sync; as the commands do it, by a form or by the API.

A request to the API has an ``Idempotency-Key``: sent again, it is answered again, and not done again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from billfold.ledger.request_log import begin_request, end_request, forget_request
from billfold.model.errors import InvalidArgument
from billfold.model.identity import Identity, IdentityKind
from billfold.serve.bodies import check_fields, read_body, read_form_pairs, read_json, read_text, read_texts
from billfold.serve.gate import Gate, note_account, read_identity, read_visitor
from billfold.serve.openapi import ROOT
from billfold.serve.questions import build_question, list_shown_accounts, read_month
from billfold.serve.rows import AcknowledgedRow, CloseRow, StartedSync
from billfold.serve.views import ViewPool
from billfold.serve.writing import JSON_TYPE, write_json
from billfold.tasks.access import build_filter, open_workspace
from billfold.tasks.acknowledge import acknowledge_findings, list_acceptable, require_acceptable
from billfold.tasks.close import CloseSettings, Signature, close_month, hold_writers
from billfold.tasks.configured import list_configured_accounts, load_payment_evidence
from billfold.tasks.configured_budgets import load_ruled_budgets
from billfold.tasks.filter_options import FilterOptions

StartSync = Callable[[Sequence[str]], str]
MAX_KEY_CHARS = 200


class SigningRequest(NamedTuple):
    """Who signs which month, with what is accepted and why; of one account, or of all."""

    month: str
    name: str
    accepted_ids: tuple[str, ...] = ()
    reason: str = ""
    provider: str = ""
    account: str = ""


class Actions:
    """Does what is asked for, in the name of who asks."""

    def __init__(self, pool: ViewPool, gate: Gate, start_sync: StartSync) -> None:
        self._pool, self._gate, self._start_sync = pool, gate, start_sync

    @property
    def routes(self) -> list[Route]:
        """Where it answers."""
        return [
            Route("/findings/{id}/acknowledge", self.acknowledge_by_form, methods=["POST"]),
            Route("/close/{month}/sign", self.sign_by_form, methods=["POST"]),
            Route(f"{ROOT}/findings/{{id}}/acknowledge", self._do_once(self.acknowledge), methods=["POST"]),
            Route(f"{ROOT}/close/{{month}}/sign", self._do_once(self.sign), methods=["POST"]),
            Route(f"{ROOT}/sync", self._do_once(self.sync), methods=["POST"]),
        ]

    def _do_once(self, action: Callable[[Request], object]) -> Callable[[Request], Response]:
        """Return an endpoint that does an action once for each ``Idempotency-Key`` of who asks."""

        def answer(request: Request) -> Response:
            key = request.headers.get("idempotency-key", "")
            if not key.isprintable() or not 1 <= len(key) <= MAX_KEY_CHARS:
                raise InvalidArgument(
                    f"send an Idempotency-Key of 1 to {MAX_KEY_CHARS} characters, another for each action"
                )
            directory, label = self._gate.directory, read_visitor(request).label
            content = f"{request.method} {request.url.path}\n".encode() + read_body(request)
            request_hash = hashlib.sha256(content).hexdigest()
            record = begin_request(directory, label, key, request_hash, self._gate.read_time())
            if record is not None:
                return _replay(record.status, record.body, is_same=record.request_hash == request_hash)
            try:
                body = write_json(action(request)) + "\n"
            except BaseException:
                forget_request(directory, label, key)
                raise
            end_request(directory, label, key, 200, body)
            return Response(body, media_type=JSON_TYPE)

        return answer

    def acknowledge(self, request: Request) -> AcknowledgedRow:
        """Accept a finding, with a reason; raises ``InvalidArgument`` for one that there is not."""
        values = read_json(request)
        check_fields(values, "reason")
        return self._acknowledge(request, read_text(values, "reason"))

    def acknowledge_by_form(self, request: Request) -> Response:
        """Accept a finding by a form, and show the findings again."""
        reason = read_text(dict(read_form_pairs(request)), "reason")
        self._acknowledge(request, reason)
        return RedirectResponse("/findings", 303)

    def _acknowledge(self, request: Request, reason: str) -> AcknowledgedRow:
        identity, finding_id = read_identity(request), request.path_params["id"]
        with self._pool.borrow_view(identity.accounts) as view:
            question = build_question(view, {})
            place = (view.workspace, view.db, question.filters, question.configured, question.payment_evidence)
            findings = list_acceptable(*place, lambda: load_ruled_budgets(view.config_path), [finding_id])
            if finding_id not in findings:
                raise HTTPException(404, f"nothing is found now that has the id {finding_id[:40]!r}")
            (located,) = require_acceptable(findings, [finding_id])
            note_account(request, located.provider, located.account)
            if not located.account and not view.accounts.is_everything:
                raise HTTPException(403, "this is found of the whole ledger: who sees all of it can accept it")
        now, by = self._gate.read_time(), describe_signer(identity)
        with open_workspace(self._pool.directory) as workspace:
            acknowledge_findings(workspace, [located], reason, by, now)
        return AcknowledgedRow(located.id, located.provider, located.account, located.month, reason, by)

    def sign(self, request: Request) -> CloseRow:
        """Sign a month, where it is ready with what is accepted; raises ``HTTPException`` 409 where it is not."""
        values = read_json(request)
        check_fields(values, "name", "accept", "reason", "provider", "account")
        texts = [read_text(values, name, default="") for name in ("reason", "provider", "account")]
        name = choose_signer(read_identity(request), values)
        signing = SigningRequest(request.path_params["month"], name, read_texts(values, "accept"), *texts)
        note_account(request, signing.provider, signing.account)
        return self._sign(read_identity(request), signing)

    def sign_by_form(self, request: Request) -> Response:
        """Sign a month by a form, and show its checks again."""
        pairs = read_form_pairs(request)
        values, month = dict(pairs), request.path_params["month"]
        accepted_ids = tuple(value for name, value in pairs if name == "accept" and value)
        name = choose_signer(read_identity(request), values)
        self._sign(read_identity(request), SigningRequest(month, name, accepted_ids, values.get("reason", "")))
        return RedirectResponse(f"/close/{read_month(month)}", 303)

    def _sign(self, identity: Identity, signing: SigningRequest) -> CloseRow:
        month, config_path = read_month(signing.month), self._pool.config_path
        is_own = bool(signing.account) and identity.accounts.includes(signing.provider, signing.account)
        if not identity.accounts.is_everything and not is_own:
            raise HTTPException(
                403, f"{identity.name} sees only {identity.accounts}: name provider and account of what to sign"
            )
        signature = Signature(signing.name, signing.accepted_ids, signing.reason)
        settings = CloseSettings(list_configured_accounts(config_path), payments=load_payment_evidence(config_path))
        options = FilterOptions(signing.provider or None, signing.account or None)
        with (
            open_workspace(self._pool.directory) as workspace,
            hold_writers(workspace, signature),
            workspace.open_ledger() as db,
        ):
            filters = build_filter(workspace, options, settings.configured)
            verdict, is_signed = close_month(workspace, db, month, filters, settings, signature)
        if not is_signed:
            open_ids = " ".join(check.id for check in verdict.checks if check.keeps_open and check.id)
            raise HTTPException(
                409, f"{month} is not ready, and is not signed: {open_ids or 'nothing was checked'} keep it open"
            )
        return CloseRow(str(month), verdict.ready, verdict.checks, verdict.hash, verdict.head, signing.name)

    def sync(self, request: Request) -> StartedSync:
        """Begin to collect accounts, those that exist for who asks; raises ``InvalidArgument`` for one that there is not."""
        values, identity = read_json(request), read_identity(request)
        check_fields(values, "accounts")
        with self._pool.borrow_view(identity.accounts) as view:
            names = [account for _, account in list_shown_accounts(view)]
        wanted_names = read_texts(values, "accounts")
        for name in wanted_names:
            if name not in names:
                raise InvalidArgument(f"there is no account {name[:60]!r}; there are {', '.join(names) or 'none'}")
        is_all = identity.accounts.is_everything and not wanted_names
        chosen_names = [] if is_all else list(wanted_names or names)
        if not is_all and not chosen_names:
            raise InvalidArgument("there is no account to collect")
        return StartedSync(self._start_sync(chosen_names), chosen_names)


def _replay(status: int | None, body: str | None, *, is_same: bool) -> Response:
    if not is_same:
        raise HTTPException(422, "this Idempotency-Key came with another request: take another key for another action")
    if status is None or body is None:
        raise HTTPException(
            409, "this is being done, or was interrupted: look whether it was done before you send it again"
        )
    return Response(body, status, {"idempotent-replayed": "true"}, JSON_TYPE)


def describe_signer(identity: Identity) -> str:
    """Return under which name somebody acts: a key's is no person's."""
    return f"key {identity.name}" if identity.kind is IdentityKind.KEY else identity.name


def choose_signer(identity: Identity, values: Mapping[str, object]) -> str:
    """Return who signs: a user as himself, and the name that a key or this machine's user gives; raises ``InvalidArgument``."""
    if identity.kind is not IdentityKind.USER:
        return read_text(values, "name", most=100)
    if read_text(values, "name", most=100, default=identity.name) not in {"", identity.name}:
        raise InvalidArgument(f"you are logged in as {identity.name}: sign with your own name")
    return identity.name
