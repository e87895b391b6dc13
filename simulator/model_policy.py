"""How the simulated model answers when nothing was scripted: like somebody sensible.

It reads the list of elements as the model would and knows nothing else of the farm: it goes on
along the way to a reel, closes what is in the way, gives a verdict where the app speaks of the
account, and goes back where it knows no better.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from simulator.model_replies import Reply, step, verdict

CLOSING: Final = (
    "not now",
    "no thanks",
    "maybe later",
    "maybe another time",
    "later",
    "skip",
    "cancel",
    "close",
    "dismiss",
    "keep editing",
    "got it",
    "ok",
)
"""The most reserved first."""
ONWARD: Final = ("creation_tab", "create new", "create", "profile_tab", "feed_tab")
"""Ids and words that lead to where a reel begins, the nearest first."""
NOTICES: Final[Mapping[str, str]] = {
    "suspended your account": "suspended",
    "account is suspended": "suspended",
    "disabled your account": "disabled",
    "confirm you're human": "verification",
    "confirm your identity": "verification",
    "you've been logged out": "logged_out",
    "try again later": "action_blocked",
}
_PICKED: Final = "gallery_grid_item_thumbnail"
_CAPTION: Final = "caption_input_text_view"


def sensible(body: Mapping[str, Any]) -> Reply:
    """An answer to one request of the Messages API."""
    text = "\n".join(_texts(body))
    found = list(_elements(text))
    for element in found:
        for phrase, name in NOTICES.items():
            said = str(element.get("text") or element.get("desc") or "")
            if phrase in said.casefold() and not element.get("by_people"):
                return verdict(name, said)
    onward = _onward(text, found)
    return onward if onward is not None else _closing(found)


def _onward(text: str, found: list[dict[str, Any]]) -> Reply | None:
    """The next step on the way to a reel, where one is to be seen."""
    if any(element.get("id") == _CAPTION for element in found) and (words := _caption(text, found)):
        return words
    chosen = "video chosen: yes" in text
    for element in found:
        said = _said(element)
        if chosen and "next" in said:
            return step("tap", element["n"], reason="go on")
        if not chosen and any("video thumbnail" in words for words in said):
            return step("tap", element["n"], reason="the newest video")
        if not chosen and ("reel" in said or "create new reel" in said):
            return step("tap", element["n"], reason="choose a reel")
    for name in ONWARD:
        for element in found:
            if not chosen and name in (element.get("id"), *_said(element)):
                return step("tap", element["n"], reason="where a reel begins")
    return None


def _caption(text: str, found: list[dict[str, Any]]) -> Reply | None:
    """Write it; some builds then leave it by a button, and what else is there would publish."""
    if "caption: due now" in text:
        return step("enter_caption", reason="the caption is due")
    for element in found:
        if "ok" in _said(element) and not element.get("by_people"):
            return step("tap", element["n"], reason="the caption is written")
    return None


def _closing(found: list[dict[str, Any]]) -> Reply:
    for words in CLOSING:
        for element in found:
            if words in _said(element) and not element.get("by_people"):
                return step("tap", element["n"], reason="close what is in the way")
    return step("back", reason="no way to close it is seen")


def _said(element: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(element.get(key, "")).strip().casefold() for key in ("text", "desc"))


def _texts(body: Mapping[str, Any]) -> Iterable[str]:
    content = body["messages"][0]["content"]
    if isinstance(content, str):
        return [content]
    return [block["text"] for block in content if block.get("type") == "text"]


def _elements(text: str) -> Iterator[dict[str, Any]]:
    """The lines between <screen> and </screen>."""
    inside = text.partition("<screen>\n")[2].rpartition("\n</screen>")[0]
    for line in inside.split("\n"):
        try:
            yield json.loads(line)
        except ValueError:
            continue
