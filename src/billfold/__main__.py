"""Run billfold as ``python -m billfold``."""

from billfold.cli.main import process

process()
