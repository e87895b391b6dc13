"""What a start reads: runs the engine's command line and counts the files of its work directory.

``python -m tests.start_reads WORKDIR REPORT FLAG...`` writes a JSON object: by path inside the work
directory, how often it was opened to be read, and how many bytes it had then.
"""

from __future__ import annotations

import atexit
import json
import os
import runpy
import sys
from collections import defaultdict
from pathlib import Path


def count(work_dir: Path, report: Path) -> None:
    """From now on, until this process ends; what it starts is not counted."""
    root = f"{os.path.realpath(work_dir)}{os.sep}"
    opened: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
    own = os.getpid()

    def heard(event: str, details: tuple[object, ...]) -> None:
        if event != "open" or not isinstance(details[0], str | bytes | os.PathLike):
            return
        path, flags = os.path.realpath(os.fsdecode(details[0])), details[2]
        if path.startswith(root) and isinstance(flags, int) and not flags & os.O_WRONLY:
            found = opened[path.removeprefix(root)]
            found[0] += 1
            found[1] += os.path.getsize(path) if os.path.isfile(path) else 0  # noqa: PTH113, PTH202

    def tell() -> None:
        if os.getpid() == own:
            report.write_text(json.dumps(opened))

    sys.addaudithook(heard)
    atexit.register(tell)


if __name__ == "__main__":
    place, result, *flags = sys.argv[1:]
    count(Path(place), Path(result))
    sys.argv = ["engine.orchestrator", "-C", place, *flags]
    runpy.run_module("engine.orchestrator", run_name="__main__")
