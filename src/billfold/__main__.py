"""Run billfold as ``python -m billfold``."""

from billfold.cli.entry import process

process()
