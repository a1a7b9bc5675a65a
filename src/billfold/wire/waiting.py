"""How an API says "not yet", how long to wait before asking again, and when to give up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from billfold.wire import codec
from billfold.wire.message import Response


class Waiting(NamedTuple):
    """A declared way of waiting: by status 202, by a body field, or both; times in seconds."""

    field: str = ""
    pending: str = ""
    first: float = 2.0
    factor: float = 2.0
    most: float = 30.0
    within: float = 600.0

    def not_yet(self, response: Response) -> bool:
        """Tell whether this answer says that the real one is still being prepared."""
        if response.status == 202:
            return True
        if not self.field or response.status != 200:
            return False
        body = codec.tree(response.body)
        return isinstance(body, dict) and body.get(self.field) == self.pending

    def delays(self) -> Iterator[float]:
        """Yield the pauses between one question and the next, until the deadline is used up."""
        delay, spent = self.first, 0.0
        while spent + delay <= self.within:
            yield delay
            spent += delay
            delay = min(delay * self.factor, self.most)
