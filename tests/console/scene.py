"""A day in a work directory, as files: what a live run of eighty jobs left at one frozen moment.

Everything is written through the engine's own doors (ledger, run directory, registry, evidence,
instance lock) under a clock of ours, so that each screen shows the same every time.
"""

from __future__ import annotations

import heapq
import json
import random
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from console.app import ConsoleApp
from engine.config import Settings
from engine.evidence import EvidenceBundle
from engine.insight.watch import Watch
from engine.instance import InstanceLock
from engine.jobs import Claim, ErrorCategory, Failure, NewJob
from engine.log_stream import LogStream
from engine.phones.registry import PhoneRegistry
from engine.progress import ProgressTracker
from engine.run_state import RunDirectory, RunRecord
from engine.workloads.base import ResourceState, WorldContext
from engine.workloads.post_reel import PostReel

NOW: Final = datetime(2025, 12, 26, 12, 4, 31, tzinfo=UTC)
START: Final = datetime(2025, 12, 26, 10, 27, 10, tzinfo=UTC)
CRASHED: Final = NOW - timedelta(minutes=9)
"""From here on worker 3 comes up no more."""
RUN_ID: Final = "20251226T102710-5c0de1"
CAMPAIGN: Final = "podcast"
JOBS: Final = 82
WORKERS: Final = 5
CAPTION: Final = (
    "Morning light over the harbour, three takes and one that worked. Full story on Friday."
)
SETTINGS: Final = """\
campaign = "podcast"

[run]
workers = 5
timezone = "UTC"

[phones]
api_url = "http://127.0.0.1:9"
http_retries = 0
http_timeout_seconds = 0.2
"""

SCALING: Final[dict[str, Any]] = {
    "cpu": 0.64,
    "memory_used": 0.91,
    "free_bytes": 1_900_000_000,
    "workers": 4,
    "most": 5,
    "leaving": [2],
    "why": "91 % of the memory are in use, the limit is 90 %. One worker less.",
}
"""What the status of a run says whose number of workers follows the host."""

INFRASTRUCTURE: Final = (
    ("adb_timeout", "device offline after 90s"),
    ("adb_timeout", "device never appeared"),
    ("appium_crash", "session not created: instrumentation process died before the first command"),
    ("phone_error", "cloud phone failed to start"),
)
PEOPLE: Final = (
    ("logged_out", "log in screen shown"),
    ("verification", "identity check shown"),
)
PHASES: Final = ("boot", "adb", "appium", "upload", "caption", "post", "confirm")


@dataclass(slots=True)
class Clock:
    """Time that stands still until it is set."""

    moment: datetime = START

    def __call__(self) -> datetime:
        return self.moment


@dataclass(slots=True)
class Scene:
    """The work directory and what holds it."""

    work_dir: Path
    clock: Clock
    settings: Settings
    ledger: ProgressTracker
    run_dir: RunDirectory
    under_way: dict[int, Claim] = field(default_factory=dict)

    def watch(self) -> Watch:
        """A viewer's eyes on it."""
        context = WorldContext(settings=self.settings, work_dir=self.work_dir)
        return Watch(
            self.work_dir,
            self.settings,
            workload=AnsweredPosts(context, self),
            now=self.clock,
            room=lambda _path: 12_000_000_000,
        )

    def app(self, *, observe: bool = False) -> ConsoleApp:
        """The cockpit on it, at the frozen moment."""
        app = ConsoleApp(
            watch=self.watch(),
            logs=LogStream(self.work_dir / self.settings.paths.logs),
            now=self.clock,
            observe=observe,
        )
        app.who = "ana"
        return app


class AnsweredPosts(PostReel):
    """The trade of posting with a provider that answers at once: what is on record is on."""

    def __init__(self, context: WorldContext, scene: Scene) -> None:
        super().__init__(context)
        self._scene = scene

    def resources(self, *, ask: bool, patient: bool = True) -> Sequence[ResourceState]:
        states = super().resources(ask=False, patient=patient)
        if not ask:
            return states
        off = [
            ResourceState(
                kind="phone", id=f"P{n:03}", label=f"acct_{n:03}", state="off", ours=False
            )
            for n in range(1, JOBS + 1)
            if f"acct_{n:03}" not in {state.label for state in states}
        ]
        return [*map(_answered, states), *off]


def _answered(state: ResourceState) -> ResourceState:
    """Started; that of worker 1, which is in its boot phase, is starting."""
    if state.slot == 1:
        return replace(state, state="starting", code="1", note="")
    return replace(state, state="started", code="0", note="")


@contextmanager
def live_day(work_dir: Path) -> Iterator[Scene]:
    """The day of the design's pictures: pass 2 of 3, five workers, one phone nobody needs."""
    scene = day(work_dir)
    lock = InstanceLock(scene.run_dir.lock_path, now=scene.clock)
    lock.acquire()
    try:
        yield scene
    finally:
        lock.release()


def change_status(scene: Scene, **fields: Any) -> None:
    """The run tells this of itself from now on."""
    scene.run_dir.write_status((scene.run_dir.read_status() or {}) | fields)


def day(work_dir: Path) -> Scene:
    """The same without anybody who holds it: a run that crashed."""
    if not _TOLD:
        _TOLD.append(_told(work_dir))
        return _TOLD[0].scene
    return _TOLD[0].again(work_dir)


@dataclass(frozen=True, slots=True)
class _Telling:
    """The day as it was first told by this process; the later ones are copies of its files."""

    scene: Scene
    files: dict[Path, tuple[bytes, int]]
    """Content and mode by path; a folder has no content of its own and stands before its files."""

    def again(self, work_dir: Path) -> Scene:
        """The same files in another place, and what a process has of them opened anew."""
        before, after = (
            json.dumps(str(path))[1:-1].encode() for path in (self.scene.work_dir, work_dir)
        )
        for place, (content, mode) in self.files.items():
            path = work_dir / place
            if stat.S_ISDIR(mode):
                path.mkdir(exist_ok=True)
            else:
                path.write_bytes(content.replace(before, after))
            path.chmod(stat.S_IMODE(mode))
        scene = _scene(work_dir, Clock(NOW))
        scene.ledger.pass_number = self.scene.ledger.pass_number
        scene.under_way.update(self.scene.under_way)
        return scene


_TOLD: Final[list[_Telling]] = []


def _told(work_dir: Path) -> _Telling:
    """Tell the day, and remember what was written."""
    home = work_dir / "campaigns" / CAMPAIGN
    home.mkdir(parents=True)
    (work_dir / "geelark.toml").write_text(SETTINGS, encoding="utf-8")
    names = [f"acct_{number:03}" for number in range(1, JOBS + 1)]
    _lines(work_dir / "accounts.txt", *names)
    _lines(home / "accounts.txt", *names)
    _lines(home / "captions.csv", "filename,caption", "x.mp4,x")
    (home / "videos").mkdir()
    scene = _scene(work_dir, Clock())
    scene.run_dir.create()
    _Story(scene, names).write()
    return _Telling(
        scene=replace(scene, under_way=dict(scene.under_way)),
        files={
            path.relative_to(work_dir): (
                b"" if path.is_dir() else path.read_bytes(),
                path.stat().st_mode,
            )
            for path in sorted(work_dir.rglob("*"))
        },
    )


def _scene(work_dir: Path, clock: Clock) -> Scene:
    settings = Settings.load(work_dir, overrides={"campaign": CAMPAIGN})
    path = work_dir / "campaigns" / CAMPAIGN / "progress.csv"
    return Scene(
        work_dir=work_dir,
        clock=clock,
        settings=settings,
        ledger=ProgressTracker(path, settings=settings, run_id=RUN_ID, now=clock),
        run_dir=RunDirectory(work_dir / settings.paths.run),
    )


class _Story:
    """What happened, job by job, told to ledger, events and logs in the order of time."""

    def __init__(self, scene: Scene, names: list[str]) -> None:
        self.scene = scene
        self.names = names
        self.dice = random.Random("a day")
        self.logs: dict[str, list[str]] = {}

    def write(self) -> None:
        ledger = self.scene.ledger
        jobs = [
            NewJob(
                job_id=f"D{chr(65 + number % 26)}{self.dice.getrandbits(42):011x}"[:11],
                account=name,
                video_path=f"videos/{name}.mp4",
                caption=CAPTION,
                video_id=f"v{number:04}",
            )
            for number, name in enumerate(self.names)
        ]
        ledger.seed(lambda _known: jobs)
        self._event("run_started", continued=False)
        self._pass(1, START + timedelta(seconds=2), until=NOW)
        ledger.reset_for_pass(2)
        self._event("stage_ended", stage=1, text="Ended pass 1/3")
        self._pass(2, self.scene.clock.moment + timedelta(seconds=30), until=NOW)
        self.scene.clock.moment = NOW
        self._phones()
        self._write_logs()
        self._status()
        self.scene.run_dir.write_run(
            RunRecord(
                run_id=RUN_ID,
                started_at=START,
                workload="post_reel",
                campaign=CAMPAIGN,
                ledger=str(self.scene.ledger.path),
            )
        )

    # -- passes ------------------------------------------------------------------------------------

    def _pass(self, number: int, start: datetime, *, until: datetime) -> None:
        """Five workers take job after job until none is left, or the frozen moment."""
        ledger, clock = self.scene.ledger, self.scene.clock
        ledger.pass_number = number
        clock.moment = start
        self._event("stage_started", text=f"Starting pass {number}/3", jobs=ledger.open_jobs())
        free = [(start + timedelta(seconds=20 * slot), slot) for slot in range(WORKERS)]
        ends: list[tuple[datetime, int, Claim]] = []
        heapq.heapify(free)
        while free or ends:
            if free and (not ends or free[0][0] <= ends[0][0]):
                when, slot = heapq.heappop(free)
                if when >= until or (slot == 3 and when >= CRASHED):
                    continue
                clock.moment = when
                claim = ledger.claim(str(slot))
                if not isinstance(claim, Claim):
                    continue
                self._tell(slot, "INFO", "claimed", claim)
                self._event("job", worker=slot, job=claim.job_id, key=claim.job.account)
                seconds = self.dice.triangular(110, 460, 290)
                heapq.heappush(ends, (when + timedelta(seconds=seconds), slot, claim))
            else:
                when, slot, claim = heapq.heappop(ends)
                if when >= until:
                    self.scene.under_way[slot] = claim
                    continue
                clock.moment = when
                self._end(slot, claim, number)
                heapq.heappush(free, (when + timedelta(seconds=10), slot))

    def _end(self, slot: int, claim: Claim, number: int) -> None:
        place = self.names.index(claim.job.account)
        taken = (self.scene.clock.moment - claim.claimed_at).total_seconds()
        if place in (11, 73):
            self._fail(slot, claim, ErrorCategory.ACCOUNT, PEOPLE[1], taken)
        elif place in (20, 38, 57):
            self._fail(slot, claim, ErrorCategory.ACCOUNT, PEOPLE[0], taken)
        elif place == 2:
            what = ("corrupted_video", "no duration")
            self._fail(slot, claim, ErrorCategory.CONTENT, what, taken)
        elif self.dice.random() < (0.4 if number == 1 else 0.35):
            what = INFRASTRUCTURE[self.dice.randrange(len(INFRASTRUCTURE))]
            self._fail(slot, claim, ErrorCategory.INFRASTRUCTURE, what, taken)
        else:
            self.scene.ledger.mark_submitted(claim)
            self.scene.ledger.succeed(claim)
            self._tell(slot, "INFO", "posted, verified", claim)
            self._outcome(slot, claim, "success", taken)

    def _fail(
        self,
        slot: int,
        claim: Claim,
        category: ErrorCategory,
        what: tuple[str, str],
        taken: float,
    ) -> None:
        why, error = what
        failure = Failure(error=error, category=category, error_type=why)
        self.scene.ledger.fail(claim, failure)
        self._tell(slot, "ERROR", error, claim, error_type=why)
        self._outcome(slot, claim, "failed", taken, why=why)
        bundle = EvidenceBundle(
            self.scene.work_dir / "evidence", claim.job_id, claim.attempt, now=self.scene.clock
        )
        bundle.step({"step": "phase", "phase": "appium"})
        bundle.add("source.xml", "<hierarchy/>")
        bundle.finish({"outcome": "failed", "error": error, "error_type": why})

    def _outcome(
        self, slot: int, claim: Claim, status: str, taken: float, *, why: str = ""
    ) -> None:
        shares = (0.15, 0.07, 0.06, 0.22, 0.1, 0.3, 0.1)
        last = len(PHASES) if status == "success" else 3
        phases = {
            name: round(taken * share, 1)
            for name, share in zip(PHASES[:last], shares[:last], strict=True)
        }
        self._event(
            "outcome",
            worker=slot,
            job=claim.job_id,
            key=claim.job.account,
            status=status,
            error_type=why,
            attempt=claim.attempt,
            claimed_at=claim.claimed_at.isoformat(),
            phases=phases,
            failed_in=PHASES[2] if why else "",
        )

    # -- what stands beside the ledger ------------------------------------------------------------

    def _event(self, name: str, **fields: Any) -> None:
        moment = self.scene.clock.moment.isoformat()
        self.scene.run_dir.append_event({"ts": moment, "run_id": RUN_ID, "event": name} | fields)

    def _tell(self, slot: int, level: str, text: str, claim: Claim, **fields: Any) -> None:
        moment = self.scene.clock.moment.isoformat(timespec="milliseconds")
        more = "".join(f" {name}={value}" for name, value in fields.items())
        self.logs.setdefault(f"worker_{slot}.log", []).append(
            f"ts={moment} level={level.lower()} worker={slot} job={claim.job_id} "
            f'account={claim.job.account} event="{text}"{more}'
        )

    def _write_logs(self) -> None:
        folder = self.scene.work_dir / "logs"
        folder.mkdir(exist_ok=True)
        for name, lines in self.logs.items():
            _lines(folder / name, *lines)
        moment = (NOW - timedelta(seconds=4)).isoformat(timespec="milliseconds")
        _lines(
            folder / "orchestrator.log",
            f'ts={moment} level=info event="worker_backoff" worker=3 seconds=30',
        )

    def _phones(self) -> None:
        """The phones of the jobs under way, and one that a dead process left on."""
        registry = PhoneRegistry(self.scene.work_dir / "books", run_id=RUN_ID, now=self.scene.clock)
        for slot, claim in sorted(self.scene.under_way.items()):
            self.scene.clock.moment = claim.claimed_at + timedelta(seconds=3)
            name = claim.job.account
            registry.register(f"P{name[-3:]}", name, slot=slot, job_id=claim.job_id)
        self.scene.clock.moment = NOW - timedelta(minutes=19, seconds=40)
        registry.register("P033", "acct_033", slot=2, job_id="DB5nn7Uh2sd")
        self.scene.clock.moment = NOW
        path = next(registry.folder.glob("*P033*"))
        entry = json.loads(path.read_text(encoding="utf-8"))
        path.write_text(json.dumps(entry | {"pid": 2**22 + 5, "pid_started": 1.0}))

    def _status(self) -> None:
        """What the supervisor would have written at this moment."""
        ledger = self.scene.ledger
        self.scene.run_dir.write_status(
            {
                "run_id": RUN_ID,
                "pid": 48211,
                "host": "posting-1",
                "workload": "post_reel",
                "labels": {"key": "account", "resource": "phone"},
                "campaign": CAMPAIGN,
                "ledger": str(ledger.path),
                "started_at": START.isoformat(),
                "updated_at": (NOW - timedelta(seconds=1)).isoformat(),
                "state": "running",
                "stage": {"number": 2, "label": "pass 2/3", "total_jobs": 35},
                "stages_allowed": 3,
                "waiting_until": None,
                "paused": False,
                "held": {"keys": [], "workers": []},
                "workers": [self._worker(slot) for slot in range(WORKERS)],
                "resources": [],
                "totals": ledger.figures().to_dict(),
                "stages": {},
                "forecast": {
                    "jobs_left": ledger.open_jobs(),
                    "jobs_per_hour": 62.0,
                    "done_at": (NOW + timedelta(minutes=34)).isoformat(),
                },
                "result": "",
            }
        )

    def _worker(self, slot: int) -> dict[str, Any]:
        claim = self.scene.under_way.get(slot)
        phase = ("post", "boot", "confirm", "", "upload")[slot]
        busy = claim is not None
        return {
            "slot": slot,
            "process": "running" if busy else "backoff",
            "process_since": (START + timedelta(minutes=slot)).isoformat(),
            "pid": 48300 + slot if busy else None,
            "state": "JOB_RUNNING" if busy else "",
            "state_since": (NOW - timedelta(seconds=161)).isoformat() if busy else None,
            "phase": phase if busy else "",
            "phase_since": (NOW - timedelta(seconds=9 + 30 * slot)).isoformat() if busy else None,
            "job": claim.job_id if claim else "",
            "key": claim.job.account if claim else "",
            "attempt": claim.attempt if claim else 0,
            "submitted": slot == 2,
            "idle": False,
            "restarts": 3 if slot == 3 else int(slot == 2),
            "exit_reason": "" if busy else "appium_crash",
            "restart_at": None if busy else (NOW + timedelta(seconds=24)).isoformat(),
            "beat": (NOW - timedelta(seconds=1 + slot % 2)).isoformat() if busy else None,
            "succeeded": 11 + slot % 3,
            "failed": 9 + slot % 2,
            "cpu_seconds": 40.0 + slot,
            "memory_mb": 164.0 + 4 * slot,
            "facts": {"appium": "RUNNING", "port": 4723 + 2 * slot, "system_ports": "8200-8209"},
        }


def _lines(path: Path, *lines: str) -> None:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
