"""``--status`` for a person: the report in lines, with what is wrong on the other stream."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from engine.commandline.forecast_text import forecast_lines
from engine.output import complain, say, table
from engine.workloads.labels import plural

DOUBTS_SHOWN = 20
"""Jobs in doubt that are named one by one."""


def show(report: Mapping[str, Any]) -> None:
    """Print the report for a person, with what is wrong on the other stream."""
    context = f"campaign {report['campaign']}" if report["campaign"] else "state file"
    where = f" ({context})" if report["daily"] else ""
    say(f"{report['workload']} in {report['work_dir']}{where}")
    _show_run(report)
    _show_state(report)
    _show_ledger(report["ledger"])
    _show_outlook(report)
    _show_workers(report)
    for slot, facts in report["slots"].items():
        if facts:
            say(f"Worker {slot}: " + ", ".join(f"{name} {value}" for name, value in facts.items()))
    _show_resources(report)
    _show_money(report)
    for sentence in report["notices"]:
        say(sentence)
    _show_attention(report["overview"])
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
        by = f" by {run['paused_by']}" if run["paused_by"] else ""
        why = f": {run['paused_why']}" if run["paused_why"] else ""
        say(f"Claims are paused{by}{why}; --send resume goes on.")
    for kind, names in (run["held"] or {}).items():
        if names:
            say(f"Held {kind}: {', '.join(map(str, names))}; --send release lets them go.")


def _show_state(report: Mapping[str, Any]) -> None:
    """The word of state, why nothing is running, and when all will be done."""
    overview = report["overview"]
    problem = overview["problem"]
    if problem and problem != report["ledger"]["problem"]:
        complain(problem)
    if not overview["live"]:
        return
    label = overview["labels"]["stage"]
    passes = f", {label} {overview['stage']} of {overview['stages']}" if overview["stage"] else ""
    say(f"State: {' '.join(filter(None, (overview['word'], overview['detail'])))}{passes}")
    if overview["why_idle"]:
        say(f"Nothing is running: {overview['why_idle']}")
    for line in forecast_lines(overview):
        say(line)
    _show_scaling(overview)


def _show_scaling(overview: Mapping[str, Any]) -> None:
    """What the host has in use, how many workers there are for it, and why."""
    found = overview["scaling"]
    if found is None:
        return
    from engine.host.samples import gigabytes, percent  # most runs are not scaled

    cpu, memory = percent(found["cpu"]), percent(found["memory_used"])
    pace = overview["forecast"]["per_minute"]
    key = plural(overview["labels"]["key"])
    rate = "" if pace is None else f", {pace:.1f} {key} a minute"
    say(
        f"Host: CPU {cpu}, memory {memory} ({gigabytes(found['free_bytes'])} free); workers "
        f"{found['workers']} of {found['most']}{rate}."
    )
    for slot in found["leaving"]:
        say(f"  worker {slot} leaves after its job")
    if found["why"]:
        say(f"  {found['why']}")


def _show_outlook(report: Mapping[str, Any]) -> None:
    """What becomes of the failed jobs, and who can still be used today."""
    overview, key = report["overview"], report["labels"]["key"]
    if not overview["total"]:
        return
    if overview["to_retry"] or overview["final"]:
        again = ", ".join(f"{why} {number}" for why, number in overview["retry_why"])
        final = ", ".join(
            f"{why} {number}" + (f" ({who})" if who != "nobody" else "")
            for why, who, number in overview["final_why"]
        )
        say(
            f"  failed, to be tried again: {overview['to_retry']}" + (f": {again}" if again else "")
        )
        say(f"  failed for good: {overview['final']}" + (f": {final}" if final else ""))
    capped = overview["keys_capped"]
    today = "" if capped is None else f"{capped} at today's cap, {overview['keys_free']} free, "
    say(f"  {plural(key)}: {today}{overview['keys_held']} held or waiting for a person")


def _show_money(report: Mapping[str, Any]) -> None:
    money, label = report["overview"]["money"], report["labels"]["resource"]
    if not money["price_per_minute"] or not (money["on_now"] or money["minutes_today"]):
        return
    finish = "" if money["at_finish"] is None else f", ${money['at_finish']:.2f} at finish"
    say(
        f"Money (est): {money['on_now']} {plural(label)} of ours on, "
        f"${money['per_minute_now']:.3f} a minute; {money['minutes_today']:.0f} min and "
        f"${money['today']:.2f} today{finish}."
    )


def _show_attention(overview: Mapping[str, Any]) -> None:
    for line in overview["attention"]:
        since = f"{_clock(line['since'])} " if line["since"] else ""
        say(f"! {since}{line['text']}")


def _clock(text: str) -> str:
    return f"{datetime.fromisoformat(text).astimezone():%H:%M}"


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
    text = f"{text} and ended {ended:%Y-%m-%d %H:%M:%S}: {last['result'] or 'failed'}."
    return f"{text} {last['why']}".rstrip()


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
    if ledger["later"]:
        say(f"  of those that wait, for a later stage: {ledger['later']}")
    if ledger["success_rate"] is not None:
        say(f"  success rate {ledger['success_rate']} %")
    categories = {name: n for name, n in ledger["by_category"].items() if n}
    if categories:
        say("  failures: " + ", ".join(f"{name} {n}" for name, n in categories.items()))
    for reason, count in ledger["blocked"].items():
        say(f"  blocked: {count}: {reason}")
    if ledger["in_doubt"]:
        say(f"  in doubt: {ledger['in_doubt']} (settle with --mark-posted or --requeue)")
        _show_doubts(ledger["doubts"])
    if ledger["foreign_claims"]:
        say(f"  left claimed by an older system, so in doubt: {ledger['foreign_claims']}")
    if ledger["quarantined"]:
        say(f"  quarantined rows: {ledger['quarantined']}")


def _show_doubts(doubts: Sequence[Mapping[str, Any]]) -> None:
    """Each with what is known of it, and where the rest is."""
    for doubt in doubts[:DOUBTS_SHOWN]:
        since = f", {_clock(doubt['since'])}" if doubt["since"] else ""
        text = " ".join(doubt["error"].split()) or "nothing is known of it."
        say(f"    {doubt['job']} of {doubt['key']}{since}: {text} (evidence {doubt['job']})")
    if len(doubts) > DOUBTS_SHOWN:
        say(f"    and {len(doubts) - DOUBTS_SHOWN} more; --status --json names all")


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
            say(f"{plural(label)}: unknown: {state['note']}")
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
