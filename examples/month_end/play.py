"""Two years of one company, closed month by month: `python examples/month_end/play.py DIRECTORY`.

The twin plays the company (`docs/how-to/twin.md`). Each round moves its clock to the fifth day after a month, collects, and does
what an accountant does then: close the months that are over, look at what has moved since, at what is unpaid, and sign.
What the commands print is kept under `expected/`; `--update` writes it anew. `--every-month` plays all twenty-four rounds.
"""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

from billfold.cli.main import COMMANDS, main
from billfold.model.period import Month

HERE = Path(__file__).parent
EXPECTED = HERE / "expected"
END, SEED = "2026-11-15T00:00:00Z", "7"
FIRST_MONTH = Month(2024, 11)
ROUNDS = (6, 14, 16, 18, 20, 24)
"""The months after which the company collects, counted from 1: as few as show each fault at its time."""
MONTH_COUNT = 24
SIGNER, REASON = "Ann Bo", "known"
LAST_STEPS = {
    "report": ["report", "--from", "2026-08", "--to", "2026-10"],
    "reconcile": ["reconcile"],
    "restatements": ["restatements"],
    "why": ["why", "2025-02"],
    "accruals": ["accruals", "2026-11"],
    "commitments": ["commitments"],
    "forecast": ["forecast"],
    "allocate": ["allocate", "2026-10"],
    "statement": ["statement", "2026-10", "-o", "october.md"],
}
"""What is printed once, when the last month is closed; commands that are not there yet are left out."""
UNSTEADY = (
    (r"sha256:[0-9a-f.…]+", "sha256:..."),
    (r"http://127\.0\.0\.1:\d+", "http://twin"),
    (r"seen 20\S+Z", "seen ..."),
)
"""What differs from run to run: hashes over signed URLs and times, the twin's port, when this machine saw something."""


class Output(NamedTuple):
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str


class Telling(NamedTuple):
    """Something that a command named after a round: of which account and month, and as what."""

    played: int
    command: str
    account: str
    month: str
    code: str
    text: str


class Company:
    """The company's configuration and ledger in a directory, with the twin that plays its vendors."""

    def __init__(self, directory: Path, root_url: str) -> None:
        self.directory, self.root_url = directory, root_url
        self.pages: dict[str, str] = {}
        self.tellings: list[Telling] = []

    def run(self, *arguments: str) -> Output:
        """Run a command of billfold, as into a file: what it prints has no width."""
        out, err = io.StringIO(), io.StringIO()
        command_line = ["billfold", *arguments]
        environment = {"BILLFOLD_CONFIG": "billfold.toml", "BILLFOLD_LEDGER": "ledger"}
        with (
            mock.patch.object(sys, "argv", command_line),
            mock.patch.dict(os.environ, environment),
            chdir(self.directory),
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            try:
                main()
                code = 0
            except SystemExit as end:
                code = int(end.code or 0)
        return Output(code, out.getvalue(), err.getvalue())

    def read(self, *arguments: str) -> Any:
        """Run a command, and return its JSON."""
        output = self.run(*arguments, "--format", "json")
        if output.code not in {0, 1}:
            raise RuntimeError(f"billfold {' '.join(arguments)}: {output.err}")
        return json.loads(output.out)

    def show(self, page: str, *arguments: str) -> Output:
        """Run a command, and keep what it printed on a page."""
        output = self.run(*arguments)
        if output.code not in {0, 1}:
            raise RuntimeError(f"billfold {' '.join(arguments)}: {output.err}")
        text = f"$ billfold {' '.join(arguments)}\n{output.out}{output.err}[exit {output.code}]\n\n"
        self.pages[page] = self.pages.get(page, "") + _steady(text)
        return output

    def ask_twin(self, endpoint: str, body: object = None) -> Any:
        """Ask the twin's control desk."""
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(f"{self.root_url}/_twin/{endpoint}", data) as response:
            return json.load(response)

    def tell(self, played: int, command: str, account: str, month: str, code: str, text: str = "") -> None:
        """Note what a command named."""
        self.tellings.append(Telling(played, command, account, month, code, text))

    def play_round(self, played: int, previous: int) -> None:
        """Collect after a month, close the months since the round before, and look at what moved and what is unpaid."""
        last_month = FIRST_MONTH.add_months(played - 1)
        day = f"{last_month.add_months(1)}-05T06:00:00Z"
        self.ask_twin("clock", {"set": day, "freeze": True})
        self.run("sync", "--workers", "1")
        page = f"{played:02}-{last_month}.txt"
        if previous:
            self._look_back(played, page, FIRST_MONTH.add_months(previous - 1))
        for month in FIRST_MONTH.add_months(previous).iter_until(last_month):
            self._close(played, page, month)
        self._look_at_payables(played, page)

    def _close(self, played: int, page: str, month: Month) -> None:
        """Sign a month as it is, or note what is wrong or open, and sign it with all of that accepted."""
        if self.show(page, "close", str(month), "--sign", SIGNER).code == 0:
            return
        ids = list[str]()
        for check in self.read("close", str(month))["checks"]:
            if check["state"] in {"wrong", "open"}:
                self.tell(played, "close", check["account"], str(month), check["code"], check["text"])
                ids += [check["id"]] if check["id"] else []
        self.show(page, "close", str(month), "--sign", SIGNER, "--accept", *ids, "--reason", REASON)

    def _look_back(self, played: int, page: str, signed_month: Month) -> None:
        """Say what moved in months that are signed, and accept it."""
        since = f"close:{signed_month}"
        self.show(page, "changes", "--since", since)
        for change in self.read("changes", "--since", since):
            self.tell(played, "changes", change["account"], change["month"], change["change"], str(change["after"]))
            if "id" in change:
                self.run("acknowledge", str(change["id"]), "--reason", REASON)

    def _look_at_payables(self, played: int, page: str) -> None:
        """Say which invoices are overdue or paid twice."""
        if "payables" not in COMMANDS:
            return
        months = {row["invoice_id"]: row["period_start"][:7] for row in self.read("invoices")}
        for row in self.read("payables"):
            if row["state"] in {"overdue", "paid-twice", "paid-not-billed"}:
                self.tell(played, "payables", row["account"], months.get(row["invoice_id"], ""), row["state"])
        if played == MONTH_COUNT:
            self.show(page, "payables")

    def finish(self) -> None:
        """Print the pages that are printed once."""
        for name, arguments in LAST_STEPS.items():
            if arguments[0] in COMMANDS:
                self.show(f"{name}.txt", *arguments)
        statement = self.directory / "october.md"
        if statement.exists():
            self.pages["october.md"] = _steady(statement.read_text(encoding="utf-8"))


def _steady(text: str) -> str:
    """Return a text without what differs from run to run."""
    for pattern, steady_text in UNSTEADY:
        text = re.sub(pattern, steady_text, text)
    return text


@contextmanager
def open_company(directory: Path) -> Iterator[Company]:
    """Start a twin that plays the company, and write its configuration; the twin ends with it."""
    line = [sys.executable, "-m", "billfold", "twin", "--port", "0", "--scenario", "company"]
    line += ["--seed", SEED, "--at", END, "--limits", "off", "--write-config", str(directory / "billfold.toml")]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield Company(directory, _read_root_url(process.stdout.readline(), directory))
        finally:
            process.terminate()


def _read_root_url(ready_line: str, directory: Path) -> str:
    """Return where the twin is, once it is ready, and add the company's own settings to its configuration."""
    match = re.search(r"http://\S+", ready_line)
    if not match:
        raise RuntimeError("the twin did not start")
    with (directory / "billfold.toml").open("a", encoding="utf-8") as config:
        config.write("\n" + (HERE / "company.toml").read_text(encoding="utf-8"))
    (directory / "allocation.toml").write_text((HERE / "allocation.toml").read_text(encoding="utf-8"))
    return match[0]


def play(company: Company, rounds: Sequence[int] = ROUNDS) -> None:
    """Play all rounds, then the pages of the end."""
    for previous, played in zip((0, *rounds), rounds, strict=False):
        company.play_round(played, previous)
    company.finish()


def list_differences(pages: dict[str, str]) -> list[str]:
    """Return the pages that are not as expected, and those that are expected and not there."""
    names = {path.name for path in EXPECTED.iterdir()} if EXPECTED.exists() else set[str]()
    expected = {name: (EXPECTED / name).read_text(encoding="utf-8") for name in names}
    return sorted(name for name in expected.keys() | pages.keys() if expected.get(name) != pages.get(name))


def update_pages(pages: dict[str, str]) -> None:
    """Write the expected pages anew."""
    EXPECTED.mkdir(exist_ok=True)
    for path in EXPECTED.iterdir():
        path.unlink()
    for name, text in pages.items():
        (EXPECTED / name).write_text(text, encoding="utf-8")


def run_example(arguments: list[str]) -> int:
    """Play the company in a directory (a temporary one if none is named); 1 where a page is not as expected."""
    is_update, is_whole = "--update" in arguments, "--every-month" in arguments
    named = [Path(argument) for argument in arguments if not argument.startswith("-")]
    with tempfile.TemporaryDirectory() as temporary:
        directory = named[0] if named else Path(temporary)
        directory.mkdir(parents=True, exist_ok=True)
        with open_company(directory) as company:
            play(company, range(1, MONTH_COUNT + 1) if is_whole else ROUNDS)
            events = company.ask_twin("events")
    for event in events:
        print(f"planted: {event['month']} {event['account']}: {event['text']}")
    for telling in company.tellings:
        print(
            f"month {telling.played:2}: {telling.command}: {telling.month} {telling.account}: {telling.code} {telling.text}"
        )
    if is_whole:
        return 0
    if is_update:
        update_pages(company.pages)
        return 0
    differences = list_differences(company.pages)
    print(f"not as expected: {', '.join(differences)}" if differences else "all pages are as expected")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(run_example(sys.argv[1:]))
