"""Fuzz from the command line: ``python -m tests.fuzz --seed N --runs K [--provider P] [--seconds S]``."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter

from tests.fuzz.fuzz import choose_provider, run_seed
from tests.fuzz.vendors import PROVIDERS


def main() -> int:
    """Run seeds until there are enough answers, runs or seconds; print each failure as the command that shows it again."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="the first seed")
    parser.add_argument("--runs", type=int, default=0, help="how many seeds")
    parser.add_argument("--answers", type=int, default=0, help="how many changed answers, in place of --runs")
    parser.add_argument("--provider", choices=PROVIDERS, help="one vendor; all in turn without")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="when to stop at the latest")
    parser.add_argument("--step", type=int, default=1, help="from one seed to the next")
    options = parser.parse_args()
    counts, deadline, seed = Counter[str](), time.monotonic() + options.seconds, options.seed
    run_limit = options.runs or (sys.maxsize if options.answers else 1)
    while counts["runs"] < run_limit and time.monotonic() < deadline:
        if options.answers and counts["answers"] >= options.answers:
            break
        provider = options.provider or choose_provider(seed)
        result = run_seed(provider, seed)
        counts += Counter(runs=1, answers=result.mutated_answers, bills=result.bills, trusted=result.trusted_bills)
        if result.faults:
            counts["failures"] += 1
            print(f"python -m tests.fuzz --provider {provider} --seed {seed} --runs 1")
            print(*(f"    {fault}" for fault in result.faults), sep="\n", flush=True)
        seed += options.step
    print(", ".join(f"{count} {name}" for name, count in counts.items()))
    return 1 if counts["failures"] else 0


if __name__ == "__main__":
    sys.exit(main())
