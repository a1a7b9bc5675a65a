"""Tell whether each account can be reached, with which rights, and what will be missing."""

from __future__ import annotations

from collections.abc import Sequence

import click

from billfold.cli.context import load_accounts
from billfold.cli.output import print_line
from billfold.cli.params import ACCOUNT_OPTION, PROVIDER_OPTION, add_location_options
from billfold.collect.session import Transport
from billfold.collect.sync import get_current_time, open_transport
from billfold.config import AccountConfig
from billfold.model.errors import ApiError, BillfoldError, Forbidden, Unauthorized
from billfold.providers.provider import SyncState
from billfold.tasks.accounts import select_accounts
from billfold.wire.exchange import decode_response, name_errors
from billfold.wire.operation import operation_name, salvage_response
from billfold.wire.scrub import scrub_response

MAX_QUESTIONS = 12
"""How many questions of a collection the doctor asks: enough to meet every right that is needed."""


@click.command("doctor")
@PROVIDER_OPTION
@ACCOUNT_OPTION
@add_location_options
@click.pass_context
def command(ctx: click.Context, provider: str | None, account: str | None) -> None:
    """Tell whether each account can be reached, with which rights, and what will be missing.

    Asks the first questions of a collection and keeps nothing. Exit code 0: all is well, 1: something will be missing,
    3: an account cannot be collected.
    """
    accounts = select_accounts(load_accounts(ctx), provider, account)
    ctx.exit(max(map(_check_account, accounts)))


def _check_account(account: AccountConfig) -> int:

    print_line(f"{account.name} ({account.provider.title})")
    try:
        transport = open_transport(account)
    except BillfoldError as error:
        print_line(f"  cannot ask: {error}")
        return 3
    try:
        return _ask_questions(account, transport)
    except BillfoldError as error:
        print_line(f"  cannot be collected: {_describe_error(error)}")
        _print_needed_right(account, [error])
        return 3
    finally:
        transport.close()


def _ask_questions(account: AccountConfig, transport: Transport) -> int:

    state = SyncState(get_current_time(), 1)
    plan, answer, refusals = account.provider.plan_requests(state), None, list[ApiError]()
    answered_names, reported_causes, is_wanting = set[str](), set[object](), False
    for _ in range(MAX_QUESTIONS):
        try:
            with name_errors(transport.context):
                fetch = plan.send(answer)
        except StopIteration:
            break
        name = operation_name(fetch.op)
        try:
            response = scrub_response(transport.send(fetch.op), transport.context.auth.secrets)
            answer = decode_response(fetch.op, response, transport.context, salvage_response)
        except ApiError as error:
            if not fetch.may_fail(error):
                raise
            answer = None
            if missing := fetch.find_missing(error):
                refusals.append(error)
                is_wanting = is_wanting or missing.is_wrong
                if fetch.failure_key(error) not in reported_causes:
                    print_line(f"  will be missing: {fetch.missing}: {_describe_error(error)}")
                reported_causes.add(fetch.failure_key(error))
            continue
        if name not in answered_names:
            print_line(f"  ok: {name}")
        answered_names.add(name)
    _print_needed_right(account, refusals)
    return 1 if is_wanting else 0


def _describe_error(error: BillfoldError) -> str:
    """Say what an error says, but what a key lacks: the doctor knows more of that."""
    return (
        f"{error.summary} Give the key the right that is named below." if isinstance(error, Forbidden) else str(error)
    )


def _print_needed_right(account: AccountConfig, errors: Sequence[BillfoldError]) -> None:
    """Name the right that a refused key lacks; what is not there for other reasons needs none."""
    if any(isinstance(error, (Unauthorized, Forbidden)) for error in errors):
        print_line(f"  the key needs: {account.provider.billing_right}")
