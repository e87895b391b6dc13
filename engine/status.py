"""The supervisor's snapshot: what ``run/status.json`` and the progress line say."""

from __future__ import annotations

import os
import socket
from datetime import datetime
from typing import TYPE_CHECKING, Any

from engine.errors import EngineError
from engine.logger import get_logger
from engine.private_files import explain
from engine.workloads.base import ResourceState
from engine.workloads.labels import plural

if TYPE_CHECKING:
    from engine.ledger.figures import Figures
    from engine.orchestrator import Orchestrator
    from engine.progress import ProgressTracker
    from engine.worker_process import WorkerProcess
    from engine.workloads.base import Workload

log = get_logger(__name__)


def snapshot(run: Orchestrator) -> dict[str, Any]:
    """Everything that the console shows without asking the ledger (architecture 7)."""
    now = run.now()
    totals = run.ledger.figures().to_dict()
    stage = run.stage
    return {
        "run_id": run.record.run_id,
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "workload": run.workload.name,
        "labels": run.workload.labels.to_dict(),
        "campaign": run.settings.campaign,
        "ledger": str(run.ledger_path),
        "started_at": run.record.started_at.isoformat(),
        "updated_at": now.isoformat(),
        "state": run.phase,
        "stage": None
        if stage is None
        else {"number": stage.number, "label": stage.label, "total_jobs": stage.total_jobs},
        "waiting_until": _iso(run.waiting_until),
        "paused": run.control.paused,
        "paused_by": run.control.paused_by,
        "paused_at": _iso(run.control.paused_at),
        "paused_why": run.control.paused_why,
        "money": run.guards.money.facts(),
        "scaling": run.guards.scaling_facts(),
        "pause_after_stage": run.control.pause_after_stage,
        "held": {
            "keys": sorted(run.control.held_keys),
            "workers": sorted(run.control.held_workers),
        },
        "workers": [
            {**_worker(worker), "facts": dict(run.workload.slot_facts(slot))}
            for slot, worker in sorted(run.workers.slots.items())
        ],
        "resources": [_resource(state) for state in run.desk.held()],
        "totals": totals,
        "stages": dict(run.plan.summary()) if run.plan is not None else {},
        "stages_allowed": run.plan.max_passes if run.plan is not None else None,
        "price_per_minute": run.workload.price_per_minute,
        "forecast": run.forecast.facts(totals, now),
        "result": run.record.result,
    }


def publish(workload: Workload, ledger: ProgressTracker) -> None:
    """Have the trade write its own files for people; nothing that goes wrong there ends a run."""
    try:
        workload.publish(ledger)
    except OSError as exc:
        log.warning("not_published", error=explain(exc))
    except EngineError as exc:
        log.warning("not_published", error=str(exc))
    except Exception:
        log.exception("not_published")


def pending_text(totals: Figures) -> str:
    """``12``, and how many of those that wait belong to a later stage."""
    return f"{totals.pending} ({totals.later} for later)" if totals.later else f"{totals.pending}"


def totals_line(run: Orchestrator) -> str:
    """One line of progress (A12.8)."""
    totals = run.ledger.figures()
    live, slots = len(run.workers.alive), len(run.workers.slots)
    text = (
        f"success {totals.success}, failed {totals.failed}, pending {pending_text(totals)}, "
        f"in progress {totals.claimed}, retrying {totals.retrying}, "
        f"workers {live} of {slots}"
    )
    now = run.now()
    held = sorted(run.workload.resources(ask=False), key=lambda state: state.since or now)
    if held:
        names = ", ".join(_since(state, now) for state in held)
        text += f", {plural(run.workload.labels.resource)} on ({len(held)}): {names}"
    return text


def _since(state: ResourceState, now: datetime) -> str:
    if state.since is None:
        return state.label
    return f"{state.label} {(now - state.since).total_seconds() / 60:.0f} min"


def _worker(worker: WorkerProcess) -> dict[str, Any]:
    view = worker.view
    cpu, memory = worker.usage()
    return {
        "slot": worker.slot,
        "process": str(worker.state),
        "process_since": worker.since.isoformat(),
        "pid": worker.popen.pid if worker.popen else None,
        "state": view.state,
        "state_since": _iso(view.state_since),
        "phase": view.phase,
        "phase_since": _iso(view.phase_since),
        "job": view.job_id,
        "key": view.key,
        "attempt": view.attempt,
        "next_job": view.next_id,
        "submitted": view.submitted,
        "idle": view.idle,
        "restarts": worker.restarts,
        "restart_at": _iso(worker.restart_due),
        "beat": _iso(view.beat),
        "exit_reason": view.exit_reason,
        "succeeded": view.succeeded,
        "failed": view.failed,
        "cpu_seconds": round(cpu, 2),
        "memory_mb": round(memory, 1),
    }


def _resource(state: ResourceState) -> dict[str, Any]:
    return {
        "kind": state.kind,
        "id": state.id,
        "label": state.label,
        "state": state.state,
        "ours": state.ours,
        "slot": state.slot,
        "job": state.job_id,
        "since": _iso(state.since),
        "minutes": round(state.minutes, 1),
        "note": state.note,
        "stopping_since": _iso(state.stopping_since),
    }


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
