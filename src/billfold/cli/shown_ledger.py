"""Which ledger is shown: the one that is named, the demo that was made here, or the packed one."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from billfold import config
from billfold.cli.params import DEMO_DIRECTORY


@contextmanager
def open_shown_ledger(ctx: click.Context, *, demo: bool) -> Iterator[tuple[Path, Path]]:
    """Give the directory of a ledger and the path of its configuration for as long as it is shown; raises ``ConfigurationError``."""
    if demo:
        with _open_demo() as demo_ledger:
            yield demo_ledger
        return
    locations = ctx.find_root().obj
    config.check_config(locations["config"])
    yield config.find_ledger_directory(locations["ledger"]), config.find_config(locations["config"])


@contextmanager
def _open_demo() -> Iterator[tuple[Path, Path]]:
    config_path = DEMO_DIRECTORY / "billfold.toml"
    if config_path.exists():
        yield DEMO_DIRECTORY, config_path
        return
    from billfold.tasks.demo_ledger import unpack_demo

    with tempfile.TemporaryDirectory(prefix="billfold-demo-") as directory:
        yield unpack_demo(Path(directory))
