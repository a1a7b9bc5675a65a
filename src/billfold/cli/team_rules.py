"""The rules of allocation, for commands that need to know whose each cost is."""

from __future__ import annotations

import click

from billfold.cli.context import load_section
from billfold.model.errors import ConfigurationError
from billfold.report.allocation_rules import AllocationRules
from billfold.settings.allocation import find_rules_file, load_rules


def load_team_rules(ctx: click.Context) -> AllocationRules:
    """Read the rules that the configuration names; raises ``ConfigurationError`` where it names none."""
    section, path = load_section(ctx, "allocation")
    rules_path = find_rules_file(section, path)
    if rules_path is None:
        raise ConfigurationError(
            f"{path}: teams come from the rules of [allocation]; name them as `billfold allocate` explains"
        )
    return load_rules(rules_path)
