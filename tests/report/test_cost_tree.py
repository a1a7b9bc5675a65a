"""A tree of costs: every node is the exact sum of its children, and no leaf is left out."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from billfold.model.money import exact_sum
from billfold.report.cost_tree import CostLeaf, CostNode, build_tree, iter_nodes

KEYS = ("currency", "account", "service")
NAMES = st.sampled_from(["", "a", "b", "c"])
LEAVES = st.lists(
    st.builds(
        CostLeaf,
        st.tuples(st.sampled_from(["EUR", "USD"]), NAMES, NAMES),
        st.decimals(-(10**9), 10**9, places=12),
        st.integers(1, 9),
    )
)


def _check(node: CostNode) -> None:
    assert not node.children or node.cost == exact_sum(child.cost for child in node.children)
    assert not node.children or node.charges == sum(child.charges for child in node.children)
    for child in node.children:
        assert child.values[:-1] == node.values
        _check(child)


@given(LEAVES)
def test_children_sum_to_their_node(leaves: list[CostLeaf]) -> None:
    tree = build_tree(leaves, KEYS)
    for node in tree:
        _check(node)
        assert node.cost == exact_sum(leaf.cost for leaf in leaves if leaf.values[0] == node.name)
    assert sum(node.charges for node in tree) == sum(leaf.charges for leaf in leaves)


@given(LEAVES)
def test_rows_sum_to_the_row_above(leaves: list[CostLeaf]) -> None:
    """Also where a nameless only child is left out: rows one level further in sum to the one before them."""
    rows = list(iter_nodes(build_tree(leaves, KEYS)))
    for index, (level, node) in enumerate(rows):
        inner = list[Decimal]()
        for inner_level, inner_node in rows[index + 1 :]:
            if inner_level <= level:
                break
            inner += [inner_node.cost] if inner_level == level + 1 else []
        assert not inner or node.cost == exact_sum(inner)


def test_the_dearest_comes_first_and_the_nameless_last() -> None:
    leaves = [CostLeaf(("USD", name, "s"), Decimal(cost), 1) for name, cost in (("", "9"), ("a", "1"), ("b", "5"))]
    (root,) = build_tree(leaves, KEYS)
    assert [node.name for node in root.children] == ["b", "a", ""]


def test_a_nameless_only_child_is_left_out() -> None:
    rows = list(iter_nodes(build_tree([CostLeaf(("USD", "a", ""), Decimal(1), 1)], KEYS)))
    assert [(level, node.name) for level, node in rows] == [(0, "USD"), (1, "a")]
