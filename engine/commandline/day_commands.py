"""A day's ledger from the command line: seeded, archived, seeded anew (behaviour A5.3, A7)."""

from __future__ import annotations

from dataclasses import dataclass

from engine.commandline.figures_text import show_totals
from engine.errors import ExitCode, InputError
from engine.jobs import Job, JobStatus
from engine.output import complain, say, say_json, table
from engine.progress import ProgressTracker
from engine.run_text import seeding_lines, why_nothing
from engine.start_checks import OPEN
from engine.workloads.base import SeedReport, Workload
from engine.workloads.labels import plural

SHOWN = 10
"""Jobs named in one sentence."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DayCommands:
    """Commands that want the ledger for themselves: the caller holds the run's locks."""

    ledger: ProgressTracker
    workload: Workload
    as_json: bool
    confirmed: bool
    """The operator said ``--yes``."""

    def seed(self, *, anew: bool) -> int:
        """Make the ledger and print the plan; ``anew`` archives what is there first.

        Raises InputError where jobs are open, or the source or the archive is refused.
        """
        if anew and self.ledger.exists():
            # A source that cannot be read leaves the ledger where it is.
            self.workload.seed(self.ledger, dry_run=True)
            self.archive()
        open_jobs = [job for job in self.ledger.jobs().values() if job.status in OPEN]
        if open_jobs:
            raise InputError(
                f"The ledger {self.ledger.path} has {len(open_jobs)} jobs open, so nothing was "
                "seeded: run them with --run, or archive the day with --reset-day."
            )
        report = self.workload.seed(self.ledger)
        self._say_seeding(report)
        return ExitCode.DONE if report.seeded else ExitCode.FAILED

    def archive(self) -> None:
        """Archive the ledger and start an empty one (A7). Raises InputError, with the ledger
        unchanged, where something may be on or in doubt and the operator did not confirm."""
        self._refuse_held()
        doubtful = [job for job in self.ledger.jobs().values() if _may_be_done(job)]
        if doubtful and not self.confirmed:
            named = ", ".join(job.job_id for job in doubtful[:SHOWN])
            more = ", …" if len(doubtful) > SHOWN else ""
            raise InputError(
                f"{self.ledger.path} has {len(doubtful)} jobs in doubt ({named}{more}): settle "
                "them with --mark-posted or --requeue, or confirm with --yes that they count as "
                f"{self.workload.labels.done}."
            )
        self.ledger.settle_dead(lambda _job: False)
        # With successes that a full disk or a crash kept out of the lasting record.
        done = [job for job in self.ledger.jobs().values() if job.status is JobStatus.SUCCESS]
        for job in (*done, *doubtful):
            self.workload.confirmed(job)
        if doubtful:
            text = f"{len(doubtful)} jobs in doubt are recorded as done, so that none is done twice"
            self._say(f"{text}.")
        report = self.ledger.reset_day(allow_in_doubt=self.confirmed)
        totals = report.figures.to_dict()
        self._say(f"Archived as {report.archive}.")
        if self.as_json:
            say_json({"event": "day_reset", "archive": str(report.archive), "totals": totals})
        else:
            show_totals(totals)

    def _refuse_held(self) -> None:
        held = [state for state in self.workload.resources(ask=False) if state.ours]
        if held and not self.confirmed:
            names = ", ".join(state.label for state in held)
            raise InputError(
                f"{plural(self.workload.labels.resource)} of ours are recorded as on ({names}): "
                "stop them with --stop-all first, or confirm with --yes."
            )

    def _say_seeding(self, report: SeedReport) -> None:
        for message in report.messages:
            complain(message)
        if self.as_json:
            plan = [{"job": job, "key": key, "video": video} for job, key, video in report.plan]
            say_json(
                {
                    "event": "seeded",
                    "seeded": report.seeded,
                    "skipped": dict(report.skipped),
                    "keys_used": report.keys_used,
                    "keys_idle": list(report.keys_idle),
                    "plan": plan,
                }
            )
            return
        if report.plan:
            table(
                "Plan", ("job", self.workload.labels.key, self.workload.labels.content), report.plan
            )
        for text in seeding_lines(report, self.workload.labels.key):
            say(text)
        if not report.seeded:
            complain(why_nothing(report))

    def _say(self, text: str) -> None:
        """Talk for a person; out of the way of a program that reads our output."""
        complain(text) if self.as_json else say(text)


def _may_be_done(job: Job) -> bool:
    """In doubt, or it would be if its claim were settled."""
    submitted = job.status is JobStatus.CLAIMED and job.submitted_at is not None
    return job.in_doubt or job.foreign_claim or submitted
