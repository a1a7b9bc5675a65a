"""What a form sends is read up to a limit, and nothing else is taken for a form."""

from __future__ import annotations

from tests.serve.reader import Reader

URL, FORM = "/query/saved", "application/x-www-form-urlencoded"


def test_only_a_form_is_read(reader: Reader) -> None:
    assert reader.send(URL, b"{}", content_type="application/json").status == 415
    assert reader.send(URL, b"name=x").status == 415


def test_a_form_has_a_limit(reader: Reader) -> None:
    assert reader.send(URL, b"name=" + b"x" * 70_000, content_type=FORM).status == 413
    assert reader.send(URL, b"a=1&" * 200, content_type=FORM).status == 400
    assert reader.send(URL, b"name=\xff\xfe", content_type=FORM).status == 400
