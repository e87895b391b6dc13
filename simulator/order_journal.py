"""What a site of orders was asked: by which session, when, and what it gave. Kept in memory."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, field


@dataclass(slots=True)
class SiteRequest:
    """One request; ``end`` is 0 while it is not answered."""

    kind: str
    """login, home, page, file or other."""
    session: str
    """The cookie that came with it, by its first characters; empty = none that is logged in."""
    order: str = ""
    file: str = ""
    fault: str = ""
    start: float = field(default_factory=time.monotonic)
    end: float = 0.0
    status: int = 0
    sent: int = 0
    """Bytes of a file that were handed to the connection."""
    size: int = 0
    """Bytes that the file has."""

    @property
    def whole_file(self) -> bool:
        """A file that was sent to its end."""
        return self.kind == "file" and self.status == 200 and self.sent == self.size


class SiteJournal:
    """All requests, oldest first."""

    def __init__(self) -> None:
        self.requests: list[SiteRequest] = []

    def begin(self, kind: str, session: str) -> SiteRequest:
        request = SiteRequest(kind, session)
        self.requests.append(request)
        return request

    def pages(self, order: str) -> list[SiteRequest]:
        """Visits to an order's page."""
        return [one for one in self.requests if one.kind == "page" and one.order == order]

    def files(self, order: str) -> list[SiteRequest]:
        """Files of an order that were asked for."""
        return [one for one in self.requests if one.kind == "file" and one.order == order]

    def sessions(self) -> set[str]:
        """Sessions that saw a page."""
        return {one.session for one in self.requests if one.kind == "page" and one.session}

    def most_at_once(self) -> int:
        """Orders that were on the server at the same time, at most; what hangs counts on."""
        moments: list[tuple[float, int]] = []
        for one in self.requests:
            if one.kind == "page":
                moments.append((one.start, 1))
                if one.end:
                    moments.append((one.end, -1))
        most = now = 0
        for _moment, change in sorted(moments):
            now += change
            most = max(most, now)
        return most

    def as_json(self) -> list[dict[str, object]]:
        return [asdict(one) for one in self.requests]
