"""The demo's archive, collected from the twin: ``make demo-archive`` packs it anew."""

from __future__ import annotations

import lzma
import tempfile
from contextlib import closing
from pathlib import Path

from billfold.collect.workspace import Workspace
from billfold.ledger.layout import ARCHIVE_FILE
from billfold.tasks.demo_ledger import PACKED_FILE
from tests import stage


def collect_demo(directory: Path) -> None:
    """Collect the twelve months of the demo's world, account after account: the same answers at the same times, each time."""
    with closing(Workspace(directory)) as workspace:
        outcomes = stage.collected(stage.twin(), workspace, workers=1)
        assert not [outcome for outcome in outcomes if outcome.error]
        workspace.archive.checkpoint_wal()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as home:
        collect_demo(Path(home))
        PACKED_FILE.write_bytes(lzma.compress((Path(home) / ARCHIVE_FILE).read_bytes(), preset=9 | lzma.PRESET_EXTREME))
