"""Whose cost a month is, as trees that sum exactly: vendors down to customers and services, and teams down to their shares."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from billfold.ledger.grouping import find_last_month, group_charges
from billfold.model.bill import State
from billfold.model.period import Month
from billfold.report.cost_tree import CostLeaf, CostNode, build_tree, iter_nodes
from billfold.report.costs import NO_VALUE
from billfold.serve import month_end
from billfold.serve.questions import Question, read_month, remember_rows
from billfold.serve.screen_rows import TreeRow

CUSTOMER_KEYS = ("currency", "provider", "account", "sub-account", "service")
"""A partner's account has its customers' organizations as sub-accounts; another vendor's has folders or clusters."""
TEAM_KEYS = ("currency", "team", "cost-center", "customer", "provider", "account", "part")
CUSTOMER_WORDS = ("currency", "provider", "account", "customer", "service")
TEAM_WORDS = ("currency", "", "", "", "provider", "account", "")
"""The words of a URL that narrow charges to the values of these keys; "" for one that does not."""
MAX_NODES = 2_000
Values = dict[str, object]


@remember_rows()
def build_customer_tree(question: Question) -> list[CostNode]:
    """Return what a month's issued invoices come to, by currency, vendor, account, customer and service."""
    groups = group_charges(question.view.db, question.month_filters, CUSTOMER_KEYS, (State.ISSUED,))
    return build_tree((CostLeaf(group.values, group.cost, group.charges) for group in groups), CUSTOMER_KEYS)


@remember_rows()
def build_team_tree(question: Question) -> list[CostNode]:
    """Return whose cost a month's issued invoices are by the rules, by currency, team, cost center, customer and account."""
    leaves = [
        CostLeaf((row.currency, row.team, row.cost_center, row.customer, row.provider, row.account, part), amount, 1)
        for row in month_end.list_shared_costs(question._replace(values={}))
        for part, amount in (("direct", row.direct), ("shared", row.shared))
        if amount or (part == "direct" and not row.shared)
    ]
    return build_tree(leaves, TEAM_KEYS)


def list_customers(question: Question) -> list[TreeRow]:
    """Return the nodes of the tree of customers, each before its children."""
    return _flatten(build_customer_tree(question))


def list_teams(question: Question) -> list[TreeRow]:
    """Return the nodes of the tree of teams, each before its children."""
    return _flatten(build_team_tree(question))


def _flatten(nodes: Iterable[CostNode]) -> list[TreeRow]:
    return [
        TreeRow(level, node.key, node.name, list(node.values), node.values[0], node.cost, node.charges)
        for level, node in iter_nodes(nodes)
    ]


def choose_month(question: Question) -> Question:
    """Return the question about the month in its words, or about the last that has issued invoices."""
    text = question.values.get("month")
    month = read_month(text) if text else find_last_month(question.view.db, question.filters, State.ISSUED)
    return question._replace(month=month)


def show_customers(question: Question) -> Values:
    """Show a month's costs down to customers and services."""
    chosen = choose_month(question)
    return _show_nodes(chosen.month, build_customer_tree(chosen) if chosen.month else [], CUSTOMER_WORDS)


def show_teams(question: Question) -> Values:
    """Show a month's costs by team, as the rules of the configuration say."""
    chosen = choose_month(question)
    return _show_nodes(chosen.month, build_team_tree(chosen) if chosen.month else [], TEAM_WORDS)


def _show_nodes(month: Month | None, tree: list[CostNode], url_words: Sequence[str]) -> Values:
    nodes = list(iter_nodes(tree))
    return {
        "month": month,
        "before": month.add_months(-1) if month else None,
        "after": month.add_months(1) if month else None,
        "nodes": [(level, node, _list_words(node, month, url_words)) for level, node in nodes[:MAX_NODES]],
        "left_out": max(0, len(nodes) - MAX_NODES),
    }


def _list_words(node: CostNode, month: Month | None, url_words: Sequence[str]) -> Mapping[str, object]:
    """Return the words of the URL that shows the charges of a node; a team's are all of its account's, which it has a part of."""
    stated = {word: value or NO_VALUE for word, value in zip(url_words, node.values, strict=False) if word}
    return {"from": month, "to": month, "state": State.ISSUED, **stated}
