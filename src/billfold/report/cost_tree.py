"""Costs as a tree: each node is the exact sum of those below it, down to the groups that the ledger knows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import groupby
from typing import NamedTuple

from billfold.model.money import exact_sum


class CostLeaf(NamedTuple):
    """What a group of charges comes to: ``values`` are those of the tree's keys, "" where it has none."""

    values: tuple[str, ...]
    cost: Decimal
    charges: int


class CostNode(NamedTuple):
    """What stands apart by a value of a key: its cost is the sum of its children's. ``values`` are those from the root to it."""

    key: str
    values: tuple[str, ...]
    cost: Decimal
    charges: int
    children: tuple[CostNode, ...] = ()

    @property
    def name(self) -> str:
        """Its own value; "" where it has none."""
        return self.values[-1]


def build_tree(leaves: Iterable[CostLeaf], keys: Sequence[str]) -> list[CostNode]:
    """Return the nodes of the first key, the dearest first; what has no value of a key comes last."""
    return _build_nodes(sorted(leaves, key=lambda leaf: leaf.values), keys, ())


def _build_nodes(leaves: Sequence[CostLeaf], keys: Sequence[str], above: tuple[str, ...]) -> list[CostNode]:
    depth = len(above)
    nodes = []
    for value, group in groupby(leaves, key=lambda leaf: leaf.values[depth]):
        members, values = list(group), (*above, value)
        children = tuple(_build_nodes(members, keys, values)) if depth + 1 < len(keys) else ()
        cost = exact_sum(node.cost for node in children) if children else exact_sum(leaf.cost for leaf in members)
        nodes.append(CostNode(keys[depth], values, cost, sum(leaf.charges for leaf in members), children))
    return sorted(nodes, key=lambda node: (not node.name, -node.cost, node.values))


def iter_nodes(nodes: Iterable[CostNode], level: int = 0) -> Iterator[tuple[int, CostNode]]:
    """Yield every node with how many are above it, each before its children; what is all of the one above and has no name is left out."""
    for node in nodes:
        yield level, node
        is_bare = len(node.children) == 1 and not node.children[0].name
        yield from iter_nodes(node.children[0].children if is_bare else node.children, level + 1)
