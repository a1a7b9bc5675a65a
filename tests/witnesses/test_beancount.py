"""Beancount's own checker, unmodified, accepts the journal of a whole twin, restated and corrected invoices too."""

from __future__ import annotations

import os
import re
import subprocess
from contextlib import closing
from decimal import Decimal
from pathlib import Path

from billfold.collect.workspace import Workspace
from billfold.ledger.query import LedgerFilter
from billfold.report.journal.mapping import Coding, JournalMapping, JournalRule
from billfold.report.journal.writers import WRITERS
from billfold.tasks.journal import make_journal
from tests import stage
from tests.witnesses.environments import interpreter

RULES = [
    JournalRule({"provider": "f*"}, Coding('Expenses:CDN:Edge "x"', "9", 'a "b"')),
    JournalRule({}, Coding("6400")),
]
CHECK = "import sys; from beancount.scripts.check import main; sys.exit(main())"


def test_beancount_accepts_a_twins_journal(tmp_path: Path) -> None:
    host = stage.twin(months=4)
    with closing(Workspace(tmp_path / "ledger")) as workspace:
        stage.collected(host, workspace)
        host.set_fault(stage.fault("fastly", "restated-changed"))
        stage.collected(host, workspace)
        with workspace.open_ledger() as db:
            rates = {"CRDB_CLOUD_CREDITS": Decimal("0.95")}
            entries = make_journal(db, LedgerFilter(), JournalMapping(RULES), rates, {}).entries
    assert any(entry.kind == "Invoice reversal" for entry in entries)
    (file,) = WRITERS["beancount"]("x.beancount", entries, JournalMapping(RULES))
    path = tmp_path / file.name
    path.write_bytes(file.content)
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LANG": "C.UTF-8"}
    command = [str(interpreter("beancount-3.2.3")), "-c", CHECK, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environ)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    path.write_bytes(re.sub(rb"(\n  Expenses\S+  )", rb"\g<1>9", file.content, count=1))  # the checker does check
    assert subprocess.run(command, capture_output=True, text=True, check=False, env=environ).returncode
