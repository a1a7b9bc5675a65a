"""The README's Python examples are what `mypy --strict` lets pass: whoever copies one begins with no error."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).parent.parent
IMPORT = re.compile(r"^(?:import|from) .*\n", re.MULTILINE)


def write_module(markdown: str) -> str:
    """Return all examples as one module: its imports first, then each paragraph as a function that may await."""
    code = "\n\n".join(re.findall(r"```python\n(.*?)```", markdown, re.DOTALL))
    paragraphs = re.split(r"\n{2,}(?=\S)", IMPORT.sub("", code).strip())
    functions = [
        f"async def example_{number}() -> None:\n{textwrap.indent(paragraph, '    ')}"
        for number, paragraph in enumerate(paragraphs, 1)
    ]
    imports = sorted({"import datetime\n", *IMPORT.findall(code)})
    return "".join(imports) + "\n\n" + "\n\n\n".join(functions) + "\n"


def check_types(code: str, home: Path) -> str:
    """Return what mypy says of a module; nothing where it is content."""
    module = home / "examples.py"
    module.write_text(code, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", "--no-error-summary"]
    command += ["--config-file", str(ROOT / "pyproject.toml"), "--cache-dir", str(home / "cache"), str(module)]
    env = {**os.environ, "MYPYPATH": str(ROOT / "src")}
    shown = subprocess.run(command, capture_output=True, text=True, check=False, env=env, cwd=home)
    return shown.stdout + shown.stderr


def test_the_examples_of_the_readme_pass_mypy_strict(tmp_path: Path) -> None:
    """They do, and one with a wrong type added does not: the examples are really read."""
    code = write_module((ROOT / "README.md").read_text(encoding="utf-8"))
    assert "billfold.require(" in code
    assert check_types(code, tmp_path) == ""
    wrong = f'{code}\n\ndef wrong(vultr: billfold.Vultr) -> None:\n    vultr.get_invoice(id="1")\n'
    assert 'Unexpected keyword argument "id"' in check_types(wrong, tmp_path)
