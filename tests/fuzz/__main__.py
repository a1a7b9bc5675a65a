"""Fuzz from the command line: ``python -m tests.fuzz --seed N --runs K [--provider P] [--seconds S]``."""

from __future__ import annotations

import argparse
import itertools
import signal
import sys
import time
from collections import Counter

from tests.fuzz.fuzz import choose_provider, run_seed
from tests.fuzz.vendors import PROVIDERS


def main() -> int:
    """Run seeds until there are enough answers, runs or seconds; print each failure as the command that shows it again."""
    options = read_options()
    counts, deadline = Counter[str](), time.monotonic() + options.seconds
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        for seed in itertools.count(options.seed, options.step):
            is_enough = options.answers and counts["answers"] >= options.answers
            if is_enough or counts["runs"] >= options.runs or time.monotonic() > deadline:
                break
            play_seed(options.provider or choose_provider(seed), seed, counts)
    finally:
        print(
            ", ".join(f"{count} {name}" for name, count in counts.items()), f"{time.process_time():.0f} s", flush=True
        )
    return 1 if counts["failures"] else 0


def play_seed(provider: str, seed: int, counts: Counter[str]) -> None:
    """Run a seed, count what it came to, and print what is wrong."""
    result = run_seed(provider, seed)
    counts.update(runs=1, answers=result.mutated_answers, bills=result.bills, trusted=result.trusted_bills)
    if result.faults:
        counts["failures"] += 1
        print(f"python -m tests.fuzz --provider {provider} --seed {seed} --runs 1")
        print(*(f"    {fault}" for fault in result.faults), sep="\n", flush=True)


def read_options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="the first seed")
    parser.add_argument("--step", type=int, default=1, help="from one seed to the next")
    parser.add_argument("--runs", type=int, help="how many seeds (1, or as many as --answers or --seconds take)")
    parser.add_argument("--answers", type=int, default=0, help="how many changed answers")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="when to stop at the latest")
    parser.add_argument("--provider", choices=PROVIDERS, help="one vendor; all without")
    options = parser.parse_args()
    is_open = options.answers or options.seconds < float("inf")
    options.runs = options.runs or (sys.maxsize if is_open else 1)
    return options


if __name__ == "__main__":
    sys.exit(main())
