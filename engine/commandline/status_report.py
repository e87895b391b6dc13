"""``--status``: what is done, what runs, what is on. Reads only; works without a run or network.

Its figures are those of ``engine.insight.watch``, so that the cockpit shows the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.errors import EngineError
from engine.insight.as_json import as_json
from engine.insight.values import Overview, ResourceLine, ResourceReport
from engine.start_checks import room_notices

if TYPE_CHECKING:
    from engine.insight.watch import Watch
    from engine.jobs import Job
    from engine.progress import ProgressTracker

SCHEMA = 1


def collect(watch: Watch) -> dict[str, Any]:
    """Everything that ``--status`` shows, JSON-ready; asks the provider what is on."""
    sight = watch.refresh()
    settings, workload, run = watch.settings, watch.workload, watch.run
    said, status = run.raw or {}, run.status or run.elsewhere
    return {
        "event": "status",
        "schema": SCHEMA,
        "work_dir": str(watch.work_dir),
        "workload": workload.name,
        "campaign": settings.campaign,
        "daily": workload.daily,
        "labels": workload.labels.to_dict(),
        "ledger": _ledger(watch.ledger),
        "run": None
        if run.holder is None
        else {
            "pid": run.holder.pid,
            "host": run.holder.host,
            "since": run.holder.started_at.isoformat(),
            "state": said.get("state", "unknown"),
            "stage": (said.get("stage") or {}).get("label"),
            "paused": None if status is None else status.paused,
            "paused_by": "" if status is None else status.paused_by,
            "paused_why": "" if status is None else status.paused_why,
            "held": None if status is None else as_json(status.held.model_dump()),
            "forecast": said.get("forecast"),
        },
        "last_run": _last_run(watch),
        "workers": said.get("workers", []),
        "slots": {
            str(index): dict(workload.slot_facts(index)) for index in range(settings.run.workers)
        },
        "notices": [*workload.notices(), *(room_notices(settings) if run.holder is None else ())],
        "resources": _resources(watch),
        "overview": overview_json(sight.overview),
    }


def overview_json(overview: Overview) -> dict[str, Any]:
    """The figures of the Cockpit; money is an estimate and says so."""
    found: dict[str, Any] = as_json(overview)
    found["money"]["est"] = True
    return found


def _ledger(ledger: ProgressTracker) -> dict[str, Any]:
    """Its figures; a ledger that cannot be read must not hide the run and what it holds."""
    try:
        return _figures(ledger)
    except EngineError as exc:
        return {"path": str(ledger.path), "exists": True, "problem": str(exc)}


def _figures(ledger: ProgressTracker) -> dict[str, Any]:
    if not ledger.exists():
        return {"path": str(ledger.path), "exists": False, "problem": ""}
    totals = ledger.figures().to_dict()
    day = ledger.ledger_day()
    done = totals["success"] + totals["failed"]
    return {
        "path": str(ledger.path),
        "exists": True,
        "problem": "",
        "day": day.isoformat() if day else None,
        "success_rate": round(100 * totals["success"] / done, 1) if done else None,
        **totals,
        "doubts": [_doubt(job) for job in ledger.jobs().values() if job.in_doubt]
        if totals["in_doubt"]
        else [],
    }


def _doubt(job: Job) -> dict[str, Any]:
    """A job that may be done: since when, and what is known."""
    since = job.submitted_at or job.claimed_at
    return {
        "job": job.job_id,
        "key": job.account,
        "since": since.isoformat() if since else None,
        "attempts": job.attempts,
        "error": job.error,
    }


def _last_run(watch: Watch) -> dict[str, Any] | None:
    """The run that is live, or the one before; without a result it is live, stopped or crashed."""
    record = watch.run.record
    if record is None:
        return None
    kept = {"run_id", "started_at", "ended_at", "campaign", "ledger", "result"}
    return {**record.model_dump(mode="json", include=kept), "why": record.why}


def _resources(watch: Watch) -> list[dict[str, Any]]:
    """What is on or ours; a line without an id says why the provider could not be asked."""
    report: ResourceReport = watch.ask_resources()
    campaign = bool(watch.settings.campaign)
    lines = [_resource(line, campaign) for line in report.lines if line.state != "off"]
    if report.problem:
        unknown = {"in_campaign": None, "id": "", "label": "", "state": "unknown", "ours": False}
        lines.append(
            {**unknown, "slot": None, "job": "", "since": None, "minutes": 0.0}
            | {"note": report.problem}
        )
    return lines


def _resource(line: ResourceLine, campaign: bool) -> dict[str, Any]:
    """``in_campaign`` says whether its key has a job there; null without a campaign."""
    return {
        "in_campaign": line.in_campaign if campaign else None,
        "id": line.id,
        "label": line.label,
        "state": line.state,
        "ours": line.ours,
        "slot": line.slot,
        "job": line.job_id,
        "since": line.since.isoformat() if line.since else None,
        "minutes": line.minutes,
        "note": line.note,
        "orphan": line.orphan,
        "code": line.code,
    }
