"""The table of faults: what the farm does wrong, and what befalls the host."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from benchmarks.chaos import clock, model, strikes
from benchmarks.chaos.day import Day
from benchmarks.chaos.strikes import Strike, at_a_moment
from simulator.farm_file import FarmFile, FaultKind, ScriptedFault

Script = Callable[[random.Random, int], Sequence[ScriptedFault]]
"""Faults of the farm for a day with so many phones."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """One line of the table."""

    name: str
    what: str
    script: Script = lambda _dice, _phones: ()
    """Put into the farm file."""
    farm: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    """Other changes of the farm file, by table."""
    prepare: Callable[[Day], None] | None = None
    """Before the run starts."""
    strike: Strike | None = None
    impossible: Callable[[], str] = lambda: ""
    """Why it cannot be tried on this host; empty where it can."""
    light_only: bool = False
    """Too quick for the real Appium."""

    def apply(self, farm: FarmFile, dice: random.Random) -> FarmFile:
        """The farm file with this fault in it."""
        faults = farm.faults.model_copy(
            update={
                "script": (*farm.faults.script, *self.script(dice, len(farm.accounts.all_names())))
            }
        )
        changes: dict[str, object] = {"faults": faults}
        for table, values in self.farm.items():
            changes[table] = getattr(farm, table).model_copy(update=dict(values))
        return farm.model_copy(update=changes)


def on_a_phone(kind: FaultKind) -> Script:
    """At the first boot or call of one or two of the phones."""

    def script(dice: random.Random, phones: int) -> Sequence[ScriptedFault]:
        numbers = dice.sample(range(1, phones + 1), min(phones, dice.choice((1, 2))))
        return [ScriptedFault(kind=kind, account=f"acct{number:03}") for number in numbers]

    return script


def at_requests(kind: FaultKind, times: int, calls: int = 3) -> Script:
    """At some requests in a row, of so many of the provider's calls."""
    paths = (
        "phone/start",
        "phone/stop",
        "phone/status",
        "phone/list",
        "upload/getUrl",
        "adb/getData",
    )

    def script(dice: random.Random, _phones: int) -> Sequence[ScriptedFault]:
        return [
            ScriptedFault(
                kind=kind, path=path, occurrence=dice.randrange(1, 5), times=dice.randint(1, times)
            )
            for path in dice.sample(paths, calls)
        ]

    return script


def _phone(name: str, kind: FaultKind, what: str) -> Fault:
    return Fault(name=name, what=what, script=on_a_phone(kind))


def _strike(name: str, what: str, act: Callable[[Day], object]) -> Fault:
    return Fault(name=name, what=what, strike=at_a_moment(act))


PROCESSES: Final = (
    _strike("worker killed", "SIGKILL of a worker", strikes.kill_one("engine.worker")),
    _strike("supervisor killed", "SIGKILL of it", strikes.kill_all("engine.orchestrator")),
    _strike("appium killed", "SIGKILL of one Appium", strikes.kill_one("--use-drivers")),
    _strike("adb server killed", "its connections go too", strikes.kill_adb_server),
    _strike("all killed", "SIGKILL of everything at once", strikes.kill_all()),
    _strike("host slept", "SIGSTOP of everything, then SIGCONT", strikes.hold()),
    _strike("worker held", "SIGSTOP of the workers, then SIGCONT", strikes.hold("engine.worker")),
    _strike("supervisor held", "SIGSTOP of it, then SIGCONT", strikes.hold("engine.orchestrator")),
    _strike("run hung up", "SIGHUP of the run", strikes.hang_up),
    _strike("cockpit killed", "SIGKILL of a cockpit", strikes.cockpit(hangup=False)),
    _strike("cockpit hung up", "its terminal goes", strikes.cockpit(hangup=True)),
)
FILES: Final = (
    _strike("disk full", "no file can grow for a while", strikes.fill_disk),
    Fault(
        name="ledger read-only",
        what="nobody can write it for a while",
        strike=at_a_moment(strikes.immutable),
        impossible=strikes.can_be_immutable,
    ),
    _strike("ledger edited", "saved from an editor, with a note in it", strikes.edit),
    _strike("ledger truncated", "at a random byte", strikes.truncate),
    _strike("ledger resaved", "by a spreadsheet", strikes.save_from_spreadsheet),
    _strike("run directory gone", "deleted", strikes.delete_run_directory),
)
CLOCK: Final = (
    *(
        Fault(
            name=name,
            what="up to two hours",
            prepare=clock.prepare,
            strike=at_a_moment(clock.jump(direction)),
            impossible=clock.impossible,
        )
        for name, direction in (("clock forward", 1), ("clock back", -1))
    ),
    Fault(
        name="code 40007",
        what="too many calls this minute",
        script=at_requests(FaultKind.LIMIT_MINUTE, 2),
        prepare=clock.let_pauses_pass,
        impossible=clock.impossible,
    ),
    Fault(
        name="code 40014",
        what="locked for two hours",
        script=at_requests(FaultKind.LIMIT_HOUR, 1, calls=1),
        farm={"rate_limits": {"lock_seconds": 200.0}},
        prepare=clock.let_pauses_pass,
        impossible=clock.too_late,
    ),
)
PROVIDER: Final = (
    *(
        Fault(name=name, what=what, script=at_requests(kind, times))
        for name, kind, times, what in (
            ("http 500", FaultKind.HTTP_500, 4, "answers with status 500"),
            ("code 50000", FaultKind.SERVER_ERROR, 3, "the provider's own error"),
            ("request dropped", FaultKind.DROPPED, 4, "the connection is closed"),
            ("answer lost", FaultKind.ANSWER_LOST, 2, "carried out, never answered"),
            ("answer slow", FaultKind.SLOW, 1, "past the client's patience"),
        )
    ),
    _phone("stop 43005", FaultKind.STOP_BUSY, "stop refused: a task runs"),
    _phone("stop 43006", FaultKind.STOP_REMOTE, "stop refused: somebody watches"),
)
PHONES: Final = (
    _phone("never boots", FaultKind.BOOT_STALL, "starting for ever"),
    _phone("boot fails", FaultKind.BOOT_FAILED, "goes off instead of starting"),
    _phone("adb never", FaultKind.ADB_NEVER, "adb never becomes ready"),
    _phone("login refused", FaultKind.GLOGIN_REFUSED, "in a whole boot"),
    Fault(
        name="login lapses",
        what="after two seconds",
        farm={"delays": {"glogin_life": 400.0}},
        light_only=True,
    ),
    _phone("upload stuck", FaultKind.UPLOAD_STUCK, "the video never arrives"),
    _phone("upload fails", FaultKind.UPLOAD_FAILED, "the transfer ends as failed"),
    _phone("session lost", FaultKind.SESSION_LOST, "in mid-flow"),
    _phone("session refused", FaultKind.SESSION_REFUSED, "no automation in this boot"),
    _phone("phone lost", FaultKind.CONNECTION_DROPPED, "off adb in mid-flow"),
    _phone("phone silent", FaultKind.PHONE_SILENT, "answers no more in mid-flow"),
    _phone("lost after Share", FaultKind.AFTER_SHARE, "published, then the connection goes"),
    _phone("no confirmation", FaultKind.NO_CONFIRMATION, "published, never said so"),
)
MODEL: Final = (
    Fault(
        name="model overloaded",
        what="asked for every step, answers 529 or worse",
        prepare=model.always_ask,
        strike=at_a_moment(model.overload),
    ),
)
FAULTS: Final = (*PROCESSES, *FILES, *CLOCK, *PROVIDER, *PHONES, *MODEL)
