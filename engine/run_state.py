"""The run directory: what the engine tells the console, and what the console asks of it.

Everything goes through files (architecture 7): a status snapshot replaced whole, events appended,
commands moved in one by one. So it works over SSH, on Windows, with several cockpits at a time and
after any crash; no port is opened.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.errors import InputError
from engine.event_file import EventFile, EventTail
from engine.private_files import UntrustedFileError, make_private_dir, read_own, write_atomically

STATUS_SCHEMA = 1
COMMAND_MAX_BYTES = 4 * 1024 * 1024
CONTROL_MAX_BYTES = 4 * 1024 * 1024
COMMANDS_AT_ONCE = 200
"""Taken in one turn; more wait for the next, so that a flood of them keeps no run from its work."""
REFUSED_KEPT = 20
"""Commands that were set aside; older ones go."""
ANSWER_POLL_SECONDS = 0.1

CommandName = Literal[
    "stop_run",
    "stop_worker",
    "restart_worker",
    "set_workers",
    "stop_resources",
    "requeue",
    "skip",
    "unskip",
    "mark_posted",
    "undo",
    "hold",
    "release",
    "pause",
    "resume",
    "pause_after_stage",
    "add_stage",
]


def utc_now() -> datetime:
    return datetime.now(UTC)


class Command(BaseModel):
    """One wish of the operator; answered by an event with its id when it is true."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: CommandName
    id: str = Field(default_factory=lambda: uuid.uuid4().hex[:12], pattern=r"^[A-Za-z0-9_-]{1,64}$")
    ids: tuple[str, ...] = ()
    """Jobs, or resources; what the command acts on."""
    where: str = ""
    """A filter instead of ids."""
    slot: int | None = None
    count: int | None = None
    target: str = ""
    """For hold and release: ``worker:0``, ``key:NAME`` or ``resource:ID``."""
    undo_of: str = ""
    """For undo: the id of the command to take back."""
    sent_at: datetime = Field(default_factory=utc_now)
    sent_by: str = ""


class RunRecord(BaseModel):
    """The latest run of this work directory, as ``run/run.json`` keeps it."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    run_id: str
    started_at: datetime
    workload: str
    campaign: str = ""
    ledger: str = ""
    ended_at: datetime | None = None
    result: str = ""
    """Empty while it runs, or when it crashed."""
    summary: dict[str, Any] = Field(default_factory=dict)

    @classmethod
    def begin(cls, now: datetime, workload: str, *, campaign: str, ledger: str) -> RunRecord:
        """A new run, under an id that sorts by time."""
        return cls(
            run_id=f"{now:%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:6]}",
            started_at=now,
            workload=workload,
            campaign=campaign,
            ledger=ledger,
        )

    @property
    def why(self) -> str:
        """One sentence on the result, where the trade gave one."""
        return str(self.summary.get("why") or "")

    @property
    def unfinished(self) -> bool:
        """Crashed or stopped before its end: the next start on this ledger continues it."""
        return self.result in ("", "stopped")


class Control(BaseModel):
    """What the operator wants to stay so, also over a restart of the supervisor."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    paused: bool = False
    paused_by: str = ""
    """Who paused; empty in older files, and where the run paused by itself after a pass."""
    paused_at: datetime | None = None
    paused_why: str = ""
    """In words, where the run paused by itself."""
    limit_day: date | None = None
    """The day whose money limit paused claims; None where somebody else did."""
    limit_usd: float = 0.0
    """That limit."""
    unlimited_day: date | None = None
    """The day for which the operator resumed although the limit was reached."""
    pause_after_stage: bool = False
    """Claims are to be paused when the present pass has ended."""
    held_keys: frozenset[str] = frozenset()
    held_workers: frozenset[int] = frozenset()


class RunDirectory:
    """Paths, writers and readers of one work directory's ``run`` folder."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.status_path = path / "status.json"
        self.events_path = path / "events.jsonl"
        self.commands_path = path / "commands"
        self.refused_path = path / "refused"
        self.processes_path = path / "processes"
        self.settings_path = path / "settings.json"
        self.control_path = path / "control.json"
        self.run_path = path / "run.json"
        self.lock_path = path / "instance.lock"
        self._events = EventFile(self.events_path)
        self._stuck: set[str] = set()
        """Names in the commands' folder that cannot be removed."""

    def create(self) -> None:
        make_private_dir(self.path)
        make_private_dir(self.commands_path)

    # -- status ----------------------------------------------------------------------------------

    def write_status(self, status: Mapping[str, Any]) -> None:
        write_atomically(
            self.status_path, json.dumps({"schema": STATUS_SCHEMA, **status}, ensure_ascii=False)
        )

    def read_status(self) -> dict[str, Any] | None:
        """The last snapshot, or None where there is none that we understand."""
        status = _read_json(self.status_path)
        return status if status and status.get("schema") == STATUS_SCHEMA else None

    # -- the run's own record ----------------------------------------------------------------------

    def write_run(self, record: RunRecord) -> None:
        write_atomically(self.run_path, record.model_dump_json(indent=1), durable=True)

    def read_run(self) -> RunRecord | None:
        data = _read_json(self.run_path)
        try:
            return RunRecord.model_validate(data) if data else None
        except ValidationError:
            return None

    def write_control(self, control: Control) -> None:
        write_atomically(self.control_path, control.model_dump_json(), durable=True)

    def read_control(self) -> Control:
        """Raises InputError where it is there and cannot be understood: a hold is never lost."""
        try:
            return Control.model_validate_json(read_own(self.control_path, CONTROL_MAX_BYTES))
        except FileNotFoundError:
            return Control()
        except (OSError, ValueError) as exc:
            why = f" ({exc.strerror})" if isinstance(exc, UntrustedFileError) else ""
            raise InputError(
                f"{self.control_path}, which keeps what is paused and held, cannot be read{why}: "
                "remove it, then pause and hold again what must be."
            ) from exc

    # -- events ------------------------------------------------------------------------------------

    @property
    def older_events_path(self) -> Path:
        """Where events go when their file is rotated."""
        return self._events.older

    def limit_events(self, most_bytes: int) -> None:
        """Rotate the events at this size."""
        self._events.most_bytes = most_bytes

    def append_event(self, event: Mapping[str, Any]) -> None:
        """Append one event; only the supervisor calls this. Raises OSError."""
        self._events.append(event)

    def append_events(self, events: Sequence[Mapping[str, Any]]) -> None:
        """Append events in one piece; only the supervisor calls this. Raises OSError."""
        self._events.append(*events)

    def events(self) -> Iterator[dict[str, Any]]:
        """Every whole event so far, oldest first."""
        return iter(self._events)

    def tail(self, *, whole: bool = False) -> EventTail:
        """The events from now on; ``whole``: those that are there already too."""
        return self._events.tail(whole=whole)

    # -- commands ----------------------------------------------------------------------------------

    def send(self, command: Command) -> str:
        """Drop a command for the live run; returns its id. Raises OSError."""
        write_atomically(self.commands_path / f"{command.id}.json", command.model_dump_json())
        return command.id

    def take_commands(self, refuse: Callable[[str, str], None]) -> list[Command]:
        """Remove and return what was dropped, oldest first.

        What is no command of this user is set aside in ``refused``; ``refuse(id, why)`` hears it.
        """
        taken: list[Command] = []
        try:
            paths = [path for path in self.commands_path.iterdir() if path.suffix == ".json"]
        except OSError:
            return taken
        wanted = (path for path in sorted(paths, key=_age) if path.name not in self._stuck)
        for path in islice(wanted, COMMANDS_AT_ONCE):
            try:
                command = _read_command(path)
                self._remove(path)
                taken.append(command)
            except InputError as exc:
                refuse(path.stem, f"{exc} {self._set_aside(path)}")
        return taken

    def _remove(self, path: Path) -> None:
        """Take a command's file away, so that it is obeyed once. Raises InputError."""
        try:
            path.unlink(missing_ok=True)
        except OSError as exc:
            raise InputError(f"The command file cannot be removed ({exc.strerror}).") from exc

    def _set_aside(self, path: Path) -> str:
        """Move what is refused out of the way, unopened; where it is now, in words."""
        kept = self.refused_path / path.name
        try:
            make_private_dir(self.refused_path)
            _make_room(self.refused_path, kept)
            path.rename(kept)
        except FileNotFoundError:
            return "It has gone."
        except OSError as exc:
            # It is left where it is, and never looked at again.
            self._stuck.add(path.name)
            return f"It stays where it is, since it cannot be moved ({exc.strerror})."
        return f"It was set aside as {kept}."

    def wait_answer(
        self,
        command_id: str,
        timeout: float,
        *,
        tail: EventTail,
        alive: Callable[[], bool] = lambda: True,
    ) -> dict[str, Any] | None:
        """The answer to a command, or None when it did not come in time or nobody is left.

        ``tail`` was opened before the command was sent; ``alive`` says whether the run still is.
        """
        deadline = time.monotonic() + timeout
        while True:
            waiting = alive() and time.monotonic() < deadline
            for event in tail.read():
                if event.get("event") == "command_answered" and event.get("id") == command_id:
                    return event
            if not waiting:
                return None
            time.sleep(ANSWER_POLL_SECONDS)


def _age(path: Path) -> tuple[float, str]:
    try:
        return (path.lstat().st_mtime, path.name)
    except OSError:
        return (0.0, path.name)


def _read_command(path: Path) -> Command:
    """Raises InputError, in one sentence, for what is no command of this user."""
    try:
        return Command.model_validate_json(read_own(path, COMMAND_MAX_BYTES))
    except UntrustedFileError as exc:
        raise InputError(f"The command file is not obeyed: {exc.strerror}.") from exc
    except ValidationError as exc:
        first = exc.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the command"
        raise InputError(f"Not a command that we know: {where}: {first['msg']}.") from exc
    except OSError as exc:
        raise InputError(f"The command file cannot be read: {exc.strerror}.") from exc


def _make_room(folder: Path, name: Path) -> None:
    """Keep the latest of what was set aside, and nothing under this name."""
    kept = sorted((path for path in folder.iterdir() if path != name), key=_age)
    for old in (*kept[: max(0, len(kept) - REFUSED_KEPT + 1)], name):
        with contextlib.suppress(OSError):
            if old.is_dir() and not old.is_symlink():
                shutil.rmtree(old)
            else:
                old.unlink(missing_ok=True)


def _read_json(path: Path) -> dict[str, Any] | None:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return data if isinstance(data, dict) else None
