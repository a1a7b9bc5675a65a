"""Name an account; only a reference to its key is written."""

from __future__ import annotations

import click

from billfold.cli.options import places


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
@places
@click.pass_context
def command(
    ctx: click.Context, provider: str, name: str | None, base_url: str | None, references: tuple[str, ...]
) -> None:
    """Name an account of PROVIDER; only references to its credentials are written, never the credentials.

    Without --reference the environment variables of the vendor's own tools are referred to.
    """
    from billfold import config
    from billfold.model.errors import Misasked
    from billfold.providers import provider as providers

    door = providers.find(provider)
    said = dict(pair.partition("=")[::2] for pair in references)
    if not all(said.values()):  # not told: it may be the key itself
        raise Misasked(f"--reference takes FIELD=REF, as {door.credentials[0].name}=env:MY_KEY; one has no REF")
    if unknown := set(said) - {field.name for field in door.credentials}:
        raise Misasked(
            f"{door.title} has no credential {min(unknown)!r}; it has {', '.join(f.name for f in door.credentials)}"
        )
    path = config.find(ctx.find_root().obj["config"])
    block = {"name": name or door.name, "provider": door.name} | ({"base_url": base_url} if base_url else {})
    block |= {
        field.name: said.get(field.name, f"env:{field.env[0]}")
        for field in door.credentials
        if field.secret or field.name in said
    }
    config.add(path, block)
    click.echo(f"added account {block['name']!r} to {path}")
    for field in door.credentials:
        if field.name not in said:
            usual = f" (unless it is {field.default})" if field.default else ""
            click.echo(f"  set {field.env[0]} to the {field.name}{usual} before you run `billfold sync`")
    click.echo(f"  the key needs: {door.right}")
    click.echo("  check it with `billfold doctor`")
