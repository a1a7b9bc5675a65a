"""Lists that come in pages: the next question as plain data, and a walk that cannot go round in circles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Generic, Self, TypeVar, cast

from billfold.model.errors import Endless, Unreadable
from billfold.wire.operation import Operation, name_of

P = TypeVar("P")
I = TypeVar("I")  # noqa: E741 - an item

EMPTY_PAGES = 3
"""Give up after so many empty pages in a row that promise more: some vendors' lists never end by themselves."""
MOST_PAGES = 20_000
"""Give up after so many: a million lines are ten thousand of the smallest pages that vendors cut by themselves."""


class Paged(Operation[P], Generic[P, I], frozen=True, kw_only=True):
    """A question whose answer comes in pages.

    ``following`` gives the next page's question, or None after the last; ``ended`` tells whether the vendor said so itself.
    ``holds`` names the page's field that is the list; ``may_repeat`` says whether two pages in a row can be alike, as where
    items have no ids.
    """

    holds: ClassVar[str] = ""
    may_repeat: ClassVar[bool] = True

    def items(self, page: P) -> Sequence[I]:
        """Return what the page holds; raises ``Unreadable`` where its list is not there: that is no empty list."""
        found = getattr(page, self.holds)
        if not isinstance(found, list):
            raise Unreadable(f"the answer has no list {self.holds!r}", operation=name_of(self))
        return cast("Sequence[I]", found)

    def first(self) -> Self:
        """Return the question for the first page."""
        return self

    def following(self, page: P) -> Self | None:
        """Return the question for the next page, or None."""
        raise NotImplementedError

    def ended(self, page: P) -> bool:
        """Tell whether a page without a next one carries the vendor's end mark."""
        raise NotImplementedError

    def stated_total(self, page: P) -> int | None:
        """Return how many items the vendor says the whole list has, or None."""
        return None


class Walk(Generic[P, I]):
    """A walk over a list: hears one page at a time, knows the next question, refuses to go in circles.

    ``proven`` tells whether the vendor marked the end, ``stated`` how many items it counts, ``seen`` how many came.
    """

    def __init__(self, first: Paged[P, I]) -> None:
        self.question: Paged[P, I] | None = first
        self.proven = False
        self.seen = 0
        self.stated: int | None = None
        self._first = first
        self._asked: set[Any] = {first}
        self._empty = 0
        self._before: Sequence[I] = ()

    def hear(self, page: P) -> Sequence[I]:
        """Take a page, return its items and move on; raises ``Endless``."""
        asked = self.question
        assert asked is not None
        items = asked.items(page)
        self.seen += len(items)
        stated = asked.stated_total(page)
        self.stated = self.stated if stated is None else stated
        self.question = asked.following(page)
        if self.question is None:
            self.proven = asked.ended(page)
        else:
            self._guard(asked, items)
        return items

    def finish(self) -> None:
        """Raise ``Endless`` where the list stopped before the end that the vendor marks or counts."""
        name, whole = name_of(self._first), self._first == self._first.first()
        if not self.proven:
            raise Endless(f"the list stopped after {self.seen} items, without the vendor's end mark", operation=name)
        if whole and self.stated is not None and self.seen < self.stated:
            raise Endless(f"the list ended after {self.seen} of {self.stated} items", operation=name)

    def _guard(self, asked: Paged[P, I], items: Sequence[I]) -> None:
        alike, self._before = bool(items) and items == self._before, items
        self._empty = 0 if items else self._empty + 1
        if self.question in self._asked:
            raise Endless("the list's next link leads back to a page already read", operation=name_of(asked))
        if alike and not asked.may_repeat:
            raise Endless("the list's next link leads to the same items again", operation=name_of(asked))
        if len(self._asked) >= MOST_PAGES:
            raise Endless(f"the list goes on after {MOST_PAGES} pages", operation=name_of(asked))
        if self._empty >= EMPTY_PAGES:
            raise Endless(f"{EMPTY_PAGES} empty pages in a row promise more", operation=name_of(asked))
        self._asked.add(self.question)
