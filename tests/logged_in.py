"""A base profile that is logged in at the site of orders, made once for all tests of a session."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import portalocker

from simulator.order_login import logged_in_profile
from simulator.order_site_file import SiteFile
from tests.order_site import order_site
from tests.real_browser import browser_programs

_LONGEST = 120.0


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """A profile, and the session that a site must know for it to be logged in there."""

    profile: Path
    session: str


def logged_in(root: Path) -> LoggedIn:
    """``root``: a folder that all processes of a test session share. Skips without a browser."""
    browser_programs()
    profile, session = root / "base_profile", root / "session"
    with portalocker.Lock(root / "login.lock", timeout=_LONGEST):
        if not session.exists():
            with order_site(SiteFile(page_seconds=(0, 0))) as site:
                logged_in_profile(profile, site.url, site.site.file)
                session.write_text(site.site.sessions[-1], encoding="utf-8")
    return LoggedIn(profile, session.read_text(encoding="utf-8"))
