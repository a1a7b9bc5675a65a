"""Lists that come in pages: the next question as plain data, and a walk that cannot go round in circles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Generic, Self, TypeVar, cast

from billfold.model.errors import IncompleteList, InvalidResponse
from billfold.wire.operation import Operation, operation_name

P = TypeVar("P")
I = TypeVar("I")  # noqa: E741 - an item

MAX_EMPTY_PAGES = 3
"""Give up after so many empty pages in a row that promise more: some vendors' lists never end by themselves."""
MAX_PAGES = 20_000
"""Give up after so many: a million lines are ten thousand of the smallest pages that vendors cut by themselves."""


class PagedOperation(Operation[P], Generic[P, I], frozen=True, kw_only=True):
    """A question whose answer comes in pages.

    ``next_operation`` returns the next page's operation, or None after the last; ``has_end_mark`` whether the vendor marked the end.
    ``items_field`` names the page's field that is the list; ``may_repeat`` says whether two pages in a row can be alike, as where
    items have no ids.
    """

    items_field: ClassVar[str] = ""
    may_repeat: ClassVar[bool] = True

    def items(self, page: P) -> Sequence[I]:
        """Return what the page holds; raises ``InvalidResponse`` where its list is not there: that is no empty list.

        A null is an empty list (some writers spell it so) unless the vendor counts more; so is no list at all beside a count of 0.
        """
        items, stated_total = getattr(page, self.items_field), self.stated_total(page)
        if isinstance(items, list):
            return cast("Sequence[I]", items)
        if stated_total == 0 or (items is None and stated_total is None):
            return ()
        raise InvalidResponse(f"the answer has no list {self.items_field!r}", operation=operation_name(self))

    def first_operation(self) -> Self:
        """Return the question for the first page."""
        return self

    def next_operation(self, page: P) -> Self | None:
        """Return the question for the next page, or None."""
        raise NotImplementedError

    def has_end_mark(self, page: P) -> bool:
        """Tell whether a page without a next one carries the vendor's end mark."""
        raise NotImplementedError

    def stated_total(self, page: P) -> int | None:
        """Return how many items the whole list has by the vendor's count, or None."""
        return None


class Walk(Generic[P, I]):
    """A walk over a list: hears one page at a time, knows the next question, refuses to go in circles.

    ``end_confirmed`` tells whether the vendor marked the end, ``stated_total`` how many items it counts, ``item_count`` how many came,
    ``has_null`` whether a null stood for an empty list.
    """

    def __init__(self, first_operation: PagedOperation[P, I]) -> None:
        self.next_operation: PagedOperation[P, I] | None = first_operation
        self.end_confirmed = self.has_null = False
        self.item_count = 0
        self.stated_total: int | None = None
        self._first_operation = first_operation
        self._visited_operations: set[Any] = {first_operation}
        self._empty_page_count = 0
        self._previous_items: Sequence[I] = ()

    def take_page(self, page: P) -> Sequence[I]:
        """Take a page, return its items and move on; raises ``IncompleteList``."""
        operation = self.next_operation
        assert operation is not None
        items = operation.items(page)
        self.item_count, self.has_null = self.item_count + len(items), self.has_null or not isinstance(items, list)
        stated_total = operation.stated_total(page)
        self.stated_total = self.stated_total if stated_total is None else stated_total
        self.next_operation = operation.next_operation(page)
        if self.next_operation is None:
            self.end_confirmed = operation.has_end_mark(page) or self._is_counted_out
        else:
            self._check_progress(operation, items)
        return items

    @property
    def _is_counted_out(self) -> bool:
        """Whether the whole list came by the vendor's own count."""
        is_whole_list = self._first_operation == self._first_operation.first_operation()
        return is_whole_list and self.item_count == self.stated_total

    def finish(self) -> None:
        """Raise ``IncompleteList`` where the list stopped before the end that the vendor marks or counts."""
        name, is_whole_list = (
            operation_name(self._first_operation),
            self._first_operation == self._first_operation.first_operation(),
        )
        if not self.end_confirmed:
            raise IncompleteList(
                f"the list stopped after {self.item_count} items, without the vendor's end mark", operation=name
            )
        if is_whole_list and self.stated_total is not None and self.item_count < self.stated_total:
            raise IncompleteList(f"the list ended after {self.item_count} of {self.stated_total} items", operation=name)

    def _check_progress(self, operation: PagedOperation[P, I], items: Sequence[I]) -> None:
        same_items, self._previous_items = bool(items) and items == self._previous_items, items
        self._empty_page_count = 0 if items else self._empty_page_count + 1
        if self.next_operation in self._visited_operations:
            raise IncompleteList(
                "the list's next link leads back to a page already read", operation=operation_name(operation)
            )
        if same_items and not operation.may_repeat:
            raise IncompleteList(
                "the list's next link leads to the same items again", operation=operation_name(operation)
            )
        if len(self._visited_operations) >= MAX_PAGES:
            raise IncompleteList(f"the list goes on after {MAX_PAGES} pages", operation=operation_name(operation))
        if self._empty_page_count >= MAX_EMPTY_PAGES:
            raise IncompleteList(
                f"{MAX_EMPTY_PAGES} empty pages in a row promise more", operation=operation_name(operation)
            )
        self._visited_operations.add(self.next_operation)
