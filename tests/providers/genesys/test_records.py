"""Genesys Cloud's records: the samples lose nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from billfold.wire import codec
from tests.overlay import overlay
from tests.providers.genesys.kit import OPERATIONS, SAMPLES

ANSWERS = sorted(path for path in SAMPLES.glob("*.json") if path.name.split(".")[0] in OPERATIONS)


@pytest.mark.parametrize("path", ANSWERS, ids=lambda path: path.name)
def test_samples_round_trip_without_loss(path: Path) -> None:
    """Every sample answer keeps all its digits and fields when it is decoded and encoded."""
    raw, op = path.read_bytes(), OPERATIONS[path.name.split(".")[0]]
    record = codec.decode_record(raw, op.reply)
    assert codec.parse_json(overlay(record, raw)) == codec.parse_json(raw)
    assert codec.parse_json(codec.encode_json(record)) == codec.parse_json(raw)
