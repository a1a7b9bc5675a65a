"""Death at any instant: commands that write are killed as processes, done again, and must end as they do when nobody kills them."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import random
import re
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.cli.terminal import Terminal
from tests.ledger.kit import invoice, invoices
from tests.rig.killing import fork
from tests.rig.processes import LEDGER, advance_clock, load_commands, run_command, serve_beside, start_command

MONTHS = 2
KILLS_PER_REPORT = 10
LATER, SOONER = 1.02, 0.9
"""By what the span in which a command is killed grows when it was alive, and shrinks when it had ended: load varies."""
LATEST_SHARE, MAX_RUNS_PER_KILL = 1.0, 4
"""Of the time that a command usually takes, the latest instant at which it is killed; and how many runs one kill may take."""
NEW_ACCOUNT_FILE = "new-account.json"
EARLY, GROWN = "early", "grown"
"""Worlds before a command: a ledger with an earlier export beside it, and the same ledger after another sync."""


class Deed(NamedTuple):
    """A command that writes: in which world it is done, the words of it, and where it writes beside the ledger."""

    world: str
    line: Sequence[str]
    target: str = ""


DEEDS = {
    "sync": Deed(EARLY, ["sync", "--quiet"]),
    "import": Deed(EARLY, ["import", "cockroach", NEW_ACCOUNT_FILE, "--account", "new"]),
    "merge": Deed(EARLY, ["merge", "other"]),
    "redact": Deed(EARLY, ["redact"]),
    "rebuild": Deed(GROWN, ["rebuild"]),
    "export-parquet": Deed(GROWN, ["export", "focus", "out-parquet"], "out-parquet"),
    "export-csv": Deed(GROWN, ["export", "focus", "out-csv", "--format", "csv"], "out-csv"),
    "export-by-period": Deed(GROWN, ["export", "focus", "out-by-period", "--by-period"], "out-by-period"),
    "documents": Deed(GROWN, ["documents", "documents"], "documents"),
    "acknowledge": Deed(GROWN, ["acknowledge", "FIRST", "--reason", "known"]),
    "withdraw": Deed(GROWN, ["acknowledge", "SECOND", "--withdraw", "--reason", "no longer"]),
    "verify": Deed(GROWN, ["verify", "--head", "HEAD"]),
}
"""Commands that write, by name; words in capitals stand for what a world's ``words.json`` says."""


class Ending(NamedTuple):
    """How a command ends when nobody kills it."""

    code: int
    hash: str
    acknowledged: str
    acknowledged_before: str
    files: Sequence[str]
    seconds: float


class Doom(NamedTuple):
    """When a command is killed: at so many milliseconds, or at any instant that the seed's dice choose."""

    seed: int
    number: int
    at_ms: int = 0

    def choose_instant(self, usual_s: float) -> float:
        """Return the seconds after which the command is killed."""
        dice = random.Random(f"deaths/{self.seed}/{self.number}")
        return self.at_ms / 1000 if self.at_ms else dice.uniform(0, usual_s * LATEST_SHARE)


@contextmanager
def prepare_worlds(seed: int) -> Iterator[Path]:
    """Make the worlds in which commands are killed; yields the directory that they are in."""
    load_commands()
    with tempfile.TemporaryDirectory() as directory:
        home = Path(directory, EARLY)
        home.mkdir()
        with serve_beside(home, seed, MONTHS) as root_url:
            _fill_worlds(home, root_url)
            yield Path(directory)


def _fill_worlds(home: Path, root_url: str) -> None:
    _do(home, "sync", "--quiet")
    for name, deed in DEEDS.items():
        if name.startswith("export"):
            _do(home, *deed.line)
    (home / NEW_ACCOUNT_FILE).write_bytes(invoices(invoice("new-1"), invoice("new-2")))
    advance_clock(root_url, "20d")
    grown = home.with_name(GROWN)
    shutil.copytree(home, grown)
    _do(grown, "sync", "--quiet")
    shutil.copytree(grown / LEDGER, home / "other")
    _do(home, "rebuild")
    findings = json.loads(_do(grown, "reconcile", "--format", "json"))
    first, second, *_ = (finding["id"] for finding in findings if finding["account"])
    _do(grown, "acknowledge", second, "--reason", "known")
    head = _do(grown, "verify").split()[-1]
    for world in (home, grown):
        (world / "words.json").write_text(json.dumps({"FIRST": first, "SECOND": second, "HEAD": head}))


def _do(home: Path, *line: str) -> str:
    result, _ = run_command(home, line, home.with_name("prepared"))
    assert result.code in {0, 1}, result
    return result.out


def play_whole(name: str, directory: Path) -> Ending:
    """Return how a command ends that nobody kills."""
    home = _copy_world(name, directory, f"whole-{name}")
    code, (_, acknowledged_before) = fork(lambda: _read_state(Terminal(home)))
    assert code == 0
    result, seconds = run_command(home, _fill_words(home, name), directory / "whole-streams")
    assert result.code in {0, 1}, result
    code, (digest, acknowledged) = fork(lambda: _read_state(Terminal(home)))
    assert code == 0
    return Ending(result.code, digest, acknowledged, acknowledged_before, list_files(home), seconds)


def kill_once(name: str, doom: Doom, directory: Path, ending: Ending, usual_s: float) -> tuple[bool, float, str]:
    """Kill a command at an instant, do it again; returns whether it was still alive, the instant, and what is wrong."""
    home, instant = _copy_world(name, directory, "killed"), doom.choose_instant(usual_s)
    command = start_command(home, _fill_words(home, name), directory / "killed-streams")
    time.sleep(instant)
    os.kill(command.pid, signal.SIGKILL)
    is_killed = command.wait().code == -signal.SIGKILL
    code, wrong = fork(lambda: _judge(name, home, directory, ending))
    return is_killed, instant, f"what goes on ended with {code}" if code else wrong


def _copy_world(name: str, directory: Path, copy_name: str) -> Path:
    home = directory / copy_name
    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(directory / DEEDS[name].world, home)
    return home


def _fill_words(home: Path, name: str) -> list[str]:
    replacements = json.loads((home / "words.json").read_text())
    return [replacements.get(word, word) for word in DEEDS[name].line]


def _judge(name: str, home: Path, directory: Path, ending: Ending) -> str:
    """Say what a killed command left that is not whole, and what is not as it would be, once it was done again."""
    terminal, world, target = Terminal(home), directory / DEEDS[name].world, DEEDS[name].target
    if (verified := terminal.run("--ledger", LEDGER, "verify")).code:
        return f"damaged: {verified.all[-300:]}"
    if target and (mixed := find_mixed(*(place / target for place in (home, world, directory / f"whole-{name}")))):
        return mixed
    _, acknowledged = _read_state(terminal)
    if acknowledged not in {ending.acknowledged, ending.acknowledged_before}:
        return f"acknowledged is neither what was nor what should be: {acknowledged}"
    if name != "withdraw" or acknowledged != ending.acknowledged:
        again = terminal.run("--ledger", LEDGER, *_fill_words(home, name))
        if again.code != ending.code:
            return f"again it ended with {again.code}, not {ending.code}: {again.all[-300:]}"
    return _compare_ends(terminal, directory, name, ending)


def _compare_ends(terminal: Terminal, directory: Path, name: str, ending: Ending) -> str:
    home, target = terminal.home, DEEDS[name].target
    if (state := _read_state(terminal)) != (ending.hash, ending.acknowledged):
        return f"the end is another: {state}, not {(ending.hash, ending.acknowledged)}"
    if different := set(list_files(home)) ^ set(ending.files):
        return f"other files than nobody killed leaves: {sorted(different)}"
    if target and read_files(home / target) != read_files(directory / f"whole-{name}" / target):
        return "done again it wrote other files"
    if target:  # it only read the ledger
        return ""
    if (verified := terminal.run("--ledger", LEDGER, "verify")).code:
        return f"damaged in the end: {verified.all[-300:]}"
    rebuilt = terminal.run("--ledger", LEDGER, "rebuild")
    return "" if ending.hash in rebuilt.out else f"the rebuilt ledger is another: {rebuilt.all[-300:]}"


def _read_state(terminal: Terminal) -> tuple[str, str]:
    """Return the hash of a ledger, and what is acknowledged, without the times."""
    logging.raiseExceptions = False  # a command's stream is closed when the next one's is opened
    digest, acknowledged = (terminal.run("--ledger", LEDGER, word) for word in ("hash", "acknowledge"))
    assert (digest.code, acknowledged.code) == (0, 0), (digest, acknowledged)
    return digest.out.strip(), re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z?", "TIME", acknowledged.out)


def find_mixed(place: Path, before: Path, after: Path) -> str:
    """Say which file is neither as before a command nor as after it; of an export, all that its metadata lists at once."""
    content, old, new = read_files(place), read_files(before), read_files(after)
    for name, digest in content.items():
        if digest not in {old.get(name), new.get(name)}:
            return f"{name} is neither the old file nor the new one"
    if (place / "metadata.json").exists() and content not in (old, new):
        return f"the export is mixed: {sorted(content)}"
    return ""


def read_files(place: Path) -> dict[str, str]:
    """Return the hash of each file that a user sees in a directory; metadata holds the time, and is left out."""
    return {
        str(path.relative_to(place)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(place.rglob("*"))
        if path.is_file() and path.name != "metadata.json" and not path.relative_to(place).parts[0].startswith(".")
    }


def list_files(home: Path) -> list[str]:
    """Return the names of all files of a world, hidden ones too; those of parts are random, and only counted by name."""
    names = (str(path.relative_to(home)) for path in home.rglob("*") if path.is_file())
    return sorted(re.sub(r"[0-9a-f]{32}", "PART", name) for name in names)


def kill_deeds(names: Sequence[str], doom: Doom, kill_count: int, step: int) -> tuple[Counter[str], list[str]]:
    """Kill commands in turn, every so-many-th from one on, until so many were alive; returns how many of each, and what is wrong."""
    kill_counts, failures, number = Counter[str](), list[str](), doom.number
    with prepare_worlds(doom.seed) as directory:
        endings, usual_s = dict[str, Ending](), dict[str, float]()
        while kill_counts.total() < kill_count and number < doom.number + MAX_RUNS_PER_KILL * kill_count * step:
            name = names[number % len(names)]
            if name not in endings:
                endings[name] = play_whole(name, directory)
                usual_s[name] = endings[name].seconds
            is_killed, instant, wrong = kill_once(
                name, doom._replace(number=number), directory, endings[name], usual_s[name]
            )
            usual_s[name] *= LATER if is_killed else SOONER
            kill_counts[name] += is_killed
            number += step
            if wrong:
                repeat = f"python -m tests.rig.rig random --kills 1 --seed {doom.seed} --story {name} --at"
                failures.append(f"{name}: {wrong}\n  repeat: {repeat} {int(instant * 1000)}")
            if wrong or kill_counts.total() % KILLS_PER_REPORT == 0:
                sys.stderr.write(f"random: {kill_counts.total()} killed, {failures or 'none wrong'}\n")
                sys.stderr.flush()
    return kill_counts, failures
