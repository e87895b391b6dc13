"""The questions behind the Job screen, each on the thread that may answer it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from console.screens.job_facts import JobFacts, VideoFile, gather, log_lines, video_file
from console.screens.job_view import JobView
from console.screens.ledger_columns import Look
from console.screens.ledger_facts import log_place
from engine.errors import EngineError
from engine.private_files import explain
from engine.workloads.labels import GENERIC

if TYPE_CHECKING:
    from console.app import ConsoleApp
    from engine.log_stream import LogStream, Record

LOG_LINES: Final = 24
"""Lines of the log around the end of an attempt."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is known of a job; ``facts`` None: not looked yet, not in the ledger, or a problem."""

    job_id: str
    facts: JobFacts | None = None
    log: Sequence[Record] = ()
    video: VideoFile | None = None
    problem: str = ""
    looked: bool = False

    @property
    def why_empty(self) -> str:
        """A sentence instead of facts."""
        if not self.looked:
            return "Reading the ledger."
        return self.problem or (
            f"Job {self.job_id} is not in the ledger: the day was reset meanwhile, or the ledger "
            "was replaced. esc goes back."
        )


async def ask(console: ConsoleApp, job_id: str, before: Asked) -> Asked:
    """Look anew; of the video what was found ``before`` stays. Never raises for what it reads."""
    overview, now, feed = console.latest.overview, console.now(), console.feed
    try:
        found = await feed.ask(lambda watch: gather(watch, job_id, overview, now))
        if found is None:
            problem = "" if overview is None else overview.problem
            return Asked(job_id, problem=problem, looked=True)
        facts, log = await feed.ask_logs(lambda stream: _logs(stream, found))
    except EngineError as exc:
        return Asked(job_id, problem=str(exc), looked=True)
    except OSError as exc:
        return Asked(job_id, problem=explain(exc), looked=True)
    video = before.video if before.job_id == job_id else None
    if video is None:
        recorded, settings = facts.detail.line.job.video_path, console.settings
        place = (console.watched.work_dir, settings.paths.video_root)
        video = await feed.in_background(lambda: video_file(recorded, *place))
    return Asked(job_id, facts, log, video, looked=True)


def view_of(console: ConsoleApp, asked: Asked, *, whole_caption: bool) -> JobView | None:
    """What was found, beside the latest news; None where nothing was."""
    facts, latest = asked.facts, console.latest
    if facts is None:
        return None
    overview, report = latest.overview, latest.resources
    account = facts.detail.line.job.account
    phones = () if report is None else report.lines
    start = overview.started_at if overview is not None else None
    labels = overview.labels if overview is not None else GENERIC
    glyphs = bool(console.preferences.unicode_glyphs)
    return JobView(
        facts=facts,
        look=Look(console.time_style, console.now(), start, glyphs, labels),
        overview=overview,
        resource=next((one for one in phones if account and one.label == account), None),
        asked_at=None if report is None else report.asked_at,
        video=asked.video,
        log=asked.log,
        whole_caption=whole_caption,
    )


def _logs(stream: LogStream, facts: JobFacts) -> tuple[JobFacts, Sequence[Record]]:
    """The lines around its last attempt, and where its last outcome is told."""
    detail = replace(facts.detail, log=log_place(stream, facts.detail))
    return replace(facts, detail=detail), log_lines(stream, facts, LOG_LINES)
