"""Throw-away browser profiles, one for each worker, under the seed's names (behaviour C3).

A profile that is handed out is complete, verified, private, and lies in one root; the base and all
outside that root are only read.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from engine.downloads.profile_arguments import (
    base_path,
    megabytes,
    number_of_profiles,
    require_apart,
    worker_name,
)
from engine.downloads.profile_checks import clone_state
from engine.downloads.profile_making import (
    MEGABYTE,
    MadeProfile,
    ProfileLimits,
    ProfileMaking,
    require_available,
)
from engine.downloads.profile_root import ProfileRoot
from engine.downloads.profile_size import size_of
from engine.downloads.profile_states import ProfileInfo, ProfileState
from engine.downloads.time_limit import TimeLimit, never
from engine.errors import StopRequested
from engine.logger import get_logger
from engine.output import one_line
from engine.parallel.errors import (
    ProfileCleanupError,
    ProfileCreationError,
    ProfileError,
    ProfileLockedError,
    ProfilePermissionError,
    UnknownProfileError,
)
from engine.private_files import explain

log = get_logger(__name__)

_SWEEP_SECONDS: Final = 30.0
_USABLE: Final = frozenset({ProfileState.AVAILABLE, ProfileState.LOCKED})


@dataclass(kw_only=True, slots=True)
class _Entry:
    """One profile that was handed out."""

    made: MadeProfile
    size: int
    created: datetime
    last_used: datetime
    valid: bool = True


class ProfileManager:
    """Makes, checks and removes the profiles of this process; safe to use from several threads."""

    def __init__(
        self,
        base_profile: Path | str | None = None,
        *,
        root: Path,
        cleanup_at_exit: bool = True,
        max_profiles: int = 8,
        max_megabytes: float = 500,
        limits: ProfileLimits | None = None,
        stop: Callable[[], bool] = never,
    ) -> None:
        """Sweep what a crash left in ``root``, a folder for profiles alone.

        ``limits`` holds the times; ``max_megabytes`` wins over its size. Raises TypeError,
        ValueError, ProfileError.
        """
        self._most = number_of_profiles(max_profiles)
        size = megabytes(max_megabytes)
        if not isinstance(root, Path):
            raise TypeError(f"root must be a Path, not {type(root).__name__}.")
        times = limits or ProfileLimits()
        self._limits = ProfileLimits(
            megabytes=size,
            create_seconds=times.create_seconds,
            validate_seconds=times.validate_seconds,
            cleanup_seconds=times.cleanup_seconds,
        )
        self._stop = stop
        self._lock = threading.Lock()
        self._entries: dict[str, _Entry] = {}
        self._making: set[str] = set()
        self._known: dict[Path, str] = {}
        """Every path that was ever handed out, and whose it was."""
        self._base: Path | None = None
        self._pid = os.getpid()
        self._closed = False
        base = base_path(base_profile)
        require_apart(base, root)
        self._root = _root(root)
        self._maker = ProfileMaking(self._root, self._limits, stop=stop)
        self.set_base_profile(base)
        self._sweep()
        if cleanup_at_exit:
            atexit.register(self.close)

    # What the contract names

    def create_profile(self, worker_id: str) -> Path:
        """A new profile for a worker: a clone of the base, or empty where there is none.

        Raises TypeError, ValueError for a name that cannot be one, ProfileCreationError (its kind
        says why) and StopRequested.
        """
        self._reserve(worker_name(worker_id))
        try:
            made = self._maker.make(worker_id, self._base)
            now = datetime.now(UTC)
            entry = _Entry(made=made, size=made.size, created=now, last_used=now)
            with self._lock:
                self._entries[worker_id] = entry
                self._known[made.path] = worker_id
                closed = self._closed
            if closed:  # while it was made
                self.cleanup_profile(made.path)
                raise _closed()
        finally:
            with self._lock:
                self._making.discard(worker_id)
        log.info("profile_created", worker=worker_id, bytes=made.size)
        return made.path

    def copy_base_profile(self, worker_id: str) -> Path:
        """As ``create_profile``, but never an empty one: raises ProfileCreationError without a
        base profile."""
        if self._base is None:
            raise ProfileCreationError(
                f"There is no base profile to copy for {worker_name(worker_id)}: set one, and try "
                "again."
            )
        return self.create_profile(worker_id)

    def cleanup_profile(self, profile: str | Path) -> bool:
        """Remove a profile by its worker or path; False where it was removed before.

        Raises UnknownProfileError for what this manager never made, ProfileCleanupError where it
        cannot be removed in time (it is tried again with the next call, and swept at the latest).
        """
        worker_id, path = self._resolve(profile)
        with self._lock:
            entry = self._entries.get(worker_id)
            if entry is None or (path is not None and entry.made.path != path):
                return False
        place = entry.made.path
        try:
            self._root.discard(place, TimeLimit(self._limits.cleanup_seconds))
        except OSError as exc:
            raise ProfileCleanupError(
                f"The browser profile {place} could not be removed ({exc.strerror or exc}): end "
                "the browser that uses it, and try again."
            ) from None
        with self._lock:
            removed = self._entries.get(worker_id) is entry
            if removed:
                del self._entries[worker_id]
        return removed

    def cleanup_all_profiles(self) -> int:
        """Remove all profiles of this manager; how many. Raises ProfileCleanupError after all were
        tried."""
        with self._lock:
            paths = [entry.made.path for entry in self._entries.values()]
        count, failed = 0, None
        for path in paths:
            try:
                count += self.cleanup_profile(path)
            except ProfileCleanupError as exc:
                failed = exc
        if failed is not None:
            raise failed
        return count

    def validate_profile(self, profile: str | Path) -> bool:
        """Whether a profile of this manager can be used; one that its browser has open can.

        Raises nothing but StopRequested.
        """
        try:
            entry = self._entry(profile)
        except UnknownProfileError:
            return False
        return self._look(entry) in _USABLE

    def profile_state(self, profile: str | Path) -> ProfileState:
        """What ``validate_profile`` found; missing for what is none of ours."""
        try:
            return self._look(self._entry(profile))
        except UnknownProfileError:
            return ProfileState.MISSING

    def get_profile_path(self, worker_id: str) -> Path:
        """Raises UnknownProfileError for a worker that has none now."""
        entry = self._entry(worker_id)
        entry.last_used = datetime.now(UTC)
        return entry.made.path

    def get_profile_size(self, profile: str | Path) -> float:
        """Millions of bytes of all files in it, measured now. Raises UnknownProfileError."""
        entry = self._entry(profile)
        entry.size = size_of(entry.made.path)
        entry.last_used = datetime.now(UTC)
        return entry.size / MEGABYTE

    def list_profiles(self) -> list[ProfileInfo]:
        """The profiles that are handed out, in the order of their making; nothing is measured."""
        with self._lock:
            entries = list(self._entries.items())
        return [
            ProfileInfo(
                worker_id=worker_id,
                path=entry.made.path,
                size_mb=entry.size / MEGABYTE,
                created=entry.created,
                last_used=entry.last_used,
                valid=entry.valid and entry.made.path.is_dir(),
            )
            for worker_id, entry in entries
        ]

    @property
    def base_profile(self) -> Path | None:
        """What profiles are copied from; None for empty ones."""
        return self._base

    def set_base_profile(self, base_profile: Path | str | None) -> None:
        """What later profiles are copied from; None for empty ones.

        One that is open in a browser now may be set: it is refused when it is copied. Raises
        TypeError, ProfileError.
        """
        base = base_path(base_profile)
        if base is not None:
            require_apart(base, self._root.path)
            with contextlib.suppress(ProfileLockedError):
                require_available(base)
        self._base = base

    def close(self) -> None:
        """Remove all that this process made and make no more; safe to repeat.

        What cannot be removed is logged, and swept at the next start. A child that was forked from
        this process removes nothing.
        """
        if os.getpid() != self._pid:
            return
        with self._lock:
            self._closed = True
        atexit.unregister(self.close)
        try:
            self.cleanup_all_profiles()
        except (ProfileError, StopRequested) as exc:
            log.warning("profiles_left", reason=str(exc))

    # Within

    def _reserve(self, worker_id: str) -> None:
        with self._lock:
            if self._closed:
                raise _closed()
            taken = {*self._entries, *self._making}
            if worker_id in taken:
                raise ProfileCreationError(
                    f"{worker_id} has a browser profile already: clean it up before another is "
                    "made."
                )
            if len(taken) >= self._most:
                raise ProfileCreationError(
                    f"There may be at most {self._most} browser profiles at a time: clean one up, "
                    "or raise max_profiles."
                )
            self._making.add(worker_id)

    def _resolve(self, profile: str | Path) -> tuple[str, Path | None]:
        """Whose profile is meant, and which one where a path was given."""
        with self._lock:
            if isinstance(profile, str) and profile in {*self._entries, *self._known.values()}:
                return profile, None
            path = Path(profile) if isinstance(profile, str | Path) else None
            if path is not None and path in self._known:
                return self._known[path], path
        raise UnknownProfileError(
            f"{one_line(repr(profile))[:200]} is no browser profile of this run: give the worker's "
            "name, or the path that it was handed."
        )

    def _entry(self, profile: str | Path) -> _Entry:
        worker_id, path = self._resolve(profile)
        with self._lock:
            entry = self._entries.get(worker_id)
        if entry is None or (path is not None and entry.made.path != path):
            raise UnknownProfileError(f"The browser profile of {worker_id} was cleaned up.")
        return entry

    def _look(self, entry: _Entry) -> ProfileState:
        limit = TimeLimit(self._limits.validate_seconds, self._stop)
        try:
            state = clone_state(entry.made.path, limit)
        except TimeoutError:
            log.warning("profile_validation_slow", path=str(entry.made.path))
            state = ProfileState.CORRUPTED
        entry.valid = state in _USABLE
        entry.last_used = datetime.now(UTC)
        return state

    def _sweep(self) -> None:
        """A root that cannot be swept now is no reason to refuse work."""
        try:
            swept = self._root.sweep(TimeLimit(_SWEEP_SECONDS, self._stop))
        except OSError as exc:
            log.warning("profiles_not_swept", reason=str(exc))
            return
        if swept:
            log.info("profiles_swept", count=len(swept))


def _closed() -> ProfileCreationError:
    return ProfileCreationError("The browser profiles of this run were closed: no more are made.")


def _root(path: Path) -> ProfileRoot:
    try:
        return ProfileRoot(path)
    except OSError as exc:
        raise ProfilePermissionError(explain(exc)) from None
