"""The budgets that a configuration states, with the rules that a team's needs; apart, as they need the ledger's libraries."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from billfold import config
from billfold.report.allocation_rules import AllocationRules
from billfold.report.budget import Budget
from billfold.report.team_costs import TEAM_KEY
from billfold.settings.budgets import read_budgets
from billfold.tasks.configured import load_team_rules


def load_budgets(path: Path) -> list[Budget]:
    """Return the budgets of a configuration; raises ``ConfigurationError``."""
    return read_budgets(config.load_section(path, "budgets"), str(path))


def load_ruled_budgets(path: Path) -> tuple[Sequence[Budget], AllocationRules | None]:
    """Return the configuration's budgets, and the rules of allocation where one is a team's; raises ``ConfigurationError``."""
    budgets = load_budgets(path)
    if not any(key == TEAM_KEY for budget in budgets for key, _ in budget.scope):
        return budgets, None
    return budgets, load_team_rules(path)
