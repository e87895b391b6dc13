"""An order's folder when the process that works in it is killed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from engine.downloads.folders import FolderState, OrderFolders, OrderResult
from engine.downloads.page_errors import FolderError

_WORKER = """
import sys
from pathlib import Path
from engine.downloads.folders import OrderFolders

with OrderFolders(Path(sys.argv[1])).working("PO-1") as work:
    (work.path / "whole.pdf").write_bytes(b"whole")
    (work.path / "half.pdf.crdownload").write_bytes(b"ha")
    print("at work", flush=True)
    sys.stdin.read()
"""


def test_what_a_killed_worker_left_is_free_and_taken_up(tmp_path: Path) -> None:
    folders = OrderFolders(tmp_path)
    command = [sys.executable, "-c", _WORKER, str(tmp_path)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "at work\n"
        with pytest.raises(FolderError, match="another process"), folders.working("PO-1"):
            raise AssertionError("two processes in one folder")
        worker.kill()
        worker.wait(10)
    assert [path.name for path in folders.unfinished()] == ["PO-1__WORK"]
    with folders.working("PO-1") as work:
        assert [path.name for path in work.path.iterdir()] == ["whole.pdf"]
        final = work.end(OrderResult(po_number="PO-1", state=FolderState.COMPLETED))
    assert final.name == "PO-1_COMPLETED"
    assert folders.unfinished() == []
