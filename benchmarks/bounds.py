"""What a build may waste at most: ratios and counts, with room for a busy machine.

Each bound lies where a healthy build never comes, also under a load of four a core, and where a
waste that doubled does. Counts are preferred: they are exact however slow the machine is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.catalogue import Benchmark, Figure


@dataclass(frozen=True, kw_only=True, slots=True)
class Bound:
    """The most, or the least, that a figure of a small benchmark may be."""

    figure: Figure
    reason: str
    """Why it lies there, and what a healthy build has."""
    suspects: str
    """What it may be when it is broken."""
    calm: Figure | None = None
    """Judged only where this figure, of the same run, is within its target: else the machine, not
    the build, is what was measured."""


@dataclass(frozen=True, slots=True)
class Check:
    """A benchmark of half a minute, and the bounds of its figures."""

    benchmark: Benchmark
    bounds: Sequence[Bound]
    more: str
    """The command that shows more."""


_CALM: Final = Figure("waited_per_cpu_s", "seconds for a free core, each CPU second", most=2.5)
POSTING: Final = Check(
    Benchmark(
        name="posting",
        module="benchmarks.posting",
        about="posts on a clock that only waits move",
        arguments=("--posts", "60"),
        longest=60,
    ),
    (
        Bound(
            figure=Figure("waits_over_app", "time of a post over the app's own part", most=1.15),
            reason="1.107 in every run; looks that come twice as late make it 1.17 to 1.20",
            suspects="a fixed wait, or a longer pause between two looks at a screen",
        ),
        Bound(
            figure=Figure("looks_per_touch", "page sources for each touch", most=6),
            reason="4.62 in every run; one look more at each step makes it more than 6",
            suspects="a screen that is asked for twice in a step, or a shorter pause between looks",
        ),
    ),
    "python -m benchmarks.posting",
)
DAY: Final = Check(
    Benchmark(
        name="day",
        module="benchmarks.day",
        about="ten jobs by five workers",
        arguments=("--engine-only", "--workers", "5", "--jobs", "2"),
        longest=105,
    ),
    (
        Bound(
            figure=Figure("pauses_over_phone", "pauses of jobs over phone time", most=0.9),
            reason="0.65 on a busy machine to 0.82 on an idle one",
            suspects="a fixed sleep where a phone could be asked, or steps one after the other "
            "that went on side by side",
        ),
        Bound(
            figure=Figure("calls_per_job", "calls of the provider", most=80),
            reason="50 to 58, fewer where the machine is busy; each worker asking for its own "
            "booting phone makes it twice as many",
            suspects="a shorter poll, or looks at phones that are no longer shared",
        ),
        Bound(
            figure=Figure("looks_per_touch", "page sources for each touch", most=6.5),
            reason="4.1 to 4.6, fewer where the machine is busy",
            suspects="a screen that is asked for twice in a step, or a shorter pause between looks",
        ),
        Bound(
            figure=Figure("syncs_per_job", "times that a worker waits for the disk", most=18),
            reason="12.2; a day that takes long renews its claims, which made it 14 at most",
            suspects="a row or a record that is flushed twice, or one by one instead of together",
        ),
        Bound(
            figure=Figure("cpu_s_per_job", "CPU seconds of supervisor and workers", most=2.0),
            reason="0.8 to 1.1, a third of it the start of workers with two jobs each; machines "
            "differ, so only what is twice as much on a slow one is broken",
            suspects="a loop that polls without a pause, a file read again for each look, or a "
            "library that is loaded earlier than it is needed",
        ),
        Bound(
            figure=Figure("efficiency_5_at_scale_1", "limit over wall", least=0.35),
            reason="0.58 to 0.75 of so short a day, a quarter of which is its uneven end",
            suspects="workers that start late, or wait for one another",
            calm=_CALM,
        ),
        Bound(
            figure=Figure("billed_in_seconds", "phone time billed over the least", most=1.8),
            reason="1.2 to 1.45 with this host's own time counted twelve times",
            suspects="a phone that is on while something else is waited for, or stopped late",
            calm=_CALM,
        ),
    ),
    "python -m benchmarks.day --workers 1,5",
)
ROADMAP: Final = Check(
    Benchmark(
        name="roadmap",
        module="benchmarks.roadmap",
        about="one phase of quick agents on real git",
        arguments=("--parts", "plain", "--phases", "1", "--agents", "0.3-0.6"),
        longest=90,
    ),
    (
        Bound(
            figure=Figure("git_changes_per_task", "git commands that change something", most=8),
            reason="5.6: a branch, a tree, a commit, a removal and a merge each, and what a phase "
            "takes; a repeated attempt adds four",
            suspects="trees that are made twice, tasks that are done again, or a lock that is in "
            "the way",
        ),
        Bound(
            figure=Figure("faults", "what must not be after a plain day", most=0),
            reason="0 in every run",
            suspects="a task that was begun twice, merged twice, committed twice or pushed twice",
        ),
    ),
    "python -m benchmarks.roadmap",
)
CHECKS: Final = (POSTING, DAY, ROADMAP)
