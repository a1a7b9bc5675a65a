"""Ask a vendor one documented operation, and print the answer."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from billfold.cli.options import accounts, places

if TYPE_CHECKING:
    from billfold.config import Account
    from billfold.providers.provider import Provider
    from billfold.wire.operation import Operation


@click.command("api")
@click.argument("provider", required=False)
@click.argument("operation", required=False)
@click.argument("arguments", nargs=-1, metavar="[NAME=VALUE]...")
@click.option("--account", metavar="NAME", help="Ask with this account's key (default: the provider's first account).")
@click.option("--raw", is_flag=True, help="Print the answer's bytes as they came, readable or not.")
@click.option("--all", "every", is_flag=True, help="Follow a list to its end: a JSON list of its pages.")
@places
@click.pass_context
def command(
    ctx: click.Context,
    provider: str | None,
    operation: str | None,
    arguments: tuple[str, ...],
    account: str | None,
    raw: bool,
    every: bool,
) -> None:
    """Ask a vendor one documented operation, and print the answer as JSON (documents as their bytes).

    \b
    billfold api                                    all operations of all providers
    billfold api vultr                              Vultr's operations, with their arguments
    billfold api vultr get_invoice invoice_id=7     ask one
    """  # noqa: D301 - click's own mark for lines that stay as they are
    from billfold.providers import provider as providers

    if provider is None or operation is None:
        for name in [provider] if provider else providers.names():
            _describe(providers.find(name))
        return
    door = providers.find(provider)
    op = _operation(door, operation, arguments)
    bodies = _answer(_account(ctx, door, account), op, every=every, raw=raw)
    _print([b"[" + b",".join(bodies) + b"]"] if every and not raw else bodies, raw=raw)


def _describe(door: Provider) -> None:
    from billfold.wire.describe import described

    click.echo(f"\n{door.title} ({door.name})")
    for kind in door.operations:
        click.echo(f"  {described(kind)}")


def _account(ctx: click.Context, door: Provider, name: str | None) -> Account:
    from billfold.model.errors import SetupError

    fitting = [one for one in accounts(ctx) if one.provider is door and name in {None, one.name}]
    if not fitting:
        raise SetupError(
            f"no account of {door.title} is configured{f' as {name!r}' if name else ''}; add one with `billfold connect {door.name}`"
        )
    return fitting[0]


def _operation(door: Provider, name: str, arguments: tuple[str, ...]) -> Operation[Any]:
    from billfold.model.errors import Misasked
    from billfold.wire.describe import asked
    from billfold.wire.operation import name_of

    said, kind = dict(pair.partition("=")[::2] for pair in arguments), door.operation(name)
    try:
        return asked(kind, said)
    except Misasked:
        for other in door.operations:  # two operations may be called alike and take other arguments
            if other is not kind and name_of(other) == name:
                return asked(other, said)
        raise


def _answer(account: Account, op: Operation[Any], *, every: bool, raw: bool) -> list[bytes]:
    from billfold.collect.sync import carrier
    from billfold.wire.exchange import naming, understood
    from billfold.wire.paging import Paged, Walk

    wires = carrier(account)
    try:
        if not every or not isinstance(op, Paged):
            response = wires.send(op)
            if not raw:
                understood(op, response, wires.line)  # raises where it is no answer
            return [response.body]
        walk, bodies = Walk(op), []
        while walk.question is not None:
            response = wires.send(walk.question)
            bodies.append(response.body)
            with naming(wires.line):
                walk.hear(understood(walk.question, response, wires.line))
        with naming(wires.line):
            walk.finish()
        return bodies
    finally:
        wires.close()


def _print(bodies: list[bytes], *, raw: bool) -> None:
    import msgspec

    for body in bodies:
        try:
            text = body if raw else msgspec.json.format(body, indent=2) + b"\n"
        except msgspec.DecodeError:
            text = body
        sys.stdout.buffer.write(text)
    sys.stdout.flush()
