"""Law 3: every sample body decodes, encodes to the same JSON with its digits, and unknown fields survive."""

from __future__ import annotations

import json
from contextlib import suppress
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from billfold.collect.importing import identify_answer
from billfold.model.errors import BillfoldError
from billfold.providers.provider import Provider
from billfold.wire import codec
from billfold.wire.message import Response
from billfold.wire.operation import Operation
from tests.laws.kit import DOORS, named
from tests.overlay import overlay


def samples(provider: Provider) -> list[Path]:
    home = Path(str(import_module(provider.api.__module__).__file__)).parent / "samples"
    return sorted(home.rglob("*.json"))


def answered(provider: Provider, path: Path) -> tuple[Operation[Any], Response] | None:
    """Read a sample; some answers do not say which invoice they are of."""
    for ids in {}, {"invoice_id": "1"}:
        with suppress(BillfoldError):
            return identify_answer(path.read_bytes(), provider, None, ids)
    return None


SAMPLES = [(provider, path) for provider in DOORS for path in samples(provider) if answered(provider, path)]


def exact(body: bytes) -> Any:
    """Read JSON with every number as its own text, so that 10 and 10.0 differ."""
    return json.loads(body, parse_float=lambda text: f"#{Decimal(text)}", parse_int=lambda text: f"#{Decimal(text)}")


def within(part: Any, whole: Any) -> bool:
    """Tell whether everything in one tree stands in the other, to the digit."""
    if isinstance(part, dict) and isinstance(whole, dict):
        return all(key in whole and within(value, whole[key]) for key, value in part.items())
    if isinstance(part, list) and isinstance(whole, list):
        return len(part) == len(whole) and all(map(within, part, whole))
    return bool(part == whole)


@pytest.mark.parametrize(
    ("provider", "path"), SAMPLES, ids=lambda value: value.name if isinstance(value, Path) else named(value)
)
def test_law_3_a_sample_body_survives_reading_and_writing(provider: Provider, path: Path) -> None:
    operation_and_answer = answered(provider, path)
    assert operation_and_answer
    op, response = operation_and_answer
    record = codec.decode_record(response.body, op.reply)
    assert within(exact(codec.encode_json(record)), exact(response.body))
    assert exact(overlay(record, response.body)) == exact(response.body)


@pytest.mark.parametrize("provider", DOORS, ids=named)
def test_law_3_every_provider_has_samples_that_are_answers(provider: Provider) -> None:
    assert any(provider is sampled for sampled, _ in SAMPLES)


@pytest.mark.parametrize("provider", DOORS, ids=named)
def test_no_record_has_a_float_field(provider: Provider) -> None:
    visited: set[type] = set()

    def look(kind: Any) -> None:
        for inner in getattr(kind, "__args__", ()):
            look(inner)
        if isinstance(kind, type) and issubclass(kind, codec.Record) and kind not in visited:
            visited.add(kind)
            for name, hint in __import__("typing").get_type_hints(kind).items():
                assert hint is not float, f"{kind.__name__}.{name}"
                assert float not in getattr(hint, "__args__", ()), f"{kind.__name__}.{name}"
                look(hint)

    for kind in provider.operations:
        look(kind.reply)
    assert visited
