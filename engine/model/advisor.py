"""The adviser behind which the model stands: when it is asked, and what its answer may become.

A model that fails, refuses or runs out of budget changes nothing for a job that rules can finish:
it is said, and the rules' own step is taken. Only under ``--ai-only`` the flow waits, asks again,
and a model that goes on failing is the job's failure.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import tenacity

from engine.errors import AccountError, JobError, NavigationError
from engine.model import answers, prompt
from engine.model.answers import StepAnswer, VerdictAnswer
from engine.model.elements import Element, elements
from engine.model.errors import (
    BadAnswerError,
    ModelBudgetError,
    ModelError,
    ModelRefusalError,
    ModelSetupError,
    ModelTimeoutError,
    ModelUnreachableError,
)
from engine.model.service import SHORTEST_CALL, ModelService, usage_of
from engine.model.usage import Usage
from engine.posting.advice import Advice, proven
from engine.posting.harmless import objection
from engine.posting.navigator import CAPTION
from engine.posting.screen import ACCOUNT_VERDICTS, AccountState, Kind
from engine.posting.steps import Back, EnterCaption, Fail, OpenApp, Step, Tap, Wait

if TYPE_CHECKING:
    from anthropic.types import Message

    from engine.config import Settings
    from engine.model.budget import ModelBudget
    from engine.phones.device import Device
    from engine.posting.advice import Question
    from engine.workloads.base import Report

EVIDENCE: Final = "model.json"
WHY: Final = "the model"
"""What a step says of where it comes from; the model's own reason stays in the evidence."""
FAILURES_IN_A_ROW: Final = 3
"""Questions without an answer after which this attempt asks no more."""
_LONGEST_PAUSE: Final = 3600.0
"""Seconds for which a service that asks for patience is left alone at most."""
_CHARACTERS_PER_TOKEN: Final = 2
"""Counted low, so that a reservation is never too small."""
_PICTURE_TOKENS: Final = 5_000
_SURE: Final = 0.7
"""Confidence from which a rule's word on a screen stands against the model's."""
_ACCOUNT_TYPES: Final = frozenset(
    {"logged_out", "verification", "suspended", "disabled", "action_blocked"}
)


class ModelAdvisor:
    """Asks the model for one attempt at one job (the seam ``engine.posting.advice.Advisor``)."""

    def __init__(
        self, settings: Settings, service: ModelService, budget: ModelBudget, job_id: str
    ) -> None:
        self._limits = settings.model
        self._always = settings.posting.ai == "only"
        self._service = service
        self._budget = budget
        self._job_id = job_id
        self._failures = 0
        self._silent = ""
        """Why it is not asked any more in this attempt."""

    # -- when ------------------------------------------------------------------------------------

    def wanted(self, question: Question) -> bool:
        """Where rules have no step; with ``--ai-only`` everywhere.

        Rules have none where they go blindly back from a screen that stays unknown, and where their
        step was taken again and again to no effect.
        """
        if self._silent or not elements(question.screen, self._limits.elements):
            return False
        step = question.step
        if question.screen.kind in ACCOUNT_VERDICTS or (isinstance(step, Wait) and step.patient):
            return False
        if self._always or question.looping:
            return True
        unknown = question.screen.kind is Kind.UNKNOWN and question.state.unknown_looks > 1
        return unknown and not isinstance(step, Tap)

    # -- asking ----------------------------------------------------------------------------------

    def advise(self, question: Question, device: Device, report: Report) -> Advice | None:
        """See ``Advisor.advise``. Raises ModelError and ModelSetupError under ``--ai-only``."""
        try:
            advice = self._ask(question, device, report)
        except (ModelError, ModelSetupError) as exc:
            return self._failed(exc, report)
        self._failures = 0
        return advice

    def _failed(self, exc: ModelError | ModelSetupError, report: Report) -> Advice | None:
        self._failures += 1
        report.step("the model gave no answer", error=str(exc), type=exc.error_type)
        final = isinstance(exc, ModelSetupError | ModelBudgetError)
        if final or self._failures >= FAILURES_IN_A_ROW:
            self._give_up(exc, report)
        elif self._always:
            return Advice(step=Wait("the model gave no answer"))
        return None

    def _give_up(self, exc: ModelError | ModelSetupError, report: Report) -> None:
        if self._always:
            raise exc
        self._silent = str(exc)
        report.step("the model is not asked again for this attempt; rules alone", reason=str(exc))
        if isinstance(exc, ModelSetupError):
            report.alarm(f"the model cannot be asked: {exc}")

    def _ask(self, question: Question, device: Device, report: Report) -> Advice | None:
        """One question: as many calls as its tries allow. Raises ModelError, ModelSetupError."""
        found = elements(question.screen, self._limits.elements)
        picture = self._picture(device, report)
        allowed = report.remaining(self._limits.timeout_seconds)
        deadline = time.monotonic() + allowed
        against = ""

        def attempt() -> Advice | None:
            nonlocal against
            content = prompt.content(question, found, objection=against, picture=picture)
            message, facts = self._call(content, bool(picture), deadline, report)
            try:
                advice = self._advice(answers.read(message), question, found)
            except (BadAnswerError, ModelRefusalError) as exc:
                against = str(exc)
                self._keep(report, message, facts, refused=against)
                raise
            told = "no advice" if advice is None else str(advice.step)
            self._keep(report, message, facts, became=told)
            return advice

        retrying = tenacity.Retrying(
            stop=tenacity.stop_any(
                tenacity.stop_after_attempt(self._limits.tries),
                tenacity.stop_before_delay(max(0.0, allowed - SHORTEST_CALL)),
            ),
            retry=tenacity.retry_if_exception(self._again),
            wait=self._wait,
            sleep=report.pause,
            reraise=True,
        )
        return retrying(attempt)

    def _again(self, exc: BaseException) -> bool:
        """Whether another call may help, and soon enough."""
        if not isinstance(exc, ModelError) or not exc.transient:
            return False
        asked = exc.retry_after or 0.0
        if asked > self._limits.longest_wait_seconds:
            self._budget_pause(min(asked, _LONGEST_PAUSE))
            return False
        return True

    def _budget_pause(self, seconds: float) -> None:
        """Spare the service the other workers' calls too; a book that fails is said elsewhere."""
        try:
            self._budget.pause(seconds)
        except ModelBudgetError:
            self._silent = "the model's budget cannot be kept"

    def _wait(self, state: tenacity.RetryCallState) -> float:
        exc = state.outcome.exception() if state.outcome is not None else None
        if isinstance(exc, ModelError) and exc.retry_after is not None:
            return exc.retry_after
        if isinstance(exc, BadAnswerError):
            return 0.0
        backoff = self._limits.backoff_seconds
        growing = tenacity.wait_exponential_jitter(
            multiplier=backoff, max=self._limits.longest_wait_seconds, jitter=backoff
        )
        return growing(state)

    def _call(
        self, content: Sequence[Any], pictured: bool, deadline: float, report: Report
    ) -> tuple[Message, dict[str, object]]:
        """One call within the budget. Raises ModelError, ModelSetupError."""
        report.checkpoint()
        began = time.monotonic()
        if deadline - began < SHORTEST_CALL:
            raise ModelTimeoutError("There is no time left to ask the model.")
        system, tools = prompt.system(), prompt.tools()
        words = sum(len(block.get("text", "")) for block in content)
        size = len(json.dumps([*system, *tools])) + words
        most = Usage(
            input=size // _CHARACTERS_PER_TOKEN + (_PICTURE_TOKENS if pictured else 0),
            output=self._limits.max_tokens,
        )
        reserved = self._budget.reserve(self._job_id, most)
        try:
            message = self._service.ask(
                system=system,
                tools=tools,
                content=content,
                timeout=deadline - began,
            )
        except (ModelTimeoutError, ModelUnreachableError):
            raise  # it may have been answered, and billed: its reservation stands
        except (ModelError, ModelSetupError):
            reserved.settle(Usage())
            raise
        used = usage_of(message)
        reserved.settle(used)
        return message, {
            "model": self._limits.name,
            "request": message._request_id or "",
            "tokens_in": used.input + used.cache_write + used.cache_read,
            "tokens_cached": used.cache_read,
            "tokens_out": used.output,
            "usd": round(used.usd(self._limits), 6),
            "seconds": round(time.monotonic() - began, 2),
        }

    def _picture(self, device: Device, report: Report) -> bytes:
        if not self._limits.screenshot:
            return b""
        try:
            picture = device.screenshot()
        except JobError as exc:
            report.step("no picture for the model", error=str(exc))
            return b""
        if len(picture) > prompt.LARGEST_PICTURE:
            report.step("no picture for the model", error=f"it has {len(picture)} bytes")
            return b""
        return picture

    # -- the answer ------------------------------------------------------------------------------

    def _advice(
        self, answer: answers.Answer, question: Question, found: Sequence[Element]
    ) -> Advice | None:
        """What the answer becomes. Raises BadAnswerError where it does not fit the screen."""
        if isinstance(answer, VerdictAnswer):
            return self._verdict(answer, question)
        return Advice(step=self._step(answer, question, found))

    def _step(self, answer: StepAnswer, question: Question, found: Sequence[Element]) -> Step:
        match answer.action:
            case "tap":
                return self._tap(answer, question, found)
            case "enter_caption":
                field = question.screen.find(*CAPTION)
                if field is None or not isinstance(question.step, EnterCaption):
                    raise BadAnswerError("no caption is due on this screen")
                return EnterCaption(field)
            case "back":
                return Back(WHY)
            case "open_app":
                return OpenApp(WHY)
        return Wait(WHY)

    def _tap(self, answer: StepAnswer, question: Question, found: Sequence[Element]) -> Step:
        node = next((item.node for item in found if item.number == answer.element), None)
        if node is None:
            raise BadAnswerError("the list has no element with that number")
        rules = question.step
        if isinstance(rules, Tap) and rules.node == node:
            return rules
        why = objection(node, question.screen, question.state)
        if why:
            raise BadAnswerError(f"that element is never tapped: {why}")
        return Tap(node, WHY)

    def _verdict(self, answer: VerdictAnswer, question: Question) -> Advice | None:
        if answer.verdict == "unknown":
            return None
        account = answer.verdict in _ACCOUNT_TYPES
        screen = question.screen
        if account and screen.account_state is AccountState.OK and screen.confidence >= _SURE:
            raise BadAnswerError("only an account in order shows this screen")
        if not proven(answer.words, screen.page, account=account):
            raise BadAnswerError("those words do not stand on the screen as the app's own")
        words = " ".join(answer.words.split())[:160]
        error: JobError
        if account:
            error = AccountError(
                f'The app says "{words}" (read by the model, found on the screen).',
                error_type=answer.verdict,
            )
        else:
            kind = "app_update" if answer.verdict == "app_update" else ""
            error = NavigationError(
                f'The app does not go on: it says "{words}" (read by the model).', error_type=kind
            )
        return Advice(step=Fail(error), words=answer.words)

    def _keep(
        self, report: Report, message: Message, facts: dict[str, object], **became: str
    ) -> None:
        """Tell of one answer; the whole of it with its prose is kept for a person."""
        report.step("the model was asked", **became, **facts)
        record = facts | {
            **became,
            "stop_reason": str(getattr(message, "stop_reason", "")),
            "prose": answers.prose(message),
            "answer": answers.calls(message),
        }
        report.evidence(EVIDENCE, json.dumps(record, ensure_ascii=False, indent=1, default=str))
