"""The twin over a socket, in a process of its own, ends as it is told."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

HEEDFUL_TWIN = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.argv = ["billfold", "twin", "--port", "0"]
from billfold.cli.entry import process
process()
"""
"""A twin that an interrupt interrupts: who runs tests in the background has it ignored."""


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_a_twin_that_is_told_to_end_ends_well(end: signal.Signals) -> None:
    """A twin that is asked politely to end has not failed; one that is interrupted says so as every command does."""
    command = [sys.executable, "-c", HEEDFUL_TWIN]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert "the twin is ready at" in process.stdout.readline()
        process.send_signal(end)
        try:
            _, errors = process.communicate(timeout=60)
        finally:
            process.kill()
    assert "Traceback" not in errors
    assert process.returncode == (0 if end is signal.SIGTERM else 130)
