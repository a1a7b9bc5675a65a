"""Check every stored hash of the archive, and a head of it that was kept elsewhere."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NoReturn

import click

from billfold.cli.context import open_workspace
from billfold.cli.output import print_line
from billfold.cli.params import add_location_options
from billfold.ledger.archive import Archive
from billfold.ledger.archive_redaction import count_redacted
from billfold.ledger.audit_log import find_audit_damage, read_audit_head
from billfold.ledger.verify import check_head, find_damage
from billfold.model.errors import InvalidArgument
from billfold.model.finding import Finding, describe_finding
from billfold.report import evidence_verifier
from billfold.report.render import counted


def _read_head(_: click.Context, __: click.Parameter, text: str | None) -> str | None:
    """Return a head as it is written; raises ``click.BadParameter`` for what is none."""
    if text is None:
        return None
    digest = text.strip().lower().removeprefix("sha256:")
    if not re.fullmatch("[0-9a-f]{64}", digest):
        raise click.BadParameter(
            f"{text!r} is no head; one is sha256: and 64 hexadecimal digits, as `billfold sync` prints it"
        )
    return f"sha256:{digest}"


@click.command("verify")
@click.argument(
    "evidence", type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="[FILE.zip]", required=False
)
@click.option(
    "--head", callback=_read_head, metavar="HEAD", help="Prove that it had this head, and kept what it stands for."
)
@click.option(
    "--part", is_flag=True, help="Accept evidence of some accounts only, as `billfold evidence --account` writes it."
)
@add_location_options
@click.pass_context
def command(ctx: click.Context, evidence: Path | None, head: str | None, *, part: bool) -> None:
    """Check every stored hash of the archive, and name what is damaged or missing. Exit code 1 where anything is.

    With a file that `billfold evidence` wrote, check that one alone: no ledger is needed.

    Whether its end was cut off, or all of it written anew, is told by the ledger that was computed from it, and by a head
    that was kept elsewhere: every `billfold sync` prints the archive's head.
    A damaged file of the ledger is named too, and a row of the desk's audit log that was changed or removed.
    """
    if evidence:
        _verify_evidence(ctx, evidence, head or "", is_part_wanted=part)
    if part:
        raise InvalidArgument("--part goes with a file of evidence: name one")
    with open_workspace(ctx) as workspace:
        damage_count = 0
        findings = (*find_damage(workspace.archive, workspace.ledger_path), *find_audit_damage(workspace.directory))
        for finding in findings:
            print_line(describe_finding(finding))
            damage_count += 1
        if head and (head_finding := _print_head_check(workspace.archive, head)):
            print_line(describe_finding(head_finding))
            damage_count += 1
        subject = "the archive" if damage_count else counted(workspace.archive.read_last_seq(), "entry", "entries")
        print_line(
            f"{subject} checked: {counted(damage_count, 'problem') if damage_count else 'all is as it was written'}"
        )
        print_line(f"head {workspace.archive.read_head()}")
        audit_count, audit_head = read_audit_head(workspace.directory)
        if audit_count:
            print_line(f"audit log: {counted(audit_count, 'row')}, head sha256:{audit_head}")
    ctx.exit(1 if damage_count else 0)


def _verify_evidence(ctx: click.Context, path: Path, head: str, *, is_part_wanted: bool) -> NoReturn:
    """Verify a file of evidence, say what it proves or what is wrong, and end."""
    verdict = evidence_verifier.verify(str(path), head, is_part_wanted=is_part_wanted)
    print_line(verdict.coverage)
    for sentence in verdict.defects or verdict.proofs:
        print_line(sentence)
    if verdict.defects:
        print_line(f"{path} checked: {counted(len(verdict.defects), 'problem')}")
    ctx.exit(1 if verdict.defects else 0)


def _print_head_check(archive: Archive, head: str) -> Finding | None:
    """Say with which entry the archive had a head; returns what is wrong where it never had it."""
    entry, finding = check_head(archive, head)
    if entry:
        later_count = archive.read_last_seq() - entry.seq
        later = f"; {counted(later_count, 'entry', 'entries')} came after it" if later_count else ", and is now"
        print_line(head)
        print_line(f"  was the head with entry {entry.seq} of {entry.fetched_at[:19]}Z{later}")
        if redacted_count := count_redacted(archive, entry.seq):
            print_line(
                f"  {counted(redacted_count, 'stored answer')} redacted since: what stood there cannot be proved"
            )
    return finding
