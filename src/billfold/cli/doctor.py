"""Tell whether each account can be reached, with which rights, and what will be missing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from billfold.cli.options import ACCOUNT, PROVIDER, fitting, places

if TYPE_CHECKING:
    from billfold.collect.session import Carrier
    from billfold.config import Account
    from billfold.model.errors import BillfoldError

QUESTIONS = 12
"""How many questions of a collection the doctor asks: enough to meet every right that is needed."""


@click.command("doctor")
@PROVIDER
@ACCOUNT
@places
@click.pass_context
def command(ctx: click.Context, provider: str | None, account: str | None) -> None:
    """Tell whether each account can be reached, with which rights, and what will be missing.

    Asks the first questions of a collection and keeps nothing. Exit code 0: all is well, 1: something will be missing,
    3: an account cannot be collected.
    """
    ctx.exit(max(_examine(one) for one in fitting(ctx, provider, account)[1]))


def _examine(account: Account) -> int:
    from billfold.collect.sync import carrier
    from billfold.model.errors import BillfoldError

    click.echo(f"{account.name} ({account.provider.title})")
    try:
        wires = carrier(account)
    except BillfoldError as error:
        click.echo(f"  cannot ask: {error}")
        return 3
    try:
        return _questions(account, wires)
    except BillfoldError as error:
        click.echo(f"  cannot be collected: {_here(str(error))}")
        _advise(account, [error])
        return 3
    finally:
        wires.close()


def _questions(account: Account, wires: Carrier) -> int:
    from billfold.collect.sync import now
    from billfold.model.errors import ApiError
    from billfold.providers.provider import Known
    from billfold.wire.exchange import naming, understood
    from billfold.wire.operation import name_of

    known = Known(now(), 1)
    plan, said, refusals = account.provider.collect(known), None, list[ApiError]()
    asked, told = set[str](), set[object]()
    for _ in range(QUESTIONS):
        try:
            with naming(wires.line):
                ask = plan.send(said)
        except StopIteration:
            break
        name = name_of(ask.op)
        try:
            said = understood(ask.op, wires.send(ask.op), wires.line)
        except ApiError as error:
            if not ask.may_miss(error):
                raise
            said = None
            if missed := ask.missed(error):
                refusals.append(error)
                if ask.cause(error) not in told:
                    click.echo(f"  will be missing: {_here(missed)}")
                told.add(ask.cause(error))
            continue
        if name not in asked:
            click.echo(f"  ok: {name}")
        asked.add(name)
    _advise(account, refusals)
    return 1 if refusals else 0


def _here(words: str) -> str:
    """Leave out of an error's words that the doctor knows more: it is the doctor who says them."""
    from billfold.model.errors import Forbidden

    return words.replace(Forbidden.advice, "Give the key the right that is named below.")


def _advise(account: Account, errors: Sequence[BillfoldError]) -> None:
    """Name the right that a refused key lacks; what is not there for other reasons needs none."""
    from billfold.model.errors import Forbidden, Unauthorized

    if any(isinstance(error, (Unauthorized, Forbidden)) for error in errors):
        click.echo(f"  the key needs: {account.provider.right}")
