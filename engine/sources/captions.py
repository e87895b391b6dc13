"""A campaign's captions file: which file it is, how it is read, which caption a video gets."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine.errors import InputError
from engine.sources.source_files import not_utf8
from engine.sources.video import file_name


@dataclass(frozen=True, kw_only=True, slots=True)
class Format:
    """A header that is understood (behaviour A5.2.5)."""

    key: str
    """Column that names the video."""
    caption: str
    shortcode: bool
    """The key is a shortcode, and its videos are called SHORTCODE-N.mp4."""


FORMATS: Final = (
    Format(key="image/video link 1 (shortcode)", caption="text", shortcode=True),
    Format(key="filename", caption="post_caption", shortcode=False),
    Format(key="filename", caption="caption", shortcode=False),
    Format(key="shortcode", caption="text", shortcode=True),
)
ACCEPTED: Final = (
    "Text + Image/Video link 1 (shortcode); filename + post_caption; filename + caption; "
    "Text + Shortcode"
)
_LEDGER_COLUMNS: Final = frozenset({"job_id", "status"})
_MEDIA_SUFFIX: Final = re.compile(r"\.(?:mp4|mov|m4v)$", re.IGNORECASE)
_NUMBERED: Final = re.compile(r"\d+(?:-\d+)*")


@dataclass(frozen=True, kw_only=True, slots=True)
class Caption:
    """One line of the file."""

    order: int
    """Place in the file, from 0."""
    key: str
    text: str


class Captions:
    """The captions of one file, by the keys under which videos find them."""

    def __init__(self, path: Path, form: Format, lines: Sequence[Caption]) -> None:
        self.path = path
        self.lines = lines
        self._form = form
        self._by_key: dict[str, list[Caption]] = {}
        self._by_stem: dict[str, list[Caption]] = {}
        self._by_folded: dict[str, list[Caption]] = {}
        for line in lines:
            stem = _MEDIA_SUFFIX.sub("", line.key)
            self._by_key.setdefault(line.key, []).append(line)
            self._by_stem.setdefault(stem, []).append(line)
            self._by_folded.setdefault(stem.casefold(), []).append(line)

    def of(self, video_name: str) -> Sequence[Caption]:
        """Lines that fit a video: none, one, or several that differ (ambiguous) (A5.2.9).

        Exact file name, then its stem, then ``SHORTCODE-N``; shortcodes know upper and lower case,
        file names only where that tells two lines apart.
        """
        stem = _MEDIA_SUFFIX.sub("", video_name)
        found: Sequence[Caption] = self._by_key.get(video_name) or self._by_stem.get(stem) or ()
        if not found:
            folded = self._by_folded.get(stem.casefold(), ())
            found = self._numbered(stem) if self._form.shortcode else folded
        return found if len({line.text for line in found}) > 1 else found[:1]

    def _numbered(self, stem: str) -> Sequence[Caption]:
        """Lines of the longest shortcode that the stem is, followed by ``-N``."""
        for place in range(len(stem) - 1, 0, -1):
            if stem[place] == "-" and _NUMBERED.fullmatch(stem[place + 1 :]):
                found = self._by_key.get(stem[:place])
                if found:
                    return found
        return ()


def find_captions(folder: Path, named: str = "") -> Path:
    """The captions file of a campaign (A5.2.7): the named one, else the only CSV that is one.

    Raises InputError naming what was found and what is accepted.
    """
    if named:
        path = folder / named
        if not path.is_file():
            raise InputError(
                f"campaign.json names the captions file {path}, which is not there: correct "
                "captions_file, or put the file back."
            )
        return path
    headers = {path: read_header(path) for path in sorted(folder.glob("*.csv"))}
    fitting = [path for path, header in headers.items() if _format_of(header)]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        names = ", ".join(path.name for path in fitting)
        raise InputError(
            f"{folder} has several captions files ({names}): name one as captions_file in its "
            "campaign.json, or move the others away."
        )
    strangers = {
        path: header for path, header in headers.items() if not set(header) >= _LEDGER_COLUMNS
    }
    if not strangers:
        raise InputError(f"{folder} has no captions file: add a CSV with the columns {ACCEPTED}.")
    raise InputError("; ".join(unknown_header(path, head) for path, head in strangers.items()))


def read_captions(path: Path) -> Captions:
    """All lines of a captions file. Raises InputError for a header or text it cannot read.

    A cell that is missing is empty; a line break inside a caption is one line feed. A line
    without a key, such as a blank one, names no video.
    """
    rows = _rows(path)
    header = [_plain(cell) for cell in rows[0]] if rows else []
    form = _format_of(header)
    if form is None:
        raise InputError(unknown_header(path, header))
    key, caption = header.index(form.key), header.index(form.caption)
    lines = []
    for order, row in enumerate(rows[1:]):
        cells = [*row, *[""] * (len(header) - len(row))]
        name = cells[key].strip()
        if name:
            text = cells[caption].replace("\r\n", "\n").replace("\r", "\n")
            lines.append(Caption(order=order, key=file_name(name), text=text))
    return Captions(path, form, lines)


def read_header(path: Path) -> list[str]:
    """Column names, plain; empty where there is no line. Raises InputError."""
    rows = _rows(path, limit=1)
    return [_plain(cell) for cell in rows[0]] if rows else []


def unknown_header(path: Path, header: Sequence[str]) -> str:
    """The sentence about a header that nobody accepts (A5.2.6)."""
    found = ", ".join(header) if header else "none"
    hint = " (columns must be separated by commas)" if len(header) == 1 and ";" in found else ""
    return f"{path} has the columns {found}{hint}; accepted are {ACCEPTED}: rename its columns."


def _rows(path: Path, limit: int | None = None) -> list[list[str]]:
    rows: list[list[str]] = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for row in csv.reader(file):
                if row:
                    rows.append(row)
                if limit is not None and len(rows) >= limit:
                    break
    except UnicodeDecodeError as exc:
        raise InputError(not_utf8(path, exc)) from None
    except csv.Error as exc:
        raise InputError(f"{path} cannot be read as CSV ({exc}): save it again as CSV.") from exc
    except OSError as exc:
        raise InputError(f"{path} cannot be read ({exc.strerror}).") from exc
    return rows


def _format_of(header: Sequence[str]) -> Format | None:
    columns = set(header)
    if columns >= _LEDGER_COLUMNS:
        return None
    return next((form for form in FORMATS if {form.key, form.caption} <= columns), None)


def _plain(cell: str) -> str:
    """A column name without case, mark of byte order, and surrounding or doubled blanks."""
    return " ".join(cell.replace("\ufeff", "").split()).casefold()
