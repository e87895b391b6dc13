"""Reset the day: checks that must hold, a word to type, and what outlives the reset (6.11)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from rich.text import Text
from textual import work

from console.dialogs.base import Control, Dialog, heading
from console.dialogs.controls import KeyButton, TypedWord
from engine.workloads.labels import plural

if TYPE_CHECKING:
    from engine.reset_check import ResetPreview

CHECK_SECONDS = 2.0
"""Between two checks while it is open: a run may start, a phone may come off."""


class ResetDay(Dialog[bool]):
    """Hands back True for *yes*; only when every check holds and the word is typed."""

    KEYS = "n    tab word    up/down list    esc = n"
    YES_KEY = ""

    def __init__(
        self,
        preview: ResetPreview,
        look: Callable[[], Awaitable[ResetPreview]],
        *,
        key_label: str,
    ) -> None:
        """``look`` makes the preview anew."""
        super().__init__("Reset the day")
        self._preview = preview
        self._first = preview
        self._look = look
        self._key_label = key_label
        self._typed = TypedWord(preview.word)

    @property
    def word(self) -> str:
        """What must be typed."""
        return self._typed.word

    def on_mount(self) -> None:
        super().on_mount()
        self.set_interval(CHECK_SECONDS, self._check)

    @work(exclusive=True, group="preview", exit_on_error=True)
    async def _check(self) -> None:
        from engine.errors import EngineError

        try:
            self._preview = await self._look()
        except EngineError as exc:
            self.complain(str(exc))
            return
        self.redraw()

    # -- drawing -----------------------------------------------------------------------------------

    def facts(self, width: int) -> Iterable[Text | str]:
        preview = self._preview
        counts = preview.figures.by_status
        yield "Archives the ledger and starts an empty one. Nothing is deleted."
        yield ""
        mark = "! " if preview.target != self._first.target else "  "
        taken = f" ({preview.taken.name} is taken)" if preview.taken is not None else ""
        size = f"{preview.size / 1000:.0f} kB"
        yield f"  from  {preview.source.name}   {sum(counts.values())} jobs, {size}"
        yield f"{mark}to    {preview.target.name}{taken}"
        yield "  " + "   ".join(f"{count} {status}" for status, count in counts.items())
        yield ""
        yield heading("CHECKS")
        for check in preview.checks:
            key = f"   {check.key}" if check.key and not check.ok else ""
            yield f"  {'+' if check.ok else 'x'} {check.text}{key}"
        if preview.needs_confirmation:
            yield "  To reset all the same: geelark-console --reset-day --yes"
        yield ""
        yield from self._cap_lines()
        yield (
            "Open and failed jobs stay in the archive; the next run seeds afresh, and never the "
            f"same {self.labels.content} to the same {self._key_label} again."
        )

    def _cap_lines(self) -> Iterable[str]:
        preview = self._preview
        if preview.cap:
            yield (
                f"{len(preview.capped)} {plural(self._key_label)} have {self.labels.done} today "
                f"(cap {preview.cap}). The cap outlives the reset: archives and the "
                f"{self.labels.done} record still count until midnight."
            )

    def bottom(self) -> Sequence[Control]:
        return (self._typed,)

    def buttons(self) -> Iterable[KeyButton]:
        yield KeyButton("", "Reset", id="yes")
        yield KeyButton("n", self.NO, id="no")

    def yes_words(self) -> str:
        return "Reset"

    def why_not(self) -> str:
        failed = [check.text for check in self._preview.checks if not check.ok]
        if failed:
            return f"{len(failed)} check{'s' if len(failed) > 1 else ''} failed: {failed[0]}"
        right = self._typed.is_mounted and self._typed.right
        return "" if right else f"Type  {self._typed.word}  first."

    def result(self) -> bool:
        return True
