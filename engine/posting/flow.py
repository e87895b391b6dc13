"""The posting flow: look, decide, act, look again; one tap on Share; then only looking.

Before Share everything may be tried again. At Share the point of no return is written durably, and
from then on the flow taps nothing that could publish: it waits for the app's own word that this
upload is posted, and without it the job is in doubt (architecture 9, behaviour A10.11, A10.12).
"""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final

from engine.errors import AppiumError, InDoubtError, JobError, NavigationError
from engine.jobs import Success
from engine.polling import growing
from engine.posting.acted import Acted, arrives
from engine.posting.confirmation import Confirmation
from engine.posting.consultation import Consultation
from engine.posting.navigator import next_step
from engine.posting.own_profile import is_own_profile, posts_shown
from engine.posting.page import Node, PageUnreadableError
from engine.posting.recogniser import Recogniser
from engine.posting.screen import ACCOUNT_VERDICTS, Kind, Screen
from engine.posting.state import FlowState, Tally
from engine.posting.steps import (
    Back,
    Effect,
    EnterCaption,
    Fail,
    OpenApp,
    Share,
    Step,
    Tap,
    Wait,
)

if TYPE_CHECKING:
    from engine.config import Settings
    from engine.phones.device import Device
    from engine.posting.advice import Advisor
    from engine.workloads.base import Report


SESSION_DEAD: Final = 5
"""Failed looks in a row after which a session is given up."""
_NOTE_LENGTH: Final = 160


class PostingFlow:
    """One upload on one phone; made for one attempt and used once.

    ``submit`` writes the point of no return; without it the report alone does.
    ``reconnect`` opens a new session on the same phone: after Share it lets the flow go on looking
    when the connection broke. Before Share a broken connection ends the attempt. ``advisor`` is
    asked for a step before Share where no rule has one. ``app_opened`` is called once, before the
    first look: it returns when the video is on the phone.
    """

    def __init__(
        self,
        device: Device,
        settings: Settings,
        report: Report,
        *,
        submit: Callable[[], None] | None = None,
        reconnect: Callable[[], Device] | None = None,
        recogniser: Recogniser | None = None,
        advisor: Advisor | None = None,
        app_opened: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.device = device
        self.report = report
        self.limits = settings.posting
        self._submit = submit or report.submit
        self._reconnect = reconnect
        self._app_opened = app_opened
        self.recogniser = recogniser or Recogniser(app=settings.posting.app_package)
        self.last_source = ""
        """The last page source that was read; evidence where the session is gone."""
        self.state = FlowState(caption="")
        """What is known of the upload; a doubt is looked into with it."""
        self._consultation = Consultation(
            advisor, device, report, self._look, poll_seconds=settings.posting.poll_seconds
        )
        self._clock = clock
        self._seen: Counter[tuple[str, str, str]] = Counter()
        self._restarts = 0
        self._waiting: tuple[str, float] | None = None

    def post(self, caption: str) -> Success:
        """Post the newest video of the phone with this caption, at most once.

        Raises AccountError, NavigationError and the device's errors before Share, InDoubtError
        after it; StopRequested, JobTimeoutError and ClaimLostError as the report does.
        """
        state = self.state = FlowState(caption=caption, wants_count=self.limits.check_doubts)
        self.report.phase("open")
        self.device.open_app(self.limits.app_package)
        self._app_opened()
        self.report.phase("navigate")
        screen, share = self._reach_share(state)
        return self._publish(share, screen, state)

    # -- before Share ----------------------------------------------------------------------------

    def _reach_share(self, state: FlowState) -> tuple[Screen, Share]:
        steps = 0
        seen: Screen | None = None
        while steps < self.limits.max_steps:
            self.report.checkpoint()
            screen, step = self._next(seen, state)
            seen = None
            screen, step = self._consultation.advised(screen, step, state)
            self._note(screen, step)
            if isinstance(step, Share):
                return screen, step
            if isinstance(step, Fail):
                raise step.error
            if self._is_patient(step):
                continue
            steps += 1
            if self._loops(screen, step):
                seen = self._end_loop(screen, step, state)
            else:
                seen = self._take(step, screen, state)
        raise NavigationError(
            f"The flow did not reach Share within {self.limits.max_steps} steps; "
            f"last seen: {screen}."
        )

    def _next(self, seen: Screen | None, state: FlowState) -> tuple[Screen, Step]:
        """The rules' step on what was ``seen`` a moment ago, else on a new look.

        What cannot be taken back (Share, and the end of a job) is decided on a look of its own.
        """
        screen = self._look(state) if seen is None else self._noticed(seen, state)
        step = next_step(screen, state)
        if seen is not None and isinstance(step, Share | Fail):
            screen = self._look(state)
            step = next_step(screen, state)
        return screen, self._confirmed(screen, step, state)

    def _look(self, state: FlowState) -> Screen:
        return self._noticed(self._recognise(), state)

    def _noticed(self, screen: Screen, state: FlowState) -> Screen:
        state.unknown_looks = state.unknown_looks + 1 if screen.kind is Kind.UNKNOWN else 0
        # Once we began, a new report is not an earlier upload's.
        if screen.on_feed and not state.began:
            state.before = Tally.of(screen.uploads)
        if is_own_profile(screen) and not state.began:
            state.own_posts = posts_shown(screen)
        return screen

    def _recognise(self) -> Screen:
        """The screen now; a source that cannot be read gets one more look."""
        try:
            return self.recogniser.recognise(self._source())
        except PageUnreadableError as exc:
            self.report.step("read the page again", error=str(exc))
            self.report.pause(self.limits.poll_seconds)
            return self.recogniser.recognise(self._source())

    def _source(self) -> str:
        source = self.device.source()
        self.last_source = source
        return source

    def _confirmed(self, screen: Screen, step: Step, state: FlowState) -> Step:
        """An account is only given up when a second look says the same (A9.7)."""
        if not isinstance(step, Fail) or screen.kind not in ACCOUNT_VERDICTS:
            return step
        self.report.pause(self.limits.poll_seconds)
        again = self._look(state)
        if again.kind is screen.kind:
            return step
        return Wait(f"{screen.kind} was seen once, then {again.kind}")

    def _note(self, screen: Screen, step: Step) -> None:
        self._consultation.remember(screen, step)
        self.report.step(
            str(step),
            screen=str(screen.kind),
            over=str(screen.over or ""),
            rule=screen.rule,
            confidence=screen.confidence,
            account_state=str(screen.account_state),
        )

    def _is_patient(self, step: Step) -> bool:
        """Wait for something that is under way; its own bound is the confirmation's."""
        if not isinstance(step, Wait) or not step.patient:
            self._waiting = None
            return False
        if self._waiting is None or self._waiting[0] != step.why:
            self._waiting = (step.why, self._clock())
        elif self._clock() - self._waiting[1] >= self.limits.confirm_timeout_seconds:
            raise NavigationError(
                f"Gave up after {self.limits.confirm_timeout_seconds:.0f} s: {step.why}."
            )
        self.report.pause(self.limits.poll_seconds)
        return True

    def _loops(self, screen: Screen, step: Step) -> bool:
        turn = _turn(screen, step)
        self._seen[turn] += 1
        return self._seen[turn] >= self.limits.loop_limit

    def _end_loop(self, screen: Screen, step: Step, state: FlowState) -> Screen | None:
        """Take another step than the one that has no effect, if somebody knows one; else restart.

        Advice is taken once for a loop. Returns as ``_take``. Raises what a verdict says, and
        NavigationError.
        """
        now, advised = screen, step
        if self._seen[_turn(screen, step)] == self.limits.loop_limit:
            now, advised = self._consultation.advised(screen, step, state, looping=True)
        if str(advised) == str(step) or isinstance(advised, Share | Wait):
            self._restart(screen, step, state)
            return None
        self._note(now, advised)
        if isinstance(advised, Fail):
            raise advised.error
        return self._take(advised, now, state)

    def _restart(self, screen: Screen, step: Step, state: FlowState) -> None:
        """End a loop by starting the app anew; what was chosen in it is forgotten."""
        if self._restarts >= self.limits.loop_recoveries:
            raise NavigationError(
                f"The flow turns in a circle: {screen}, {step}, also after "
                f"{self._restarts} restarts of the app."
            )
        self._restarts += 1
        self.report.step("restart the app: the flow turns in a circle", screen=str(screen.kind))
        self._seen.clear()
        state.forget_app()
        self.device.close_app(self.limits.app_package)
        self.device.open_app(self.limits.app_package)

    def _take(self, step: Step, screen: Screen, state: FlowState) -> Screen | None:
        """Act, and give the app time; returns what it shows then, if it shows that it acted."""
        acted = Acted(step, screen, state)
        match step:
            case Tap(node=node, effect=effect):
                # A choice that may not have been made does not make a draft ours: it is made anew.
                touch = partial(self.device.tap, *node.bounds.center)
                if arrives(touch, self.report) or effect is not Effect.VIDEO_CHOSEN:
                    self._apply(effect, state)
            case EnterCaption(field=field):
                acted.in_vain = not self._enter(field, state)
            case Back():
                arrives(self.device.press_back, self.report)
            case OpenApp():
                self.device.open_app(self.limits.app_package)
        return self._settle(acted)

    def _enter(self, field: Node, state: FlowState) -> bool:
        self.report.phase("caption")
        state.caption_tries += 1
        resource_id = field.full_id or f"{self.limits.app_package}:id/{field.id}"
        try:
            self.device.set_text(resource_id, state.caption)
        except NavigationError as exc:
            # The form moves its field when typing begins; the next look says what it holds.
            self.report.step("the caption field went away", error=str(exc))
            return False
        return True

    def _apply(self, effect: Effect | None, state: FlowState) -> None:
        match effect:
            case Effect.VIDEO_CHOSEN:
                state.begin_draft()
            case Effect.NOTICE_EXPECTED:
                state.notice_expected = True
            case Effect.DISCARDED:
                state.discards += 1

    def _settle(self, acted: Acted) -> Screen | None:
        """Give the app time to act: until it shows that it did, ``touch_seconds`` long.

        A touch that is slow to act must not be repeated, be it on a page that merely redrew itself:
        its place may be that of Share on the next screen, and a phone that stutters takes both.
        """
        limits, waited = self.limits, 0.0
        judged = self.last_source
        for pause in growing(limits.first_poll_seconds, limits.poll_seconds):
            if waited >= limits.touch_seconds:
                break
            self.report.pause(pause)
            waited += pause
            now = self._source()
            if now == judged:
                continue
            judged = now
            with contextlib.suppress(PageUnreadableError):
                screen = self.recogniser.recognise(now)
                if acted.shown_by(screen):
                    return screen
        return None

    # -- from Share on ---------------------------------------------------------------------------

    def _publish(self, share: Share, screen: Screen, state: FlowState) -> Success:
        """Write the point of no return, tap once, then wait for the app's own word."""
        self.report.phase("share")
        self._submit()
        state.submitted = True
        state.shared_at = self._clock()
        try:
            self.device.tap(*share.node.bounds.center)
        except JobError as exc:
            # The touch may have arrived all the same: only the screen can tell.
            state.notes.append(f"the tap on Share failed: {exc}")
        self.report.phase("confirm")
        return self._confirm(Confirmation(state.before, screen.rule), state)

    def _confirm(self, confirmation: Confirmation, state: FlowState) -> Success:
        deadline = self._clock() + self.limits.confirm_timeout_seconds
        last_look = False
        while not last_look:
            # A slow answer may outlast the time: what stands there then is still looked at.
            last_look = self._clock() >= deadline
            self.report.pause(self.limits.poll_seconds)
            screen = self._observe(state)
            if screen is None:
                if self._reconnected(state):
                    # The time without a session was no time of waiting for the app's word.
                    deadline = self._clock() + self.limits.confirm_timeout_seconds
                    last_look = False
                continue
            proof = confirmation.proof(screen)
            if proof:
                self.report.step("published", proof=proof, screen=str(screen.kind))
                return Success(evidence=proof)
            refusal = confirmation.refusal(screen)
            if refusal:
                raise InDoubtError(_doubt(refusal, state))
            self._uncover(confirmation, screen, state)
        seconds = f"{self.limits.confirm_timeout_seconds:.0f} s"
        raise InDoubtError(_doubt(f"{confirmation.seen()} within {seconds} after Share", state))

    def _observe(self, state: FlowState) -> Screen | None:
        """The screen after Share; None where it cannot be read now."""
        try:
            screen = self.recogniser.recognise(self._source())
        except JobError as exc:
            # One failed look may pass by itself; a session that died says the same for ever.
            state.failed_looks += 1 if isinstance(exc, AppiumError) else SESSION_DEAD
            state.notes.append(f"a look failed: {exc}")
            return None
        state.failed_looks = 0
        return screen

    def _reconnected(self, state: FlowState) -> bool:
        """Open a new session where the old one is dead, once. Raises InDoubtError.

        What was shared can still be seen; nothing is tapped for it.
        """
        if state.failed_looks < SESSION_DEAD:
            return False
        reconnect, self._reconnect = self._reconnect, None
        if reconnect is None:
            raise InDoubtError(_doubt("the phone was lost", state))
        try:
            self.device = reconnect()
        except JobError as exc:
            state.notes.append(f"no new session: {exc}")
            raise InDoubtError(_doubt("the phone was lost", state)) from exc
        state.failed_looks = 0
        return True

    def _uncover(self, confirmation: Confirmation, screen: Screen, state: FlowState) -> None:
        """Close what hides the app's word, with touches that cannot publish."""
        step = confirmation.uncovering(screen)
        if step is None:
            return
        self._note(screen, step)
        try:
            if isinstance(step, Tap):
                self.device.tap(*step.node.bounds.center)
            else:
                self.device.press_back()
        except JobError as exc:
            state.notes.append(f"{step} failed: {exc}")


def _turn(screen: Screen, step: Step) -> tuple[str, str, str]:
    """What counts as the same turn of a loop."""
    return str(screen.kind), screen.rule, str(step)


def _doubt(reason: str, state: FlowState) -> str:
    """The last distinct notes tell what went wrong meanwhile."""
    notes = list(dict.fromkeys(note[:_NOTE_LENGTH] for note in state.notes))[-2:]
    told = f" ({'; '.join(notes)})" if notes else ""
    return f"Share was tapped, but publication is not proved: {reason}{told}."
