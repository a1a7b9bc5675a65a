"""A vendor's words steer no terminal, and a credential that a vendor echoes comes back nowhere."""

from __future__ import annotations

import ast
import base64
import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billfold.cli.gaps import print_gaps
from billfold.cli.outcome_lines import OutcomeLines
from billfold.cli.sync import choose_exit_code
from billfold.collect.outcome import CollectOutcome
from billfold.collect.workspace import Workspace
from billfold.ledger import catalog
from billfold.ledger.query import LedgerFilter
from billfold.model.csv_text import guard_formula
from billfold.model.finding import AccountFinding, make_finding
from billfold.model.finding_codes import FindingCode
from billfold.model.plain_text import COMMAND_RANGES, MAX_LINE_LENGTH, escape_json, format_line
from billfold.providers import provider
from billfold.wire.message import Request, Response
from tests import canaries, hostile_vendor
from tests.cli.terminal import Terminal
from tests.hostile_vendor import KEY, build_invoice, build_path, build_server, collect

CONTROLS = "".join(map(chr, [*range(0x20), *range(0x7F, 0xA0), 0xAD, *range(0x200B, 0x2010), *range(0x2028, 0x202F)]))
CONTROLS += "".join(map(chr, [*range(0x2060, 0x2070), 0xFEFF, 0xE0001]))
"""What a terminal obeys, hides or reads backwards."""
CLI = Path(__file__).parent.parent / "src" / "billfold" / "cli"
LISTINGS = [
    *(["reconcile"], ["invoices"], ["charges"], ["report"], ["restatements"]),
    *(["sql", f"SELECT * FROM {table}"] for table in ("bills", "records", "CostAndUsage")),
]
FORMATS = ("table", "json", "csv")
COMMANDS = [
    *([*listing, "--format", output_format] for listing in LISTINGS for output_format in FORMATS),
    *(["rebuild"], ["verify"], ["hash"], ["documents", "documents"]),
    *(["export", "focus", f"out-{file_format}", "--format", file_format] for file_format in ("parquet", "csv")),
    *(["check", "focus", "out-csv", "--format", output_format] for output_format in FORMATS),
]
"""Every command that tells of a ledger, in every format."""
SHORT_COMMANDS = [*([*listing, "--format", "json"] for listing in LISTINGS), ["rebuild"], ["verify"]]
COMMANDS_TO_TERMINALS = {chr(code) for first, last in COMMAND_RANGES for code in range(first, last + 1)}


@pytest.fixture
def workspace(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Workspace:
    homes = {**provider._find_modules(), "acme": hostile_vendor.__name__}
    monkeypatch.setattr(provider, "_find_modules", lambda: homes)
    return Workspace(tmp_path / "ledger")


def run_commands(workspace: Workspace, commands: list[list[str]]) -> str:
    """Return what commands print of a ledger."""
    workspace.archive._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    workspace.close()
    terminal = Terminal(workspace.directory.parent)
    return "".join(terminal.run("--ledger", "ledger", *command).all for command in commands)


def print_outcome(outcome: CollectOutcome, capsys: pytest.CaptureFixture[str]) -> str:
    """Return what ``sync`` prints of an outcome, for people and as JSON."""
    for as_json in (False, True):
        lines = OutcomeLines([outcome.account], as_json=as_json)
        lines.print_collected(outcome)
        lines.print_booked([outcome])
    return capsys.readouterr().out


def find_controls(text: str) -> set[str]:
    """Return the characters of an output that are no words and no line ends of ours."""
    return {character for character in text if character != "\n" and not character.isprintable()}


def test_no_command_prints_past_the_one_way_out() -> None:
    """Only ``cli/output.py`` calls ``click.echo`` or ``print``: it makes every line safe for a terminal."""
    for path in sorted(CLI.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
            assert path.name == "output.py" or name not in {"click.echo", "click.secho", "print"}, (
                f"{path.name}:{node.lineno} {name}"  # type: ignore[attr-defined]
            )


@given(st.text())
def test_any_text_is_one_printable_line(text: str) -> None:
    line = format_line(text)
    assert line.isprintable()
    assert len(line) <= MAX_LINE_LENGTH


@given(st.text(st.one_of(st.sampled_from(CONTROLS), st.characters())))
def test_escaped_json_means_the_same(text: str) -> None:
    """JSON with its invisible characters escaped has the same value, and none of the characters."""
    escaped = escape_json(json.dumps(text, ensure_ascii=False))
    assert json.loads(escaped) == text
    assert not set(escaped) & set(CONTROLS)


@pytest.mark.parametrize("control", CONTROLS)
def test_a_finding_is_one_line_whatever_it_says(control: str, capsys: pytest.CaptureFixture[str]) -> None:
    finding = make_finding(FindingCode.HISTORY_MISMATCH, f"a{control}b", f"c{control}d", e=f"f{control}g")
    print_gaps([AccountFinding("acme", "mine", "", finding)])
    text = capsys.readouterr().err
    assert (text.count("\n"), find_controls(text)) == (1, set())
    outcome = CollectOutcome("mine", "acme", findings=[finding])
    assert find_controls(print_outcome(outcome, capsys)) == set()


@pytest.mark.parametrize("total", ["1", "2"], ids=["booked", "parked"])
def test_a_vendors_words_steer_no_terminal(
    total: str, workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever stands in an invoice's id and in a line's text, no command prints it as it is."""
    invoice_id = f"b{CONTROLS}"
    server = build_server(
        build_invoice(invoice_id, CONTROLS, total),
        build_invoice(f"gone{CONTROLS}"),
        refuse=lambda path: Response(403, {}, CONTROLS.encode()) if path == build_path(f"gone{CONTROLS}") else None,
    )
    outcome = collect(workspace, server)
    assert len(outcome.missing) == 1
    text = print_outcome(outcome, capsys) + run_commands(workspace, [*COMMANDS, ["explain", invoice_id]])
    assert not set(text) & COMMANDS_TO_TERMINALS
    for path in workspace.directory.parent.glob("out-csv/*"):
        assert not set(path.read_text(encoding="utf-8")) & COMMANDS_TO_TERMINALS, path


@pytest.mark.parametrize("command", LISTINGS, ids=" ".join)
@pytest.mark.parametrize("output_format", FORMATS)
def test_every_format_has_all_of_a_vendors_words(
    output_format: str, command: list[str], workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    """A table has one printable line a row; JSON has the words as they are; CSV runs nothing in a spreadsheet."""
    invoice_id, lists_ids = f"={CONTROLS}", command[0] in {"invoices", "charges"}
    collect(workspace, build_server(build_invoice(invoice_id, f"+{CONTROLS}")))
    workspace.close()
    text = Terminal(workspace.directory.parent).run("--ledger", "ledger", *command, "--format", output_format).out
    if output_format == "table":
        assert find_controls(text) == set()
    if output_format == "json":
        assert find_controls(text) == set()
        assert (
            any(value in {invoice_id, f"+{CONTROLS}"} for row in json.loads(text) for value in row.values())
            or not lists_ids
        )
    if output_format == "csv":
        cells = [cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row]
        assert [cell for cell in cells if guard_formula(cell) != cell and not cell.startswith("'")] == []


BASE64_KEY, BASE64_PAIR = (base64.b64encode(text.encode()).decode() for text in (KEY, f"user:{KEY}"))


def build_raw_server(invoice: dict[str, Any], spelling: str) -> Callable[[Request], Response]:
    """Return what answers with an invoice in whose JSON the middle of the key is spelled so."""
    body = json.dumps({"invoices": [invoice]}).replace("SECRET", spelling).encode()
    return build_server(refuse=lambda _: Response(200, {"content-type": "application/json"}, body))


ECHOES: dict[str, Callable[[Request], Response]] = {
    "id": build_server(build_invoice(f"x{KEY}")),
    "id-disguised": build_server(build_invoice(f"x{KEY}".replace("S", "S~"))),
    "id-parked": build_server(build_invoice(f"x{KEY}", total="2")),
    "text": build_server(build_invoice("b1", f"for {KEY}")),
    "month": build_server(build_invoice("b1", month=f"x{KEY}")),
    "refused": build_server(
        build_invoice(f"x{KEY}"),
        refuse=lambda path: None if path == "/invoices" else Response(403, {f"x-{KEY}": KEY}, KEY.encode()),
    ),
    "unauthorized": build_server(refuse=lambda _: Response(401, {}, KEY.encode())),
    "no-invoice": build_server(refuse=lambda _: Response(200, {}, f"<html>{KEY}</html>".encode())),
    "wrong-type": build_server(refuse=lambda _: Response(200, {}, json.dumps({"invoices": KEY}).encode())),
    "escaped": build_raw_server(build_invoice(f"x{KEY}"), "\\u0053ECRE\\u0054"),
    "percent": build_server(build_invoice("b1", f"for {KEY.replace('S', '%53')}")),
    "entity": build_server(build_invoice("b1", f"for {KEY.replace('S', '&#83;')}")),
    "twice": build_server(build_invoice("b1", f"for {KEY.replace('S', '%2553')}")),
    "base64": build_server(build_invoice("b1", f"for {BASE64_KEY}")),
    "pair": build_server(build_invoice("b1", f"for {BASE64_PAIR}")),
}
"""How a vendor gives the key back that it was asked with."""


@pytest.mark.parametrize("echo", ECHOES)
def test_an_echoed_key_comes_back_nowhere(echo: str, workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    """A vendor that echoes the key leaves it in no file of the ledger's directory, and in no output."""
    outcome = collect(workspace, ECHOES[echo])
    text = f"{vars(outcome)} {outcome.error!r}" + print_outcome(outcome, capsys)
    text += run_commands(workspace, [*SHORT_COMMANDS, ["export", "focus", "out"]])
    assert not [secret for secret in ("SECRET", BASE64_KEY, BASE64_PAIR[12:]) if secret in text]
    assert "[secret]" in text
    for path in [path for path in workspace.directory.parent.rglob("*") if path.is_file()]:
        assert canaries.in_file(path, ["SECRET"]) == set(), path
        if path.suffix == ".parquet":
            assert "SECRET" not in canaries.cells(path), path


REFUSALS = {
    "refused": (Response(403, {}, b"no"), "answer-refused", "acme get_invoice: the vendor refused (HTTP 403)."),
    "failed": (Response(500, {}, b"no"), "answer-refused", "acme get_invoice: the vendor failed (HTTP 500)."),
    "html": (Response(200, {}, b"<html>"), "answer-unreadable", "acme get_invoice: "),
}


@pytest.mark.parametrize("refusal", REFUSALS)
def test_an_unreadable_answer_is_not_a_refused_one(refusal: str, workspace: Workspace) -> None:
    """What is missing says which invoice it was asked for, whether that was refused or unreadable, and its status once."""
    response, code, sentence = REFUSALS[refusal]
    server = build_server(build_invoice("b2"), refuse=lambda path: response if path == build_path("b2") else None)
    (finding,) = collect(workspace, server).missing
    workspace.close()
    assert (finding.code, finding.data["invoice_id"]) == (code, "b2")
    assert finding.text.startswith(sentence)
    assert finding.text.count("HTTP") == 1


def test_an_account_that_failed_is_a_finding(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    """Machines find it among the findings; people are told it once."""
    outcome = collect(workspace, build_server(refuse=lambda _: Response(401, {}, b"no")))
    workspace.close()
    (finding,) = outcome.all_findings
    assert (finding.code, finding.is_wrong, finding.text) == ("account-failed", True, str(outcome.error))
    assert finding.data == {"error": "Unauthorized", "operation": "list_invoices", "status": "401"}
    assert choose_exit_code([outcome]) == 3
    assert print_outcome(outcome, capsys).count("HTTP 401") == 3  # for people; the error and its finding in JSON


@pytest.mark.parametrize("invoice_id", ["..", ".", "x" * 100_000], ids=["parent", "here", "endless"])
def test_an_id_that_cannot_be_asked_hides_no_other(invoice_id: str, workspace: Workspace) -> None:
    """An invoice whose id no question can be made of is named, and the ones beside it are booked."""
    invoices = [build_invoice("b1"), build_invoice(invoice_id), build_invoice("b3")]

    def answer_request(request: Request) -> Response:
        body = {"invoices": invoices} if request.path == "/invoices" else build_invoice(request.path.rpartition("/")[2])
        return Response(200, {"content-type": "application/json"}, json.dumps(body).encode())

    outcome = collect(workspace, answer_request)
    assert (outcome.error, [finding.code for finding in outcome.missing]) == (None, [FindingCode.ANSWER_UNREADABLE])
    with workspace.open_ledger() as ledger:
        assert [bill.invoice_id for bill in catalog.list_bills(ledger, LedgerFilter())] == ["b1", "b3"]


@pytest.mark.parametrize(("echo", "error"), [("id", "NotFound"), ("id-disguised", "InvalidResponse")])
def test_no_question_holds_the_key(echo: str, error: str, workspace: Workspace) -> None:
    """What is read is scrubbed, so that it is asked for without the key; what holds it all the same is not asked."""
    paths = list[str]()

    def answer_request(request: Request) -> Response:
        paths.append(request.path)
        return ECHOES[echo](request)

    (finding,) = collect(workspace, answer_request).missing
    workspace.close()
    assert (finding.subject, finding.data["error"]) == ("x[secret]", error)
    assert paths == ["/invoices", *([build_path("x[secret]")] if echo == "id" else [])]


@pytest.mark.parametrize(
    ("date", "is_far"), [("Sun, 06 Nov 2033 08:49:37 GMT", True), ("Sun, 15 Nov 2026 20:00:00 GMT", False)]
)
def test_a_vendors_clock_that_is_far_off_is_named(date: str, is_far: bool, workspace: Workspace) -> None:
    """A vendor's time that is more than a day from ours is a finding, and is not used; one of any zone is believed."""
    server = build_server(build_invoice("b1"))

    def answer_request(request: Request) -> Response:
        response = server(request)
        return response._replace(headers={**response.headers, "date": date})

    outcome = collect(workspace, answer_request)
    workspace.close()
    assert outcome.error is None
    assert (FindingCode.CLOCKS_APART in {finding.code for finding in outcome.all_findings}) is is_far
