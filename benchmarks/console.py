"""Speed, bytes on the wire and memory of the cockpit, on a real pseudo-terminal.

    python -m benchmarks.console

The cockpit is started as an operator starts it, beside a run that only looks alive (see
``benchmarks.console_run``), and looked at through a terminal that counts bytes and knows what is on
the screen. The sizes are 80x24 and 160x48. The last line is for programs; the exit status is 1 when
a figure is above its limit (console-features 5.4, acceptance 2 and 4). POSIX only.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks import console_probes as probe
from benchmarks.console_day import Day, make_day
from benchmarks.console_probes import Figures, Latencies, percentile

LIMITS: Mapping[str, float] = {
    "first_paint_s": 1.0,
    "first_paint_50k_s": 1.5,
    "stall_ms": 100,
    "log_p95_ms": 250,
    "key_p95_ms": 60,
    "idle_bytes": 0,
    "five_workers_bps": 2_000,
    "following_60_lines_bps": 20_000,
    "paused_log_bytes": 0,
    "hidden_screen_bytes": 0,
    "cpu": 15,
    "rss_mb": 120,
    "rss_50k_mb": 200,
}
LAST_LINE = (
    "first_paint_s",
    "first_paint_50k_s",
    "stall_ms",
    "log_p95_ms",
    "key_p95_ms",
    "idle_bytes",
    "five_workers_bps",
    "cpu",
    "rss_mb",
)
BUSY = {"workers": 10, "lines": 100.0, "job_seconds": 20.0}
FIVE = {"workers": 5, "lines": 0.5, "job_seconds": 60.0}
STILL = {"job_seconds": 0.0, "lines": 0.0}


def idle(day: Day, seconds: float) -> Figures:
    """Nobody runs, nobody types; between two changes of the clock, which shows minutes then."""
    with probe.cockpit(day, probe.SMALL) as (terminal, _):
        probe.go_to(terminal, probe.COCKPIT)
        terminal.quiet(1.0, timeout=30)
        probe.within_a_minute(seconds)
        return {"idle_bytes": probe.sent(terminal, seconds) * seconds}


def five_workers(day: Day, seconds: float) -> Figures:
    """A usual run on the Cockpit, at both sizes."""
    figures: Figures = {}
    for size in (probe.SMALL, probe.LARGE):
        with probe.running(day) as run, probe.cockpit(day, size) as (terminal, _):
            run.order(**FIVE)
            probe.go_to(terminal, probe.COCKPIT)
            name = "five_workers_bps" if size == probe.SMALL else "five_workers_160x48_bps"
            figures[name] = probe.sent(terminal, 2 * seconds)
    return figures


def log_on_the_wire(day: Day, seconds: float) -> Figures:
    """The Logs screen at 160x48: followed, paused (the log alone), and behind another screen."""
    with probe.running(day) as run, probe.cockpit(day, probe.LARGE) as (terminal, _):
        run.order(workers=10, lines=6.0, job_seconds=0.0)
        probe.go_to(terminal, probe.LOGS)
        figures = {"following_60_lines_bps": probe.sent(terminal, seconds)}
        terminal.send("f")
        run.order(lines=100.0)
        probe.go_to(terminal, "")
        figures["paused_log_bytes"] = probe.sent_below_head(terminal, seconds) * seconds
        terminal.send("f")
        probe.go_to(terminal, probe.PASSES)
        terminal.send("?")  # a screen that shows no figures at all
        probe.go_to(terminal, "")
        figures["hidden_screen_bytes"] = probe.sent(terminal, seconds) * seconds
        return figures


def under_load(day: Day, seconds: float) -> Figures:
    """Ten workers with a hundred lines a second each."""
    answers = Latencies()
    with probe.running(day) as run, probe.cockpit(day, probe.LARGE) as (terminal, _):
        run.order(**BUSY)
        probe.go_to(terminal, probe.COCKPIT)
        cockpit_cpu = probe.cpu_share(terminal, seconds)
        probe.go_to(terminal, probe.LOGS)
        lags = probe.log_lags(terminal, seconds)
        logs_cpu = probe.cpu_share(terminal, seconds)
        terminal.send("f")
        answers.add(probe.move_cursor(terminal, 40))
        terminal.send("f")
        probe.go_to(terminal, probe.LEDGER)
        answers.add(probe.move_cursor(terminal, 40))
    return {
        "log_p95_ms": 1000 * percentile(lags, 0.95),
        "log_lines_seen": len(lags),
        "key_p95_ms": 1000 * percentile(answers.seconds, 0.95),
        "key_max_ms": 1000 * max(answers.seconds, default=float("nan")),
        "keys_unanswered": answers.unanswered,
        "cockpit_cpu": cockpit_cpu,
        "logs_cpu": logs_cpu,
        "cpu": max(cockpit_cpu, logs_cpu),
    }


def large_day(day: Day) -> Figures:
    """Scrolling and filtering the longest ledger while a run changes it."""
    figures = {"first_paint_50k_s": probe.first_paint(day)}
    with probe.running(day) as run, probe.cockpit(day, probe.LARGE) as (terminal, _):
        run.order(**FIVE)
        figures["ledger_50k_s"] = probe.ledger_seconds(terminal)
        answers = probe.walk_ledger(terminal)
        figures["stall_ms"] = 1000 * max(answers.seconds, default=float("nan"))
        figures["stall_p95_ms"] = 1000 * percentile(answers.seconds, 0.95)
        figures["stall_unanswered"] = answers.unanswered
        figures["escape_ms"] = 1000 * probe.escape(terminal)
        figures["rss_50k_mb"] = probe.visit_all(terminal)
    return figures


def memory(day: Day) -> Figures:
    """Resident memory once everything has been looked at."""
    with probe.running(day) as run, probe.cockpit(day, probe.LARGE) as (terminal, _):
        run.order(**FIVE)
        return {"rss_mb": probe.visit_all(terminal)}


def measure(folder: Path, *, seconds: float, jobs: int, large: int) -> Figures:
    """Everything, one part after the other."""
    figures: Figures = {}
    usual = make_day(folder, jobs)
    figures["first_paint_s"] = probe.first_paint(usual)
    for part in (idle, five_workers, log_on_the_wire, under_load):
        figures |= part(usual, seconds)
    figures |= memory(make_day(folder, 5 * jobs))
    figures |= large_day(make_day(folder, large))
    return figures


def report(figures: Figures) -> int:
    """Print the table and the last line; 1 if something is above its limit."""
    above = probe.limits(figures, LIMITS)
    print(f"{'figure':<26}{'measured':>12}{'limit':>10}")
    for name, figure in figures.items():
        limit = f"{LIMITS[name]:g}" if name in LIMITS else ""
        print(f"{name:<26}{figure:>12.2f}{limit:>10}{'  above' if name in above else ''}")
    print(
        " ".join(
            f"{name}={figures[name]:.{2 if name.endswith('_s') else 0}f}" for name in LAST_LINE
        )
    )
    return 1 if above else 0


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.console", description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0, help="length of each measurement")
    parser.add_argument("--jobs", type=int, default=1_000, help="jobs of a usual day")
    parser.add_argument("--large", type=int, default=50_000, help="jobs of the longest day")
    options = parser.parse_args(arguments)
    if sys.platform == "win32":
        print("The cockpit is measured on a POSIX pseudo-terminal; there is none on Windows.")
        return 2
    with tempfile.TemporaryDirectory(prefix="console-") as folder:
        figures = measure(
            Path(folder), seconds=options.seconds, jobs=options.jobs, large=options.large
        )
    return report(figures)


if __name__ == "__main__":
    sys.exit(main())
