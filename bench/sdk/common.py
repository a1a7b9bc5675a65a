"""What the scripts beside share: read the pages named on stdin, say how much CPU the SDK took to deserialize them."""

import gc
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path


def measured(decode: Callable[[bytes], object]) -> None:
    """Answer every line on stdin (a JSON list of paths) with a line: the CPU seconds of ``decode`` over these bodies."""
    answers, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        bodies = [Path(path).read_bytes() for path in json.loads(line)]
        gc.collect()
        began = time.process_time()
        made = [decode(body) for body in bodies]
        spent = time.process_time() - began
        del made
        answers.write(f"{spent}\n")
        answers.flush()
    sys.stderr.flush()
    # Some SDKs leave a thread that watches a file: it must not keep this process.
    os._exit(0)
