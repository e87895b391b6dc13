"""The groups of settings: one class a table of ``geelark.toml``, each key with its meaning.

What a key may be is checked here; where its value came from, and how the groups are read, is in
``engine.config`` (behaviour A11.4).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, field_validator

Seconds = Annotated[float, Field(ge=0)]
Positive = Annotated[float, Field(gt=0)]
Port = Annotated[int, Field(ge=1024, le=65535)]


class Section(BaseModel):
    """A group of settings; unknown keys are refused, so that a typing error is not silent."""

    # The keys' meanings stay docstrings: reading them here would parse the source at each start,
    # and only the page of settings wants them (docs.tables).
    model_config = ConfigDict(extra="forbid", frozen=True)


class Paths(Section):
    """Where things lie; relative ones start at the work directory."""

    ledger: Path = Path("parallel_progress.csv")
    """The day's ledger (campaign mode: `progress.csv` in the campaign folder)."""
    state_file: Path = Path("scheduler_state.json")
    """Job source without a campaign."""
    accounts_file: Path = Path("accounts.txt")
    """Accounts that may be used, one a line."""
    campaigns: Path = Path("campaigns")
    """Folder of the campaign folders."""
    posted_record: Path = Path("all_posted_videos.txt")
    """Every post ever made, over all campaigns and days."""
    video_root: Path | None = None
    """Where to look for a video whose recorded path does not exist on this host."""
    run: Path = Path("run")
    """The run directory: status, events, commands, processes. It may be deleted between runs."""
    books: Path = Path("books")
    """What costs money: phones that are on, minutes and the model's calls. Never to be deleted."""
    logs: Path = Path("logs")
    evidence: Path = Path("evidence")
    appium: Path | None = None
    """Where `doctor --install` puts Appium; unset = `.appium` of the checkout, or else here."""


class Run(Section):
    """Supervisor and workers."""

    workload: str = "post_reel"
    """Which trade this work directory runs."""
    workers: int = Field(default=3, ge=1)
    """Worker processes."""
    max_workers: int = Field(default=10, ge=1, le=200)
    """`workers` may not exceed it."""
    stagger: Literal["readiness", "clock"] = "readiness"
    """When the next worker is started: once all that were started have their first job (their
    Appium is up then), or by the clock alone."""
    stagger_seconds: Seconds = 60
    """By the clock: between two worker starts. By readiness: the longest wait for it."""
    stagger_load: Positive = 3
    """By readiness, a host with a higher load average a core lets the next worker wait, too."""
    delay_between_jobs_seconds: Seconds = 10
    """Least time between the end of a worker's job and its next one's first touch; the boot of the
    next phone counts into it. After a failure it passes before the next claim."""
    ahead_idle_seconds: Seconds = 30
    """Past Share a worker starts the phone of its next job. Longest time for which that one may be
    on without being used, `delay_between_jobs_seconds` counted in; then it is stopped and its job
    given back. 0 (or no more than that delay) = no phone is started ahead; nor is one for ten
    minutes after the provider refused a start."""
    idle_poll_seconds: Positive = 5
    """How often a worker without a claimable job looks again."""
    supervisor_poll_seconds: Positive = 1
    """Longest sleep of the supervisor's loop."""
    status_line_seconds: Positive = 30
    """Between two progress lines."""
    heartbeat_seconds: Positive = 30
    """Between two signs of life in the instance record."""
    heartbeat_stale_seconds: Positive = 120
    """After this a living holder is called stale in messages; it is never taken over."""
    worker_start_seconds: Positive = 30
    """A new worker process must report within this time."""
    worker_silent_seconds: Positive = 60
    """A worker whose process gives no sign of life for this long is ended."""
    worker_stall_seconds: Positive = 600
    """One that lives but passes no step, look or wait for this long is ended, with a job or
    without; longer than any single call with a bound of its own may take."""
    overtime_seconds: Positive = 300
    """A phone that is on for so much longer than an attempt may take is stopped, whoever holds it;
    a worker that says nothing of its job for as long is ended."""
    shutdown_timeout_seconds: Seconds = 60
    """How long a stop waits for workers to finish or give back."""
    submitted_shutdown_timeout_seconds: Seconds = 180
    """The same for a worker past the point of no return."""
    forced_shutdown_timeout_seconds: Seconds = 10
    """The same after a second Ctrl-C."""
    stop_all_timeout_seconds: Positive = 600
    """How long `--stop-all` waits for a live run to end."""
    process_stop_seconds: Seconds = 10
    """Between TERM and KILL of a process that a dead worker left."""
    release_timeout_seconds: Positive = 600
    """Longest wait for the phones that a dead worker or a run left to be seen off; then that is an
    alarm, and the run goes on or ends."""
    max_restarts: int = Field(default=5, ge=0)
    """Restarts of one worker in a stage before its slot is given up."""
    restart_backoff_seconds: Seconds = 5
    """First wait before a restart; doubles each time."""
    restart_backoff_max_seconds: Seconds = 60
    recovery_step_seconds: Seconds = 5
    """Wait after the n-th recovery in a row: min(n times this, recovery_max_seconds)."""
    recovery_max_seconds: Seconds = 30
    max_recoveries: int = Field(default=3, ge=1)
    """Recoveries in a row that may fail before the worker ends."""
    usd_per_day: float = Field(default=0, ge=0)
    """US dollars that phones and model calls of one day may cost, estimated; then claims are
    paused until the next day, a higher limit or a resume. 0 = no limit."""
    timezone: str = ""
    """IANA zone whose calendar day counts; empty = the host's own zone."""

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value:
            try:
                ZoneInfo(value)
            except (ZoneInfoNotFoundError, ValueError, OSError) as exc:
                raise ValueError("must be an IANA time zone such as Europe/Berlin") from exc
        return value


class Retry(Section):
    """Retry passes: what failed is tried again after everything else had its turn."""

    max_passes: int = Field(default=3, ge=1)
    delay_seconds: Seconds = 30
    """Between two passes."""
    infrastructure_limit: int = Field(default=3, ge=1)
    """Failed attempts in all after which an infrastructure failure is final."""
    retry_unknown: bool = True
    """Unknown failures get one more attempt."""
    attempts_per_pass: int = Field(default=1, ge=1)
    """Attempts of a job inside one pass; more than 1 writes `retrying` instead of `failed`."""
    attempts_per_job: int = Field(default=3, ge=1)
    """`max_attempts` of newly seeded jobs."""
    in_pass_delay_minutes: Seconds = 5
    """Delay before an attempt inside the same pass."""
    capacity_delay_seconds: Positive = 30
    """First delay when the provider is busy or has no phone; doubles, with jitter."""
    capacity_delay_max_seconds: Positive = 600


class LedgerSettings(Section):
    lock_timeout_seconds: Positive = 30
    """Longest wait for the ledger's lock."""
    stale_claim_seconds: Positive = 600
    """A claim without a sign of life for this long is taken back."""
    renew_seconds: Positive = 60
    """Between two signs of life of a claim."""


class Posting(Section):
    """What one post may take."""

    max_posts_per_account_per_day: int = Field(default=1, ge=1, le=4)
    app_package: str = "com.instagram.android"
    job_timeout_seconds: Positive = 300
    """From phone ready to Share tapped."""
    confirm_timeout_seconds: Positive = 60
    """Longest wait for proof of publication; then the job is in doubt."""
    check_doubts: bool = True
    """After a doubt, look at the own profile whether the reel is there; publishes nothing."""
    check_seconds: Positive = 45
    """Longest such look."""
    first_poll_seconds: Positive = 0.2
    """After a touch, before the first look at what it did; each further pause is longer by half."""
    poll_seconds: Positive = 1
    """Longest pause between two looks at a screen that is expected to change."""
    touch_seconds: Positive = 10
    """Longest time for a touch to show what it did; only then it is repeated."""
    max_steps: int = Field(default=30, ge=1)
    """Steps of the flow before Share."""
    loop_limit: int = Field(default=5, ge=2)
    """The same screen and action this often is a loop."""
    loop_recoveries: int = Field(default=2, ge=0)
    """Restarts of the app that may be tried against a loop; none after Share."""
    caption_max: int = Field(default=2200, ge=1)
    """Characters; a longer caption is refused before a phone is started."""
    ai: Literal["fallback", "never", "only"] = "fallback"
    """Whether the model is asked where no rule applies (`--no-ai-fallback`, `--ai-only`)."""


class Model(Section):
    """The model's service, asked where no rule knows the screen; needs `ANTHROPIC_API_KEY`."""

    name: str = Field(default="claude-haiku-5-5", min_length=1)
    base_url: str = "https://api.anthropic.com"
    """Where the key is sent: https, or http on this host."""
    tool_choice: Literal["forced", "auto"] = "forced"
    """`auto` for a model that refuses forced tool use; prose alone is then a bad answer."""
    max_tokens: int = Field(default=1024, ge=128)
    """Longest answer; a model that thinks before it answers needs more."""
    screenshot: bool = False
    """Send a picture of the screen beside the list of its elements."""
    elements: int = Field(default=120, ge=10, le=400)
    """Elements of a screen that are listed at most."""
    timeout_seconds: Positive = 20
    """Longest wait for the answer to one question, with all its calls; never more than the job
    has left."""
    tries: int = Field(default=2, ge=1)
    """Calls for one question: again after a time-out, overload, rate limit or bad answer."""
    backoff_seconds: Seconds = 1
    """First wait before another call; doubles, with jitter."""
    longest_wait_seconds: Seconds = 10
    """A longer wait that the service asks for is not sat out: the rules go on without it."""
    calls_per_job: int = Field(default=100, ge=0)
    """Over all attempts of a job on one day; the same for the two limits below."""
    tokens_per_job: int = Field(default=500_000, ge=0)
    usd_per_job: float = Field(default=0.10, ge=0)
    """US dollars, estimated by the prices below."""
    calls_per_day: int = Field(default=2_000, ge=0)
    """Shared by all workers of the work directory; the same for the two limits below."""
    tokens_per_day: int = Field(default=10_000_000, ge=0)
    usd_per_day: float = Field(default=2.0, ge=0)
    usd_per_million_input: float = Field(default=0.10, ge=0)
    """Prices of the named model; change them with it."""
    usd_per_million_output: float = Field(default=0.50, ge=0)
    usd_per_million_cache_write: float = Field(default=0.125, ge=0)
    usd_per_million_cache_read: float = Field(default=0.01, ge=0)

    @field_validator("base_url")
    @classmethod
    def _safe_place(cls, value: str) -> str:
        address = urlsplit(value)
        local = address.hostname in {"127.0.0.1", "localhost", "::1"}
        if not address.hostname or not (
            address.scheme == "https" or (address.scheme == "http" and local)
        ):
            raise ValueError("must be an https address, or http on this host")
        return value


class Appium(Section):
    """Appium server and session of each worker."""

    command: tuple[str, ...] = ("appium",)
    """The server, a program with its fixed arguments; as built in: what `doctor --install` made,
    else the one on PATH."""
    host: str = "127.0.0.1"
    base_port: Port = 4723
    """`APPIUM_BASE_PORT`: worker n listens on base_port + 2·n."""
    system_port_base: Port = 8200
    """`SYSTEM_PORT_BASE`: worker n owns system_port_base + 10·n to +9."""
    android_home: str = ""
    """Android SDK folder handed to Appium; empty = ANDROID_HOME, else the adb program's own."""
    start_timeout_seconds: Positive = 60
    health_poll_seconds: Positive = 1
    stop_timeout_seconds: Positive = 10
    """After TERM; then KILL."""
    session_timeout_seconds: Positive = 60
    session_tries: int = Field(default=3, ge=1)
    command_timeout_seconds: Positive = 60
    """Longest wait for one answer of the server."""
    close_timeout_seconds: Positive = 10
    """Longest wait for the end of a session; a phone that is silent holds it up for minutes."""
    heap_megabytes: int = Field(default=192, ge=0)
    """Most that the server's heap may take; without a bound it grows with every session. It is
    handed over in NODE_OPTIONS; 0 = Node's own bound."""
    log_level: Literal["debug", "info", "warn", "error"] = "info"
    """What the server writes into its log; at `debug` about 2 kB for each look at a screen."""
    new_command_timeout_seconds: int = Field(default=120, ge=1)
    """Longest pause between two commands before the server ends a session by itself."""
    adb_exec_timeout_ms: int = Field(default=120_000, ge=1)
    """Longest adb command of the driver; also bounds how long a silent phone can hold it."""
    server_install_timeout_ms: int = Field(default=120_000, ge=1)
    """Longest installation of the driver's apps (18 MB) on a phone that lacks them."""
    server_launch_timeout_ms: int = Field(default=10_000, ge=1)
    """Longest start of the driver's server on the phone."""
    server_read_timeout_ms: int = Field(default=0, ge=0)
    """Longest answer of the driver's server on the phone; 0 = four fifths of
    command_timeout_seconds, so that the phone's fault is told before the call is given up."""
    device_ready_timeout_seconds: int = Field(default=60, ge=1)
    skip_device_initialization: bool = False
    """Trust that the driver's Settings app is on the phones; saves its upload in each session."""
    skip_server_installation: bool = False
    """Trust that the driver's server of the right version is on the phones."""
    skip_unlock: bool = True
    """Cloud phones have no lock screen; looking for one takes two commands."""
    skip_logcat_capture: bool = True
    """Do not keep a stream of the phone's log open."""
    ignore_hidden_api_policy_error: bool = True
    """Some phones refuse a setting that the driver changes and does not need."""


class Logs(Section):
    level: Literal["debug", "info", "warning", "error"] = "info"
    max_megabytes: Positive = 20
    """A log is rotated when it has grown to this size."""
    keep: int = Field(default=5, ge=1)
    """Rotated logs kept."""
    keep_days: int = Field(default=30, ge=1)
    """Logs and rotated events that nobody wrote to for so long are removed when a run starts."""
    events_megabytes: Positive = 20
    """The run's events are rotated when they have grown to this size; one older file is kept."""
    archive_days: int = Field(default=0, ge=0)
    """Archived days of the ledger older than this are removed when a run starts, but none with a
    job in doubt. 0 = never; what was posted is known from the record of posted videos too."""
    evidence_days: int = Field(default=30, ge=1)
    evidence_megabytes: Positive = 2000
    """Oldest evidence goes first when the folder is larger."""


class ErrorPattern(Section):
    """The operator's own pattern for foreign error text, looked at before the built-in ones."""

    phrase: str = Field(min_length=3)
    """Words that must appear as a whole phrase, in any case."""
    category: Literal["account", "content", "infrastructure", "internal", "unknown"]
    type: str = Field(pattern=r"^[a-z][a-z0-9_]*$")


class Errors(Section):
    patterns: tuple[ErrorPattern, ...] = ()
    """`[[errors.patterns]]` tables with phrase, category, type."""


class Console(Section):
    """The cockpit `geelark-console`."""

    theme: Literal["dark", "light", "mono", "ansi-dark"] = "dark"
    """`ansi-dark` uses the terminal's own 16 colours; `NO_COLOR` makes any of them `mono`."""
    unicode_glyphs: bool = False
    """Draw states as ✓ ▸ · ↻ ✗ instead of ASCII signs."""
    box_drawing: bool = False
    """Draw panels with light lines instead of ASCII signs."""
    keys: dict[str, str] = {}
    """`[console.keys]`: action id = key, such as `"app.stop-phones" = "f9"`."""
    filters: dict[Literal["f2", "f3", "f4", "f5"], str] = {}
    """`[console.filters]`: saved filter of a key, such as `f4 = "why:adb_timeout"`."""
    screenshot: bool = True
    """Draw a job's last screen in the terminal."""
    fps: int = Field(default=60, ge=1, le=60)
    """Most repaints a second; over SSH at most 15."""
    mouse: bool = True
    """Take the mouse; without it the terminal's own selection works."""
    bell: bool = False
    """Ring once for a new alarm."""
    time_style: Literal["clock", "age", "run"] = "clock"
    """How times are shown first; `t` changes it."""
    silent_seconds: Positive = 15
    """A run without a sign of life for this long is shown as silent."""
    orphan_seconds: Positive = 120
    """A phone of ours that is on this long without a job or a worker is an alarm."""
    stuck_seconds: Positive = 300
    """A job longer than this in one phase is a warning."""
