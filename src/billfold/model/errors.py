"""Every error billfold raises, as one tree: whose fault it is, and what to do next.

BillfoldError
  InvalidArgument     you asked wrongly (a bad parameter, an unknown name)
  ConfigurationError  the configuration or a credential is not as it should be
  LedgerError         the archive or the ledger cannot be used as it is
    DamagedAnswer     something in the archive is not as it was written
  MappingError        a provider's own code failed
  MissingExtra        a library is not installed; an extra of billfold brings it
  ServerFault         a `billfold serve` elsewhere gave no usable answer
  ApiError            an API did not give a usable answer
    Unreachable       no answer came
    APIStatusError    an answer came, and it was no:
      BadRequest, Unauthorized, Forbidden, NotFound, RateLimited, ServerError
    InvalidResponse   an answer came that cannot be read
    NotReady          the answer was not ready within its deadline
    IncompleteList    a list does not come to its end
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar


class BillfoldError(Exception):
    """Something billfold could not do; the message says what to do next."""

    exit_code: ClassVar[int] = 2


class InvalidArgument(BillfoldError):
    """What was asked cannot be asked."""


class ConfigurationError(BillfoldError):
    """The configuration or a credential is not as it should be."""


class LedgerError(BillfoldError):
    """The archive or the ledger cannot be used as it is."""


class DamagedAnswer(LedgerError):
    """An archived answer is missing, or not as it was written: what it bills is lost until a backup is in its place."""


class MappingError(BillfoldError):
    """A provider's own code failed where it reads answers: that is its fault, and must not be another vendor's."""


class MissingExtra(BillfoldError, ImportError):
    """A library is not installed that billfold needs for this: the message names the extra that brings it."""


class ServerFault(BillfoldError):
    """A server of a ledger did not answer, or not as one does."""

    exit_code = 3


PROVIDER_FAULTS = (Exception, SystemExit)
"""Whatever a provider's own code may end with: caught where it is called, so that it costs that provider's answers only."""


class ApiError(BillfoldError):
    """An API did not give a usable answer.

    Carries plain data (names, not objects): provider, operation, status, request id, the vendor's own words and,
    where the vendor said so, the seconds after which to ask again.
    """

    exit_code = 3
    advice: str = ""

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
        advice: str = "",
    ) -> None:
        self.advice = advice or type(self).advice
        self.provider, self.operation, self.status = provider, operation, status
        self.request_id, self.code = (_clean_words(text) if text else text for text in (request_id, code))
        self.message, self.retry_after = _clean_words(message), retry_after
        self.response: object = None
        """The response as it came, where the vendor refused or its answer cannot be read; None for every other error."""
        super().__init__(f"{self.summary} {self.advice}" if self.advice else self.summary)

    def __reduce__(self) -> tuple[Any, ...]:
        field_names = ("provider", "operation", "status", "request_id", "code", "retry_after", "advice")
        return _rebuild_error, (type(self), self.message, {name: getattr(self, name) for name in field_names})

    @property
    def summary(self) -> str:
        """What happened, without the advice."""
        source = " ".join(part for part in (self.provider, self.operation) if part)
        details = [f"HTTP {self.status}"] if self.status else []
        details += [f"request {self.request_id}"] if self.request_id else []
        details += [f"to be asked again in {self.retry_after:.0f} s"] if self.retry_after else []
        suffix = f" ({', '.join(details)})" if details else ""
        return f"{source}: {self.message}{suffix}." if source else f"{self.message}{suffix}."


def _clean_words(text: str) -> str:
    """Return a vendor's words as one line that no terminal obeys."""
    return "".join(character if character.isprintable() else " " for character in text)


def _rebuild_error(error_type: type[ApiError], message: str, fields: Mapping[str, Any]) -> ApiError:
    return error_type(message, **fields)


class Unreachable(ApiError):
    """No answer came."""

    advice: str = "Check the network, the proxy settings and base_url, then try again."


class APIStatusError(ApiError):
    """An answer came, and it was no."""


class BadRequest(APIStatusError):
    """The vendor did not accept a parameter (HTTP 400, 422)."""

    advice: str = "Check the parameters, and whether this account can have such an answer at all."


class Unauthorized(APIStatusError):
    """The credential is missing, wrong or expired (HTTP 401)."""

    advice: str = "Check the key that this account's configuration refers to."


class Forbidden(APIStatusError):
    """The credential is good but lacks the billing right (HTTP 403)."""

    advice: str = "Give the key the right to read what is billed: `billfold doctor` names it."


class NotFound(APIStatusError):
    """There is no such thing (HTTP 404)."""

    advice: str = "Check the id."


class RateLimited(APIStatusError):
    """Too many requests, and waiting did not help (HTTP 429)."""

    advice: str = "Try again later."


class ServerError(APIStatusError):
    """The vendor's side failed (HTTP 5xx)."""

    advice: str = "Try again later."


class InvalidResponse(ApiError):
    """An answer came that cannot be read as what it should be."""

    advice: str = "It is not what the vendor documents: ask again, and report it if it stays so."


class NotReady(ApiError):
    """The vendor was still preparing the answer when the deadline passed."""

    advice: str = "Try again later."


class IncompleteList(ApiError):
    """A list repeats its place or does not come to its end."""

    advice: str = "What came of it may not be all; try again later."


ERRORS_BY_STATUS: dict[int, type[APIStatusError]] = {
    400: BadRequest,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    422: BadRequest,
    429: RateLimited,
}


def error_for_status(status: int) -> type[APIStatusError]:
    """Return the class that stands for an HTTP status of 300 or more."""
    return ERRORS_BY_STATUS.get(status) or (ServerError if status >= 500 else APIStatusError)


def build_write_error(path: Path, error: Exception) -> InvalidArgument:
    """Return that a file could not be written, and why, as far as the system said it."""
    reason = (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
    return InvalidArgument(f"{path} cannot be written: {reason}; check the path, its rights and the free space")
