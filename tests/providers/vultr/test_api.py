"""Vultr's errors."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from billfold.providers.vultr.api import read_error
from billfold.wire.message import Response
from tests.providers.vultr.kit import SAMPLES

JSON = {"content-type": "application/json"}
ERRORS = sorted(SAMPLES.glob("error_*.json"))


@pytest.mark.parametrize("path", ERRORS, ids=lambda path: path.name)
def test_reads_sample_errors(path: Path) -> None:
    """Every sample of an error is understood."""
    error = json.loads(path.read_bytes())
    status = int(path.name.split("_")[1])
    for media in ("application/json", "text/html; charset=UTF-8", ""):
        assert read_error(Response(status, {"content-type": media}, path.read_bytes())).message == error["error"]


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"null", b"{}", b'{"error":""}', b'{"error":null}', b"\xff"])
def test_any_error_body_gives_message(body: bytes) -> None:
    """An error body of any kind gives a message."""
    assert read_error(Response(503, {"content-type": "text/html"}, body)).message


def test_structured_error_is_reported() -> None:
    """An error that is not a text is still reported."""
    assert read_error(Response(400, JSON, b'{"error":{"per_page":["too big"]}}')).message == '{"per_page":["too big"]}'
