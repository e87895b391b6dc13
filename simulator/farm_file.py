"""The small file that describes a farm: its phones, accounts, delays, faults, limits and prices.

All delays are in simulated seconds; ``time_scale`` says how many of them pass in one real second.
Unknown keys are refused, so that a typing error is not silent.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from simulator.errors import FarmError

FARM_FILE = "farm.toml"

Rate = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(ge=0)]
Span = Annotated[tuple[Seconds, Seconds], Field(description="shortest and longest")]


class AccountState(StrEnum):
    """What the posting app shows for an account."""

    OK = "ok"
    SUSPENDED = "suspended"
    DISABLED = "disabled"
    LOGGED_OUT = "logged_out"
    CHALLENGE_CAPTCHA = "challenge_captcha"
    CHALLENGE_VERIFICATION = "challenge_verification"
    ACTION_BLOCKED = "action_blocked"


class FaultKind(StrEnum):
    """Everything that can be made to go wrong, under the names of the farm file."""

    # Drawn once a boot, as one of the faults that `infrastructure` stands for.
    BOOT_STALL = "boot_stall"
    """The phone stays at "starting" for ever."""
    ADB_NEVER = "adb_never"
    """adb is switched on and never becomes ready."""
    GLOGIN_REFUSED = "glogin_refused"
    """The login to the device is refused for the whole boot."""
    UPLOAD_STUCK = "upload_stuck"
    """The video never arrives on the phone."""
    SESSION_LOST = "session_lost"
    """The Appium session is lost in mid-flow, before Share."""
    CONNECTION_DROPPED = "connection_dropped"
    """The phone drops off adb in mid-flow, before Share."""
    SESSION_REFUSED = "session_refused"
    """The phone's automation does not start: no Appium session in this boot."""
    PHONE_SILENT = "phone_silent"
    """From somewhere in mid-flow, before Share, the phone answers no session command any more."""
    # Drawn once a boot by their own rate.
    BOOT_FAILED = "boot_failed"
    """The phone goes back to "shut down" instead of starting."""
    AFTER_SHARE = "after_share"
    """The connection is lost right after Share; the post is really published."""
    NO_CONFIRMATION = "no_confirmation"
    """Published, but the screen never says so."""
    PUBLISH_FAILED = "publish_failed"
    """Share was tapped, the app says that it could not publish, and nothing was published."""
    LINE_SLOW = "line_slow"
    """Every packet of real adb takes `line_latency` longer."""
    LINE_DROPPED = "line_dropped"
    """In mid-flow the TCP connection of real adb is closed; the phone can be connected anew."""
    LINE_SILENT = "line_silent"
    """From somewhere in mid-flow the TCP connection is up and nothing is answered on it."""
    ADB_UNAUTHORIZED = "adb_unauthorized"
    """Nobody accepts the host's key on the phone."""
    AUTOMATION_MISSING = "automation_missing"
    """The driver's instrumentation is not on the phone, and cannot be put there."""
    AUTOMATION_UNREACHABLE = "automation_unreachable"
    """In mid-flow the automation server stops listening while its process goes on."""
    INSTALL_SLOW = "install_slow"
    """A large app (the automation server) that is being installed never gets there."""
    SETTINGS_DENIED = "settings_denied"
    """The shell may not write the phone's settings."""
    # Drawn at each call for one phone.
    START_NO_CAPACITY = "start_no_capacity"
    """Start answers 47002."""
    START_IN_USE = "start_in_use"
    """Start answers 43007."""
    START_UNAVAILABLE = "start_unavailable"
    """Start answers 43020."""
    STOP_BUSY = "stop_busy"
    """Stop answers 43005 for a while: a task runs."""
    STOP_REMOTE = "stop_remote"
    """Stop answers 43006 for a while: someone is remote-controlling."""
    UPLOAD_FAILED = "upload_failed"
    """The transfer to the phone ends as failed."""
    # Drawn at each HTTP request.
    HTTP_500 = "http_500"
    HTTP_429 = "http_429"
    """HTTP 429 with a body that is not JSON."""
    DROPPED = "dropped"
    """The connection is closed without an answer, before anything was done."""
    ANSWER_LOST = "answer_lost"
    """The request is carried out, then the connection is closed without an answer."""
    SLOW = "slow"
    """The answer takes `slow_answer` seconds."""
    SERVER_ERROR = "server_error"
    """Envelope with code 50000."""
    LIMIT_MINUTE = "limit_minute"
    """Envelope with code 40007."""
    LIMIT_HOUR = "limit_hour"
    """Envelope with code 40014; the API is locked for two hours."""
    LIMIT_UNNAMED = "limit_unnamed"
    """Envelope with code 40017."""


INFRASTRUCTURE_KINDS: tuple[FaultKind, ...] = (
    FaultKind.BOOT_STALL,
    FaultKind.ADB_NEVER,
    FaultKind.GLOGIN_REFUSED,
    FaultKind.UPLOAD_STUCK,
    FaultKind.SESSION_LOST,
    FaultKind.CONNECTION_DROPPED,
    FaultKind.SESSION_REFUSED,
    FaultKind.PHONE_SILENT,
)
HTTP_KINDS: tuple[FaultKind, ...] = (
    FaultKind.HTTP_500,
    FaultKind.HTTP_429,
    FaultKind.DROPPED,
    FaultKind.ANSWER_LOST,
    FaultKind.SLOW,
    FaultKind.SERVER_ERROR,
    FaultKind.LIMIT_MINUTE,
    FaultKind.LIMIT_HOUR,
    FaultKind.LIMIT_UNNAMED,
)


class Table(BaseModel):
    """One table of the farm file."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Accounts(Table):
    """Accounts; each has one phone whose serial name is the account's name."""

    count: int = Field(default=0, ge=0, le=20_000)
    """Accounts named prefix + number, beside those of `names`."""
    prefix: str = "acct"
    names: tuple[str, ...] = ()
    states: Mapping[str, AccountState] = {}
    """State by account; the others are ok."""

    def all_names(self) -> tuple[str, ...]:
        width = max(3, len(str(self.count)))
        made = (f"{self.prefix}{n:0{width}}" for n in range(1, self.count + 1))
        return tuple(dict.fromkeys((*self.names, *made)))

    @model_validator(mode="after")
    def _states_name_accounts(self) -> Accounts:
        unknown = sorted(set(self.states) - set(self.all_names()))
        if unknown:
            raise ValueError(f"states names accounts that are not there: {', '.join(unknown)}")
        return self


class Phones(Table):
    android: int = Field(default=13, ge=9, le=16)
    missing: tuple[str, ...] = ()
    """Accounts for which no phone exists."""
    expired: tuple[str, ...] = ()
    """Accounts whose phone's rent has run out."""
    prepared: bool = True
    """The automation driver's apps are on the phones; else it has to install them."""
    foreign: int = Field(default=0, ge=0, le=1000)
    """Phones of other people, running from the beginning; nobody of ours may stop them."""


class Delays(Table):
    """Simulated seconds, shortest and longest."""

    boot: Span = (20, 90)
    adb_enable: Span = (1, 8)
    adb_offline: Span = (5, 20)
    """After `adb connect`, until the serial is a `device`."""
    glogin_life: Seconds = 600
    """The login to the device lapses after this."""
    line_latency: Seconds = 3
    """What each packet takes longer on a slow line (0.15 s at 20 times the speed)."""
    automation_start: Span = (0.5, 3)
    """From the start of the phone's automation server until it answers."""
    stop: Span = (2, 10)
    upload: Span = (2, 6)
    """From the cloud's storage to the phone, beside the time for its size."""
    upload_megabytes_per_second: float = Field(default=4.0, gt=0)
    uplink_megabytes_per_second: float = Field(default=0.0, ge=0)
    """From the host to the cloud's storage; 0 = as fast as the host can."""
    session: Span = (0, 0)
    """The light Appium: from a session that is asked for until it is open."""
    look: Span = (0, 0)
    """The light Appium: what one page source takes."""
    screenshot: Span = (1, 3)
    app_start: Span = (1, 4)
    app_step: Span = (0.2, 1.5)
    """From a tap until the next screen is there."""
    publish: Span = (5, 20)
    """From Share until the app says that it is published."""
    idle_shutdown: Seconds = 1800
    """A phone started with energy saving is off after this long without activity."""
    busy: Seconds = 30
    """How long a refused stop (stop_busy, stop_remote) goes on being refused."""
    slow_answer: Seconds = 40


class ScriptedFault(Table):
    """One fault at one place: the n-th time that it could strike."""

    kind: FaultKind
    account: str = ""
    """Only on this account's phone; empty = any."""
    path: str = ""
    """Only this API path, such as `phone/start` (HTTP faults); empty = any."""
    occurrence: int = Field(default=1, ge=1)
    """The n-th boot, call or request that it applies to, counted for each phone or path."""
    times: int = Field(default=1, ge=1)
    """From there on, this often in a row."""

    def strikes(self, occurrence: int) -> bool:
        return self.occurrence <= occurrence < self.occurrence + self.times


class Faults(Table):
    """Faults by rate and by script."""

    infrastructure: Rate = 0.0
    """Chance that a boot of a phone meets one of the infrastructure faults, before Share."""
    weights: Mapping[FaultKind, float] = {}
    """How often each infrastructure fault is the one; absent = 1."""
    rates: Mapping[FaultKind, Rate] = {}
    """Chance of every other fault, each time that it could strike."""
    script: tuple[ScriptedFault, ...] = ()

    @model_validator(mode="after")
    def _kinds_stand_where_they_work(self) -> Faults:
        for kind, weight in self.weights.items():
            if kind not in INFRASTRUCTURE_KINDS:
                raise ValueError(f"weights: {kind.value} is not an infrastructure fault")
            if weight < 0:
                raise ValueError(f"weights: {kind.value} must not be negative")
        for kind in self.rates:
            if kind in INFRASTRUCTURE_KINDS:
                raise ValueError(f"rates: {kind.value} is drawn by `infrastructure`, not by itself")
        return self


class RateLimits(Table):
    """The provider's limits for each API path."""

    per_minute: int = Field(default=200, ge=1)
    per_hour: int = Field(default=24_000, ge=1)
    lock_seconds: Seconds = 7200
    wallet_per_minute: int = Field(default=10, ge=1)
    plan_per_minute: int = Field(default=1, ge=1)
    clock: Literal["simulated", "real"] = "simulated"
    """Whose minutes and hours are counted."""


class Money(Table):
    price_per_minute: float = Field(default=0.007, ge=0)
    daily_cap: float = Field(default=1.0, ge=0)
    """Most that one phone costs a simulated day."""
    balance: float = Field(default=1000.0, ge=0)
    """At zero no phone starts any more (41001)."""


class App(Table):
    """The posting app on the phones."""

    dialog_rate: Rate = 0.0
    """Chance that a dialog comes up each time one of the app's pages opens."""
    surprise_rate: Rate = 0.0
    """Chance, after each touch, that something comes in between: a dialog, a wrong page, another
    app, a crash."""


class Dialect(Table):
    """Variants in which the provider's documents contradict its samples."""

    text_codes: bool = False
    """`failDetails[].code` as a numeric string, `id` as an integer."""
    strict_repeats: bool = False
    """Starting a phone that is on, or stopping one that is off, fails the item."""
    stop_lists_successes: bool = True
    """`phone/stop` answers with `successDetails`."""
    api_counts_as_activity: bool = False
    """Calls about a phone keep it from the idle shutdown, as adb does."""


class FarmFile(Table):
    """A whole farm."""

    seed: int = 1
    """All delays and faults follow from it, for each phone and occurrence on its own."""
    time_scale: float = Field(default=1.0, gt=0, le=10_000)
    """Simulated seconds in one real second; phone minutes are billed in simulated time."""
    port: int = Field(default=0, ge=0, le=65535)
    """Where the farm listens on 127.0.0.1; 0 = any free port."""
    token: str = Field(default="farm-token", min_length=1)
    """Bearer token that is accepted; made up."""
    app_id: str = "farm-app"
    api_key: str = "farm-key"
    posts_per_account_per_day: int = Field(default=1, ge=1)
    """Above this `compare` counts publications as double posts."""
    accounts: Accounts = Accounts()
    phones: Phones = Phones()
    delays: Delays = Delays()
    faults: Faults = Faults()
    rate_limits: RateLimits = RateLimits()
    money: Money = Money()
    app: App = App()
    dialect: Dialect = Dialect()

    @model_validator(mode="after")
    def _phones_name_accounts(self) -> FarmFile:
        names = set(self.accounts.all_names())
        for key in ("missing", "expired"):
            unknown = sorted(set(getattr(self.phones, key)) - names)
            if unknown:
                raise ValueError(f"phones.{key} names unknown accounts: {', '.join(unknown)}")
        return self

    @classmethod
    def load(cls, path: Path) -> FarmFile:
        """Read a farm file. Raises FarmError with one sentence naming key and value."""
        try:
            content = tomllib.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise FarmError(
                f"{path} does not exist: make a work directory with `python -m simulator new DIR` "
                "first."
            ) from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as exc:
            raise FarmError(f"{path} cannot be read: {exc}.") from exc
        try:
            return cls.model_validate(content)
        except ValidationError as exc:
            first = exc.errors()[0]
            where = ".".join(str(part) for part in first["loc"]) or "the file"
            raise FarmError(f"{path}: {where}: {first['msg']}.") from None
