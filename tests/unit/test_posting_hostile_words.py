"""Whatever people write into captions, names and titles: the verdict on a screen stays the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.screen_grades import element_list, text_only
from engine.posting.recogniser import Recogniser
from engine.posting.screen import ACCOUNT_VERDICTS, Kind, Screen
from tests.labelled_screens import HOSTILE, OWN_SCREENS, USER_TEXT, with_words
from tests.shared_data import SHARED

REAL = SHARED / "screens"
RECOGNISER = Recogniser()
SCREENS: dict[Path, Screen] = {
    path: RECOGNISER.recognise(source)
    for folder in (OWN_SCREENS, REAL)
    for path in sorted(folder.glob("*.xml"))
    if USER_TEXT.search(source := path.read_text(encoding="utf-8"))
}
"""Every screen on which people wrote something, as it is read with harmless words."""
WITH_IDS = [path for path, screen in SCREENS.items() if not screen.page.nameless]
"""Where people's words can be told from the app's: all that a phone shows."""
THE_APPS = [
    path
    for path, screen in SCREENS.items()
    if screen.kind not in {*ACCOUNT_VERDICTS, Kind.BROWSER_OR_OTHER_APP, Kind.UNKNOWN}
]
ROTATED = [[*HOSTILE[start:], *HOSTILE[:start]] for start in range(0, len(HOSTILE), 5)]
ALIKE = [[word] for word in HOSTILE[::4]]


def test_the_real_screens_are_tried_too() -> None:
    if not REAL.is_dir():
        pytest.skip("the real screens do not lie beside this checkout; ours are tried alone")
    assert any(path.parent == REAL for path in WITH_IDS)


@pytest.mark.parametrize("path", WITH_IDS, ids=lambda path: path.stem)
def test_the_kind_is_the_same_whatever_people_wrote(path: Path) -> None:
    source, plain = path.read_text(encoding="utf-8"), SCREENS[path]
    for words in (*ROTATED, *ALIKE):
        screen = RECOGNISER.recognise(with_words(source, words))
        assert (screen.kind, screen.rule) == (plain.kind, plain.rule), words


@pytest.mark.parametrize("path", THE_APPS, ids=lambda path: path.stem)
def test_no_account_is_condemned_by_what_people_wrote_in_any_record(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    for words in ROTATED:
        hostile = with_words(source, words)
        assert RECOGNISER.recognise(element_list(hostile)).kind not in ACCOUNT_VERDICTS, words
        if path.parent == REAL:
            assert RECOGNISER.recognise(text_only(hostile)).kind not in ACCOUNT_VERDICTS, words
