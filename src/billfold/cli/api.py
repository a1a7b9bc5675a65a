"""Ask a vendor one documented operation, and print the answer."""

from __future__ import annotations

from typing import Any

import click
import msgspec

from billfold.cli.context import load_accounts
from billfold.cli.output import print_bytes, print_line
from billfold.cli.params import add_location_options
from billfold.config import AccountConfig
from billfold.model.errors import ConfigurationError, InvalidArgument
from billfold.model.plain_text import escape_json
from billfold.providers import provider as providers
from billfold.providers.provider import Provider
from billfold.wire.describe import describe_operation, parse_arguments
from billfold.wire.exchange import decode_response, name_errors
from billfold.wire.operation import Operation, operation_name
from billfold.wire.paging import PagedOperation, Walk
from billfold.wire.scrub import scrub_response


@click.command("api")
@click.argument("provider", required=False)
@click.argument("operation", required=False)
@click.argument("arguments", nargs=-1, metavar="[NAME=VALUE]...")
@click.option("--account", metavar="NAME", help="Ask with this account's key (default: the provider's first account).")
@click.option("--raw", is_flag=True, help="Print the answer's bytes as they came, readable or not.")
@click.option("--all", "all_pages", is_flag=True, help="Follow a list to its end: a JSON list of its pages.")
@add_location_options
@click.pass_context
def command(
    ctx: click.Context,
    provider: str | None,
    operation: str | None,
    arguments: tuple[str, ...],
    account: str | None,
    raw: bool,
    all_pages: bool,
) -> None:
    """Ask a vendor one documented operation, and print the answer as JSON (documents as their bytes).

    \b
    billfold api                                    all operations of all providers
    billfold api vultr                              Vultr's operations, with their arguments
    billfold api vultr get_invoice invoice_id=7     ask one
    """  # noqa: D301 - click's own mark for lines that stay as they are
    if provider is None or operation is None:
        for name in [provider] if provider else providers.provider_names():
            _print_operations(providers.find_provider(name))
        return
    chosen_provider = providers.find_provider(provider)
    op = _build_operation(chosen_provider, operation, arguments)
    bodies = _fetch_bodies(_find_account(ctx, chosen_provider, account), op, all_pages=all_pages, raw=raw)
    _print_bodies([b"[" + b",".join(bodies) + b"]"] if all_pages and not raw else bodies, raw=raw)


def _print_operations(provider: Provider) -> None:

    print_line()
    print_line(f"{provider.title} ({provider.name})")
    for operation_type in provider.operations:
        print_line(f"  {describe_operation(operation_type)}")


def _find_account(ctx: click.Context, provider: Provider, name: str | None) -> AccountConfig:

    matches = [
        account for account in load_accounts(ctx) if account.provider is provider and name in {None, account.name}
    ]
    if not matches:
        raise ConfigurationError(
            f"no account of {provider.title} is configured{f' as {name!r}' if name else ''}; add one with `billfold connect {provider.name}`"
        )
    return matches[0]


def _build_operation(provider: Provider, name: str, arguments: tuple[str, ...]) -> Operation[Any]:

    values, operation_type = dict(pair.partition("=")[::2] for pair in arguments), provider.find_operation(name)
    try:
        return parse_arguments(operation_type, values)
    except InvalidArgument:
        for candidate in provider.operations:  # two operations may be called alike and take other arguments
            if candidate is not operation_type and operation_name(candidate) == name:
                return parse_arguments(candidate, values)
        raise


def _fetch_bodies(account: AccountConfig, op: Operation[Any], *, all_pages: bool, raw: bool) -> list[bytes]:
    from billfold.collect.sync import (
        open_transport,
    )  # PERF: its HTTP library takes 0.1 s, and a list of operations needs none

    transport = open_transport(account)
    try:
        if not all_pages or not isinstance(op, PagedOperation):
            response = scrub_response(transport.send(op), transport.context.auth.secrets)
            if not raw:
                decode_response(op, response, transport.context)  # raises where it is no answer
            return [response.body]
        walk, bodies = Walk(op), []
        while walk.next_operation is not None:
            response = scrub_response(transport.send(walk.next_operation), transport.context.auth.secrets)
            bodies.append(response.body)
            with name_errors(transport.context):
                walk.take_page(decode_response(walk.next_operation, response, transport.context))
        with name_errors(transport.context):
            walk.finish()
        return bodies
    finally:
        transport.close()


def _print_bodies(bodies: list[bytes], *, raw: bool) -> None:
    for body in bodies:
        try:
            print_bytes(body if raw else _format_json(body))
        except msgspec.DecodeError:
            print_bytes(body)


def _format_json(body: bytes) -> bytes:
    return f"{escape_json(msgspec.json.format(body, indent=2).decode(errors='replace'))}\n".encode()
