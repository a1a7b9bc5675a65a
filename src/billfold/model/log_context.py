"""What the lines of a log are about: the provider, account and run that a thread works on, for whoever formats them."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar

_subject = ContextVar[Mapping[str, object]]("billfold_log_subject", default={})  # noqa: B039 - nobody changes it


def set_log_subject(**fields: object) -> None:
    """Say what is logged from here on in this thread (or task) is about."""
    _subject.set(fields)


def get_log_subject() -> Mapping[str, object]:
    """Return what a line that is logged now is about."""
    return _subject.get()


def log_fields(**fields: object) -> Mapping[str, Mapping[str, object]]:
    """Return the ``extra`` of a logging call: fields for a log of JSON, where they stand beside the sentence."""
    return {"fields": fields}
