"""A fourth trade: jobs that do nothing but what their script says; keeps the seam honest.

A job is a line ``id key script`` of ``jobs.txt``. The script is a list of words, run in order:
``sleep:S``, ``until:FILE``, ``submit``, ``do`` (the irreversible act, written to ``done.log``),
``crash``, ``hang``, ``tell`` (its settings, to ``told.json``), ``raise:TYPE`` (a typed error),
``bug`` (a program error), ``times:N:WORD`` (WORD in the first N attempts only), ``stuck`` (a call
that never returns), ``busy`` (steps without end), ``unless:FILE:WORD`` (WORD while there is no
FILE). Without a script the job submits, acts, and succeeds.

Where there is a file ``gates.txt``, the plan of a run is that of ``tests.toy_stages`` instead of
retry passes; a job with ``stage:2`` belongs to the second room.

Where there is a file ``looks-ahead``, a second lamp is lit for the next job while one is past its
point of no return; a job that finds it lit takes it over, and writes its id to ``taken-over.log``.

Where there is a file ``keeps``, a worker's lamp is its own, and stays lit between its jobs.

Where there is a file ``grows``, jobs that were added to ``jobs.txt`` join a ledger that has some.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from engine.errors import (
    AccountError,
    AdbError,
    ContentError,
    HoldsRunError,
    InDoubtError,
    JobError,
    PhoneError,
)
from engine.jobs import Job, NewJob, Outcome, Success, Trace
from engine.progress import ProgressTracker
from engine.retry import RetryConfig, RetryPassManager
from engine.workloads.base import (
    Herald,
    Labels,
    Receipt,
    Report,
    ResourceState,
    SeedReport,
    Session,
    StagePlan,
    WorkerSlot,
    WorldContext,
)
from engine.workloads.paid_calls import PaidCalls
from tests.toy_stages import ToyStages

FOR_EVER = 3600.0
"""Seconds; longer than any test."""


class _RuinError(HoldsRunError):
    ends_run = True


ERRORS: Mapping[str, Callable[[], JobError]] = {
    "suspended": lambda: AccountError("Suspended.", error_type="suspended"),
    "adb": lambda: AdbError("No device."),
    "content": lambda: ContentError("Broken file."),
    "busy": lambda: PhoneError("No capacity.", retry_soon=True),
    "doubt": lambda: InDoubtError("Not confirmed."),
    "again": lambda: AccountError("Not yet.", error_type="suspended", retry_after=0.05),
    "hold": lambda: HoldsRunError("Nobody is logged in."),
    "ruin": lambda: _RuinError("What all jobs need is broken."),
    "strange": lambda: JobError("Nobody has seen this before."),
}


class LampAhead:
    """A lamp that is lit for the next job; it costs from the first moment."""

    def __init__(self, path: Path, job_id: str) -> None:
        self.path = path
        self.job_id = job_id
        self._lit = time.monotonic()

    @property
    def idle_seconds(self) -> float:
        return time.monotonic() - self._lit

    def end(self) -> None:
        self.path.unlink(missing_ok=True)


class ToySession:
    """Holds one lamp a worker; it is lit while a job runs."""

    def __init__(self, slot: WorkerSlot) -> None:
        self._slot = slot
        self._lamp = slot.work_dir / "lamps" / f"{slot.index}.json"
        self._ahead: LampAhead | None = None

    @property
    def lead_seconds(self) -> float:
        return 0.0

    @property
    def looks_ahead(self) -> bool:
        return (self._slot.work_dir / "looks-ahead").exists()

    def prepare_next(self, job: Job, alarm: Callable[[str], None]) -> LampAhead:
        path = self._lamp.with_stem(f"{self._slot.index}-next")
        self._light(job, path)
        self._ahead = LampAhead(path, job.job_id)
        return self._ahead

    def _take_over(self, job: Job) -> bool:
        ahead, self._ahead = self._ahead, None
        if ahead is None or not ahead.path.exists() or ahead.job_id != job.job_id:
            return False
        ahead.path.replace(self._lamp)
        with (self._slot.work_dir / "taken-over.log").open("a", encoding="utf-8") as log:
            log.write(f"{job.job_id}\n")
        return True

    def perform(self, job: Job, report: Report) -> Outcome:
        kept = _keeps(self._slot.work_dir) and self._lamp.exists()
        if not self._take_over(job) and not kept:
            self._light(job, self._lamp)
        try:
            report.state("WARM")
            report.start_clock()
            report.begin()
            report.phase("acting")
            for word in (job.caption or "submit do").split():
                self._do(word, job, report)
            return Success(evidence="It says so.")
        finally:
            if not _keeps(self._slot.work_dir):
                self._lamp.unlink(missing_ok=True)

    def _do(self, word: str, job: Job, report: Report) -> None:
        name, _, value = word.partition(":")
        if name == "times":
            count, _, inner = value.partition(":")
            if job.attempts < int(count):
                self._do(inner, job, report)
        elif name == "unless":
            file, _, inner = value.partition(":")
            if not (self._slot.work_dir / file).exists():
                self._do(inner, job, report)
        elif name == "sleep":
            report.pause(float(value))
        elif name == "until":
            while not (self._slot.work_dir / value).exists():
                report.pause(0.02)
        elif name == "submit":
            report.submit()
        elif name == "do":
            with (self._slot.work_dir / "done.log").open("a", encoding="utf-8") as done:
                done.write(f"{job.job_id} {job.account}\n")
        elif name == "tell":
            told = self._slot.settings.to_json()
            (self._slot.work_dir / "told.json").write_text(told, encoding="utf-8")
        else:
            self._go_wrong(name, value, report)

    @staticmethod
    def _go_wrong(name: str, value: str, report: Report) -> None:
        if name == "raise":
            raise ERRORS[value]()
        if name == "bug":
            raise AttributeError("'NoneType' object has no attribute 'tap'")
        if name == "crash":
            os._exit(9)
        if name == "stuck":
            time.sleep(FOR_EVER)
        while name in ("hang", "busy"):
            if name == "busy":
                report.step("It goes on.")
            report.pause(0.05)

    def _light(self, job: Job, lamp: Path) -> None:
        lamp.parent.mkdir(exist_ok=True)
        entry = {"slot": self._slot.index, "job": job.job_id, "since": _now().isoformat()}
        lamp.write_text(json.dumps(entry), encoding="utf-8")

    def recover(self) -> None:
        if (self._slot.work_dir / "recovery-hangs").exists():
            time.sleep(FOR_EVER)
        self._lamp.unlink(missing_ok=True)

    def close(self) -> None:
        self._lamp.unlink(missing_ok=True)


class ToyWorkload:
    """Jobs from ``jobs.txt``; a lamp is what costs."""

    name = "toy"
    labels = Labels(
        resource="lamp",
        stage="room",
        content="script",
        text="words",
        act="light",
        done="lit",
        provider="provider",
    )
    ready_states: tuple[str, ...] = ("WARM",)
    cap_refusal = ""
    rank = None
    job_seconds = 60.0

    def __init__(self, context: WorldContext) -> None:
        self._context = context
        self._lamps = context.work_dir / "lamps"
        self.ledger_path = context.work_dir / context.settings.paths.ledger
        self.daily_cap = 0
        self.daily = not (context.work_dir / "undated").exists()
        self.own_stages = (context.work_dir / "gates.txt").exists()
        self.keeps_resource = _keeps(context.work_dir)
        self.grows = (context.work_dir / "grows").exists()
        self._published = ""

    @property
    def attempt_seconds(self) -> float:
        """As the file of this name says, else a minute."""
        path = self._context.work_dir / "attempt_seconds"
        return float(path.read_text(encoding="utf-8")) if path.exists() else 60.0

    def slot_facts(self, index: int) -> Mapping[str, object]:
        return {"bench": index}

    def attach(self, ledger: ProgressTracker) -> None:
        return

    def check(self) -> None:
        return

    def check_workers(self, count: int) -> None:
        return

    def notices(self) -> Sequence[str]:
        return ()

    def seed(self, ledger: ProgressTracker, *, dry_run: bool = False) -> SeedReport:
        lines = (self._context.work_dir / "jobs.txt").read_text(encoding="utf-8").splitlines()
        wanted = [_job(line) for line in lines if line.strip()]
        if dry_run:
            plan = [(job.job_id, job.account, job.video_path) for job in wanted]
            return SeedReport(seeded=len(wanted), skipped={}, plan=plan)
        new = ledger.seed(lambda known: [job for job in wanted if job.job_id not in known])
        return SeedReport(
            seeded=len(new),
            skipped={},
            keys_used=len({job.account for job in new}),
            plan=[(job.job_id, job.account, job.video_path) for job in new],
        )

    def stages(self, ledger: ProgressTracker, run_id: str, herald: Herald) -> StagePlan:
        work_dir = self._context.work_dir
        if (work_dir / "gates.txt").exists():
            return ToyStages(ledger, run_id, herald, work_dir)
        config = RetryConfig.from_settings(self._context.settings)
        return RetryPassManager(ledger, config, run_id=run_id)

    def open(self, slot: WorkerSlot) -> Session:
        return ToySession(slot)

    def refuse(self, job: Job) -> str | None:
        return None

    def confirmed(self, job: Job) -> None:
        with (self._context.work_dir / "confirmed.log").open("a", encoding="utf-8") as log:
            log.write(f"{job.job_id}\n")

    def may_be_done(self, job: Job) -> None:
        path = self._context.work_dir / "may_be_done.log"
        known = path.read_text(encoding="utf-8").split() if path.exists() else []
        path.write_text("\n".join(sorted({*known, job.job_id})), encoding="utf-8")

    def not_done(self, job: Job) -> None:
        with (self._context.work_dir / "not_done.log").open("a", encoding="utf-8") as log:
            log.write(f"{job.job_id}\n")

    def traces(self) -> Sequence[Trace]:
        """A word of ``traces.txt`` is the key of jobs that may be done."""
        path = self._context.work_dir / "traces.txt"
        names = path.read_text(encoding="utf-8").split() if path.exists() else []
        return [
            Trace(
                key=name,
                fits=lambda job: True,
                when=None,
                text=f"The lamp of {name} may have been lit.",
            )
            for name in names
        ]

    def publish(self, ledger: ProgressTracker) -> None:
        """How many jobs are done, to ``published.txt``; not where ``unpublishable`` is."""
        if (self._context.work_dir / "unpublishable").exists():
            raise PermissionError(13, "Permission denied", "published.txt")
        text = f"{ledger.figures().success} done\n"
        if text != self._published:
            (self._context.work_dir / "published.txt").write_text(text, encoding="utf-8")
            self._published = text

    def resources(self, *, ask: bool, patient: bool = True) -> Sequence[ResourceState]:
        return [_lamp(path) for path in sorted(self._lamps.glob("*.json"))]

    def reclaim(self, slots: Sequence[int] | None) -> Sequence[Receipt]:
        return self.release(
            [s.id for s in self.resources(ask=False) if slots is None or s.slot in slots]
        )

    def release(self, ids: Sequence[str]) -> Sequence[Receipt]:
        return [self._put_out(name) for name in ids]

    def _put_out(self, name: str) -> Receipt:
        """A lamp with a file of its number in ``stuck`` does not go out; in ``deaf``, it does not

        even answer.
        """
        if (self._context.work_dir / "deaf" / name).exists():
            time.sleep(FOR_EVER)
        if (self._context.work_dir / "stuck" / name).exists():
            return Receipt(id=name, label=f"lamp {name}", released=False, detail="it stays lit")
        (self._lamps / f"{name}.json").unlink(missing_ok=True)
        return Receipt(id=name, label=f"lamp {name}", released=True, detail="out")

    def minutes_used(self, run_id: str) -> float:
        return 0.0

    def minutes_on(self, day: date) -> float:
        return 0.0

    @property
    def price_per_minute(self) -> float:
        return 0.0

    def calls_on(self, day: date) -> PaidCalls:
        """As the file ``spent`` says: US dollars, whatever the day."""
        path = self._context.work_dir / "spent"
        return PaidCalls(usd=float(path.read_text(encoding="utf-8")) if path.exists() else 0.0)

    def limited_until(self) -> datetime | None:
        return None


def _keeps(work_dir: Path) -> bool:
    return (work_dir / "keeps").exists()


def _lamp(path: Path) -> ResourceState:
    """A lamp as its file says; one that is being written or put out just now says little."""
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        said = {}
    return ResourceState(
        kind="lamp",
        id=path.stem,
        label=f"lamp {path.stem}",
        state="lit",
        ours=True,
        slot=int(path.stem.partition("-")[0]),
        job_id=str(said.get("job", "")),
        since=datetime.fromisoformat(said["since"]) if "since" in said else None,
    )


def _job(line: str) -> NewJob:
    job_id, key, *script = line.split()
    stages = [int(word.removeprefix("stage:")) for word in script if word.startswith("stage:")]
    words = [word for word in script if not word.startswith("stage:")]
    stage = stages[0] if stages else 1
    return NewJob(job_id=job_id, account=key, video_path="", caption=" ".join(words), stage=stage)


def _now() -> datetime:
    return datetime.now(UTC)


def write_jobs(work_dir: Path, *lines: str) -> None:
    """The job source of a toy work directory."""
    (work_dir / "jobs.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
