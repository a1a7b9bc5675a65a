"""Every error billfold raises, as one tree: whose fault it is, and what to do next.

BillfoldError
  Misasked        you asked wrongly (a bad parameter, an unknown name)
  SetupError      the configuration or a credential is not as it should be
  LedgerError     the archive or the ledger cannot be used as it is
  ApiError        an API did not give a usable answer
    Unreachable   no answer came
    Refused       an answer came, and it was no:
      BadRequest, Unauthorized, Forbidden, NotFound, RateLimited, ServerError
    Unreadable    an answer came that cannot be read
    NotReady      the answer was not ready within its deadline
    Endless       a list does not come to its end
"""

from __future__ import annotations

from typing import Any, ClassVar


class BillfoldError(Exception):
    """Something billfold could not do; the message says what to do next."""

    exit_code: ClassVar[int] = 2


class Misasked(BillfoldError):
    """What was asked cannot be asked."""


class SetupError(BillfoldError):
    """The configuration or a credential is not as it should be."""


class LedgerError(BillfoldError):
    """The archive or the ledger cannot be used as it is."""


class ApiError(BillfoldError):
    """An API did not give a usable answer.

    Carries plain data (names, not objects): provider, operation, status, request id, the vendor's own words and,
    where the vendor said so, the seconds after which to ask again.
    """

    exit_code = 3
    advice: ClassVar[str] = ""

    def __init__(
        self,
        message: str,
        *,
        provider: str = "",
        operation: str = "",
        status: int | None = None,
        request_id: str | None = None,
        code: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        self.provider, self.operation, self.status = provider, operation, status
        self.request_id, self.code, self.retry_after = request_id, code, retry_after
        self.message = "".join(c if c.isprintable() else " " for c in message)
        self.answer: object = None
        """The response as it came, where the vendor refused; None for every other error."""
        super().__init__(self._sentence())

    def __reduce__(self) -> tuple[Any, ...]:
        facts = ("provider", "operation", "status", "request_id", "code", "retry_after")
        return _remade, (type(self), self.message, {name: getattr(self, name) for name in facts})

    def _sentence(self) -> str:
        where = " ".join(part for part in (self.provider, self.operation) if part)
        about = [f"HTTP {self.status}"] if self.status else []
        about += [f"request {self.request_id}"] if self.request_id else []
        about += [f"to be asked again in {self.retry_after:.0f} s"] if self.retry_after else []
        tail = f" ({', '.join(about)})" if about else ""
        advice = f" {self.advice}" if self.advice else ""
        return f"{where}: {self.message}{tail}.{advice}" if where else f"{self.message}{tail}.{advice}"


def _remade(kind: type[ApiError], message: str, facts: dict[str, Any]) -> ApiError:
    return kind(message, **facts)


class Unreachable(ApiError):
    """No answer came."""

    advice = "Check the network, the proxy settings and base_url, then try again."


class Refused(ApiError):
    """An answer came, and it was no."""


class BadRequest(Refused):
    """The vendor did not accept a parameter (HTTP 400, 422)."""

    advice = "Check the parameters, and whether this account can have such an answer at all."


class Unauthorized(Refused):
    """The credential is missing, wrong or expired (HTTP 401)."""

    advice = "Check the key that this account's configuration refers to."


class Forbidden(Refused):
    """The credential is good but lacks the billing right (HTTP 403)."""

    advice = "Give the key the right to read what is billed: `billfold doctor` names it."


class NotFound(Refused):
    """There is no such thing (HTTP 404)."""

    advice = "Check the id."


class RateLimited(Refused):
    """Too many requests, and waiting did not help (HTTP 429)."""

    advice = "Try again later."


class ServerError(Refused):
    """The vendor's side failed (HTTP 5xx)."""

    advice = "Try again later."


class Unreadable(ApiError):
    """An answer came that cannot be read as what it should be."""

    advice = "It is not what the vendor documents: ask again, and report it if it stays so."


class NotReady(ApiError):
    """The vendor was still preparing the answer when the deadline passed."""

    advice = "Try again later."


class Endless(ApiError):
    """A list repeats its place or does not come to its end."""

    advice = "What came of it may not be all; try again later."


BY_STATUS: dict[int, type[Refused]] = {
    400: BadRequest,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    422: BadRequest,
    429: RateLimited,
}


def refused_as(status: int) -> type[Refused]:
    """Return the class that stands for an HTTP status of 300 or more."""
    return BY_STATUS.get(status) or (ServerError if status >= 500 else Refused)
