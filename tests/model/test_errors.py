"""Every error has a sentence that says where, what and what next, and an exit code."""

import pickle

import pytest

from billfold.model import errors
from billfold.model.errors import (
    ApiError,
    APIStatusError,
    BadRequest,
    BillfoldError,
    ConfigurationError,
    Forbidden,
    InvalidArgument,
    LedgerError,
    NotFound,
    RateLimited,
    ServerError,
    Unauthorized,
    error_for_status,
)

KINDS = [
    error_type
    for error_type in vars(errors).values()
    if isinstance(error_type, type) and issubclass(error_type, ApiError)
]


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (300, APIStatusError),
        (302, APIStatusError),
        (400, BadRequest),
        (401, Unauthorized),
        (403, Forbidden),
        (404, NotFound),
        (409, APIStatusError),
        (422, BadRequest),
        (429, RateLimited),
        (500, ServerError),
        (599, ServerError),
    ],
)
def test_each_status_has_its_error(status: int, kind: type[APIStatusError]) -> None:
    assert error_for_status(status) is kind


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_an_api_error_names_where_what_and_what_next(kind: type[ApiError]) -> None:
    text = str(kind("it broke", provider="p", operation="get_it", status=500, request_id="r-1"))
    assert text.startswith("p get_it: it broke (HTTP 500, request r-1).")
    assert text.endswith(kind.advice)


def test_a_refusal_does_not_blame_absent_parameters() -> None:
    """A refusal of a question without parameters does not blame them alone."""
    assert str(BadRequest("parent-pay", status=422)).endswith(
        "and whether this account can have such an answer at all."
    )


def test_a_vendor_that_says_when_to_ask_again_is_passed_on() -> None:
    text = str(RateLimited("too many", provider="p", operation="get_it", status=429, retry_after=86400.0))
    assert text == "p get_it: too many (HTTP 429, to be asked again in 86400 s). Try again later."


def test_what_is_not_known_is_left_out() -> None:
    assert str(ApiError("it broke")) == "it broke."


@pytest.mark.parametrize(
    ("kind", "code"), [(InvalidArgument, 2), (ConfigurationError, 2), (LedgerError, 2), *((kind, 3) for kind in KINDS)]
)
def test_each_error_has_its_exit_code(kind: type[BillfoldError], code: int) -> None:
    assert kind.exit_code == code


def test_every_error_can_be_caught_as_ours() -> None:
    error_types = [
        error_type
        for error_type in vars(errors).values()
        if isinstance(error_type, type) and issubclass(error_type, Exception)
    ]
    assert all(issubclass(error_type, BillfoldError) for error_type in error_types)
    assert len(error_types) >= 15


def test_an_error_survives_the_way_to_another_process() -> None:
    error = NotFound("no such thing", provider="p", operation="get_it", status=404)
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.status) == (str(error), 404)
