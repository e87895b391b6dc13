"""One line of the record of posted videos: a post, one that may be made, one that was not made.

A post is ``account|video file name|ISO time|video_id``. A line of older systems ends after the time
and counts by file name. Two kinds of note begin with ``#``, which older versions pass over as a
comment: ``#may-be-posted|…`` is written before Share, ``#was-not-posted|…`` takes it back. Both
have the fields of a post and the job's id.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Final

from engine.jobs import Trace
from engine.sources.video import file_name

MAY: Final = "#may-be-posted"
NOT: Final = "#was-not-posted"
_NOTE_FIELDS: Final = 6
_ESCAPED: Final = {"%": "%25", "|": "%7C", "\n": "%0A", "\r": "%0D"}
_VIDEO_ID: Final = re.compile(r"sha256:[0-9a-f]{32}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Post:
    """A post that was made, or may have been made."""

    account: str
    name: str
    """File name of the video."""
    when: datetime | None
    """None where the line was torn before its time."""
    video_id: str = ""
    """Empty in lines of older systems."""
    job_id: str = ""
    """Known of notes only."""

    def same_content(self, name: str, video_id: str) -> bool:
        """Whether it is this video: by identity where both sides have one, else by name (A15.4)."""
        if self.video_id and video_id:
            return self.video_id == video_id
        return self.name.casefold() == name.casefold()

    def of_attempt(self, job_id: str, name: str, video_id: str) -> bool:
        """Whether it is this video, or this job's, whose file may hold another video by now."""
        if self.same_content(name, video_id):
            return True
        return bool(job_id) and self.job_id == job_id and self.same_content(name, "")


@dataclass(frozen=True, slots=True)
class Line:
    """What a line says."""

    post: Post | None
    kind: str = ""
    """Empty for a post, else ``MAY`` or ``NOT``."""
    whole: bool = True
    """It says it in full."""


def trace_of(doubt: Post) -> Trace:
    """The doubt as the ledger takes it."""
    at = "" if doubt.when is None else f" at {doubt.when.isoformat(sep=' ', timespec='seconds')}"
    return Trace(
        key=doubt.account,
        fits=lambda job: doubt.of_attempt(job.job_id, file_name(job.video_path), job.video_id),
        when=doubt.when,
        text=f"The record of posted videos says that Share may have been tapped{at}: whether the "
        "reel was published is not known.",
    )


def lost_words(doubt: Post, record: Path) -> str:
    """What an operator should do about a doubt whose job is in no ledger any more."""
    at = "" if doubt.when is None else f" ({doubt.when.isoformat(sep=' ', timespec='minutes')})"
    return (
        f"{doubt.account} may have posted {doubt.name}{at}, and no ledger has that job any more: "
        f"look at the account; where it was not posted, write {NOT} for {MAY} in its line of "
        f"{record}."
    )


def is_talk(line: str) -> bool:
    """An empty line, or a comment of a person."""
    text = line.strip()
    return not text or (text.startswith("#") and text.partition("|")[0] not in (MAY, NOT))


def read(line: str, zone: tzinfo | None) -> Line:
    """What a line tells; of a torn one what it still says.

    A torn ``NOT`` says nothing: a doubt is only taken back in full.
    """
    kind = line.lstrip().partition("|")[0]
    if kind not in (MAY, NOT):
        post, whole = _read_post(line.split("|"), zone, ours=line.count("|") == 3)
        return Line(post, "", whole)
    fields = line.split("|")[1:]
    post, whole = _read_post(fields, zone, ours=len(fields) >= 4)
    whole = whole and len(fields) == _NOTE_FIELDS - 1
    if kind == NOT and not whole:
        return Line(None, kind, whole=False)
    return Line(post, kind, whole)


def write(kind: str, post: Post) -> str:
    """The line, with its end."""
    when = "" if post.when is None else post.when.isoformat()
    fields = [post.account, post.name, when, post.video_id]
    if kind:
        fields.append(post.job_id)
    return "|".join([*([kind] if kind else []), *map(_escape, fields)]) + "\n"


def _read_post(fields: list[str], zone: tzinfo | None, *, ours: bool) -> tuple[Post | None, bool]:
    if len(fields) < 3 or not fields[0].strip() or not fields[1].strip():
        return None, False
    account, name = (_unescape(field) if ours else field.strip() for field in fields[:2])
    when = _moment(fields[2].strip(), zone)
    video_id = fields[3].strip() if ours else ""
    if video_id and not _VIDEO_ID.fullmatch(video_id):
        return Post(account=account, name=name, when=when), False
    job_id = _unescape(fields[4]) if ours and len(fields) > 4 else ""
    whole = when is not None and (ours or len(fields) <= 4)
    return Post(account=account, name=name, when=when, video_id=video_id, job_id=job_id), whole


def _moment(text: str, zone: tzinfo | None) -> datetime | None:
    """A time of the record; without a zone it is the operator's (A2.2)."""
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return None
    if when.tzinfo is None and zone is not None:
        return when.replace(tzinfo=zone)
    return when.astimezone()


def _escape(field: str) -> str:
    return "".join(_ESCAPED.get(char, char) for char in field)


def _unescape(field: str) -> str:
    for char, escaped in reversed(_ESCAPED.items()):
        field = field.replace(escaped, char)
    return field
