"""What counts as proof after Share, told from what older uploads left on the screen."""

from __future__ import annotations

from engine.posting.confirmation import Confirmation
from engine.posting.recogniser import Recogniser
from engine.posting.screen import Screen
from engine.posting.state import Tally
from tests.labelled_screens import OWN_SCREENS

APP = "com.instagram.android"


def node(name: str, text: str = "", inside: str = "") -> str:
    return (
        f'<node resource-id="{APP}:id/{name}" text="{text}" content-desc="" package="{APP}" '
        f'class="android.view.View" bounds="[0,100][720,200]" clickable="false">{inside}</node>'
    )


def feed(*rows: str) -> Screen:
    """The home feed with a row for each upload."""
    tabs = "".join(node(name) for name in ("feed_tab", "clips_tab", "profile_tab"))
    body = "".join(node("row_pending_container", inside=row) for row in rows)
    source = (
        f"<hierarchy>{node('main_feed_action_bar')}{body}{node('tab_bar', inside=tabs)}</hierarchy>"
    )
    return Recogniser().recognise(source)


POSTED = node("row_pending_media_status_textview", "Posted! All done.")
RUNNING = node(
    "row_pending_media_status_textview", "Keep Instagram open to finish posting…"
) + node("row_pending_media_progress_bar")


def test_a_new_report_beyond_the_old_ones_is_proof() -> None:
    watch = Confirmation(Tally(posted_rows=1), "share_form")
    assert watch.proof(feed(POSTED)) == ""
    assert "Posted!" in watch.proof(feed(POSTED, POSTED))


def test_a_report_is_no_proof_where_nobody_looked_before_share() -> None:
    """The feed was never seen, so the report may be of yesterday's upload."""
    watch = Confirmation(None, "share_form")
    assert watch.proof(feed(POSTED)) == ""


def test_a_report_is_proof_once_ours_was_seen_running() -> None:
    watch = Confirmation(None, "share_form")
    assert watch.proof(feed(RUNNING, POSTED)) == ""
    assert watch.proof(feed(POSTED)) == ""
    assert "Posted!" in watch.proof(feed(POSTED, POSTED))


def test_a_warning_that_asks_once_more_after_share_is_no_publication() -> None:
    path = OWN_SCREENS / "rules_may_be_broken.xml"
    warning = Recogniser().recognise(path.read_text(encoding="utf-8"))
    watch = Confirmation(Tally(), "caption_form")
    assert watch.proof(warning) == ""
    assert "asks once more" in watch.refusal(warning)
