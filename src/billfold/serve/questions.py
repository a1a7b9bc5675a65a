"""What a request asks of the ledger: its month, what narrows it, and as of when; read from the words of a URL."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import wraps
from typing import NamedTuple, TypeVar

from billfold.ledger.query import LedgerFilter
from billfold.model.commitment import StatedCommitment
from billfold.model.errors import InvalidArgument
from billfold.model.payment import PaymentEvidence
from billfold.model.period import Month, end_of_day, parse_bill_month, parse_instant
from billfold.serve.views import LedgerView
from billfold.tasks.access import build_filter
from billfold.tasks.configured import list_configured_accounts, load_commitments, load_payment_evidence
from billfold.tasks.filter_options import FilterOptions

FILTER_NAMES = ("provider", "account", "from", "to", "as_of")
MAX_TEXT_CHARS = 10_000
REMEMBERED, MAX_REMEMBERED = "remembered rows", 48
"""Under what an open ledger keeps answers, and how many: they are forgotten with it when anything has changed."""
Rows = TypeVar("Rows")


class Question(NamedTuple):
    """What is asked of an open ledger; ``values`` are the other words of the URL, ``month`` the one in its path."""

    view: LedgerView
    filters: LedgerFilter
    as_of: datetime | None = None
    month: Month | None = None
    values: Mapping[str, str] = {}

    @property
    def the_month(self) -> Month:
        """The month in the path; raises ``InvalidArgument`` where there is none."""
        if self.month is None:
            raise InvalidArgument("say which month, as 2026-05")
        return self.month

    @property
    def month_filters(self) -> LedgerFilter:
        """The filter of that month alone."""
        return self.filters._replace(first_month=self.the_month, last_month=self.the_month)

    @property
    def configured(self) -> list[tuple[str, str]]:
        """Provider and name of the configured accounts, those that exist for who asks."""
        return list_shown_accounts(self.view)

    @property
    def payment_evidence(self) -> PaymentEvidence:
        """What the configuration says of payments, of the accounts that exist for who asks.

        A bank's entry is of no account before it is matched: who does not see all of them sees none.
        """
        evidence = load_payment_evidence(self.view.config_path, self.as_of)
        if self.view.accounts.is_everything:
            return evidence
        shown = set(self.configured)
        terms = {key: terms for key, terms in evidence.agreed_terms.items() if key in shown}
        return PaymentEvidence(terms, (), self._select_shown(evidence.commitments))

    @property
    def commitments(self) -> Sequence[StatedCommitment]:
        """The commitments that the configuration states, of the accounts that exist for who asks."""
        return self._select_shown(load_commitments(self.view.config_path))

    def _select_shown(self, commitments: Sequence[StatedCommitment]) -> Sequence[StatedCommitment]:
        if self.view.accounts.is_everything:
            return commitments
        names = {name for _, name in self.configured}
        return [commitment for commitment in commitments if commitment.account in names]


def remember_rows(*names: str) -> Callable[[Callable[[Question], Rows]], Callable[[Question], Rows]]:
    """Let a function answer a question once for an open ledger: other screens that ask the same get the same rows.

    ``names`` are the words of a URL that its answer depends on. The rows are shared, and no caller may change them.
    """

    def wrap(read: Callable[[Question], Rows]) -> Callable[[Question], Rows]:
        @wraps(read)
        def recall(question: Question) -> Rows:
            known_rows = question.view.db.cache.setdefault(REMEMBERED, OrderedDict())
            stated = tuple(question.values.get(name) for name in names)
            key = (read.__qualname__, question.filters, question.as_of, question.month, stated)
            if key not in known_rows:
                known_rows[key] = read(question)
                while len(known_rows) > MAX_REMEMBERED:
                    known_rows.popitem(last=False)
            known_rows.move_to_end(key)
            rows: Rows = known_rows[key]
            return rows

        return recall

    return wrap


def build_question(view: LedgerView, values: Mapping[str, str], month: str = "", seq: int | None = None) -> Question:
    """Read what a URL asks; ``seq`` is the archive number that a cursor goes on with. Raises ``InvalidArgument``."""
    for name, text in values.items():
        if len(text) > MAX_TEXT_CHARS or "\0" in text:
            raise InvalidArgument(f"{name} is longer than {MAX_TEXT_CHARS} characters, or holds what is no text")
    as_of = read_as_of(values["as_of"]) if values.get("as_of") else None
    options = FilterOptions(
        values.get("provider") or None,
        values.get("account") or None,
        read_month(values["from"]) if values.get("from") else None,
        read_month(values["to"]) if values.get("to") else None,
        as_of,
    )
    filters = build_filter(view.workspace, options, list_shown_accounts(view))
    if seq is not None:
        filters = filters._replace(seq=seq)
    return Question(view, filters, as_of, read_month(month) if month else None, values)


def list_shown_accounts(view: LedgerView) -> list[tuple[str, str]]:
    """Return provider and name of the configured accounts that exist in a view."""
    return [key for key in list_configured_accounts(view.config_path) if view.accounts.includes(*key)]


def read_month(text: str) -> Month:
    """Read a month; raises ``InvalidArgument``."""
    try:
        return parse_bill_month(text)
    except ValueError as error:
        raise InvalidArgument(str(error)) from error


def read_as_of(text: str) -> datetime:
    """Read a time to look back to, a day alone is its end; raises ``InvalidArgument``."""
    try:
        instant = parse_instant(text)
        return end_of_day(instant) if len(text.strip()) == len("2026-05-01") else instant
    except (ValueError, OverflowError) as error:
        raise InvalidArgument(f"as_of: {error}") from error


def read_count(values: Mapping[str, str], name: str, default: int, most: int) -> int:
    """Read a whole number from 1 to ``most``; raises ``InvalidArgument``."""
    text = values.get(name) or str(default)
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(most)) and 1 <= int(text) <= most):
        raise InvalidArgument(f"{name} is a whole number from 1 to {most}, and not {text[:40]!r}")
    return int(text)
