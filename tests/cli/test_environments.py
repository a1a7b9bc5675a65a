"""The machine a user has: each way in which it is odd is a sentence with its cure, or does not matter."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.terminal import Terminal, clear
from tests.transport.hostile import nobody
from tests.transport.test_failures import make_certificate, serve_secured

NO_PROXIES = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"), "")


def test_an_inspecting_proxys_certificate_is_named(terminal: Terminal, tmp_path: Path) -> None:
    """The words name the certificate and both cures; with either the vendor is reached."""
    certificate, key = make_certificate(tmp_path)
    with serve_secured(certificate, key) as (root, connections):
        terminal.account(f"file:{terminal.home / 'key'}", root)
        clear(
            terminal.process("doctor", **NO_PROXIES),
            3,
            "is not trusted (self-signed certificate). Where your company's",
        )
        assert len(connections) == 1
        trusted = terminal.process("doctor", SSL_CERT_FILE=str(certificate), **NO_PROXIES)
        assert "certificate" not in trusted.all
        terminal.account(f"file:{terminal.home / 'key'}", root, extra='ca = "certificate.pem"')
        assert "is not trusted" not in terminal.process("doctor", **NO_PROXIES).all
        absent = terminal.process("doctor", SSL_CERT_FILE=str(tmp_path / "absent"), **NO_PROXIES)
        assert "Traceback" not in absent.all


@pytest.mark.parametrize("variable", ["all_proxy", "http_proxy"])
def test_a_socks_proxy_is_a_sentence_and_only_where_needed(variable: str, terminal: Terminal) -> None:
    proxy = {**NO_PROXIES, variable: "socks5://127.0.0.1:9"}
    clear(terminal.process("doctor", **proxy, no_proxy=""), 3, "SOCKS proxy")
    assert terminal.process("doctor", **proxy, no_proxy="127.0.0.1").code == 0


def test_an_accounts_own_proxy_is_named_where_it_fails(terminal: Terminal) -> None:
    proxy = nobody()
    terminal.account(f"file:{terminal.home / 'key'}", extra=f'proxy = "{proxy}"')
    result = terminal.run("doctor")
    assert f"cannot connect to the proxy {proxy[7:]}" in result.all


def test_files_of_an_editor_on_windows_are_read(terminal: Terminal) -> None:
    """A key with a byte order mark and CRLF, a configuration with one, and an odd letter in the ledger's path."""
    terminal.account("file:key")
    key, text = (terminal.home / "key").read_bytes(), terminal.config.read_text()
    (terminal.home / "key").write_bytes(b"\xef\xbb\xbf" + key + b"\r\n")
    terminal.config.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    try:
        assert terminal.run("sync", "--ledger", "what?").code == 0
    finally:
        (terminal.home / "key").unlink()  # no file but a plain one keeps a key


def test_a_key_is_looked_for_beside_the_configuration(terminal: Terminal) -> None:
    """A job's working directory is not the user's."""
    terminal.account("file:key")
    elsewhere = Terminal(terminal.home / "elsewhere", terminal.root)
    elsewhere.home.mkdir()
    assert elsewhere.run("--config", "../billfold.toml", "doctor").code == 0


def test_a_user_without_a_home_is_told_both_options(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where configuration and ledger stand in the working directory, or are named, no home is needed."""

    def refuse_home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", refuse_home)
    assert terminal.run("--ledger", "ledger", "sync").code == 0
    clear(terminal.run("sync"), 2, "--config or BILLFOLD_CONFIG, and the ledger with --ledger or BILLFOLD_LEDGER")
