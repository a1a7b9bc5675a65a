"""The pages of a vendor's lists, at both ends of the archive: asked for one by one, and read again out of their answers."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any, NamedTuple, TypeVar

from billfold.providers.provider import ArchivedAnswer, Fetch, RunAnswers
from billfold.wire.operation import Operation, salvage_response
from billfold.wire.paging import PagedOperation, Walk

I = TypeVar("I")  # noqa: E741 - an item
MISSING_INVOICES = "the rest of the list of invoices"
"""What is missing where a page of invoices is not answered: those of the pages before it are booked."""
R = TypeVar("R")


def plan_pages(
    first_operation: PagedOperation[Any, I],
    use_items: Callable[[Sequence[I]], object] = lambda _: None,
    missing: str = "",
    *,
    missing_rest: str = "",
    is_extra: bool = False,
) -> Generator[Fetch, Any, Walk[Any, I]]:
    """Ask for a list page by page, hand over what each holds, and return the walk: it knows whether the list ended.

    ``missing`` and ``is_extra`` are those of a ``Fetch``: a list whose page is refused then ends there, without its end;
    ``missing_rest`` is for all pages but the first. Raises ``IncompleteList``, and ``InvalidResponse`` for an answer without its list.
    """
    walk = Walk(first_operation)
    while walk.next_operation is not None:
        is_first = walk.next_operation == first_operation
        page = yield Fetch(walk.next_operation, missing or ("" if is_first else missing_rest), is_extra=is_extra)
        if page is None:
            break
        use_items(walk.take_page(page))
    return walk


class AnswerPage(NamedTuple):
    """A page of a list as it was answered: the question, what came, and the answer's number in the archive."""

    op: PagedOperation[Any, Any]
    reply: Any
    seq: int

    @property
    def items(self) -> Sequence[Any]:
        """What the page holds; raises ``InvalidResponse`` where its list is not there."""
        return self.op.items(self.reply)

    @property
    def path(self) -> str:
        """The JSON path of its list."""
        return f"$.{self.op.items_field}"

    @property
    def has_end_mark(self) -> bool:
        """Whether the vendor marked the end of the list on it."""
        return self.op.has_end_mark(self.reply)

    @property
    def stated_total(self) -> int | None:
        """How many items the whole list has by the vendor's count."""
        return self.op.stated_total(self.reply)


def read_page(answer: ArchivedAnswer[PagedOperation[Any, Any]]) -> AnswerPage:
    """Read the answer to a question for a page; raises ``InvalidResponse``."""
    return AnswerPage(answer.op, salvage_response(answer.op, answer.response), answer.seq)


def iter_pages(
    run_answers: RunAnswers, operation_type: type[PagedOperation[Any, Any]], **fields: object
) -> Iterator[AnswerPage]:
    """Yield the pages of a list in the order they came, only those asked with the given fields."""
    return map(read_page, run_answers.answers(operation_type, **fields))


def find_reply(run_answers: RunAnswers, operation_type: type[Operation[R]], default: R) -> R:
    """Return what the first answer to an operation says; the default where there is none."""
    return next(
        (salvage_response(answer.op, answer.response) for answer in run_answers.answers(operation_type)), default
    )
