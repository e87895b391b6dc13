from __future__ import annotations

from pathlib import Path

from engine.config import Settings
from engine.job_control import change
from engine.jobs import ErrorCategory, Failure, NewJob, Nothing
from engine.progress import ProgressTracker
from engine.workloads.base import WorldContext
from tests.toy_workload import ToyWorkload


def test_undoing_a_skip_makes_no_final_failure_claimable(tmp_path: Path) -> None:
    settings = Settings()
    ledger = ProgressTracker(tmp_path / "l.csv", settings=settings)
    ledger.seed(
        lambda _known: [
            NewJob(job_id=name, account=name, video_path=f"{name}.mp4", caption="")
            for name in ("suspended", "waiting")
        ]
    )
    claim = ledger.claim("0")
    assert not isinstance(claim, Nothing)
    ledger.fail(
        claim,
        Failure(error="gone", category=ErrorCategory.ACCOUNT, error_type="suspended"),
    )
    workload = ToyWorkload(WorldContext(settings=settings, work_dir=tmp_path))
    skipped = change("skip", ["suspended", "waiting"], ledger, workload)
    assert skipped.ok
    assert skipped.undo is not None
    answer = skipped.undo()
    statuses = {name: job.status.value for name, job in ledger.jobs().items()}
    assert statuses == {"suspended": "skipped", "waiting": "pending"}
    assert "was failed" in answer["results"]["suspended"]
