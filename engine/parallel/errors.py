"""What can go wrong in parallel work, each as one sentence with its remedy (behaviour C1.7)."""

from __future__ import annotations

from engine.errors import EngineError


class ParallelProcessingError(EngineError):
    """Base of all errors of parallel work."""


class WorkerError(ParallelProcessingError):
    """A worker cannot do what it was asked to."""


class TaskQueueError(ParallelProcessingError):
    """The queue does not know the task, or another worker holds it (behaviour C4.2)."""


class ProfileError(ParallelProcessingError):
    """A browser profile cannot be used as asked; nothing outside our own root was touched."""


class UnknownProfileError(ProfileError):
    """The name or path is none that the manager made (behaviour C3.3)."""


class ProfileCleanupError(ProfileError):
    """A profile could not be removed now; the next sweep tries again."""


class ProfileCreationError(ProfileError):
    """No profile was handed out, and nothing of a half-made one is left (behaviour C3.7)."""


class ProfileLockedError(ProfileCreationError):
    """The base profile is open in a browser: what is copied now may be half written."""


class ProfileCorruptedError(ProfileCreationError):
    """The base profile itself is damaged; another try does not help (behaviour C6.7)."""


class ProfileMissingError(ProfileCreationError):
    """There is no base profile at that place."""


class ProfilePermissionError(ProfileCreationError):
    """The base profile, or our own root, may not be read or written by this user."""


class ProfileSpaceError(ProfileCreationError):
    """The clone would be too large, or the disk is too full for it."""


class ProfileTimeoutError(ProfileCreationError):
    """The clone was not complete and verified in time (behaviour C3.5)."""


class ProfileVerificationError(ProfileCreationError):
    """The clone was not what the base is, in every try (behaviour C3.6, C3.7)."""
