"""No pattern takes more than linear time on a vendor's text: long texts of every hostile kind are read within limits of time.

All are read in one process whose processor time the system limits: a pattern that is quadratic would take hours on them.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.cli.terminal import environment

LENGTH, CPU_SECONDS = 100_000, 30
PARTS = [
    *(
        "1",
        " 1",
        " 111",
        "1 ",
        "1,111 ",
        ",111",
        ".111",
        "'111",
        "1.",
        "12.50 ",
        "0",
        " 0",
        "0.0",
        "00.00 0",
        "1-",
        "2026-",
    ),
    *(
        "a",
        "a ",
        "a-",
        "A",
        "x_",
        "_",
        "é",
        "e",
        "US",
        "net",
        " net",
        "tax",
        "tax ",
        "vat",
        "true-",
        "support",
        "95th ",
    ),
    *(
        "-",
        " ",
        "\t",
        "\n",
        "\u00a0",
        "!",
        "'",
        '"',
        "%",
        "% ",
        "/",
        ":",
        ".",
        ",",
        "&#0",
        "\\u00",
        "=",
        "\u200b",
        "\x1b",
    ),
    *(
        "(",
        ")",
        "[",
        "]",
        "a(",
        "a (",
        "a (b) [",
        "(a",
        "[a",
        "bandwidth ",
        "requests! ",
        "-percentile",
        "Europe ",
        "GB ",
    ),
]
READING = """
import resource, sys
from decimal import Decimal
resource.setrlimit(resource.RLIMIT_CPU, ({seconds}, {seconds}))
from billfold.model.csv_text import guard_formula
from billfold.model.period import parse_instant
from billfold.model.plain_text import escape_commands, escape_json, format_line
from billfold.providers import mapping
from billfold.providers.cockroach.mapping import lines as cockroach
from billfold.providers.fastly.mapping import services
from billfold.providers.genesys import regions
from billfold.providers.genesys.mapping import classify, credit_memos, invoices
from billfold.providers.vultr.mapping import skus, text_fields
from billfold.report import document_check
from billfold.report.allocation_rules import fits_pattern
from billfold.wire.scrub import scrub_secrets

def refuse(read):
    def read_or_refuse(text):
        try:
            read(text)
        except ValueError:
            return
    return read_or_refuse

READERS = [
    guard_formula, escape_commands, escape_json, format_line, refuse(parse_instant),
    lambda text: scrub_secrets(text, ("a-key/with+signs=",)),
    document_check._AMOUNT_PATTERN.search,
    lambda text: [document_check.states_amount(text, Decimal(total)) for total in ("1.5", "0", "1111111.11", "-20")],
    lambda text: document_check._names_invoice(text, "11111"),
    mapping.TAX_PATTERN.search, mapping.make_slug,
    services.find_product_group, services.is_shortfall, services.find_service,
    text_fields._INSTANCE_PATTERN.fullmatch, text_fields._MONTH_FIRST_PATTERN.fullmatch,
    text_fields._ZONELESS_PATTERN.fullmatch, skus.CREDIT_PATTERN.search,
    *(pattern.search for pattern, _ in skus.SERVICES_BY_PATTERN),
    *(pattern.search for pattern, _ in classify._CATEGORY_RULES),
    classify._AI_PATTERN.search, classify._BOT_PATTERN.search, credit_memos._WORD_PATTERN.findall,
    regions._HOST_PATTERN.fullmatch,
    lambda text: [fits_pattern(pattern, text) for pattern in ("*1*a*1*a*!", "1?1*??a*a", "*a*a*a*a*a*a*a*a*b", "*1?*?1*")],
]
for part in {parts}:
    text = "1" + part * ({length} // len(part)) + "x"
    for read in READERS:
        read(text)
print(len(READERS))
"""


def test_no_pattern_takes_more_than_linear_time(tmp_path: Path) -> None:
    """Every pattern that reads what a vendor wrote reads texts of 100,000 characters of every kind in a limited time."""
    code = READING.format(seconds=CPU_SECONDS, parts=PARTS, length=LENGTH)
    variables = environment(tmp_path)
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True, env=variables)
    assert done.returncode == 0, done.stderr[-2000:]
    assert int(done.stdout) > 20
