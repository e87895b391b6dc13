"""What the Job screen says of a job beside its attempts and its error. Values in, lines out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from rich.cells import cell_len
from textual.content import Content

from console.plain import fit, plain
from console.screens.job_view import JobView
from console.screens.ledger_details import headline
from console.times import NOTHING, clock, span
from console.top_rows import short_run
from console.widgets.tones import Drawn
from engine.jobs import JobStatus
from engine.sources.video import file_name
from engine.workloads.labels import plural

_LABEL: Final = 9
_LABEL_WIDE: Final = 11
_VALUE: Final = 20
"""Least cells of a value that another one stands beside."""
_MOST_CAPTION: Final = 2
"""Lines of a caption that is not shown whole, in a box."""
_CAPTION_ROWS: Final = 40
_LONGEST: Final = 20_000
"""Characters of a text that are looked at."""


def wrapped(text: str, width: int, *, most: int = 0, hang: int = 0) -> list[str]:
    """Safe lines of at most ``width`` cells; ``most`` 0 = all of them, else the last one is cut.

    Lines after the first stand ``hang`` cells in.
    """
    lines: list[str] = []
    for part in text[:_LONGEST].splitlines():
        found = Content(plain(part)).wrap(max(8, width - hang))
        lines += [f"{' ' * hang if at else ''}{line.plain}" for at, line in enumerate(found)]
        if most and len(lines) > most:
            return [*lines[: most - 1], fit(f"{lines[most - 1]} ..", max(8, width)).rstrip()]
    return lines


def flowing(parts: Iterable[str], width: int, gap: str) -> list[str]:
    """Safe parts one after the other, on as many rows as they need."""
    rows: list[str] = []
    for part in map(plain, parts):
        if rows and cell_len(rows[-1]) + len(gap) + cell_len(part) <= width:
            rows[-1] += f"{gap}{part}"
        else:
            rows.append(part)
    return rows


# -- rows that name the job ------------------------------------------------------------------------


def title(view: JobView | None, job_id: str, *, wide: bool) -> str:
    """``JOB DK9p0aaLm2q``; with room its account and its standing."""
    if view is None or not wide:
        return f" JOB {job_id}"
    standing = headline(view.line, view.look, view.next_pass_at)
    return f" JOB {job_id}     {view.line.job.account or NOTHING}     {standing}"


def place(number: int, count: int, *, wide: bool) -> str:
    """``2 of 14   [ previous   ] next   esc back``."""
    gap = "     " if wide else "   "
    among = f"{number} of {count}{' in filter' if wide else ''}" if count else ""
    steps = f"[ previous{gap}] next" if count > 1 else ""
    return gap.join(part for part in (among, steps, "esc back") if part) + " "


# -- what it is ------------------------------------------------------------------------------------


def what_lines(view: JobView, width: int) -> list[Drawn]:
    """Four rows for a narrow screen."""
    job = view.line.job
    standing = headline(view.line, view.look).replace(" tries used", " tries")
    facts = [part for part in (cap(view), _campaign(view), _run(view)) if part]
    return [
        _row(view.labels.key, _beside(job.account or NOTHING, f"status   {standing}")),
        _row(view.labels.content, _beside(video_name(view), "  ".join(_video_facts(view)))),
        *_caption(view, width, _LABEL),
        _row("cap", "        ".join(facts)),
        *([_row("guard", guard(view))] if view.facts.guard else []),
    ]


def what_box(view: JobView, width: int) -> list[Drawn]:
    """The same with everything that is known, for a panel."""
    job, wide = view.line.job, _LABEL_WIDE
    video = "   ".join([video_name(view), *_video_facts(view)])
    lines: list[Drawn] = [
        _row(view.labels.key, _beside(job.account or NOTHING, _resource(view)), wide),
        _row(view.labels.content, video, wide),
        *_caption(view, width, wide),
    ]
    run = "     ".join(part for part in (_run(view), _seeded(view)) if part)
    where = _campaign(view).removeprefix("campaign ")
    if where or run:
        row = ("campaign", _beside(where, run)) if where else ("run", run.removeprefix("run "))
        lines.append(_row(*row, wide))
    lines.append(_row("cap", _beside(cap(view), _last_post(view)).removeprefix("cap "), wide))
    if view.facts.guarded_at is not None:
        lines.append(_row("duplicate", guard(view), wide))
    return lines


def _row(label: str, value: str, room: int = _LABEL) -> str:
    return plain(f"{label[: room - 1]:<{room}}{value}")


def _beside(value: str, other: str) -> str:
    if not other:
        return value
    return f"{fit(value, _VALUE) if len(value) < _VALUE else value + '  '}{other}"


def _caption(view: JobView, width: int, room: int) -> Iterator[str]:
    caption, inside = view.line.job.caption, width - room
    label = fit(view.labels.text[: room - 1], room)
    first, *rest = caption.splitlines() or [""]
    if view.whole_caption:
        lines = wrapped(caption, inside)[:_CAPTION_ROWS] or [NOTHING]
    elif room == _LABEL_WIDE:
        lines = wrapped(caption, inside, most=_MOST_CAPTION) or [NOTHING]
    else:
        more = "   (c all)" if rest or len(first) > inside else ""
        lines = [fit(first, inside - len(more)).rstrip() + more if more else first or NOTHING]
    for number, line in enumerate(lines):
        yield f"{label if number == 0 else ' ' * room}{line}"


def video_name(view: JobView) -> str:
    return file_name(view.line.job.video_path) if view.line.job.video_path else NOTHING


def _video_facts(view: JobView) -> Iterator[str]:
    """Size and identity, as far as somebody looked."""
    video, identity = view.video, view.line.job.video_id
    if video is not None:
        yield "not found on this host" if video.path is None else megabytes(video.size)
    kind, colon, digits = identity.partition(":")
    if colon and len(digits) > 8:
        yield f"{kind} {digits[:4]}..{digits[-2:]}"


def megabytes(size: int) -> str:
    """``14.2 MB``, ``3.1 kB``, ``212 B``."""
    if size < 1000:
        return f"{size} B"
    return f"{size / 1e3:.1f} kB" if size < 1e6 else f"{size / 1e6:.1f} MB"


def cap(view: JobView) -> str:
    """``0 of 1 today``."""
    detail = view.facts.detail
    if not detail.cap:
        return f"{detail.posts_today} {view.labels.done} today, no cap"
    return f"{detail.posts_today} of {detail.cap} today"


def _campaign(view: JobView) -> str:
    name = "" if view.overview is None else view.overview.campaign
    return f"campaign {name}" if name else ""


def _run(view: JobView) -> str:
    return f"run {short_run(view.line.job.run_id)}" if view.line.job.run_id else ""


def _seeded(view: JobView) -> str:
    rows = view.facts.history
    if not rows or rows[0].status is not JobStatus.PENDING or rows[0].updated_at is None:
        return ""
    return f"seeded {view.look.moment(rows[0].updated_at, seconds=True)}"


def _last_post(view: JobView) -> str:
    last = view.facts.last_post
    return "" if last is None else f"last {view.labels.act} {clock(last, view.look.now)}"


def _resource(view: JobView) -> str:
    """``phone acct_025, off, asked 11:58:48``."""
    resource = view.resource
    if resource is None:
        return ""
    asked = "by our own records"
    if view.asked_at is not None:
        asked = f"asked {clock(view.asked_at, view.look.now, seconds=True)}"
    return f"{view.resource_label} {resource.label}, {resource.state}, {asked}"


def guard(view: JobView) -> str:
    """What speaks against claiming it: the duplicate guard, the cap elsewhere."""
    if view.facts.guard:
        return view.facts.guard
    checked = clock(view.facts.guarded_at, view.look.now, seconds=True)
    return f"not {view.labels.done} before (checked {checked})"


# -- what happens next -----------------------------------------------------------------------------


def next_lines(view: JobView, width: int) -> list[str]:
    """The sentences of *What happens next*; those about keys apart."""
    keys = [one for one in view.facts.following if one[1:3] == "  "]
    lines = [
        line
        for sentence in view.facts.following
        if sentence not in keys
        for line in wrapped(sentence, width, hang=2)
    ]
    if keys:
        lines.append("")
    return lines + [line for sentence in keys for line in wrapped(sentence, width, hang=3)]


# -- what is alike -------------------------------------------------------------------------------


def alike_lines(view: JobView, width: int) -> list[str]:
    """The same error in this run, the usual time, the account's thirty days."""
    first, same, usual = [], view.facts.same, view.facts.usual
    if same is not None:
        first.append(
            f"same error in this run: {_jobs(len(same.job_ids))}{_spread(view, same.keys)} (=)"
        )
    if usual.total_median is not None:
        first.append(f"usual total {span(usual.total_median)}")
    return flowing([*first, *_saved(view), *_month(view)], width, "     ")


def alike_parts(view: JobView) -> list[str]:
    """The same for the panel of the error, with the workers that it happened at."""
    same, parts = view.facts.same, []
    if same is not None:
        workers = f", worker{'s' * (len(same.workers) != 1)} {' '.join(same.workers)}"
        spread = f"{_spread(view, same.keys)}{workers if same.workers else ''}"
        parts.append(f"same in this run: {_jobs(len(same.job_ids))}{spread} (=)")
    return [*parts, *_saved(view), *_month(view)]


def _jobs(count: int) -> str:
    return f"{count} job{'' if count == 1 else 's'}"


def _spread(view: JobView, keys: int) -> str:
    return f" on {keys} {plural(view.resource_label, keys)}"


def _saved(view: JobView) -> Sequence[str]:
    same = view.facts.same
    if same is None or not same.tried_again:
        return ()
    return (f"{same.saved} of {same.tried_again} tried again ended well",)


def _month(view: JobView) -> Sequence[str]:
    tally = view.facts.tally
    if tally is None or tally.rate_30_days is None:
        return ()
    return (
        f"this {view.resource_label}, 30 days: {tally.rate_30_days:.0f}% of its jobs ended well",
    )
