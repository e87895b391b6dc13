"""Downloads begun from an order's page, as a person's clicks would begin them, but paced.

A browser lets a page begin ten downloads a second and drops the others without a word.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from engine.downloads.attachment_list import Listed
from engine.settings_downloads import Downloads

AT_ONCE: Final = 8
"""Downloads begun within BETWEEN_SECONDS; Chromium takes ten."""
BETWEEN_SECONDS: Final = 1.1
"""Chromium counts anew after one second."""

_LEAST_PAUSE: Final = 0.01

SCRIPT: Final = """
const [began, entries, link, wanted] = arguments;
if (performance.timeOrigin !== began) return false;
const rows = Array.from(document.querySelectorAll(entries));
if (wanted.some(one => !one.link && one.place >= rows.length)) return false;
for (const one of wanted) {
  if (one.link) {
    const anchor = document.createElement("a");
    anchor.href = one.link;
    anchor.download = one.name;
    // Of another site `download` is not obeyed: the page must not go away for it.
    if (new URL(one.link).origin !== location.origin) {
      anchor.target = "_blank";
      anchor.rel = "noopener";
    }
    anchor.style.display = "none";
    document.documentElement.append(anchor);
    anchor.click();
    anchor.remove();
  } else {
    const row = rows[one.place];
    ((link && row.querySelector(link)) || row).click();
  }
}
return true;
"""


class DownloadPace:
    """Cuts what is to be fetched into parts that a browser takes, and waits between them."""

    def __init__(
        self,
        pause: Callable[[float], object],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pause = pause
        self._clock = clock
        self._begun: deque[float] = deque(maxlen=AT_ONCE)
        """When the last ones were."""

    def parts(self, listed: Sequence[tuple[int, Listed]]) -> Iterator[Sequence[tuple[int, Listed]]]:
        """Some at a time, each when the browser takes it. Raises what the pause raises."""
        begin = 0
        while begin < len(listed):
            now = self._clock()
            recent = [moment for moment in self._begun if now - moment < BETWEEN_SECONDS]
            part = listed[begin : begin + AT_ONCE - len(recent)]
            if not part:
                self._pause(max(_LEAST_PAUSE, recent[0] + BETWEEN_SECONDS - now))
                continue
            self._begun.extend([now] * len(part))
            begin += len(part)
            yield part


def fetch_arguments(
    settings: Downloads, document: float, listed: Sequence[tuple[int, Listed]]
) -> tuple[object, ...]:
    """For ``SCRIPT``; ``document``: the one that was looked at (``Snapshot.document``)."""
    wanted = [{"place": place, "link": one.link, "name": one.name} for place, one in listed]
    return document, settings.attachment, settings.attachment_link, wanted
