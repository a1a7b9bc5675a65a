"""Who may ask, and what a browser may do with the answer."""

from __future__ import annotations

from tests.serve.reader import Reader


def test_only_names_of_this_machine_are_answered(reader: Reader) -> None:
    """A name that somebody points here (DNS rebinding) is refused; so is a request without one."""
    for host in ("127.0.0.1:8500", "localhost:8500", "[::1]:8500"):
        assert reader.get("/healthz", host=host).status == 200
    for host in ("evil.example", "127.0.0.1.evil.example", "", "10.0.0.1"):
        page = reader.get("/healthz", host=host)
        assert (page.status, "content-security-policy" in page.headers) == (403, True)


def test_another_site_may_lead_here_and_nothing_else(reader: Reader) -> None:
    foreign = {"sec_fetch_site": "cross-site"}
    assert reader.get("/healthz", **foreign, sec_fetch_mode="navigate").status == 200
    assert reader.get("/healthz", **foreign, sec_fetch_mode="no-cors").status == 403
    assert reader.get("/healthz", sec_fetch_site="same-origin", sec_fetch_mode="no-cors").status == 200
    assert reader.get("/close/2026-10/sign", "POST", **foreign, sec_fetch_mode="navigate").status == 403


def test_every_answer_has_the_policy(reader: Reader) -> None:
    for path in ("/healthz", "/metrics", "/nothing-here"):
        policy = reader.get(path).headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'self'")
        assert "unsafe" not in policy
        assert policy.count("script-src 'self'; connect-src 'self';") == 1
