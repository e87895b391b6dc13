"""``--status``: what is done, what runs, what is on. Reads only; works without a run or network."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from engine.config import Settings
from engine.errors import EngineError
from engine.instance import InstanceLock
from engine.output import say, table
from engine.progress import ProgressTracker
from engine.run_state import RunDirectory
from engine.workloads.base import ResourceState, Workload

SCHEMA = 1


def collect(
    *,
    settings: Settings,
    work_dir: Path,
    run_dir: RunDirectory,
    lock: InstanceLock,
    ledger: ProgressTracker,
    workload: Workload,
) -> dict[str, Any]:
    """Everything that ``--status`` shows, JSON-ready."""
    holder = lock.holder()
    status = run_dir.read_status() if holder is not None else None
    return {
        "schema": SCHEMA,
        "work_dir": str(work_dir),
        "workload": workload.name,
        "campaign": settings.campaign,
        "labels": {"key": workload.key_label, "resource": workload.resource_label},
        "ledger": _ledger(ledger),
        "run": None
        if holder is None
        else {
            "pid": holder.pid,
            "host": holder.host,
            "since": holder.started_at.isoformat(),
            "state": (status or {}).get("state", "unknown"),
            "stage": ((status or {}).get("stage") or {}).get("label"),
            "forecast": (status or {}).get("forecast"),
        },
        "workers": (status or {}).get("workers", []),
        "slots": {
            str(index): dict(workload.slot_facts(index)) for index in range(settings.run.workers)
        },
        "resources": [_resource(state) for state in _resources(workload)],
    }


def _ledger(ledger: ProgressTracker) -> dict[str, Any]:
    if not ledger.exists():
        return {"path": str(ledger.path), "exists": False}
    totals = ledger.figures().to_dict()
    day = ledger.ledger_day()
    done = totals["success"] + totals["failed"]
    return {
        "path": str(ledger.path),
        "exists": True,
        "day": day.isoformat() if day else None,
        "success_rate": round(100 * totals["success"] / done, 1) if done else None,
        **totals,
    }


def _resources(workload: Workload) -> list[ResourceState]:
    try:
        return [state for state in workload.resources(ask=True) if state.state != "off"]
    except EngineError as exc:
        unknown = ResourceState(
            kind=workload.resource_label,
            id="",
            label="",
            state="unknown",
            ours=False,
            note=str(exc),
        )
        return [*workload.resources(ask=False), unknown]


def _resource(state: ResourceState) -> dict[str, Any]:
    return {
        "id": state.id,
        "label": state.label,
        "state": state.state,
        "ours": state.ours,
        "slot": state.slot,
        "job": state.job_id,
        "since": state.since.isoformat() if state.since else None,
        "minutes": round(state.minutes, 1),
        "note": state.note,
    }


def show(report: Mapping[str, Any]) -> None:
    """Print the report for a person."""
    context = f"campaign {report['campaign']}" if report["campaign"] else "state file"
    say(f"{report['workload']} in {report['work_dir']} ({context})")
    _show_run(report)
    _show_ledger(report["ledger"])
    _show_workers(report)
    for slot, facts in report["slots"].items():
        say(f"Worker {slot}: " + ", ".join(f"{name} {value}" for name, value in facts.items()))
    _show_resources(report)


def _show_run(report: Mapping[str, Any]) -> None:
    run = report["run"]
    if run is None:
        say("No run is live.")
        return
    since = datetime.fromisoformat(run["since"]).astimezone()
    stage = f", {run['stage']}" if run["stage"] else ""
    say(
        f"A run is live: process {run['pid']} on {run['host']} since {since:%Y-%m-%d %H:%M:%S}, "
        f"{run['state']}{stage}."
    )
    done_at = (run["forecast"] or {}).get("done_at")
    if done_at:
        say(f"At this rate it is done at {datetime.fromisoformat(done_at).astimezone():%H:%M}.")


def _show_ledger(ledger: Mapping[str, Any]) -> None:
    if not ledger["exists"]:
        say(f"There is no ledger {ledger['path']}; --seed-only or --run makes one.")
        return
    say(f"Ledger {ledger['path']} (of {ledger['day'] or 'no day yet'})")
    say(
        f"  total {ledger['total']}, pending {ledger['pending']}, in progress {ledger['claimed']}, "
        f"retrying {ledger['retrying']}, success {ledger['success']}, failed {ledger['failed']}, "
        f"skipped {ledger['skipped']}"
    )
    if ledger["success_rate"] is not None:
        say(f"  success rate {ledger['success_rate']} %")
    categories = {name: n for name, n in ledger["by_category"].items() if n}
    if categories:
        say("  failures: " + ", ".join(f"{name} {n}" for name, n in categories.items()))
    for reason, count in ledger["blocked"].items():
        say(f"  blocked: {count}: {reason}")
    if ledger["in_doubt"]:
        say(f"  in doubt: {ledger['in_doubt']} (settle with --mark-posted or --requeue)")
    if ledger["foreign_claims"]:
        say(f"  left claimed by an older system, so in doubt: {ledger['foreign_claims']}")
    if ledger["quarantined"]:
        say(f"  quarantined rows: {ledger['quarantined']}")


def _show_workers(report: Mapping[str, Any]) -> None:
    per_worker = report["ledger"].get("by_worker") or {}
    live = {str(worker["slot"]): worker for worker in report["workers"]}
    rows = []
    for slot in sorted(set(per_worker) | set(live)):
        counts, worker = per_worker.get(slot, {}), live.get(slot, {})
        state = " ".join(filter(None, (worker.get("state"), worker.get("phase")))) or "-"
        rows.append(
            (
                slot,
                counts.get("success", 0),
                counts.get("failed", 0),
                counts.get("claimed", 0),
                state,
                worker.get("job", "") or "-",
            )
        )
    if rows:
        table("Workers", ("worker", "success", "failed", "claimed", "state", "job"), rows)


def _show_resources(report: Mapping[str, Any]) -> None:
    label = report["labels"]["resource"]
    for state in report["resources"]:
        if state["state"] == "unknown" and not state["id"]:
            say(f"{label}s: unknown: {state['note']}")
            continue
        whose = "ours" if state["ours"] else "not started by us"
        minutes = f", {state['minutes']} min (est)" if state["minutes"] else ""
        say(
            f"{label} {state['label']}: {state['state']}, {whose}{minutes} {state['note']}".rstrip()
        )
    if not report["resources"]:
        say(f"No {label} is on.")
