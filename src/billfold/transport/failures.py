"""Why no answer came, as a clause with its cure: which certificate, name, port, proxy or limit it was."""

from __future__ import annotations

import re
import socket
import ssl
from typing import TYPE_CHECKING

import httpx2

from billfold.transport.deadline import DeadlinePassed
from billfold.transport.proxy import UnusableSetting, name_proxy
from billfold.wire.message import Failure

if TYPE_CHECKING:
    from billfold.transport.http import HttpSettings

CA_CURE = (
    "Where your company's proxy inspects connections, let SSL_CERT_FILE, or `ca =` in the account's configuration, name the file "
    "with its certificate."
)
LOGIN_CURE = (
    "Write the login into the proxy's address, http://USER:PASSWORD@HOST:PORT, in HTTPS_PROXY or behind `proxy =`."
)
REFUSED_CURE = "Check the network, the proxy settings and base_url, then try again: nobody listens there."
EXPIRED_CODES, OTHER_NAME_CODES = {9, 10}, {62, 64}
"""OpenSSL's numbers for a certificate that is not valid yet or no more, and for one of another host or address."""
PROXY_LOGIN_STATUS = 407


def failure_for_error(error: Exception, settings: HttpSettings, proxy: str = "") -> Failure:
    """Say in one clause why no answer came, and what to do where that is known; ``proxy`` was to lead there."""
    cause = _find_cause(error)
    failure = _describe_cause(cause, settings, proxy) or _describe_way(error, settings, proxy)
    return (failure or _describe_error(error, settings))._replace(cause=cause)


def failure_for_proxy_status(status: int, proxy: str) -> Failure:
    """Say what a proxy means that does not let a request through."""
    if status == PROXY_LOGIN_STATUS:
        return Failure(f"the proxy {name_proxy(proxy)} wants a login (HTTP 407)", retryable=False, cure=LOGIN_CURE)
    reason = f"the proxy {name_proxy(proxy)} did not let it through" + (f" (HTTP {status})" if status else "")
    return Failure(reason, retryable=status >= 500)


def _find_cause(error: BaseException) -> BaseException:
    """Return the system's error behind the library's, if there is one; its trace would keep alive all that was read."""
    chain = [error]
    while following := chain[-1].__cause__ or chain[-1].__context__:
        chain.append(following)
    # a bare OSError only says that all ways failed: what is behind it says why
    cause = next(
        (link for link in chain if isinstance(link, OSError | ValueError) and type(link) is not OSError), error
    )
    return cause.with_traceback(None)


def _describe_cause(cause: BaseException, settings: HttpSettings, proxy: str) -> Failure | None:
    host = settings.host
    match cause:
        case DeadlinePassed():
            reason = f"{host} did not finish its answer within {settings.deadline:g} s"
            return Failure(reason, retryable=False, exceeded_limit="time")
        case UnusableSetting():
            return Failure(str(cause), retryable=False, cure=cause.cure)
        case ssl.SSLCertVerificationError():
            return _describe_certificate(cause, host)
        case ssl.SSLError():
            reason = (
                f"no secure connection to {host} ({(cause.reason or type(cause).__name__).lower().replace('_', ' ')})"
            )
            return Failure(
                reason, cure="Check that base_url and the proxy's address begin with the right http:// or https://."
            )
        case socket.gaierror() | UnicodeError():
            name = name_proxy(proxy) if proxy else host
            return Failure(
                f"cannot connect to {name}: there is no such host", cure="Check base_url, the proxy and the DNS."
            )
    return None


def _describe_certificate(error: ssl.SSLCertVerificationError, host: str) -> Failure:
    if error.verify_code in EXPIRED_CODES:
        cure = "Check this machine's clock; if it is right, its owner has to renew it."
        return Failure(f"the certificate of {host} is not valid today", retryable=False, cure=cure)
    if error.verify_code in OTHER_NAME_CODES:
        cure = f"Check base_url. {CA_CURE}"
        return Failure(f"the certificate of {host} is that of another host", retryable=False, cure=cure)
    return Failure(f"the certificate of {host} is not trusted ({error.verify_message})", retryable=False, cure=CA_CURE)


def _describe_way(error: Exception, settings: HttpSettings, proxy: str) -> Failure | None:
    """Say why the host, or the proxy to it, was not reached."""
    way = f"the proxy {name_proxy(proxy)}" if proxy else settings.host
    match error:
        case httpx2.ConnectTimeout():
            return Failure(f"{way} did not answer within {settings.timeout:g} s")
        case httpx2.ProxyError():
            status = re.match(r"\d{3}", str(error))
            return failure_for_proxy_status(int(status[0]) if status else 0, proxy)
        case httpx2.ConnectError():
            is_refused = isinstance(_find_cause(error), ConnectionRefusedError)
            return Failure(f"cannot connect to {way}", cure=REFUSED_CURE if is_refused else "")
    return None


def _describe_error(error: Exception, settings: HttpSettings) -> Failure:
    host = settings.host
    match error:
        case httpx2.ReadTimeout() | httpx2.PoolTimeout() | httpx2.WriteTimeout():
            return Failure(f"{host} did not answer within {settings.timeout:g} s")
        case httpx2.DecodingError():
            return Failure(f"{host} sent a body that does not match its Content-Encoding")
        case httpx2.UnsupportedProtocol() | httpx2.LocalProtocolError() | httpx2.InvalidURL():
            return Failure(f"{host}: the request cannot be sent; check base_url and the key", retryable=False)
        case httpx2.TransportError():
            return Failure(f"the connection to {host} broke off: {type(error).__name__}")
        case _:
            return Failure(f"{host}: {type(error).__name__}", retryable=False)
