"""The rules of allocation, for commands that need to know whose each cost is."""

from __future__ import annotations

import click

from billfold.cli.context import find_config_path
from billfold.report.allocation_rules import AllocationRules
from billfold.tasks import configured


def load_team_rules(ctx: click.Context) -> AllocationRules:
    """Read the rules that the configuration names; raises ``ConfigurationError`` where it names none."""
    return configured.load_team_rules(find_config_path(ctx))
