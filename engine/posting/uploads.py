"""What the app reports about uploads: rows above the feed, and a bar over the Reels tab.

Several may stand there at once (one running, one that failed days ago), so they are read as a
list; whose they are is the flow's question, not the page's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from engine.posting import wording
from engine.posting.page import Node, Page

_ROW: Final = "row_pending_"
_ROW_START: Final = "row_pending_container"
_BAR: Final = frozenset(
    {
        "upload_snackbar_container",
        "upload_snackbar_button",
        "upload_snackbar_progress",
        "igds_upload_snackbar",
        "status_text",
    }
)
_BAR_TEXT: Final = "status_text"
_BAR_PROGRESS: Final = frozenset({"progress_bar", "upload_snackbar_progress"})
_ROW_PROGRESS: Final = "row_pending_media_progress_bar"
_ROW_FAILED: Final = frozenset(
    {"row_pending_media_discard_button", "row_pending_media_retry_button"}
)
_ROW_TEXT: Final = frozenset(
    {"row_pending_media_status_textview", "row_pending_media_sub_status_textview"}
)
_ROW_OTHER: Final = ("_button", "_progress_bar")
"""Ends of ids in a row whose words say nothing about the upload."""
_ROW_ONCE: Final = frozenset({"row_pending_media_status_textview", _ROW_PROGRESS})


class UploadState(StrEnum):
    RUNNING = "running"
    POSTED = "posted"
    FAILED = "failed"


class Place(StrEnum):
    ROW = "row"
    """Above the home feed."""
    BAR = "bar"
    """Over the bottom of the screen."""


@dataclass(frozen=True, slots=True)
class Upload:
    """One upload as the app shows it."""

    state: UploadState
    place: Place
    text: str
    node: Node
    """The node that says so."""


def uploads(page: Page) -> Sequence[Upload]:
    """Every upload on the page, uppermost first."""
    found = [_row(group) for group in _rows(page)]
    bar = [node for node in page.nodes if node.id in _BAR or node.id in _BAR_PROGRESS]
    if any(node.id in _BAR for node in bar):
        found.append(_bar(bar))
    return found


def _rows(page: Page) -> Iterator[list[Node]]:
    """Nodes of each row; element lists may lack the container, then a repeated part starts one."""
    group: list[Node] = []
    for node in page.nodes:
        if not node.id.startswith(_ROW):
            continue
        repeated = node.id in _ROW_ONCE and any(seen.id == node.id for seen in group)
        if group and (node.id == _ROW_START or repeated):
            yield group
            group = []
        group.append(node)
    if group:
        yield group


def _row(group: Sequence[Node]) -> Upload:
    said = [node for node in group if node.id in _ROW_TEXT and node.words]
    said = said or [node for node in group if node.words and not node.id.endswith(_ROW_OTHER)]
    ids = {node.id for node in group}
    state = _state(said)
    if state is UploadState.RUNNING and ids & _ROW_FAILED and _ROW_PROGRESS not in ids:
        state = UploadState.FAILED
    return _upload(state, Place.ROW, said, group)


def _bar(nodes: Sequence[Node]) -> Upload:
    said = [node for node in nodes if node.id == _BAR_TEXT and node.words]
    return _upload(_state(said), Place.BAR, said, nodes)


def _state(said: Sequence[Node]) -> UploadState:
    words = [words for node in said for words in node.words]
    if any(wording.opens("posted", text) for text in words):
        return UploadState.POSTED
    if any(wording.opens("upload_runs", text) for text in words):
        # "Posting to NAME": what follows is somebody's word.
        return UploadState.RUNNING
    if any(wording.inside("upload_failed", text) for text in words):
        return UploadState.FAILED
    return UploadState.RUNNING


def _upload(
    state: UploadState, place: Place, said: Sequence[Node], group: Sequence[Node]
) -> Upload:
    text = " ".join(node.label for node in said)
    return Upload(state, place, text, said[0] if said else group[0])
