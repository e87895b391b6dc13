"""What a visit to an order's page can end with beside files (behaviour C6.7, E2.4)."""

from __future__ import annotations

from typing import ClassVar

from engine.errors import HoldsRunError, InfrastructureError, JobError
from engine.jobs import ErrorCategory


class OrderFault(JobError):
    """The fault lies with this order: a second visit would meet the same (behaviour E2.4)."""

    category = ErrorCategory.ACCOUNT


class OrderNotFoundError(OrderFault):
    """The site knows no such order."""

    default_type = "order_not_found"


class AccessDeniedError(OrderFault):
    """This login may not see the order; one more look is allowed (C6.7)."""

    default_type = "access_denied"


class PageTimeoutError(InfrastructureError):
    """The page, or its files, were not there in time."""

    default_type = "page_timeout"


class SiteFaultError(InfrastructureError):
    """The site answered with a fault of its own."""

    default_type = "site_fault"


class RateLimitedError(InfrastructureError):
    """The site asks for fewer visits."""

    default_type = "rate_limited"


class AttachmentsMissingError(InfrastructureError):
    """Some or all files that the page lists did not arrive whole."""

    default_type = "attachments_missing"


class FolderError(InfrastructureError):
    """The order's folder cannot be used: a full disk, rights, another writer."""

    default_type = "folder_unusable"


class ProfileFailedError(InfrastructureError):
    """No profile could be made just now."""

    default_type = "profile_failed"


class LoginLostError(HoldsRunError):
    """The site asks for a login: all orders wait for a person, none is to blame."""

    category = ErrorCategory.INFRASTRUCTURE
    default_type = "login_lost"


class ProgramsError(HoldsRunError):
    """Browser or driver went missing, or do not fit any more."""

    category = ErrorCategory.INTERNAL
    default_type = "program_error"


class BaseProfileError(HoldsRunError):
    """The base profile cannot be copied until a person has put it right."""

    category = ErrorCategory.INFRASTRUCTURE
    default_type = "profile_failed"


class BaseProfileDamagedError(BaseProfileError):
    """It never will be as it is: the run ends (C6.7)."""

    ends_run: ClassVar[bool] = True
