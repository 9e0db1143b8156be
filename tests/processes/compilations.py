"""A command of ``face-jax``, and how often JAX compiled or took from its cache meanwhile.

  python -m tests.processes.compilations OUT.json ARGUMENT...

A program that is compiled twice in a process is found in the cache the second time.
"""

import json
import sys
from collections import Counter
from pathlib import Path

import jax

from face_jax.cli.__main__ import main

EVENT = "/jax/compilation_cache/cache_"


def run(path: Path, arguments: list[str]) -> int:
    found: Counter[str] = Counter()
    jax.monitoring.register_event_listener(lambda name, **_: found.update([name]))
    status = main(arguments)
    counts = {kind: found[EVENT + kind] for kind in ("hits", "misses")}
    path.write_text(json.dumps(counts))
    return status


if __name__ == "__main__":
    raise SystemExit(run(Path(sys.argv[1]), sys.argv[2:]))
