"""A walk over a list gives every item once and in order, proves its end, and refuses to go in circles."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billfold.model.errors import IncompleteList
from billfold.transport.loop import InProcessTransport
from billfold.wire import codec, paging
from billfold.wire.answer import Routes
from billfold.wire.codec import UNSET
from billfold.wire.message import Request, Response
from billfold.wire.methods import SyncItems
from billfold.wire.paging import MAX_EMPTY_PAGES, Walk
from tests.wire.kit import ListThings, Page, line, ok

ROUTES = Routes([ListThings])


def page(items: list[int], following: int | None = None, total: int | None = None) -> Page:
    return Page(items=items, next=following, total=UNSET if total is None else total)


def whole(length: int, size: int, start: int = 0) -> list[int]:
    """Walk over a list of so many numbers that a server cuts into pages."""

    def answer(request: Request) -> Response:
        op: Any = ROUTES.match_request(request)
        cut = range(min(op.start, length), min(op.start + op.size, length))
        return ok(page(list(cut), cut.stop if cut.stop < length else None, length))

    return list(SyncItems(ListThings(start=start, size=size), InProcessTransport(answer, line())))


@given(st.integers(0, 60), st.integers(1, 70))
def test_every_item_comes_once_and_in_order_for_any_page_size(length: int, size: int) -> None:
    assert whole(length, size) == list(range(length))


@given(st.integers(1, 60), st.integers(1, 70), st.data())
def test_a_walk_from_any_place_gives_the_rest(length: int, size: int, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, length))
    assert whole(length, size, start) == list(range(start, length))


def walk(*pages: Page) -> Walk[Page, int]:
    walking = Walk(ListThings())
    for page in pages:
        walking.take_page(page)
    return walking


def test_equal_pages_are_read_where_a_list_may_have_them() -> None:
    """Pages that are alike are read where the list may have such."""
    assert walk(page([7], 1), page([7], 2)).item_count == 2


@pytest.mark.parametrize("length", [1, 2, 5])
def test_a_list_that_leads_round_is_refused(length: int) -> None:
    """A list that leads round is refused before it is read again."""
    turns = [page([number], number) for number in range(1, length)]
    with pytest.raises(IncompleteList, match="leads back") as caught:
        walk(*turns, page([0], 0))
    assert caught.value.operation == "list_things"


def test_a_page_that_names_itself_is_refused() -> None:
    with pytest.raises(IncompleteList, match="leads back"):
        walk(page([1], 10), page([2], 10))


def test_empty_pages_that_promise_more_are_refused() -> None:
    empty = [page([], number) for number in range(1, MAX_EMPTY_PAGES + 1)]
    assert walk(*empty[:-1]).next_operation is not None
    with pytest.raises(IncompleteList, match="promise more"):
        walk(*empty)


def test_an_item_between_empty_pages_starts_the_count_anew() -> None:
    turns = [page([], 1), page([], 2), page([7], 3), page([], 4), page([], 5)]
    assert walk(*turns).next_operation == ListThings(start=5)


def test_only_an_end_that_is_marked_is_proven() -> None:
    """An end that the vendor marks is proven, and any other is not."""
    assert walk(page([1], None)).end_confirmed
    assert not walk(Page(items=[1])).end_confirmed
    assert not walk(Page()).end_confirmed


def test_a_total_is_the_last_that_was_stated() -> None:
    assert walk(page([1], 1, 3), page([2], 2, 4)).stated_total == 4
    assert walk(page([1], 1, 3), page([2], None)).stated_total == 3


@pytest.mark.parametrize(
    ("pages", "sentence"),
    [
        ([Page(items=[1, 2])], "stopped after 2 items, without the vendor's end mark"),
        ([page([1], 1, 5), page([2], None, 5)], "ended after 2 of 5 items"),
    ],
    ids=["no end mark", "too few"],
)
def test_a_list_that_stops_early_is_given_and_told(pages: list[Page], sentence: str) -> None:
    """A list that stops before its end is given, and then told."""
    remaining, items = iter(pages), []
    with pytest.raises(IncompleteList, match=sentence) as caught:  # noqa: PT012 - what came before it is what counts
        for item in SyncItems(ListThings(), InProcessTransport(lambda _: ok(next(remaining)), line())):
            items.append(item)  # noqa: PERF402
    assert items == [item for page in pages for item in codec.get_or(page.items, [])]
    assert (caught.value.provider, caught.value.operation) == ("vendor", "list_things")


def test_a_list_from_its_middle_may_be_short() -> None:
    """A list that is read from its middle on may be shorter than its total."""
    assert list(SyncItems(ListThings(start=3), InProcessTransport(lambda _: ok(page([4, 5], None, 5)), line()))) == [
        4,
        5,
    ]


def test_a_list_that_never_ends_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "MAX_PAGES", 50)
    numbers = count(1)
    with pytest.raises(IncompleteList, match="goes on after 50 pages"):
        list(SyncItems(ListThings(), InProcessTransport(lambda _: ok(page([7], next(numbers))), line())))


def test_items_are_counted_as_they_come() -> None:
    assert walk(page([1, 2], 2), page([3], None)).item_count == 3
