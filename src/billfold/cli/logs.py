"""What is logged on stderr: sentences for people, or one JSON object a line for machines."""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from datetime import UTC, datetime
from typing import Any

from billfold.model.errors import InvalidArgument
from billfold.model.log_context import get_log_subject
from billfold.model.plain_text import format_line, make_printable

MAX_EVENT_CHARS = 10_000
"""Characters of a logged sentence, or of a field: logs are searched, and no archive."""


def is_json_log() -> bool:
    """Tell whether all that is logged or said on stderr is to be JSON."""
    return os.environ.get("BILLFOLD_LOG_FORMAT", "") == "json"


def configure_logging() -> None:
    """Log as $BILLFOLD_LOG and $BILLFOLD_LOG_FORMAT say; raises ``InvalidArgument``.

    Text has the time (UTC) and the account that a line is about; where nobody asked for a log, warnings are sentences as all
    others. JSON begins at ``info``.
    """
    if (line_format := os.environ.get("BILLFOLD_LOG_FORMAT", "text")) not in {"json", "text", ""}:
        raise InvalidArgument(f"BILLFOLD_LOG_FORMAT is {line_format!r}; it can be text or json")
    level_name, levels = os.environ.get("BILLFOLD_LOG", ""), logging.getLevelNamesMapping()
    level = (level_name or ("info" if is_json_log() else "warning")).upper()
    if level not in levels:
        raise InvalidArgument(f"BILLFOLD_LOG is {level_name!r}; it can be debug, info, warning, error or critical")
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter() if is_json_log() else _make_line_formatter(has_times=bool(level_name)))
    logging.basicConfig(level=levels[level], handlers=[handler])
    logging.captureWarnings(True)
    threading.excepthook = _log_thread_error


def _make_line_formatter(*, has_times: bool) -> logging.Formatter:
    line_format = "%(asctime)s.%(msecs)03dZ [%(threadName)s] %(name)s: %(message)s"
    formatter = LineFormatter(line_format if has_times else "billfold: warning: %(message)s", "%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    return formatter


def _log_thread_error(failure: threading.ExceptHookArgs) -> None:
    """Log what ended a thread that nobody waits for; it is no traceback on anybody's screen."""
    error = failure.exc_value or failure.exc_type()
    logging.getLogger("billfold").debug("a thread ended", exc_info=error)


class LineFormatter(logging.Formatter):
    """Formats what is logged as one line: it may hold a vendor's words."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the library's name
        return format_line(super().formatMessage(record))

    def formatException(self, ei: Any) -> str:  # noqa: N802 - the library's name
        return "\n".join(map(make_printable, super().formatException(ei).splitlines()))


class JsonFormatter(logging.Formatter):
    """Formats what is logged as one JSON object: time, level, event and logger, what it is about, and its fields."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; every character that is not ASCII is written by its number."""
        time_text = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, object] = {
            "time": time_text.replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "event": record.getMessage()[:MAX_EVENT_CHARS],
            "logger": record.name,
            **get_log_subject(),
            **record.__dict__.get("fields", {}),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)[-MAX_EVENT_CHARS:]
        return json.dumps(line, default=str)
