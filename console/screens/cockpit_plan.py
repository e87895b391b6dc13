"""The plan of the next run, for the Cockpit without one (console-features 6.5)."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from rich.text import Text

from console.plain import plain
from console.screens.cockpit_lines import Pick
from console.times import span
from engine.errors import EngineError
from engine.private_files import explain
from engine.workloads.labels import plural

if TYPE_CHECKING:
    from console.app import ConsoleApp
    from engine.plan import RunPlan

PLANNING: Final = "NEXT RUN  is being worked out"
_INDENT: Final = 10


async def work_out(app: ConsoleApp) -> RunPlan | str:
    """The plan with the settings as they are, or why there can be none. Takes its time."""
    watch, continue_day = app.watched, app.continue_day

    def work() -> RunPlan:
        from engine.plan import plan  # not before the first paint

        return plan(watch.work_dir, watch.settings, continue_day=continue_day)

    try:
        return await app.feed.in_background(work)
    except EngineError as exc:
        return str(exc)
    except OSError as exc:
        return explain(exc)


def picks(found: RunPlan | str | None, width: int, *, observe: bool) -> list[Pick]:
    """The plan in lines; None while it is worked out."""
    if found is None:
        return [Pick("plan", Text(PLANNING, style="dim"))]
    if isinstance(found, str):
        return _sentences([found], "bad", width)
    start = "" if observe or not found.jobs else "s or enter starts it"
    lines = [Pick("plan", _what(found), start)]
    if found.jobs:
        lines.append(Pick("cost", " " * _INDENT + _cost(found)))
    return [
        *lines,
        *_sentences(found.problems, "bad", width),
        *_sentences(found.messages, "", width),
    ]


def _what(found: RunPlan) -> str:
    jobs, keys = len(found.jobs), len(found.keys)
    if not jobs and not found.passes:
        return f"NEXT RUN  no job waits; it ends what {plain(found.labels.stage)} is not ended yet"
    if not jobs:
        return "NEXT RUN  no job waits or may be tried again"
    again = sum(job.again for job in found.jobs)
    parts = [
        f"{jobs} job{'s' * (jobs != 1)}" + (" to be seeded" if found.seeds else ""),
        f"{again} of them again" if again else "",
        f"{keys} {plain(plural(found.key_label, keys))}",
        f"{found.workers} worker{'s' * (found.workers != 1)}",
        f"up to {found.passes} {plain(plural(found.labels.stage, found.passes))}"
        if found.passes
        else "",
    ]
    return "NEXT RUN  " + ", ".join(part for part in parts if part)


def _cost(found: RunPlan) -> str:
    if not found.billed and found.expected_seconds is None:
        return f"done in {span(found.longest_seconds)} at the latest"
    if not found.billed:
        return f"about {span(found.expected_seconds)}"
    most = f"at most est. ${found.cost_ceiling:.2f}"
    if found.expected_seconds is None or found.cost_estimate is None:
        return f"done in {span(found.longest_seconds)} at the latest; {most}"
    return f"about {span(found.expected_seconds)}, est. ${found.cost_estimate:.2f}; {most}"


def _sentences(sentences: Sequence[str], tone: str, width: int) -> list[Pick]:
    """Each sentence in as many lines as it needs; a problem has a sign in front."""
    found: list[Pick] = []
    for number, sentence in enumerate(sentences):
        sign = "! " if tone else "  "
        rows = textwrap.wrap(plain(sentence), max(20, width - _INDENT - 4)) or [""]
        for place, row in enumerate(rows):
            mark = sign if place == 0 else "  "
            text = Text(" " * (_INDENT - 2) + mark + row, style=tone)
            found.append(Pick(f"{tone}{number}/{place}", text))
    return found
