"""All that a look at a page needs, taken with one question to the browser.

A page may change between two questions, and each costs a way to the browser and back; so one script
answers all selectors of ``[downloads]`` at once, and what it answers does not change any more.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from engine.downloads.browser_errors import SelectorError
from engine.downloads.page import MOST_LISTED
from engine.output import one_line
from engine.settings_downloads import Downloads

BLANK: Final = "about:blank"
"""The empty page between two that are visited."""
TEXT_CHARACTERS: Final = 2_000
"""Of the text or an attribute of one part."""
ADDRESS_CHARACTERS: Final = 8_000
_MOST_PARTS: Final = 50
"""Of one selector, but for the entries of the list."""
_MOST_WITHIN: Final = 3
"""Of one selector inside an entry."""
_WITHIN: Final = ("attachment_link", "attachment_name", "attachment_size")
_WHOLE_PAGE: Final = (
    "found",
    "order_number",
    "not_found",
    "login",
    "denied",
    "rate_limited",
    "site_fault",
    "loading",
    "attachment",
    "attachment_count",
    "no_attachments",
)

SCRIPT: Final = """
const [asked, within, names, list, most, mostWithin, mostListed, longest, longestAddress] =
  arguments;
const cut = text => (text || "").slice(0, longest);
const bad = {};
function parts(below, selector, limit) {
  try {
    return Array.from(below.querySelectorAll(selector)).slice(0, limit);
  } catch (error) {
    bad[selector] = String(error && error.message).slice(0, 200);
    return [];
  }
}
function address(part) {
  if (!part.hasAttribute("href")) return "";
  try {
    return new URL(part.getAttribute("href"), document.baseURI).href.slice(0, longestAddress);
  } catch (error) {
    return "";
  }
}
function seen(part, deep) {
  const answer = {text: cut(part.textContent), attributes: {}, parts: {}};
  for (const name of names)
    answer.attributes[name] =
      name === "href" ? address(part) : cut(part.getAttribute(name));
  if (deep)
    for (const selector of within)
      answer.parts[selector] = parts(part, selector, mostWithin).map(one => seen(one, false));
  return answer;
}
const answer = {
  document: performance.timeOrigin, address: location.href.slice(0, longestAddress),
  parts: {}, bad: bad, error: "",
};
if (location.protocol === "chrome-error:") {
  const code = document.querySelector(".error-code, #error-code");
  const known = window.loadTimeDataRaw || {};
  answer.error = cut(code && code.textContent) || cut(known.errorCode) || "no page";
}
for (const selector of asked) {
  const deep = selector === list;
  answer.parts[selector] =
    parts(document, selector, deep ? mostListed : most).map(one => seen(one, deep));
}
return JSON.stringify(answer);
"""


@dataclass(frozen=True, slots=True)
class SeenElement:
    """A part of a page as it was."""

    text: str
    attributes: Mapping[str, str]
    parts: Mapping[str, Sequence[SeenElement]] = field(default_factory=dict)

    def attribute(self, name: str) -> str:
        """Raises KeyError for a name that the look did not ask for."""
        return self.attributes[name]

    def find(self, selector: str) -> Sequence[SeenElement]:
        """Raises KeyError for a selector that the look did not ask for."""
        return self.parts[selector]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A page as it was at one moment."""

    document: float
    """When its document was begun, in its own clock: another document has another one."""
    address: str
    error: str = ""
    """Of a page that the browser shows in place of one that it could not get."""
    parts: Mapping[str, Sequence[SeenElement]] | None = None
    """None: nothing that was asked for is there."""

    def now(self) -> Snapshot:
        return self

    def find(self, selector: str) -> Sequence[SeenElement]:
        """Raises KeyError for a selector that the look did not ask for."""
        return self.parts[selector] if self.parts is not None else ()


NOTHING: Final = Snapshot(document=0.0, address="")
"""Until the page that was asked for is there."""


class Looks:
    """The question for one trade's settings, and what its answers mean."""

    def __init__(self, settings: Downloads) -> None:
        self._settings = settings

    @property
    def arguments(self) -> tuple[object, ...]:
        """For ``SCRIPT``."""
        settings = self._settings
        whole = [one for name in _WHOLE_PAGE if (one := getattr(settings, name))]
        within = [one for name in _WITHIN if (one := getattr(settings, name))]
        names = ["href", "download", settings.attachment_size_attribute]
        return (
            list(dict.fromkeys(whole)),
            within,
            [name for name in dict.fromkeys(names) if name],
            settings.attachment,
            _MOST_PARTS,
            _MOST_WITHIN,
            MOST_LISTED + 1,
            TEXT_CHARACTERS,
            ADDRESS_CHARACTERS,
        )

    def read(self, answer: object) -> Snapshot:
        """What the script returned; NOTHING for the empty page.

        Raises SelectorError, and ValueError for what is no answer.
        """
        try:
            told = json.loads(str(answer))
            snapshot = Snapshot(
                document=float(told["document"]),
                address=str(told["address"]),
                error=str(told["error"]),
                parts=_parts(told["parts"]),
            )
            bad = {str(selector): str(why) for selector, why in told["bad"].items()}
        except (KeyError, TypeError, AttributeError) as exc:
            raise ValueError(f"no snapshot of a page ({type(exc).__name__})") from None
        if snapshot.address == BLANK:
            return NOTHING
        if bad:
            raise self._refused(next(iter(bad)))
        return snapshot

    def _refused(self, selector: str) -> SelectorError:
        names = (*_WHOLE_PAGE, *_WITHIN)
        name = next((one for one in names if getattr(self._settings, one) == selector), "a setting")
        return SelectorError(
            f"downloads.{name} is no CSS selector ({one_line(selector)[:100]!r}): correct it."
        )


def _parts(told: Mapping[str, Any]) -> dict[str, tuple[SeenElement, ...]]:
    return {
        str(selector): tuple(
            SeenElement(
                text=str(one["text"]),
                attributes={str(name): str(value) for name, value in one["attributes"].items()},
                parts=_parts(one["parts"]),
            )
            for one in found
        )
        for selector, found in told.items()
    }
