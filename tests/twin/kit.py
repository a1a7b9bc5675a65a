"""A twin that plays CockroachDB Cloud alone, with a clock that stands still."""

from __future__ import annotations

from billfold.twin.host import TwinHost
from billfold.twin.world import World
from tests.stage import AT, Still


def alone(*, limits: bool = False) -> TwinHost:
    """Return the twin."""
    world = World(seed=1, start_time=AT)
    world.vendors = [stage for stage in world.vendors if stage.provider.name == "cockroach"]
    return TwinHost(world, Still(AT), limits=limits)
