"""Twelve processes that run commands of all kinds on one ledger at once, some killed: what a command says is done stays done."""

from __future__ import annotations

import json
import os
import random
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from billfold.collect.workspace import Workspace
from billfold.ledger.entries import ACKNOWLEDGEMENT
from billfold.ledger.verify import check_head, find_damage
from billfold.model.finding import describe_finding
from tests import stage
from tests.cli.terminal import CommandResult
from tests.ledger.kit import invoice, invoices
from tests.rig.killing import fork, fork_beside
from tests.rig.mixed import run_slowly
from tests.rig.processes import LEDGER, advance_clock, load_commands, run_command, serve_beside, start_command

PROCESSES = 12
MONTHS = 2
KILLED_SHARE, LATEST_KILL_S = 0.06, 2.0
"""Of the commands, the part that is killed, and the seconds within which it is."""
MAX_TEXT = 1000
"""Characters that are kept of what a command printed."""
PAUSE_S = 1.0
"""Seconds for which a reader of a pipe pauses."""
WEIGHTS = {
    "sync": 6,
    "import": 4,
    "merge": 2,
    "rebuild": 1,
    "redact": 1,
    "acknowledge": 2,
    "report": 1,
    "invoices": 1,
    "slow-reader": 1,
    "reconcile": 1,
    "verify": 1,
    "hash": 1,
    "export": 1,
    "documents": 1,
}
"""How often each kind of command is chosen."""
MAY_FIND = {"sync", "reconcile", "export", "report", "invoices", "acknowledge", "documents"}
"""Commands that exit with 1 where something is found: a killed sync's run is not complete."""
GONE_TEXT = "nothing is found now that has the id"
"""What is said of a finding that another process's sync has settled meanwhile."""


class Claim(NamedTuple):
    """What a command that ended says is done, or that it was killed (None): ``value`` is its account, its head or its note."""

    kind: str
    code: int | None
    value: str
    seconds: float
    text: str = ""


def run_crowd(seconds: float, seed: int) -> tuple[Counter[str], list[str]]:
    """Let all run for some time; returns how many commands of each kind ended and were killed, and what went wrong."""
    load_commands()
    with tempfile.TemporaryDirectory() as directory:
        home = Path(directory)
        with serve_beside(home, seed, MONTHS) as root_url:
            result, _ = run_command(home, ["sync", "--quiet"], home / "first")
            assert result.code == 0, result
            deadline = time.monotonic() + seconds
            children = [
                fork_beside(lambda number=number: Participant(home, root_url, seed, number).run(deadline))  # type: ignore[misc]
                for number in range(PROCESSES)
            ]
            failures = [
                f"a part failed with {status}" for _, status in map(os.waitpid, children, [0] * PROCESSES) if status
            ]
            claims = [claim for number in range(PROCESSES) for claim in read_claims(home, number)]
            code, wrong = fork(lambda: list(judge(home / LEDGER, claims)))
        failures += wrong if code == 0 else [f"what looks at the end ended with {code}"]
    counts = Counter(claim.kind if claim.code is not None else f"{claim.kind} killed" for claim in claims)
    return counts, failures + [text for claim in claims if (text := find_failure(claim))]


def read_claims(home: Path, number: int) -> Iterator[Claim]:
    """Yield what a part noted of its commands."""
    for line in (home / f"claims-{number}").read_text(encoding="utf-8").splitlines():
        yield Claim(*json.loads(line))


def find_failure(claim: Claim) -> str:
    """Say which command failed that should only have waited, in its own words; "" where it did not."""
    is_well = claim.code in ({None, 0, 1} if claim.kind in MAY_FIND else {None, 0})
    if is_well or GONE_TEXT in claim.text:
        return ""
    return f"{claim.kind} {claim.value} ended with {claim.code} after {claim.seconds:.0f} s: {claim.text[-400:]}"


class Participant:
    """One of the processes: it runs one command after the other, and notes what each of them says is done."""

    def __init__(self, home: Path, root_url: str, seed: int, number: int) -> None:
        self._home, self._root_url, self._number = home, root_url, number
        self._dice, self._count = random.Random(f"crowd/{seed}/{number}"), 0
        accounts = (
            account for vendor in stage.twin(seed=seed, months=MONTHS).world.vendors for account in vendor.accounts
        )
        self._accounts = [account.name for account in accounts]

    def run(self, deadline: float) -> None:
        """Run commands until it is time."""
        with (self._home / f"claims-{self._number}").open("w", encoding="utf-8") as file:
            while time.monotonic() < deadline or not self._count:
                (kind,) = self._dice.choices([*WEIGHTS], [*WEIGHTS.values()])
                self._count += 1
                file.write(json.dumps(self._run_one(kind)) + "\n")
                file.flush()

    def _run_one(self, kind: str) -> Claim:
        name, start_time = f"{kind}-{self._number}-{self._count}", time.monotonic()
        if kind == "slow-reader":
            return self._read_slowly(kind)
        value, line = self._choose_line(kind, name)
        result = self._run_or_kill(line)
        if kind == "sync" and result.code in {0, 1}:
            value = str(json.loads(result.out)[0]["head"])
        code = None if result.code == -signal.SIGKILL else result.code
        return Claim(kind, code, value, time.monotonic() - start_time, result.all[-MAX_TEXT:])

    def _run_or_kill(self, line: Sequence[str]) -> CommandResult:
        command = start_command(self._home, line, self._home / f"streams-{self._number}")
        if self._dice.random() < KILLED_SHARE:
            time.sleep(self._dice.uniform(0, LATEST_KILL_S))
            os.kill(command.pid, signal.SIGKILL)
        return command.wait()

    def _read_slowly(self, kind: str) -> Claim:
        start_time, text = time.monotonic(), ""
        try:
            run_slowly(self._home, ["charges"], pause=PAUSE_S)
        except AssertionError as error:
            text = str(error)
        return Claim(kind, 2 if text else 0, "", time.monotonic() - start_time, text)

    def _choose_line(self, kind: str, name: str) -> tuple[str, Sequence[str]]:
        """Return what a command is about, and its words."""
        match kind:
            case "sync":
                if self._dice.random() < 1 / PROCESSES:
                    advance_clock(self._root_url, "1d")
                account = self._dice.choice(self._accounts)
                return account, ["sync", "--account", account, "--json"]
            case "import":
                return name, ["import", "cockroach", str(self._write_bill(name)), "--account", name]
            case "merge":
                path, other = self._write_bill(name), f"other-{name}"
                line = ["import", "cockroach", str(path), "--account", name]
                result = start_command(self._home, line, self._home / f"streams-{self._number}", other).wait()
                assert result.code == 0, result
                return name, ["merge", other, "--unrelated"]
            case "acknowledge":
                result, _ = run_command(
                    self._home, ["reconcile", "--format", "json"], self._home / f"streams-{self._number}"
                )
                ids = [finding["id"] for finding in json.loads(result.out) if finding["account"]]
                return name, ["acknowledge", self._dice.choice(ids), "--reason", name]
            case _:
                own_place = {"export": ["focus", f"out-{self._number}"], "documents": [f"documents-{self._number}"]}
                return "", [kind, *own_place.get(kind, [])]

    def _write_bill(self, name: str) -> Path:
        path = self._home / f"{name}.json"
        path.write_bytes(invoices(invoice(name)))
        return path


def judge(ledger: Path, claims: Sequence[Claim]) -> Iterator[str]:
    """Say what a command said was done and is not there, and what is damaged or would be another by a rebuild."""
    books = Workspace(ledger)
    try:
        yield from (describe_finding(finding) for finding in find_damage(books.archive, books.ledger_path))
        bill_ids = {bill["invoice_id"] for bill in stage.list_invoices(books)}
        accepted_texts = {json.loads(entry.question)["reason"] for entry in books.archive.list_markers(ACKNOWLEDGEMENT)}
        for claim in claims:
            is_done = claim.code in {0, 1} and GONE_TEXT not in claim.text
            if is_done and claim.kind in {"import", "merge"} and claim.value not in bill_ids:
                yield f"{claim.kind} {claim.value} said it was done, and its bill is not there"
            if is_done and claim.kind == "acknowledge" and claim.value not in accepted_texts:
                yield f"acknowledged with {claim.value!r}, and it is not there"
            if is_done and claim.kind == "sync" and (finding := check_head(books.archive, claim.value)[1]):
                yield f"a sync printed a head: {describe_finding(finding)}"
        digest = stage.read_digest(books)
        books.rebuild()
        if stage.read_digest(books) != digest:
            yield "the rebuilt ledger has another hash"
    finally:
        books.close()
