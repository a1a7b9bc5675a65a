"""Why no answer came is said as what it is, with its cure; certificates are asked for once, and the cause is kept."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from billfold.model.errors import Unreachable
from billfold.transport.http import make_ssl_context
from tests.transport import hostile
from tests.transport.hostile import HOWS, How, nobody, raw, says
from tests.wire.kit import GetThing, line

ASK = GetThing(thing_id="1")
both = pytest.mark.parametrize("how", HOWS)
LOGIN = b"HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: Basic\r\ncontent-length: 0\r\n\r\n"


@pytest.fixture(autouse=True)
def _without_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    make_ssl_context.cache_clear()
    yield
    make_ssl_context.cache_clear()


def make_certificate(home: Path, address: str = "IP:127.0.0.1", days: int = 2) -> tuple[Path, Path]:
    """Make a certificate and its key; one of negative days has expired."""
    certificate, key = home / "certificate.pem", home / "key.pem"
    start = datetime.now(UTC) - timedelta(days=10)
    end = datetime.now(UTC) + timedelta(days=days)
    configuration = home / "ca.cnf"
    configuration.write_text(
        f"[ca]\ndefault_ca=a\n[a]\nnew_certs_dir={home}\ndatabase={home}/index\nserial={home}/serial\ndefault_md=sha256\n"
        f"policy=p\nx509_extensions=x\n[p]\ncommonName=supplied\n[x]\nsubjectAltName={address}\nbasicConstraints=CA:TRUE\n"
    )
    (home / "index").write_text("")
    (home / "serial").write_text("01")
    request = f"openssl req -new -newkey rsa:2048 -nodes -keyout {key} -out {home}/request -subj /CN=corp"
    times = f"-startdate {start:%Y%m%d%H%M%SZ} -enddate {end:%Y%m%d%H%M%SZ}"
    sign = f"openssl ca -batch -selfsign -config {configuration} -keyfile {key} -in {home}/request -out {certificate} -notext"
    for command in (request, f"{sign} {times}"):
        subprocess.run(command.split(), check=True, capture_output=True)
    return certificate, key


@contextmanager
def serve_secured(certificate: Path, key: Path) -> Iterator[tuple[str, list[int]]]:
    """Serve over TLS; gives the address, and a list that grows with every connection."""
    context, connections = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), list[int]()
    context.load_cert_chain(certificate, key)

    def serve(listener: socket.socket) -> None:
        while True:
            caller, _ = listener.accept()
            with caller:
                connections.append(1)
                if stop.is_set():
                    return
                try:
                    with context.wrap_socket(caller, server_side=True) as secured:
                        secured.recv(65536)
                        says(b"{}")(secured)
                except OSError:
                    continue

    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = threading.Thread(target=serve, args=(listener,), daemon=True)
        server.start()
        port = listener.getsockname()[1]
        try:
            yield f"https://127.0.0.1:{port}", connections
        finally:
            stop.set()
            socket.create_connection(("127.0.0.1", port)).close()
            server.join(10)


CERTIFICATES = {
    "not-trusted": ("IP:127.0.0.1", 2, "is not trusted", "SSL_CERT_FILE", False),
    "other-host": ("DNS:other.example", 2, "is that of another host", "Check base_url", True),
    "expired": ("IP:127.0.0.1", -1, "is not valid today", "clock", True),
}
"""Certificates: for which host, for how many days, what is said of them, their cure, and whether they are trusted."""


@pytest.mark.parametrize("case", CERTIFICATES)
@both
def test_a_certificate_is_named_and_asked_for_once(how: How, case: str, tmp_path: Path) -> None:
    address, days, reason, cure, is_trusted = CERTIFICATES[case]
    certificate, key = make_certificate(tmp_path, address, days)
    with serve_secured(certificate, key) as (root, connections):
        with pytest.raises(Unreachable, match=reason) as caught:
            hostile.send(how, root, ASK, line(retries=3), ca=str(certificate) if is_trusted else "")
        assert len(connections) == 1
    assert cure in str(caught.value)
    assert isinstance(caught.value.__cause__, ssl.SSLCertVerificationError)


@both
def test_a_trusted_file_of_certificates_is_used(how: How, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The account's own file is, and so is the environment's."""
    certificate, key = make_certificate(tmp_path)
    with serve_secured(certificate, key) as (root, _):
        assert hostile.send(how, root, ASK, ca=str(certificate)).body == b"{}"
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert hostile.send(how, root, ASK).body == b"{}"


@pytest.mark.parametrize("content", [None, b"", b"no certificate"], ids=["absent", "empty", "text"])
@both
def test_a_file_of_certificates_that_is_none_is_named(
    how: How, content: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(Unreachable, match=r"ca\.pem cannot be read: ") as caught:
        hostile.send(how, "https://127.0.0.1:1", ASK, ca=str(path))
    assert "SSL_CERT_FILE" in str(caught.value)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    with pytest.raises(Unreachable, match=r"ca\.pem cannot be read: "):
        hostile.send(how, "https://127.0.0.1:1", ASK)


@both
def test_an_unsecured_server_is_said_to_be_one(how: How) -> None:
    with hostile.dripping(b"HTTP/1.1 400 Bad\r\n\r\n", b"") as port, pytest.raises(Unreachable, match="no secure conn"):
        hostile.send(how, f"https://127.0.0.1:{port}", ASK)


@both
def test_a_refused_connection_keeps_its_cause(how: How) -> None:
    with pytest.raises(Unreachable, match=r"cannot connect to .* nobody listens there") as caught:
        hostile.send(how, nobody(), ASK)
    assert isinstance(caught.value.__cause__, ConnectionRefusedError)


@both
def test_a_host_that_there_is_not_is_said_so(how: How, monkeypatch: pytest.MonkeyPatch) -> None:
    def find_nothing(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", find_nothing)
    with pytest.raises(Unreachable, match="there is no such host") as caught:
        hostile.send(how, "http://api.nosuch.example", ASK)
    assert isinstance(caught.value.__cause__, socket.gaierror)


@pytest.mark.parametrize("root", ["http://203.0.113.1", "https://203.0.113.1"])
@both
def test_a_proxy_that_wants_a_login_is_asked_once(how: How, root: str) -> None:
    with hostile.hostile(raw(LOGIN)) as server:
        proxy = server.root.replace("//", "//user:hidden@")
        with pytest.raises(Unreachable, match=r"the proxy 127.0.0.1:\d+ wants a login \(HTTP 407\)") as caught:
            hostile.send(how, root, ASK, line(retries=3), proxy=proxy)
        assert len(server.received) == 1
    assert "hidden" not in str(caught.value)
    assert "USER:PASSWORD@HOST" in str(caught.value)


@both
def test_a_proxy_that_cannot_be_reached_is_named(how: How) -> None:
    proxy = nobody()
    with pytest.raises(Unreachable, match=rf"the proxy {proxy[7:]}\. .* nobody listens there"):
        hostile.send(how, "https://203.0.113.1", ASK, proxy=proxy)


@pytest.mark.parametrize(
    ("address", "reason"),
    [("socks5://127.0.0.1:9", "SOCKS proxy"), ("socks4://127.0.0.1:9", "socks4"), ("://x", "proxy")],
)
@both
def test_a_proxy_that_cannot_be_used_is_a_sentence(
    how: How, address: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It matters only where it is needed: a host in NO_PROXY is asked without it."""
    monkeypatch.setattr("billfold.transport.proxy.find_spec", lambda _: None)
    monkeypatch.setenv("ALL_PROXY", address)
    with hostile.hostile(says(b"{}")) as server:
        with pytest.raises(Unreachable, match=reason):
            hostile.send(how, server.root, ASK)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        assert hostile.send(how, server.root, ASK).body == b"{}"


@both
def test_the_environments_proxy_is_used(how: How, monkeypatch: pytest.MonkeyPatch) -> None:
    with hostile.hostile(says(b"{}")) as server:
        monkeypatch.setenv("HTTP_PROXY", server.root)
        assert hostile.send(how, "http://api.nosuch.example", ASK).body == b"{}"
        assert server.received[0].startswith("GET http://api.nosuch.example/things/1 ")
