"""A small gate: looks at every file that the tasks wrote, and keeps a log of its own.

``python gate.py NAME LOG`` runs in the merged tree. It fails where a file of ``work/`` holds
anything but its own name, once, or where any file has a conflict's marks. Each run adds a line of
JSON to LOG: the truth that the engine's record is compared with.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path


def faults() -> list[str]:
    """What is wrong in the tree, a sentence each."""
    found = []
    for path in sorted(Path("work").glob("*.txt")):
        text = path.read_text(encoding="utf-8")
        if text != f"{path.stem}\n":
            found.append(f"{path} holds {text[:60]!r}.")
    for path in sorted(Path().glob("*.txt")):
        if "<<<<<<<" in path.read_text(encoding="utf-8"):
            found.append(f"{path} has a conflict.")
    return found


def main(name: str, log: Path) -> int:
    """Exit status 0 where nothing is wrong."""
    began = time.time()
    words = ["git", "rev-parse", "HEAD^{tree}"]
    tree = subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()
    found = faults()
    print("\n".join(found) or "All is well.", flush=True)
    seen = {"name": name, "tree": tree, "passed": not found, "began": began, "ended": time.time()}
    with log.open("a", encoding="utf-8") as file:
        file.write(json.dumps(seen) + "\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
