"""The demo's ledger, as it is packed with billfold: what the twin's four vendors answered on one day, put where a server shows it."""

from __future__ import annotations

import lzma
from pathlib import Path
from typing import NamedTuple

from billfold.ledger.layout import ARCHIVE_FILE
from billfold.model.errors import LedgerError

PACKED_FILE = Path(__file__).with_name("data") / "demo-archive.sqlite.xz"
"""The packed archive; `make demo-archive` collects it anew from the twin."""
CONFIG_FILE = Path(__file__).with_name("data") / "demo.toml"


class DemoLedger(NamedTuple):
    """Where an unpacked demo lies: the ledger's directory, and its configuration."""

    directory: Path
    config_path: Path


def unpack_demo(directory: Path) -> DemoLedger:
    """Write the demo's archive and configuration into a directory; the ledger is computed when it is first opened.

    Raises ``LedgerError`` where this installation has no whole demo, or the directory cannot be written.
    """
    config_path = directory / "billfold.toml"
    try:
        (directory / ARCHIVE_FILE).write_bytes(lzma.decompress(PACKED_FILE.read_bytes()))
        config_path.write_bytes(CONFIG_FILE.read_bytes())
    except (OSError, lzma.LZMAError) as error:
        raise LedgerError(
            f"the demo cannot be unpacked in {directory}: {error}; install billfold again, or check the disk"
        ) from error
    return DemoLedger(directory, config_path)
