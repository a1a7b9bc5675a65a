"""Name an account; only a reference to its key is written."""

from __future__ import annotations

import click

from billfold import config
from billfold.cli.output import print_line
from billfold.cli.params import add_location_options
from billfold.model.errors import InvalidArgument
from billfold.providers import provider as providers
from billfold.tasks.connect import add_account


@click.command("connect")
@click.argument("provider")
@click.option("--name", metavar="NAME", help="What to call the account (default: the provider's name).")
@click.option("--base-url", metavar="URL", help="Another address of the API, as of a twin.")
@click.option(
    "--reference",
    "references",
    multiple=True,
    metavar="FIELD=REF",
    help="Where a credential is kept, as api_key=env:MY_KEY; repeat it for more.",
)
@add_location_options
@click.pass_context
def command(
    ctx: click.Context, provider: str, name: str | None, base_url: str | None, references: tuple[str, ...]
) -> None:
    """Name an account of PROVIDER; only references to its credentials are written, never the credentials.

    Without --reference the environment variables of the vendor's own tools are referred to.
    """
    chosen_provider = providers.find_provider(provider)
    references_by_field = dict(pair.partition("=")[::2] for pair in references)
    if not all(references_by_field.values()):  # not told: it may be the key itself
        raise InvalidArgument(
            f"--reference takes FIELD=REF, as {chosen_provider.credentials[0].name}=env:MY_KEY; one has no REF"
        )
    if unknown := set(references_by_field) - {field.name for field in chosen_provider.credentials}:
        raise InvalidArgument(
            f"{chosen_provider.title} has no credential {min(unknown)!r}; it has {', '.join(credential.name for credential in chosen_provider.credentials)}"
        )
    path = config.find_config(ctx.find_root().obj["config"])
    block = {"name": name or chosen_provider.name, "provider": chosen_provider.name} | (
        {"base_url": base_url} if base_url else {}
    )
    block |= {
        field.name: references_by_field.get(field.name, f"env:{field.env_names[0]}")
        for field in chosen_provider.credentials
        if field.is_secret or field.name in references_by_field
    }
    add_account(path, block)
    print_line(f"added account {block['name']!r} to {path}")
    for field in chosen_provider.credentials:
        if field.name not in references_by_field:
            default_note = f" (unless it is {field.default})" if field.default else ""
            print_line(f"  set {field.env_names[0]} to the {field.name}{default_note} before you run `billfold sync`")
    print_line(f"  the key needs: {chosen_provider.billing_right}")
    print_line("  check it with `billfold doctor`")
