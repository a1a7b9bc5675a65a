"""How an API answers "not yet", how long to wait before the next request, and when to give up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from billfold.wire import codec
from billfold.wire.message import Response


class Waiting(NamedTuple):
    """A declared way of waiting: by status 202, by a body field, or both; times in seconds."""

    field: str = ""
    pending_value: str = ""
    first_delay_s: float = 2.0
    delay_factor: float = 2.0
    max_delay_s: float = 30.0
    timeout_s: float = 600.0

    def is_pending(self, response: Response) -> bool:
        """Return whether the real answer is still being prepared."""
        if response.status == 202:
            return True
        if not self.field or response.status != 200:
            return False
        body = codec.parse_json(response.body)
        return isinstance(body, dict) and body.get(self.field) == self.pending_value

    def iter_delays(self) -> Iterator[float]:
        """Yield the pauses between one question and the next, until the deadline is used up."""
        delay, elapsed = self.first_delay_s, 0.0
        while elapsed + delay <= self.timeout_s:
            yield delay
            elapsed += delay
            delay = min(delay * self.delay_factor, self.max_delay_s)
