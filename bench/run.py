"""Measures and writes results.md: ``run.py`` everything but ``questions``, ``big``, ``huge``, ``scale`` and ``readers``, ``run.py PART...`` only these, ``--quick`` to try."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
PARTS = ("decode", "start", "twin", "sync", "questions", "big", "huge", "scale", "readers")
"""Each a module beside this one whose ``rows`` yields what it measured."""
USUAL = PARTS[:-5]


def main(arguments: list[str]) -> int:
    """Measure the parts wanted; those of the file that were not stay. ``--quick`` measures little and writes nothing."""
    from table import Row, text, write

    quick = "--quick" in arguments
    names = [word for word in arguments if word != "--quick"] or list(USUAL)
    if unknown := set(names) - set(PARTS):
        print(f"there is no part {min(unknown)!r}; there are {', '.join(PARTS)}", file=sys.stderr)
        return 2
    rows: list[Row] = []
    for part in names:
        for row in import_module(part).rows(quick=quick):
            print(" | ".join(row.cells()), file=sys.stderr, flush=True)
            rows.append(row)
    if quick:
        print(text(row.cells() for row in rows))
    else:
        write(rows, PARTS)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
