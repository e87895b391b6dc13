"""``--status``: what is done, what runs, what is on. Reads only; works without a run or network."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from engine.config import Settings
from engine.errors import EngineError
from engine.instance import InstanceLock
from engine.output import complain, say, table
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
    keys = _keys(ledger) if settings.campaign else None
    return {
        "event": "status",
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
            "paused": (status or {}).get("paused"),
            "held": (status or {}).get("held"),
            "forecast": (status or {}).get("forecast"),
        },
        "last_run": _last_run(run_dir),
        "workers": (status or {}).get("workers", []),
        "slots": {
            str(index): dict(workload.slot_facts(index)) for index in range(settings.run.workers)
        },
        "resources": [_resource(state, keys) for state in _resources(workload)],
    }


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
    }


def _last_run(run_dir: RunDirectory) -> dict[str, Any] | None:
    """The run that is live, or the one before; without a result it is live, stopped or crashed."""
    record = run_dir.read_run()
    if record is None:
        return None
    return record.model_dump(
        mode="json", include={"run_id", "started_at", "ended_at", "campaign", "ledger", "result"}
    )


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


def _keys(ledger: ProgressTracker) -> frozenset[str]:
    try:
        return frozenset(job.account for job in ledger.jobs().values())
    except EngineError:
        return frozenset()


def _resource(state: ResourceState, keys: frozenset[str] | None) -> dict[str, Any]:
    """``in_campaign`` says whether its key has a job there; null without a campaign."""
    return {
        "in_campaign": None if keys is None else state.label in keys,
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
    """Print the report for a person, with what is wrong on the other stream."""
    context = f"campaign {report['campaign']}" if report["campaign"] else "state file"
    say(f"{report['workload']} in {report['work_dir']} ({context})")
    _show_run(report)
    _show_ledger(report["ledger"])
    _show_workers(report)
    for slot, facts in report["slots"].items():
        say(f"Worker {slot}: " + ", ".join(f"{name} {value}" for name, value in facts.items()))
    _show_resources(report)
    if report["ledger"]["problem"]:
        complain(report["ledger"]["problem"])


def _show_run(report: Mapping[str, Any]) -> None:
    run = report["run"]
    if run is None:
        say("No run is live." + _how_it_ended(report["last_run"]))
        return
    since = datetime.fromisoformat(run["since"]).astimezone()
    stage = f", {run['stage']}" if run["stage"] else ""
    say(
        f"A run is live: process {run['pid']} on {run['host']} since {since:%Y-%m-%d %H:%M:%S}, "
        f"{run['state']}{stage}."
    )
    _show_other_ledger(report)
    if run["paused"]:
        say("Claims are paused; --send resume goes on.")
    for kind, names in (run["held"] or {}).items():
        if names:
            say(f"Held {kind}: {', '.join(map(str, names))}; --send release lets them go.")
    done_at = (run["forecast"] or {}).get("done_at")
    if done_at:
        say(f"At this rate it is done at {datetime.fromisoformat(done_at).astimezone():%H:%M}.")


def _show_other_ledger(report: Mapping[str, Any]) -> None:
    """The run works on one ledger and the question was about another: say how to ask."""
    last, path = report["last_run"], report["ledger"]["path"]
    if last is None or last["ledger"] == path:
        return
    hint = f" (--campaign {last['campaign']} shows it)" if last["campaign"] else ""
    say(f"It works on {last['ledger']}{hint}; what follows is about {path}.")


def _how_it_ended(last: Mapping[str, Any] | None) -> str:
    if last is None:
        return ""
    began = datetime.fromisoformat(last["started_at"]).astimezone()
    text = f" The last one began {began:%Y-%m-%d %H:%M:%S}"
    if last["ended_at"] is None:
        return f"{text} and did not end by itself: --run goes on with it, --stop-all cleans up."
    ended = datetime.fromisoformat(last["ended_at"]).astimezone()
    return f"{text} and ended {ended:%Y-%m-%d %H:%M:%S}: {last['result'] or 'failed'}."


def _show_ledger(ledger: Mapping[str, Any]) -> None:
    if not ledger["exists"]:
        say(f"There is no ledger {ledger['path']}; --seed-only or --run makes one.")
        return
    if ledger["problem"]:
        return
    say(f"Ledger {ledger['path']} (of {ledger['day'] or 'no day yet: empty'})")
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
        if worker.get("idle"):
            state = "idle"
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
        if state["in_campaign"] is not None:
            whose += ", of this campaign" if state["in_campaign"] else ", not of this campaign"
        minutes = f", {state['minutes']} min (est)" if state["minutes"] else ""
        say(
            f"{label} {state['label']}: {state['state']}, {whose}{minutes} {state['note']}".rstrip()
        )
    if not report["resources"]:
        say(f"No {label} is on.")
