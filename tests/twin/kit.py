"""A twin that plays CockroachDB Cloud alone, with a clock that stands still."""

from __future__ import annotations

from billfold.twin.host import Host
from billfold.twin.world import World
from tests.stage import AT, Still


def alone(*, limits: bool = False) -> Host:
    """Return the twin."""
    world = World(seed=1, at=AT)
    world.stages = [stage for stage in world.stages if stage.provider.name == "cockroach"]
    return Host(world, Still(AT), limits=limits)
