"""One ledger row: its columns, its text, what makes it credible, and the ``Job`` it stands for.

A row is handled as *cells*: a list of strings in the order of ``COLUMNS``, unknown columns after
them. Nothing here opens a file or asks a clock. Rules: architecture 3, behaviour A2, A3.1, A9.9.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Final

from engine.errors import LedgerUnreadableError
from engine.jobs import ErrorCategory, Job, JobStatus
from engine.spreadsheet import as_meant

COLUMNS: Final = (
    "job_id",
    "account",
    "video_path",
    "caption",
    "status",
    "worker_id",
    "claimed_at",
    "completed_at",
    "error",
    "attempts",
    "max_attempts",
    "retry_at",
    "error_type",
    "error_category",
    "pass_number",
    "run_id",
    "video_id",
    "submitted_at",
    "updated_at",
)
JOB_ID, ACCOUNT, VIDEO_PATH, CAPTION, STATUS, WORKER_ID, CLAIMED_AT = range(7)
COMPLETED_AT, ERROR, ATTEMPTS, MAX_ATTEMPTS, RETRY_AT, ERROR_TYPE = range(7, 13)
ERROR_CATEGORY, PASS_NUMBER, RUN_ID, VIDEO_ID, SUBMITTED_AT, UPDATED_AT = range(13, 19)
WIDTH: Final = len(COLUMNS)

CARRIED: Final = (VIDEO_PATH, CAPTION, VIDEO_ID)
"""Empty in a later row of a job means: as before."""

LEGACY_ACCOUNT_TYPES: Final = frozenset(
    {"suspended", "captcha", "loggedout", "actionblocked", "banned"}
)
"""Types of old ledgers without a category that read as account (A9.9)."""

ERROR_LIMIT: Final = 500
ENCODING: Final = "utf-8"
BYTES_AS_THEY_ARE: Final = "surrogateescape"
"""Bytes that are no UTF-8 survive reading and writing."""

_STATUSES: Final = {status.value: status for status in JobStatus}
_CATEGORIES: Final = {category.value: category for category in ErrorCategory}
_NO_EXTRA: Final[Mapping[str, str]] = {}
"""One for all rows of a file without unknown columns."""
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_UNSAFE: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_COUNT: Final = re.compile(r"\d{1,9}(?:\.0+)?\Z", re.ASCII)
_SMALL: Final = frozenset(["", *map(str, range(100))])
"""Numbers that need no closer look."""
_QUOTED: Final = re.compile('[",\r\n]')
_STAMP: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}[+-]\d\d:\d\d\Z", re.ASCII)
_PATH: Final = re.compile(r"[\\/]|\.\w+$")
_FAULTS: Final = ("account", "content", "infrastructure")
_LONG_NAME: Final = 200
_LONGEST_NEW_NAME: Final = 1000
_LONGEST_TIME: Final = 40


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a file keeps its columns."""

    names: tuple[str, ...]
    """The header as found."""
    places: tuple[int, ...]
    """Place of each of COLUMNS in the file, -1 where it has none."""
    extra: tuple[int, ...]
    """Places of the columns that we do not know."""
    current: bool
    """All our columns, in our order, come first: rows can be appended."""

    @property
    def extra_names(self) -> tuple[str, ...]:
        return tuple(self.names[place] for place in self.extra)

    @property
    def upgraded_names(self) -> tuple[str, ...]:
        return COLUMNS + self.extra_names

    def cells(self, found: list[str]) -> list[str]:
        """A row of the file in our order; what it lacks is empty."""
        width = len(self.names)
        if len(found) < width:
            found = found + [""] * (width - len(found))
        if self.current:
            return found if len(found) == width else found[:width]
        row = [found[place] if place >= 0 else "" for place in self.places]
        return row + [found[place] for place in self.extra]


CURRENT: Final = Layout(COLUMNS, tuple(range(WIDTH)), (), current=True)


def layout_of(header: Sequence[str], path: Path) -> Layout:
    """Understand a header. Raises LedgerUnreadableError naming the columns found (A2.2)."""
    names = tuple(name.strip() for name in header)
    doubled = {name for name in names if name in COLUMNS and names.count(name) > 1}
    if doubled:
        raise LedgerUnreadableError(
            f"{path}: the header has {', '.join(sorted(doubled))} more than once: remove the "
            "doubled column, or restore the file from a backup."
        )
    if "job_id" not in names or "status" not in names:
        for mark, word in ((";", "semicolons"), ("\t", "tabs")):
            if len(names) == 1 and "job_id" in names[0].split(mark):
                raise LedgerUnreadableError(
                    f"{path} is separated by {word}: save it again as CSV with commas and UTF-8."
                )
        found = ", ".join(name[:40] for name in names if name)[:200] or "none"
        raise LedgerUnreadableError(
            f"{path} is not a ledger: its first line must name the columns job_id and status, "
            f"found: {found}. Name the right file, or restore this one from a backup."
        )
    places = tuple(names.index(name) if name in names else -1 for name in COLUMNS)
    extra = tuple(place for place, name in enumerate(names) if name not in COLUMNS)
    return Layout(names, places, extra, current=names[:WIDTH] == COLUMNS)


# -- text -----------------------------------------------------------------------------------------


def encode(cells: Sequence[str]) -> bytes:
    """One row as RFC 4180 text ending in a line feed; a lone carriage return is quoted too."""
    line = ",".join(cells)
    if line.count(",") != len(cells) - 1 or '"' in line or "\n" in line or "\r" in line:
        line = ",".join(
            '"' + cell.replace('"', '""') + '"' if _QUOTED.search(cell) else cell for cell in cells
        )
    return (line + "\n").encode(ENCODING, BYTES_AS_THEY_ARE)


def safe_text(text: str, limit: int = ERROR_LIMIT) -> str:
    """Our own text for a cell: cut, and control characters made visible (they may come from a
    device or a server), so that the file stays a text file."""
    text = text.replace("\r\n", "\n")
    return _UNSAFE.sub(lambda found: f"\\x{ord(found[0]):02x}", text)[:limit]


def name_flaw(name: str) -> str | None:
    """Why this cannot be the id of a new job or its key, or None."""
    if _CONTROL.search(name):
        return "it has control characters"
    if len(name) > _LONGEST_NEW_NAME:
        return f"it is longer than {_LONGEST_NEW_NAME} characters"
    return None


# -- credibility ----------------------------------------------------------------------------------


def flaw(cells: Sequence[str]) -> str | None:
    """Why a row cannot be understood, or None. Judged by its structure alone (A2.9).

    Every column is held against its kind: fragments of other rows, as a line-wise split of quoted
    fields leaves them, put times where numbers belong, and prose where names belong.
    """
    status = cells[STATUS]
    if status not in _STATUSES:
        return f"unknown status {status[:40]!r}" if status else "empty status"
    for place in (CLAIMED_AT, COMPLETED_AT, RETRY_AT, SUBMITTED_AT, UPDATED_AT):
        if cells[place] and not _may_be_time(cells[place], strict=place >= SUBMITTED_AT):
            return f"{COLUMNS[place]} holds {cells[place][:40]!r}, no time"
    for place in (ATTEMPTS, MAX_ATTEMPTS, PASS_NUMBER):
        if cells[place] not in _SMALL and not _COUNT.match(cells[place]):
            return f"{COLUMNS[place]} holds {cells[place][:40]!r}, no number"
    category = cells[ERROR_CATEGORY]
    if category and category not in _CATEGORIES:
        return f"unknown error_category {category[:40]!r}"
    return _name_flaws(cells)


def _name_flaws(cells: Sequence[str]) -> str | None:
    if not cells[JOB_ID]:
        return "empty job_id"
    if _CONTROL.search(cells[JOB_ID] + cells[ACCOUNT] + cells[WORKER_ID] + cells[ERROR_TYPE]):
        return "a name has control characters or line breaks"
    if cells[UPDATED_AT]:
        return None  # a time of ours in its place: the row is whole, and its names are its own
    return _fragment(cells)


def _fragment(cells: Sequence[str]) -> str | None:
    """Marks of another row's prose, in a row of which only the names could tell."""
    job_id, account, kind = cells[JOB_ID], cells[ACCOUNT], cells[ERROR_TYPE]
    if '"' in job_id and _odd_quotes(job_id) and '"' in (job_id[0], job_id[-1]):
        return "job_id has a stray quote"
    if account != account.strip():
        return "account has blanks around it, like a piece of prose"
    if max(len(cells[WORKER_ID]), len(kind)) > _LONG_NAME:
        return "worker_id or error_type holds prose"
    if _is_time(cells[WORKER_ID]) or _is_time(account):
        return "a time stands in the place of a name"
    return _shifted(cells)


def _shifted(cells: Sequence[str]) -> str | None:
    caption, path, kind = cells[CAPTION], cells[VIDEO_PATH], cells[ERROR_TYPE]
    if kind in _FAULTS and kind != cells[ERROR_CATEGORY]:
        return "error_type holds a category"
    if caption.endswith('"') and _odd_quotes(caption) and not _PATH.search(path):
        return "the end of another row's caption"
    return None


def _odd_quotes(text: str) -> bool:
    return text.count('"') % 2 == 1


def whole_without_newline(cells: Sequence[str], layout: Layout) -> bool:
    """Whether a last row that has all its cells but no line end is whole (saved by hand), or torn
    in writing: then the last time of ours is a stump."""
    if flaw(cells):
        return False
    return not layout.current or not cells[UPDATED_AT] or bool(_STAMP.match(cells[UPDATED_AT]))


def _is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return not text.isdigit()


def _may_be_time(text: str, *, strict: bool) -> bool:
    """A time, or something unreadable that stands where a time was meant (A4.4, A4.11)."""
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return not (
            strict
            or text.isdigit()
            or len(text) > _LONGEST_TIME
            or text in _STATUSES
            or text in _CATEGORIES
            or _CONTROL.search(text)
        )
    return not text.isdigit()


# -- values ---------------------------------------------------------------------------------------


def moment(text: str, zone: tzinfo | None) -> datetime | None:
    """A time as written; old files have local times without zone (A2.2). None if unreadable."""
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
        if found.tzinfo is not None:
            return found
        return found.astimezone() if zone is None else found.replace(tzinfo=zone)
    except (ValueError, OverflowError, OSError):  # the last two: years that no zone knows
        return None


def stamp(when: datetime) -> str:
    """A time as we write it: always the same width, so that a stump can be told."""
    return when.isoformat(timespec="microseconds")


def count(text: str, default: int) -> int:
    if not text:
        return default
    return int(text) if text.isdigit() else int(float(text))


def category_of(cells: Sequence[str]) -> ErrorCategory | None:
    """The category as written; empty with one of the legacy five types reads as account."""
    category = _CATEGORIES.get(cells[ERROR_CATEGORY])
    if category is None and cells[ERROR_TYPE] in LEGACY_ACCOUNT_TYPES:
        return ErrorCategory.ACCOUNT
    return category


def carry(cells: list[str], older: Iterable[Sequence[str]]) -> list[str]:
    """Fill what a later row leaves empty from older rows, newest first."""
    missing = [place for place in CARRIED if not cells[place]]
    for row in older:
        if not missing:
            break
        for place in missing[:]:
            if row[place]:
                cells[place] = row[place]
                missing.remove(place)
    return cells


def job_of(cells: Sequence[str], extra: Sequence[str], zone: tzinfo | None) -> Job:
    """The job that credible, carried-over cells stand for."""
    return Job(
        job_id=cells[JOB_ID],
        account=cells[ACCOUNT],
        video_path=cells[VIDEO_PATH],
        caption=cells[CAPTION],
        status=_STATUSES[cells[STATUS]],
        worker_id=cells[WORKER_ID],
        claimed_at=moment(cells[CLAIMED_AT], zone),
        completed_at=moment(cells[COMPLETED_AT], zone),
        # Only ours: what an older system wrote is taken as it stands.
        error=as_meant(cells[ERROR]) if cells[UPDATED_AT] else cells[ERROR],
        attempts=count(cells[ATTEMPTS], 0),
        max_attempts=count(cells[MAX_ATTEMPTS], 3),
        retry_at=moment(cells[RETRY_AT], zone),
        error_type=cells[ERROR_TYPE],
        error_category=category_of(cells),
        pass_number=max(1, count(cells[PASS_NUMBER], 1)),
        run_id=cells[RUN_ID],
        video_id=cells[VIDEO_ID],
        submitted_at=moment(cells[SUBMITTED_AT], zone),
        updated_at=moment(cells[UPDATED_AT], zone),
        extra=dict(zip(extra, cells[WIDTH:], strict=False)) if extra else _NO_EXTRA,
    )
