"""What can go wrong: typed exceptions, each with its category, type and exit status.

Where it went wrong decides first, words last (architecture 4): a layer raises its own exception, a
recognised screen raises ``AccountError`` with its evidence, and only foreign text goes through
``classify``.
"""

from __future__ import annotations

import errno
from collections.abc import Sequence
from enum import IntEnum
from typing import ClassVar, Final

from engine.jobs import ErrorCategory
from engine.taxonomy.error_type import ErrorType
from engine.taxonomy.types import (
    ERROR_TYPES,
    LEGACY_NON_RETRYABLE,
    OwnPattern,
    RetryLimits,
    Verdict,
    canonical_type,
    category_of,
    remedy,
    retry_decision,
    verdict,
)

__all__ = [
    "ERROR_TYPES",
    "LEGACY_NON_RETRYABLE",
    "AccountError",
    "AdbError",
    "AlreadyRunningError",
    "AppiumError",
    "ClaimLostError",
    "ConnectionDroppedError",
    "ContentError",
    "EngineError",
    "ErrorType",
    "ExitCode",
    "GloginError",
    "HoldsRunError",
    "IllegalTransitionError",
    "InDoubtError",
    "InfrastructureError",
    "InputError",
    "InternalError",
    "JobError",
    "JobTimeoutError",
    "LedgerError",
    "LedgerLockedError",
    "LedgerUnreadableError",
    "LedgerWriteError",
    "NavigationError",
    "NetworkError",
    "NotInGeelarkError",
    "OwnPattern",
    "PhoneError",
    "RetryLimits",
    "ServiceUnreachableError",
    "SettingsError",
    "StopRequested",
    "TouchUnknownError",
    "Verdict",
    "canonical_type",
    "category_of",
    "classify",
    "classify_exception",
    "remedy",
    "retry_decision",
]


_HOST_TROUBLE: Final = frozenset(
    {
        errno.ENOSPC,
        errno.EDQUOT,
        errno.EFBIG,
        errno.EROFS,
        errno.EIO,
        errno.EMFILE,
        errno.ENFILE,
        errno.ENOMEM,
        errno.EAGAIN,
    }
)
"""What the operating system says when this host has too little of something: it may pass. By their
words alone some would mean the video (*file too large*)."""


class ExitCode(IntEnum):
    """Exit statuses of the command line; a contract with scripts."""

    DONE = 0
    """Command done, or the run ended ``all_complete``."""
    FAILED = 1
    """Bad input, a conflict, nothing to do, or jobs left failed, in doubt, blocked, unprocessed."""
    USAGE = 2
    """Wrong usage or settings."""
    UNREACHABLE = 3
    """The cloud or a device service could not be reached."""
    LOCKED = 4
    """Another run owns this work directory."""
    INTERRUPTED = 130
    """Stopped by the operator before the end."""


class EngineError(Exception):
    """Base of all our errors; its text is one sentence fit to show to an operator."""

    exit_code: ClassVar[ExitCode] = ExitCode.FAILED


class InputError(EngineError):
    """A flag, file or name that the operator gave is wrong; says which and what to do."""


class SettingsError(EngineError):
    """A settings value is wrong; names key, value and what is allowed."""

    exit_code = ExitCode.USAGE


class ServiceUnreachableError(EngineError):
    """The cloud API refused us or cannot be reached before anything was started."""

    exit_code = ExitCode.UNREACHABLE


class AlreadyRunningError(EngineError):
    """Another run owns this work directory; says who and since when."""

    exit_code = ExitCode.LOCKED


class LedgerError(EngineError):
    """The ledger cannot be used as asked; it is unchanged."""


class LedgerLockedError(LedgerError):
    """The ledger's lock was not had in time; names the holder."""


class LedgerUnreadableError(LedgerError):
    """The ledger is missing, has an unknown header, or cannot be read."""


class LedgerWriteError(LedgerError):
    """A write failed (disk full, read-only); the ledger is as it was before."""


class IllegalTransitionError(LedgerError):
    """A change of status outside the table (A3.2) was asked for; both are named."""


class ClaimLostError(LedgerError):
    """The claim is no longer held by this worker: drop the job, write no outcome (A4.7)."""


class StopRequested(EngineError):
    """Flow control, not a failure: the worker was asked to stop before the point of no return."""


class JobError(EngineError):
    """An attempt failed; category and type come with the class, not from its words."""

    category: ClassVar[ErrorCategory] = ErrorCategory.UNKNOWN
    default_type: ClassVar[str] = ""

    def __init__(
        self,
        message: str,
        *,
        error_type: str = "",
        retry_soon: bool = False,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.error_type = error_type or self.default_type
        self.retry_soon = retry_soon
        self.retry_after = retry_after
        """Seconds after which the trade itself wants another attempt (``Failure``)."""


class HoldsRunError(JobError):
    """No job can be done until a person has put something right: none is to blame, and the one in
    hand is given back without an attempt. Claims are paused, or the run ends."""

    ends_run: ClassVar[bool] = False


class AccountError(JobError):
    """The account itself; raised from a recognised screen or the provider's inventory only."""

    category = ErrorCategory.ACCOUNT


class NotInGeelarkError(AccountError):
    default_type = "not_in_geelark"


class ContentError(JobError):
    category = ErrorCategory.CONTENT
    default_type = "corrupted_video"


class InternalError(JobError):
    """Our bug or a wrong configuration."""

    category = ErrorCategory.INTERNAL
    default_type = "program_error"


class InDoubtError(JobError):
    """Submitted, outcome not seen."""

    category = ErrorCategory.IN_DOUBT
    default_type = "unconfirmed"


class InfrastructureError(JobError):
    category = ErrorCategory.INFRASTRUCTURE
    default_type = "phone_error"


class AdbError(InfrastructureError):
    default_type = "adb_timeout"


class GloginError(InfrastructureError):
    """The login to the device was refused or has lapsed."""

    default_type = "glogin_expired"


class AppiumError(InfrastructureError):
    """The Appium server or its driver failed."""

    default_type = "appium_crash"


class TouchUnknownError(AppiumError):
    """A touch may or may not have been carried out, and the session goes on: look what is there."""


class ConnectionDroppedError(InfrastructureError):
    default_type = "connection_dropped"


class NetworkError(InfrastructureError):
    """The provider's HTTP API could not be reached or answered with a server fault."""

    default_type = "network_error"


class PhoneError(InfrastructureError):
    """The phone did not boot, has no capacity, is busy."""

    default_type = "phone_error"


class NavigationError(InfrastructureError):
    """The flow did not get where it should: steps used up, a loop, an unknown screen."""

    default_type = "navigation_stuck"


class JobTimeoutError(InfrastructureError):
    """The job's own time was used up before it was submitted."""

    default_type = "job_timeout"


def classify(
    message: str | None,
    *,
    exception: str = "",
    phase: str = "",
    patterns: Sequence[OwnPattern] = (),
) -> Verdict:
    """What foreign text says about a failure; total, in any case (behaviour A9.1).

    ``exception`` is the class name, ``phase`` where it happened, ``patterns`` the operator's own.
    """
    from engine.taxonomy import classifier  # its patterns: only where something failed

    return classifier.classify(message or "", exception=exception, phase=phase, patterns=patterns)


def classify_exception(
    exc: BaseException, *, phase: str = "", patterns: Sequence[OwnPattern] = ()
) -> Verdict:
    """What an exception is: its own word first, then its class, then its text (behaviour A9.6)."""
    if isinstance(exc, JobError):
        return Verdict(exc.category, exc.error_type)
    if isinstance(exc, SettingsError | InputError | IllegalTransitionError):
        return verdict("program_error")
    if isinstance(exc, ServiceUnreachableError):
        return verdict("network_error")
    if isinstance(exc, OSError) and exc.errno in _HOST_TROUBLE:
        return verdict("phone_error")
    from engine.taxonomy import classifier  # as above

    return classifier.classify_foreign(exc, phase=phase, patterns=patterns)
