"""Every type of failure that new rows may carry, in the order of the document."""

from __future__ import annotations

from typing import Final

from engine.jobs import ErrorCategory
from engine.taxonomy.error_type import ErrorType

_ACCOUNT = ErrorCategory.ACCOUNT
_CONTENT = ErrorCategory.CONTENT
_INFRA = ErrorCategory.INFRASTRUCTURE

TABLE: Final = (
    ErrorType(
        name="suspended",
        category=_ACCOUNT,
        remedy="Open the account by hand and appeal; take it out of the accounts file until then.",
    ),
    ErrorType(
        name="disabled",
        category=_ACCOUNT,
        remedy="The account was closed by the platform: take it out of the accounts file.",
        aliases=("terminated",),
    ),
    ErrorType(
        name="banned",
        category=_ACCOUNT,
        remedy="The account is banned for good: take it out of the accounts file.",
    ),
    ErrorType(
        name="verification",
        category=_ACCOUNT,
        remedy="Open the account's phone by hand and pass the check that the app asks for.",
        aliases=("captcha", "id_verification", "challenge"),
    ),
    ErrorType(
        name="logged_out",
        category=_ACCOUNT,
        remedy="Log the account in by hand on its phone, then requeue the job.",
        aliases=("loggedout",),
    ),
    ErrorType(
        name="action_blocked",
        category=_ACCOUNT,
        remedy="Let the account rest for a day or more before it posts again.",
        aliases=("actionblocked",),
    ),
    ErrorType(
        name="not_in_geelark",
        category=_ACCOUNT,
        remedy="No cloud phone has this account's name: correct the accounts file or the phone's "
        "name, then requeue the job.",
    ),
    ErrorType(
        name="corrupted_video",
        category=_CONTENT,
        remedy="The video cannot be used as it is: export it again and seed it as a new job.",
    ),
    ErrorType(
        name="missing_video",
        category=_CONTENT,
        remedy="The video is not where the job says: put it back, or set paths.video_root, then "
        "requeue the job.",
    ),
    ErrorType(
        name="duplicate_video",
        category=_CONTENT,
        remedy="The account has posted this very video before, under another name: skip the job.",
    ),
    ErrorType(
        name="bad_caption",
        category=_CONTENT,
        remedy="The caption is empty or too long: correct the captions file and seed the job anew.",
    ),
    ErrorType(
        name="content_warning",
        category=_CONTENT,
        remedy="The app warned before Share that the reel may break its rules: look at the video; "
        "nothing was posted.",
    ),
    ErrorType(
        name="adb_timeout",
        category=_INFRA,
        remedy="adb did not reach the phone: retried by itself; if it goes on, look at the phone's "
        "adb setting and the host's network.",
    ),
    ErrorType(
        name="appium_crash",
        category=_INFRA,
        remedy="The Appium server or its driver on the phone failed: retried by itself; if it goes "
        "on, read the worker's Appium log.",
    ),
    ErrorType(
        name="connection_dropped",
        category=_INFRA,
        remedy="A connection broke in the middle: retried by itself; if it goes on, look at the "
        "host's network.",
    ),
    ErrorType(
        name="navigation_stuck",
        category=_INFRA,
        remedy="The posting flow did not get on: retried by itself; look at the last screen in the "
        "evidence.",
        aliases=("claude_stuck", "max_steps", "loop_stuck", "ai_error"),
        older_name="claude_stuck",
    ),
    ErrorType(
        name="app_update",
        category=_INFRA,
        remedy="The app on the phone demands an update: update it there, then requeue the job.",
        older_name="claude_stuck",
    ),
    ErrorType(
        name="model_error",
        category=_INFRA,
        remedy="The model's service was slow or overloaded, or gave no usable answer: retried by "
        "itself; if it goes on, look at the service's status page, or run with --no-ai-fallback.",
        older_name="claude_stuck",
    ),
    ErrorType(
        name="model_budget",
        category=_INFRA,
        remedy="The model's budget is used up: raise the limits in [model] of the settings, wait "
        "for the next day, or run without --ai-only.",
        older_name="claude_stuck",
    ),
    ErrorType(
        name="glogin_expired",
        category=_INFRA,
        remedy="The phone refused the device login: retried with a fresh code; if it goes on, "
        "switch the phone's adb off and on.",
    ),
    ErrorType(
        name="network_error",
        category=_INFRA,
        remedy="A service could not be reached or was overloaded: retried by itself; if it goes "
        "on, look at the network and the provider's status page.",
    ),
    ErrorType(
        name="phone_error",
        category=_INFRA,
        remedy="The cloud phone did not start, is busy or full: retried by itself; if it goes on, "
        "look at the phone and the plan in the provider's panel.",
    ),
    ErrorType(
        name="worker_died",
        category=_INFRA,
        remedy="Several workers died over this job: retried by itself; read logs/worker_*.log and "
        "the free memory of the host.",
    ),
    ErrorType(
        name="record_unwritable",
        category=_INFRA,
        remedy="The record of posted videos could not be written, so nothing was shared: make room "
        "on the disk or allow writing; retried by itself.",
    ),
    ErrorType(
        name="job_timeout",
        category=_INFRA,
        remedy="The job's time was used up before Share: retried by itself; if it goes on, raise "
        "posting.job_timeout_seconds.",
        older_name="claude_stuck",
    ),
    ErrorType(
        name="verification_failed",
        category=_INFRA,
        remedy="Only in old ledgers: a worker found its claim gone before posting; requeue the "
        "job if it was not posted.",
    ),
    ErrorType(
        name="task_timeout",
        category=_INFRA,
        remedy="The task's time was used up and its agent was ended: retried once by itself; if it "
        "goes on, read the named log, split the task or raise roadmap.task_timeout_seconds.",
    ),
    ErrorType(
        name="agent_unavailable",
        category=_INFRA,
        remedy="The agent's service is down, overloaded or limits calls: retried once by itself; "
        "if it goes on, look at the service's status page and start again later.",
    ),
    ErrorType(
        name="preparation_failed",
        category=_INFRA,
        remedy="A command of roadmap.prepare failed in the task's new worktree: retried once by "
        "itself; if it goes on, read the named log and correct the command.",
    ),
    ErrorType(
        name="agent_refused",
        category=_ACCOUNT,
        remedy="The agent's service takes no work from this login (logged out, credit or plan used "
        "up): log in or top up by hand, then start again.",
    ),
    ErrorType(
        name="agent_failed",
        category=_ACCOUNT,
        remedy="The agent gave up or wrote without end: read the named log, correct the task or "
        "its specification, then start again.",
    ),
    ErrorType(
        name="nothing_done",
        category=_ACCOUNT,
        remedy="The agent changed nothing and said nothing: read the named log; skip the job if "
        "the task is done already, else correct the task, then start again.",
    ),
    ErrorType(
        name="merge_conflict",
        category=_ACCOUNT,
        remedy="The task's branch does not fit to its neighbours': merge it by hand in the named "
        "worktree, commit there, then start again.",
    ),
    ErrorType(
        name="page_timeout",
        category=_INFRA,
        remedy="The order's page, or a part of it, was not there in time: visited again by itself; "
        "if it goes on, look at the site, or raise downloads.page_load_seconds.",
    ),
    ErrorType(
        name="order_timeout",
        category=_INFRA,
        remedy="The time of an order was used up: visited again by itself; if it goes on, look at "
        "the page by hand, or raise downloads.task_timeout_seconds.",
    ),
    ErrorType(
        name="site_fault",
        category=_INFRA,
        remedy="The site showed a fault of its own: visited again by itself; if it goes on, "
        "requeue the order later.",
    ),
    ErrorType(
        name="rate_limited",
        category=_INFRA,
        remedy="The site asks for fewer visits: visited again by itself after longer waits; if it "
        "goes on, run with fewer workers.",
    ),
    ErrorType(
        name="attachments_missing",
        category=_INFRA,
        remedy="Not every file that the page lists arrived whole: what did is kept, the rest was "
        "tried again; requeue the order, or look at the page by hand.",
    ),
    ErrorType(
        name="browser_failed",
        category=_INFRA,
        remedy="The browser or its driver ended or gave no answer: another one is started; if it "
        "goes on, look at logs/browser_*.log and at the memory of this host.",
    ),
    ErrorType(
        name="profile_failed",
        category=_INFRA,
        remedy="No browser profile could be made: do what the message says about the base profile "
        "or the disk, then resume.",
    ),
    ErrorType(
        name="folder_unusable",
        category=_INFRA,
        remedy="The order's folder cannot be written: make room on the disk, or move away what "
        "stands in its place, then requeue the order.",
    ),
    ErrorType(
        name="login_lost",
        category=_INFRA,
        remedy="The site asks for a login: log in once with the base profile, close that browser, "
        "then resume.",
    ),
    ErrorType(
        name="order_not_found",
        category=_ACCOUNT,
        remedy="The site has no such order: correct its number in the list, or skip the job.",
    ),
    ErrorType(
        name="access_denied",
        category=_ACCOUNT,
        remedy="This login may not see the order: ask for access, then requeue it.",
    ),
    ErrorType(
        name="program_error",
        category=ErrorCategory.INTERNAL,
        remedy="A wrong setting or key, or our own bug: correct what the message names, else "
        "report it with the evidence.",
        aliases=("platform_not_supported",),
    ),
    ErrorType(
        name="unconfirmed",
        category=ErrorCategory.IN_DOUBT,
        remedy="Look at the account's profile: mark the job as posted if the video is there, else "
        "requeue it.",
    ),
)
