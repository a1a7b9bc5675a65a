"""What the witness scripts share: one question from stdin, one answer to stdout, and nothing may hang."""

import datetime as dt
import decimal
import faulthandler
import hashlib
import importlib.metadata
import json
import socket
import sys
import time
import urllib.request

PATIENCE = 20  # seconds for one call, by the SDK's own setting where it has one
TURNS = 10  # how often something not ready is asked for again


def witness(testify):
    """Let the SDK answer the question; what the SDK itself prints must not spoil the answer."""
    answers, sys.stdout = sys.stdout, sys.stderr
    question = json.load(sys.stdin)
    faulthandler.dump_traceback_later(question.get("deadline", 100), exit=True)
    socket.setdefaulttimeout(PATIENCE)
    json.dump(testify(question), answers)
    answers.flush()


def version(package):
    """Name and version of the SDK that is speaking."""
    return f"{package} {importlib.metadata.version(package)}"


def release(package):
    """The release of the SDK as two numbers, which decides how it wants to be called."""
    return tuple(int(part) for part in importlib.metadata.version(package).split(".")[:2])


def attempt(call, *args, **kwargs):
    """What the call returns, or the error that the SDK made of the answer."""
    try:
        return call(*args, **kwargs)
    except Exception as error:  # noqa: BLE001 - whatever an SDK raises is its testimony
        return {"error": failure(error)}


def failure(error):
    """An SDK's exception: all of them carry status, body and headers where an answer came."""
    status = getattr(error, "status", None)
    if not status:
        return {"status": None, "type": type(error).__name__, "body": None, "message": str(error)[:1000]}
    headers = {key.lower(): value for key, value in dict(error.headers or {}).items()}
    facts = {"status": status, "type": type(error).__name__, "body": body(error.body)}
    return {**facts, "content_type": headers.get("content-type"), **getattr(error, "checked", {})}


def body(data):
    """A body as JSON where it is JSON, else as text."""
    text = data.decode("utf-8", "replace") if isinstance(data, bytes) else data
    try:
        return json.loads(text)
    except (TypeError, ValueError):
        return text


def digits(value):
    """Money as text: the shortest digits of the binary fraction that an SDK made of it."""
    if value is None:
        return None
    exact = value if isinstance(value, str) else repr(float(value))
    return format(decimal.Decimal(exact).normalize(), "f")


def total(values):
    """The sum of some amounts, as text, added as decimals."""
    return digits(str(sum((decimal.Decimal(digits(value)) for value in values), decimal.Decimal(0))))


def plain(value):
    """Anything an SDK made, as JSON can carry it."""
    if hasattr(value, "to_dict"):
        value = value.to_dict()
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, (float, decimal.Decimal)):
        return digits(value)
    return value if value is None or isinstance(value, (bool, int, str)) else str(value)


def walk(ask):
    """All pages of a list; `ask` takes a cursor and gives a page and the next cursor, nothing at the end."""
    seen, cursor = set(), None
    while cursor not in seen:
        seen.add(cursor)
        page, cursor = ask(cursor)
        yield page
        if not cursor:
            return
    raise RuntimeError(f"the cursor {cursor!r} came twice")


def document(status, headers, data):
    """A document: not what it says, but that it is the one, and of the kind asked for."""
    named = {key.lower(): value for key, value in dict(headers).items()}
    return {
        "status": status,
        "content_type": named.get("content-type"),
        "disposition": named.get("content-disposition"),
        "bytes": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
        "head": data[:8].decode("latin-1"),
    }


def download(url):
    """Fetch a document as a browser would, without the credential of the API."""
    with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
        return document(answer.status, answer.headers, answer.read())


def wait(question, seconds):
    """Let the twin's clock run ahead; without a twin, really wait a little."""
    if "twin_root" not in question:
        time.sleep(min(seconds, 1))
        return
    order = json.dumps({"advance": f"{seconds}s"}).encode()
    url = f"{question['twin_root']}/_twin/clock"
    asked = urllib.request.Request(url, order, {"Content-Type": "application/json"})
    urllib.request.urlopen(asked, timeout=PATIENCE).close()
