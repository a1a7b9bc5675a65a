"""Where the process begins: Ctrl-C is heeded first, then the command line is loaded and run."""

from __future__ import annotations

from billfold.cli.interrupt import heed_interrupts

heed_interrupts()


def process() -> None:
    """Be the process."""
    from billfold.cli.main import process as run_process  # it takes its time

    run_process()
