"""Where the garbage collector looks between the start and the end of a process."""

from __future__ import annotations

import subprocess
import sys

SHORT_LIFE = """
import gc
usual = gc.get_threshold()
from engine import collector

collector.quick_start()
assert gc.isenabled()
assert gc.get_threshold()[0] > usual[0]
collector.settled()
assert gc.get_threshold() == usual
assert gc.get_freeze_count() > 0
circle = []
circle.append(circle)
del circle
assert gc.collect() > 0, "what comes after the start is looked through"
collector.leave(7)
"""


def test_work_is_looked_through_as_usual_and_the_end_keeps_its_status() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SHORT_LIFE], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (7, "")
