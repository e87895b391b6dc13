"""One clone made: listed, measured, copied, verified, tried again, and named only when it is whole
(behaviour C3.5-C3.7)."""

from __future__ import annotations

import contextlib
import errno
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import tenacity

from engine.downloads.browser_lock import browser_in
from engine.downloads.profile_checks import base_state, verify, write_manifest
from engine.downloads.profile_clone import BaseListing, copy, listing, printable
from engine.downloads.profile_content import LOCAL_STATE, PREFERENCES
from engine.downloads.profile_owner import this_process
from engine.downloads.profile_root import ProfileRoot
from engine.downloads.profile_states import (
    ProfileState,
    Verification,
    VerificationKind,
    VerificationResult,
)
from engine.downloads.time_limit import TimeLimit, never
from engine.errors import StopRequested
from engine.parallel.errors import (
    ProfileCorruptedError,
    ProfileCreationError,
    ProfileLockedError,
    ProfileMissingError,
    ProfilePermissionError,
    ProfileSpaceError,
    ProfileTimeoutError,
    ProfileVerificationError,
)
from engine.private_files import explain

TRIES: Final = 3
FIRST_WAIT: Final = 1.0
LONGEST_WAIT: Final = 10.0
"""Seconds between two tries; they count to the time that a clone may take (behaviour C3.6)."""
MEGABYTE: Final = 1_000_000
_SPARE_BYTES: Final = 100 * MEGABYTE
"""Left on the disk beside the clone, for what the browser itself writes."""
_REMOVAL_SECONDS: Final = 5.0
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS})
_CLOSED: Final = frozenset({errno.EACCES, errno.EPERM})
_NOTHING: Final = BaseListing((), ())


@dataclass(frozen=True, kw_only=True, slots=True)
class ProfileLimits:
    """What a clone may take."""

    megabytes: float = 500.0
    """Millions of bytes."""
    create_seconds: float = 10.0
    """With all tries and the waits between them."""
    validate_seconds: float = 1.0
    cleanup_seconds: float = 5.0


@dataclass(frozen=True, slots=True)
class MadeProfile:
    """A clone that may be handed out."""

    path: Path
    size: int
    """Bytes."""
    verification: Verification


class _UnverifiedError(Exception):
    """The clone is not what the base is; another try may help."""

    def __init__(self, verification: Verification) -> None:
        super().__init__("; ".join(verification.faults[:3]))
        self.verification = verification


class ProfileMaking:
    """Makes clones of one base, or empty profiles where there is none."""

    def __init__(
        self,
        root: ProfileRoot,
        limits: ProfileLimits,
        *,
        stop: Callable[[], bool] = never,
        free_bytes: Callable[[Path], int] | None = None,
        pause: Callable[[float], None] | None = None,
    ) -> None:
        """``pause`` waits between two tries; by default so that a stop and the limit end it."""
        self._root = root
        self._limits = limits
        self._stop = stop
        self._pause = pause
        self._free_bytes = free_bytes or (lambda path: shutil.disk_usage(path).free)

    def make(self, worker_id: str, base: Path | None) -> MadeProfile:
        """A complete, verified clone. Raises ProfileCreationError (its kind says why) and
        StopRequested; nothing of it is left then."""
        limit = TimeLimit(self._limits.create_seconds, self._stop)
        patient = tenacity.Retrying(
            retry=tenacity.retry_if_exception(_may_pass),
            stop=tenacity.stop_any(
                tenacity.stop_after_attempt(TRIES),
                tenacity.stop_before_delay(self._limits.create_seconds),
            ),
            wait=tenacity.wait_exponential_jitter(
                initial=FIRST_WAIT, max=LONGEST_WAIT, jitter=FIRST_WAIT
            ),
            sleep=self._pause or limit.pause,
            reraise=True,
        )
        try:
            return patient(self._once, worker_id, base, limit)
        except _UnverifiedError as exc:
            raise self._unverified(exc, base) from None
        except TimeoutError:
            raise ProfileTimeoutError(
                f"A browser profile for {worker_id} was not complete after "
                f"{limit.seconds:g} s: use a faster disk or a smaller base profile, or allow "
                "more time."
            ) from None
        except OSError as exc:
            raise _of_the_system(exc) from None

    def _once(self, worker_id: str, base: Path | None, limit: TimeLimit) -> MadeProfile:
        listed = _NOTHING
        if base is not None:
            require_available(base)
            listed = listing(base, limit)
        self._require_room(base, listed)
        half = self._root.begin(this_process(worker_id))
        try:
            if base is not None:
                copy(base, listed, half, limit)
            verification = verify(half, listed, limit, lambda: _unchanged(base, listed, limit))
            _require_verified(verification)
            write_manifest(half, listed)
            limit.check()
            return MadeProfile(self._root.finish(half), listed.size, verification)
        except BaseException:
            # What cannot be removed now is hidden, and a sweep takes it once this process is gone.
            with contextlib.suppress(OSError, StopRequested):
                self._root.discard(half, TimeLimit(_REMOVAL_SECONDS))
            raise

    def _require_room(self, base: Path | None, listed: BaseListing) -> None:
        most = self._limits.megabytes
        if listed.size > most * MEGABYTE:
            raise ProfileSpaceError(
                f"The base profile {base} has {listed.size / MEGABYTE:.0f} MB to copy, and a "
                f"profile may have {most:g} MB: remove extensions or stored pages from it, or "
                "raise max_megabytes."
            )
        free = self._free_bytes(self._root.path)
        if free < listed.size + _SPARE_BYTES:
            raise ProfileSpaceError(
                f"The disk of {self._root.path} has {free / MEGABYTE:.0f} MB free, and a browser "
                f"profile takes {listed.size / MEGABYTE:.0f} MB and {_SPARE_BYTES // MEGABYTE} MB "
                "to work in: make room on that disk, and try again."
            )

    def _unverified(self, exc: _UnverifiedError, base: Path | None) -> ProfileCreationError:
        if VerificationResult.TIMEOUT in exc.verification.results.values():
            return ProfileTimeoutError(
                f"A clone of {base} was not verified within {self._limits.create_seconds:g} s: "
                "use a faster disk or a smaller base profile, or allow more time."
            )
        return ProfileVerificationError(
            f"No complete clone of {base} could be made in up to {TRIES} tries ({exc}): close the "
            "programs that use it and check its disk, and try again."
        )


def require_available(base: Path) -> None:
    """Raises the ProfileCreationError that says why a base cannot be copied now."""
    state = base_state(base)
    if state is ProfileState.AVAILABLE:
        return
    if state is ProfileState.LOCKED:
        with contextlib.suppress(OSError):
            raise ProfileLockedError(
                f"The base profile {base} is open in {browser_in(base) or 'a browser'}: close that "
                "browser, and try again (if none is open, remove SingletonLock from the folder)."
            )
    if state is ProfileState.MISSING:
        if (base / PREFERENCES).is_file():
            raise ProfileMissingError(
                f"{base} is one profile inside a user data folder: give the folder above it, "
                f"which holds {LOCAL_STATE!r}."
            )
        raise ProfileMissingError(
            f"{base} is no user data folder of Chromium or Edge (no {LOCAL_STATE!r} in it): give "
            "the folder that the browser shows as its profile path, without the last part."
        )
    if state is ProfileState.NO_PERMISSION:
        raise ProfilePermissionError(
            f"The base profile {base} cannot be read: let this user read all of it, and try again."
        )
    raise ProfileCorruptedError(
        f"The base profile {base} is damaged (its settings cannot be read): open it once in the "
        "browser and log in again, or give another."
    )


def _may_pass(exc: BaseException) -> bool:
    if isinstance(exc, _UnverifiedError):
        return VerificationResult.TIMEOUT not in exc.verification.results.values()
    if not isinstance(exc, OSError) or isinstance(exc, TimeoutError):
        return False
    return exc.errno not in _FULL | _CLOSED | {errno.ENAMETOOLONG}


def _require_verified(verification: Verification) -> None:
    if verification.ok:
        return
    results = verification.results
    if results[VerificationKind.FILE] is VerificationResult.SUCCESS and (
        VerificationResult.TIMEOUT not in results.values()
    ):
        # Copied to the byte, so the base is what is damaged.
        raise ProfileCorruptedError(
            f"The base profile is damaged ({'; '.join(verification.faults[:3])}): open it once in "
            "the browser and log in again, or give another."
        )
    raise _UnverifiedError(verification)


def _unchanged(base: Path | None, listed: BaseListing, limit: TimeLimit) -> bool:
    """Also no browser was opened in the meantime."""
    return base is None or (not browser_in(base) and listing(base, limit) == listed)


def _of_the_system(exc: OSError) -> ProfileCreationError:
    if exc.errno is None:  # our own words
        return ProfileVerificationError(
            f"No browser profile could be made ({exc.strerror or exc}): close the programs that "
            "use its base, and try again."
        )
    if exc.errno in _CLOSED:
        return ProfilePermissionError(
            f"{_name(exc)} may not be read or written: let this user read all of the base profile "
            "and write in the folder for profiles, and try again."
        )
    kind = ProfileSpaceError if exc.errno in _FULL else ProfileCreationError
    return kind(f"No browser profile could be made: {printable(explain(exc))}")


def _name(exc: OSError) -> str:
    return "A file" if exc.filename is None else printable(str(exc.filename))
