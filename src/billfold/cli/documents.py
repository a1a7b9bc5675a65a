"""Write the archived documents as files: invoices as PDF and CSV, as they came."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from billfold.cli.options import ACCOUNT, PROVIDER, Narrowing, books, places, wanted

if TYPE_CHECKING:
    from billfold.ledger.entries import Kept


@click.command("documents")
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
@PROVIDER
@ACCOUNT
@places
@click.pass_context
def command(ctx: click.Context, directory: Path, provider: str | None, account: str | None) -> None:
    """Write the archived documents to DIRECTORY: invoices as PDF and CSV, as they came.

    A document that came more than once is written as it came last. What a sync does not collect, `billfold api` asks for.
    """
    from billfold.ledger.documents import ENDINGS, latest, media
    from billfold.model.errors import SetupError
    from billfold.report.render import counted

    with books(ctx) as kept:
        chosen = wanted(kept, Narrowing(provider, account))
        found = [one for one in latest(kept.archive, chosen.seq) if chosen.fits(one.provider, one.account)]
        accounts = {
            (run.provider, run.account) for run in kept.archive.runs() if chosen.fits(run.provider, run.account)
        }
        names = Counter(map(_name, found))
        try:
            directory.mkdir(parents=True, exist_ok=True)
            for one in found:
                own = "" if names[_name(one)] == 1 else f"_{one.body[:8]}"
                path = directory / f"{_name(one)}{own}{ENDINGS[media(one)]}"
                path.write_bytes(kept.archive.body(one.body))
        except OSError as error:
            raise SetupError(f"{directory} cannot be written: {error.strerror}") from error
    click.echo(f"{directory}: {counted(len(found), 'document')}")
    counts = Counter((one.provider, one.account) for one in found)
    for vendor, name in sorted(accounts):
        click.echo(f"  {vendor} {name}: {counts[vendor, name] or 'none'}")


def _name(one: Kept) -> str:
    """Call a document by its account and by what was asked for it, as far as that is known."""
    from billfold.ledger.documents import UNNAMED

    about = [str(value) for value in json.loads(one.question).values() if value != UNNAMED]
    return re.sub(r"[^\w.-]+", "-", "_".join((one.account, one.operation, *about)))
