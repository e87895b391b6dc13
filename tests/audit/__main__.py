"""``python -m tests.audit``: pins always, advisories where a source answers.

Exit status 0: nothing against it, or nobody could be asked and that was said. 1: a package that is
not pinned, an allowance that cannot stand, or a known hole; with ``GEELARK_REQUIRE_AUDIT=1`` also
where nobody could be asked.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TextIO

from tests.audit.advisories import Hole, NoAnswerError, node_holes, python_holes
from tests.audit.allowances import Allowance, AllowanceError, read_allowances
from tests.audit.pins import PinError, node_pins, python_pins

ROOT: Final = Path(__file__).resolve().parents[2]
REQUIRED: Final = "GEELARK_REQUIRE_AUDIT"

Ask = Callable[[], list[Hole]]


def audit(root: Path, program: Path, *, required: bool, out: TextIO, err: TextIO) -> int:
    """The exit status; what was found is printed. ``program``: pip-audit."""
    node = root / "engine" / "phones" / "appium"
    try:
        locks = (root / "requirements.lock", root / ".ci" / "audit.lock")
        ours, tools = (python_pins(lock) for lock in locks)
        theirs = node_pins(node)
        today = datetime.now(UTC).date()
        allowed = read_allowances(root / ".ci" / "audit-allowed.toml", today)
    except (PinError, AllowanceError) as exc:
        print(f"AUDIT FAILED: {exc}", file=err)
        return 1
    print(f"Pinned by hash: {len(ours)} + {len(tools)} Python, {len(theirs)} Node.", file=out)
    questions: dict[str, Ask] = {
        "Python": lambda: python_holes([*ours, *tools], program),
        "Node": lambda: node_holes(node),
    }
    return judge(questions, allowed, required=required, out=out, err=err)


def judge(
    questions: dict[str, Ask],
    allowed: Sequence[Allowance],
    *,
    required: bool,
    out: TextIO,
    err: TextIO,
) -> int:
    """Ask, and weigh the answers against what is allowed; the exit status."""
    status = 0
    for world, ask in questions.items():
        try:
            holes = ask()
        except NoAnswerError as exc:
            print(f"NOT AUDITED: no advisory source answers for {world}: {exc}.", file=err)
            status = 1 if required else status
            continue
        open_holes = list(_not_allowed(holes, allowed))
        for hole in open_holes:
            print(f"KNOWN HOLE: {hole}", file=err)
            status = 1
        print(f"{world}: {len(open_holes)} known holes, {len(holes)} with the allowed.", file=out)
    return status


def _not_allowed(holes: Iterable[Hole], allowed: Sequence[Allowance]) -> Iterable[Hole]:
    accepted = {(entry.package.lower(), entry.id) for entry in allowed}
    for hole in holes:
        if not any((hole.package.lower(), name) in accepted for name in hole.ids):
            yield hole


if __name__ == "__main__":
    sys.exit(
        audit(
            ROOT,
            Path(sys.argv[1]) if len(sys.argv) > 1 else Path("pip-audit"),
            required=os.environ.get(REQUIRED) == "1",
            out=sys.stdout,
            err=sys.stderr,
        )
    )
