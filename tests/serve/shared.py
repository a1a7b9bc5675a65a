"""A served ledger of two accounts, for who may see one of them: whatever is of the other has a marker in it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from billfold.collect.workspace import Workspace
from billfold.ledger.acknowledgements import add_acknowledgement
from billfold.ledger.closings import Closing, RegisterLine, add_closing
from billfold.ledger.layout import SERVER_FILE
from billfold.model.finding import AccountFinding, make_finding
from billfold.model.finding_codes import FindingCode
from billfold.model.identity import EVERY_ACCOUNT, AccountPatterns, DataScope, Identity, IdentityKind, Role
from billfold.model.period import Month
from billfold.serve.commands import CommandRequest, Event
from billfold.tasks.keys import KeyRights, create_key
from tests.serve.reader import Page, Reader, open_reader
from tests.stage import AT, collected, twin

MARKER = "zzmarker"
OWN, FOREIGN = "own-servers", f"{MARKER}-cdn"
OWN_ACCOUNTS = AccountPatterns(("vultr/*",))
ALL_SCOPES = frozenset(DataScope)
NUMBERS_ONLY = frozenset({DataScope.NUMBERS})
MONTH = "2026-10"
CONFIG = f"""
[[accounts]]
name = "{OWN}"
provider = "vultr"
api_key = "env:VULTR_API_KEY"
base_url = "http://127.0.0.1:9/vultr/v2"

[[accounts]]
name = "{FOREIGN}"
provider = "fastly"
token = "env:FASTLY_API_TOKEN"
base_url = "http://127.0.0.1:9/fastly"

[[commitments]]
account = "{FOREIGN}"
id = "{MARKER}-minimum"
kind = "minimum-spend"
amount = "12000.00"
currency = "USD"
start = 2026-01-01
end = 2026-12-31
every = "month"

[bank]
file = "bank.csv"
"""
RIGHTS: Mapping[str, KeyRights] = {
    "reader of its own": KeyRights(Role.READER, OWN_ACCOUNTS, NUMBERS_ONLY),
    "reader of its own documents": KeyRights(
        Role.READER, OWN_ACCOUNTS, frozenset({DataScope.NUMBERS, DataScope.DOCUMENTS})
    ),
    "accountant of its own": KeyRights(Role.ACCOUNTANT, OWN_ACCOUNTS, ALL_SCOPES - {DataScope.SETTINGS}),
    "admin of its own": KeyRights(Role.ADMIN, OWN_ACCOUNTS, ALL_SCOPES),
    "admin of nothing": KeyRights(Role.ADMIN, AccountPatterns(()), ALL_SCOPES),
    "reader of all": KeyRights(Role.READER, EVERY_ACCOUNT, NUMBERS_ONLY),
    "accountant of all": KeyRights(Role.ACCOUNTANT, EVERY_ACCOUNT, ALL_SCOPES - {DataScope.SETTINGS}),
    "admin of all": KeyRights(Role.ADMIN, EVERY_ACCOUNT, ALL_SCOPES),
}


@dataclass(frozen=True)
class SharedServer:
    """A served ledger, and the secrets of its keys by their names."""

    reader: Reader
    secrets: Mapping[str, str]

    def get(self, url: str, name: str, method: str = "GET", **headers: str) -> Page:
        """Ask with the key of a name."""
        return self.reader.get(url, method, authorization=f"Bearer {self.secrets[name]}", **headers)

    def post(self, url: str, value: object, name: str, **headers: str) -> Page:
        """Send JSON with the key of a name."""
        return self.reader.post_json(url, value, authorization=f"Bearer {self.secrets[name]}", **headers)

    def identify(self, name: str) -> Identity:
        """Return whom the key of a name stands for."""
        rights = RIGHTS[name]
        return Identity(IdentityKind.KEY, "", name, rights.role, rights.accounts, rights.scopes)


def make_shared_home(home: Path) -> Path:
    """Make a ledger of two accounts; what is signed, accepted, configured and paid of the other has the marker too."""
    (home / "billfold.toml").write_text(CONFIG)
    (home / "bank.csv").write_text(f"date,amount,currency,text\n2026-10-20,-123.45,USD,FASTLY {MARKER}\n")
    host = twin(months=2)
    vendors = [vendor for vendor in host.world.vendors if vendor.provider.name in {"vultr", "fastly"}]
    host.world.vendors[:] = [vendor._replace(accounts=vendor.accounts[:1]) for vendor in vendors]
    workspace = Workspace(home / "ledger")
    collected(host, workspace, called={"vultr": OWN, "fastly": FOREIGN})
    finding = make_finding(FindingCode.INVOICE_LATE, f"{MARKER} is late", f"{MARKER}-invoice")
    located = AccountFinding("fastly", FOREIGN, MONTH, finding)
    add_acknowledgement(workspace.archive, located, f"because {MARKER}", f"{MARKER}-controller", datetime.now(UTC))
    registers = {("vultr", OWN): (), ("fastly", FOREIGN): (RegisterLine(f"{MARKER}-invoice", "USD", "1"),)}
    texts = ("ada", "", "", "sha256:0", "sha256:0", "", ())
    add_closing(workspace.archive, Closing(Month.parse(MONTH), *texts, ("", ""), 0, registers), datetime.now(UTC))
    workspace.close()
    return home


def copy_home(home: Path, target: Path) -> Path:
    """Return a copy of a directory with a ledger, without its keys, in which a test may write."""
    shutil.copytree(home, target, ignore=shutil.ignore_patterns(SERVER_FILE))
    return target


def start_sync(accounts: Sequence[str]) -> str:
    """Begin nothing, and say of how many accounts."""
    return f"run of {len(accounts)}"


def run_command(_: CommandRequest, take: Callable[[Event], None]) -> int:
    """Print what stands for a ledger that nobody narrows."""
    take({"type": "data", "text": MARKER})
    return 0


@contextmanager
def open_shared(home: Path) -> Iterator[SharedServer]:
    """Serve the ledger of a directory, with a key of each sort."""
    secrets = {name: create_key(home / "ledger", name, rights, AT).secret for name, rights in RIGHTS.items()}
    with open_reader(home, start_sync=start_sync, run_command=run_command) as reader:
        yield SharedServer(reader, secrets)
