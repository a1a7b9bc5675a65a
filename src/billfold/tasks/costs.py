"""Costs by whatever they are grouped by, of teams, too: asked of the ledger, and of the rules of allocation."""

from __future__ import annotations

from collections.abc import Sequence

from billfold.ledger.grouping import ChargeGroup, group_charges
from billfold.ledger.query import LedgerFilter
from billfold.ledger.store import OpenLedger
from billfold.ledger.usages import list_usages
from billfold.model.bill import State
from billfold.report.allocation_rules import AllocationRules
from billfold.report.team_costs import TEAM_KEY, list_ledger_keys, split_groups


def list_costs(
    ledger: OpenLedger,
    filters: LedgerFilter,
    keys: Sequence[str],
    states: Sequence[State] = tuple(State),
    rules: AllocationRules | None = None,
) -> list[ChargeGroup]:
    """Return what charges come to by keys; "team" is one of them only with rules of allocation."""
    if TEAM_KEY not in keys or rules is None:
        return group_charges(ledger, filters, keys, states)
    ledger_keys = list_ledger_keys(keys, rules)
    usages = list_usages(ledger, filters) if rules.has_usage else ()
    return split_groups(group_charges(ledger, filters, ledger_keys, states), ledger_keys, keys, rules, usages)
