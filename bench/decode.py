"""How much CPU it takes to read 10,000 lines of each vendor: ours, the vendor's SDK, and the common readers of JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import msgspec
import orjson
from bodies import LINES, Body, bodies
from measure import Spread, cpu, interleaved
from table import Row, between, ms, reached, times
from witness import Witness

from billfold.wire import codec

ROUNDS, QUICK = 7, 2
MOST_OF_BARE = 1.5
READERS: dict[str, Callable[[bytes], Any]] = {
    "json, Decimal": lambda body: json.loads(body, parse_float=Decimal),
    "json, float": json.loads,
    "orjson, float": orjson.loads,
}


def rows(*, quick: bool = False) -> Iterator[Row]:
    """Measure every body with every reader in turn."""
    for body in bodies():
        with Witness(body.witness, body.script, body.pages) as witness:
            yield from _rows(body, interleaved(_calls(body, witness), QUICK if quick else ROUNDS))


def _calls(body: Body, witness: Witness) -> dict[str, Callable[[], float]]:
    kind, decoder = body.kind, msgspec.json.Decoder(body.bare)
    readers = {"ours": lambda page: codec.decode_record(page, kind), "bare msgspec": decoder.decode, **READERS}
    calls = {name: _call(read, body.pages) for name, read in readers.items()}
    return {**calls, f"SDK {body.witness}": witness.cpu}


def _call(read: Callable[[bytes], Any], pages: tuple[bytes, ...]) -> Callable[[], float]:
    return lambda: cpu(lambda: [read(page) for page in pages])


def _rows(body: Body, spreads: dict[str, Spread]) -> Iterator[Row]:
    ours = spreads.pop("ours")
    what = f"{body.provider} {body.operation} ({body.description}), {LINES:,} lines"
    for name, peer in sorted(spreads.items(), key=lambda pair: -pair[1].middle):
        ratio = peer.middle / ours.middle
        target = ""
        if name.startswith("SDK") and body.target:
            target = reached(f"at least {body.target:g}x less", good=ratio >= body.target)
        if name.startswith("bare"):
            target = reached(f"at most {MOST_OF_BARE}x more", good=1 / ratio <= MOST_OF_BARE)
        comparison = f"{times(ratio)} less" if ratio >= 1 else f"{times(1 / ratio)} more"
        spread = f"{between(ours)} / {between(peer)}"
        yield Row("decode", what, ms(ours.middle), f"{ms(peer.middle)} {name}", comparison, target, spread)
