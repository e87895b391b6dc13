"""What can go wrong with the model, typed where it happens (architecture 4, rules 1 and 4).

None of these ends a job that rules can finish: they reach a job's outcome only under
``--ai-only``. What the model wrote never becomes part of a message.
"""

from __future__ import annotations

from typing import ClassVar

from engine.errors import InfrastructureError, InternalError


class ModelError(InfrastructureError):
    """No usable answer to a question; retried with the job, up to its limit."""

    default_type = "model_error"
    transient: ClassVar[bool] = False
    """Another call may help."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        """Seconds that the service asked to wait; None where it did not say."""


class ModelTimeoutError(ModelError):
    """No answer within the time of a call."""

    transient = True


class ModelUnreachableError(ModelError):
    """The service could not be reached, or the connection broke."""

    default_type = "network_error"
    transient = True


class ModelOverloadedError(ModelError):
    """The service is overloaded (529) or has a fault of its own (5xx)."""

    transient = True


class ModelRateLimitedError(ModelError):
    """Too many calls of this key (429)."""

    transient = True


class BadAnswerError(ModelError):
    """An answer that is not in the closed list, or does not fit the screen."""

    transient = True


class ModelRefusalError(ModelError):
    """The model declined to answer; asking the same again does not help."""


class ModelBudgetError(ModelError):
    """The calls, tokens or money of the job or the day are used up."""

    default_type = "model_budget"


class ModelSetupError(InternalError):
    """Key, account, model name or request are refused: nothing helps until a person has acted."""
