"""One request of a collection: what becomes of it where the vendor does not answer, and what is missing then."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from billfold.model.errors import (
    ApiError,
    BadRequest,
    Forbidden,
    InvalidResponse,
    NotFound,
    Unauthorized,
    Unreachable,
)
from billfold.model.finding import Finding, make_finding
from billfold.model.finding_codes import FindingCode
from billfold.wire.auth import LOGIN_OPERATION
from billfold.wire.operation import Operation, operation_name, operation_shape

LASTING_FAULTS = BadRequest, Forbidden, NotFound, InvalidResponse
"""Ways to answer that are likely to stay: asking again does not change them."""


class FailureKey(NamedTuple):
    """Why something is missing: which question failed, and how; of an invoice, also its id."""

    operation: str
    error_type: type[ApiError]
    status: int | None
    invoice_id: str = ""


class Fetch(NamedTuple):
    """One request of a collection, and what happens if the vendor refuses it.

    With ``missing`` (what will not be known without the answer; of one invoice, its id alone), a refusal becomes a finding, the
    plan is sent None, and the collection goes on; without it, a refusal ends the account's collection. A refusal with one of
    ``absent_statuses`` means that the account has no such thing: no finding is made.

    ``find_document_url`` returns the pre-signed URL in an answer. The document behind that URL is archived instead of the
    answer, because the URL is a credential; ``find_flaw`` returns what is wrong with the document ("": nothing), and a
    document with a flaw counts as an answer that cannot be read.

    ``is_extra`` says that no bill needs the answer: that it stays away for good (no right to it, no such thing, not as documented) is
    worth knowing then, and nothing to be mended.
    """

    op: Operation[Any]
    missing: str = ""
    find_document_url: Callable[[Any], str] | None = None
    absent_statuses: tuple[int, ...] = ()
    find_flaw: Callable[[bytes], str] = lambda _: ""
    is_extra: bool = False

    def may_fail(self, error: ApiError) -> bool:
        """Tell whether a collection goes on without this answer: not where no other question would be answered either.

        A document may be on another server: that one cannot be reached says nothing of the vendor's own.
        """
        is_hopeless = isinstance(error, Unauthorized) or error.operation == LOGIN_OPERATION
        is_unreachable = isinstance(error, Unreachable) and not self.find_document_url
        return bool(self.missing) and not is_hopeless and not is_unreachable

    def find_missing(self, error: ApiError) -> Finding | None:
        """Return what is missing for want of this answer, with the ids that it was asked by; None where the account has no such thing."""
        if error.status in self.absent_statuses:
            return None
        code = FindingCode.ANSWER_UNREADABLE if isinstance(error, InvalidResponse) else FindingCode.ANSWER_REFUSED
        if self.is_extra and isinstance(error, LASTING_FAULTS):
            code = FindingCode.EXTRA_UNANSWERED
        subjects = {name: getattr(self.op, name) for name in operation_shape(type(self.op)).path_fields}
        details = {"operation": operation_name(self.op), "error": type(error).__name__, "status": error.status or ""}
        return make_finding(code, str(error), self.missing, **subjects | details)

    def failure_key(self, error: ApiError) -> FailureKey:
        """Return what is alike for all answers of a kind that are missing for one reason; an invoice has its id there."""
        path_values = {str(getattr(self.op, name)) for name in operation_shape(type(self.op)).path_fields}
        invoice_id = self.missing if self.missing in path_values else ""
        return FailureKey(operation_name(self.op), type(error), error.status, invoice_id)
