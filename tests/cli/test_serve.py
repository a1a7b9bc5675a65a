"""``billfold serve``: it answers this machine, or others by TLS and with a key; it says when it is ready and what is missing, and ends when it is told to."""

from __future__ import annotations

import json
import shutil
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.cli.terminal import Terminal, clear, environment


def test_what_is_missing_is_told(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    clear(terminal.run("serve", "--host", "0.0.0.0"), 2, "0.0.0.0 is open to other machines, and there is no key")
    clear(terminal.run("serve", "--behind-proxy", "0.0.0.0/0"), 2, "0.0.0.0/0 is everybody")
    terminal.config.write_text("")
    clear(terminal.run("serve", "--tls-cert", "billfold.toml"), 2, "--tls-cert and --tls-key go together")
    pair = ["--tls-cert", "billfold.toml", "--tls-key", "billfold.toml"]
    clear(terminal.run("serve", *pair), 2, "are no certificate and its key")
    terminal.config.unlink()
    clear(terminal.run("serve", "--ledger", "nowhere"), 2, "there is no ledger in nowhere")
    clear(terminal.run("serve", "--config", "nowhere.toml"), 2, "nowhere.toml")


def test_it_answers_and_ends(synced: Terminal) -> None:
    rows = read_accounts(synced.home, "--ledger", "ledger")
    assert [(row["provider"], row["account"], row["configured"]) for row in rows] == [("cockroach", "mine", True)]


def test_the_demo_is_shown_where_none_was_made(tmp_path: Path) -> None:
    rows = read_accounts(tmp_path, "--demo", TMPDIR=str(tmp_path))
    assert {row["provider"] for row in rows} == {"cockroach", "fastly", "genesys", "vultr"}
    assert all(row["configured"] and row["outcome"] == "complete" for row in rows)
    assert list(tmp_path.iterdir()) == []


def read_accounts(home: Path, *options: str, **variables: str) -> list[dict[str, Any]]:
    """Serve a ledger in a process until it has answered once."""
    line = [sys.executable, "-m", "billfold", "serve", "--port", "0", *options]
    with subprocess.Popen(
        line, stdout=subprocess.PIPE, text=True, cwd=home, env=environment(home, **variables)
    ) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().split()[-1]
            with urllib.request.urlopen(f"{url}api/v1/accounts", timeout=60) as answer:
                rows: list[dict[str, Any]] = json.loads(answer.read())
        finally:
            process.terminate()
    assert process.returncode == 0
    return rows


def test_an_open_address_speaks_tls_and_asks_for_a_key(synced: Terminal, tmp_path: Path) -> None:
    """With a key and a certificate others are answered, who send a key; the secret is no argument of any process."""
    home = Terminal(shutil.copytree(synced.home, tmp_path / "home"))
    make_certificate(tmp_path)
    secret = home.run("keys", "create", "grafana", "--ledger", "ledger").out.strip()
    files = ["--tls-cert", str(tmp_path / "cert.pem"), "--tls-key", str(tmp_path / "key.pem")]
    clear(home.run("serve", "--host", "0.0.0.0", "--ledger", "ledger"), 2, "add --tls-cert and --tls-key")
    line = [sys.executable, "-m", "billfold", "serve", "--host", "0.0.0.0", "--port", "0", "--ledger", "ledger", *files]
    context = ssl.create_default_context(cafile=str(tmp_path / "cert.pem"))
    with subprocess.Popen(
        line, stdout=subprocess.PIPE, text=True, cwd=home.home, env=environment(home.home)
    ) as process:
        try:
            assert process.stdout is not None
            port = process.stdout.readline().split()[-1].rpartition(":")[2].strip("/")
            request = urllib.request.Request(f"https://localhost:{port}/api/v1/accounts")
            with pytest.raises(urllib.error.HTTPError, match="401"):
                urllib.request.urlopen(request, timeout=60, context=context)
            request.add_header("Authorization", f"Bearer {secret}")
            with urllib.request.urlopen(request, timeout=60, context=context) as answer:
                assert [row["account"] for row in json.loads(answer.read())] == ["mine"]
                assert answer.headers["strict-transport-security"] == "max-age=31536000"
        finally:
            process.terminate()


def make_certificate(directory: Path) -> None:
    """Write a certificate of this machine that nobody else signed, and its key."""
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-days", "2"]
    files = ["-keyout", str(directory / "key.pem"), "-out", str(directory / "cert.pem")]
    line = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", *names, *files]
    subprocess.run(line, check=True, capture_output=True)
