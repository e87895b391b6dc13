"""A finger on the simulated posting app: it looks at the page source and touches what it finds."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

from simulator.app import Habits, PostingApp
from simulator.app.layout import LAYOUTS, Layout
from simulator.app.share_form import CAPTION_ID
from tests.posting_phone import World, video

INSTAGRAM = "com.instagram.android"


class Finger:
    """Looks at the page source and touches the middle of what it finds there."""

    def __init__(self, app: PostingApp, world: World) -> None:
        self.app = app
        self.world = world

    def tree(self) -> ET.Element:
        return ET.fromstring(self.app.source().encode())

    def find(self, *, id: str = "", desc: str = "", text: str = "") -> ET.Element | None:  # noqa: A002 - Android's word
        for node in self.tree().iter():
            if id and node.get("resource-id", "").rpartition("/")[2] != id:
                continue
            if desc and node.get("content-desc") != desc:
                continue
            if text and node.get("text") != text:
                continue
            return node
        return None

    def sees(self, **wanted: str) -> bool:
        return self.find(**wanted) is not None

    def where(self, **wanted: str) -> tuple[float, float]:
        node = self.find(**wanted)
        assert node is not None, f"{wanted} is not on the screen: {self.words()}"
        left, top, right, bottom = map(int, re.findall(r"\d+", node.get("bounds", "")))
        return (left + right) / 2, (top + bottom) / 2

    def tap(self, **wanted: str) -> None:
        self.app.tap(*self.where(**wanted))
        self.world.at += self.world.step_delay + 0.01

    def words(self) -> list[str]:
        return [node.get("text", "") for node in self.tree().iter() if node.get("text")]

    def start(self) -> Finger:
        self.app.launch(INSTAGRAM)
        self.world.at += 10
        return self

    def to_gallery(self) -> Finger:
        self.start()
        self.tap(id="profile_tab")
        self.tap(desc="Create New")
        self.tap(desc="Create new reel")
        return self

    def to_editor(self) -> Finger:
        self.to_gallery()
        self.tap(id="gallery_grid_item_thumbnail")
        return self

    def to_form(self, caption: str = "a caption") -> Finger:
        self.to_editor()
        self.tap(id="clips_right_action_button")
        if caption:
            self.app.set_text(CAPTION_ID, caption)
            self.tap(id="action_bar_button_text")
        return self


def phone(layout: Layout = LAYOUTS[0], **habits: bool | float) -> Finger:
    world = World(files=[video("new.mp4"), video("old.mp4")])
    made = Habits(layout=layout, **habits)  # type: ignore[arg-type] # all are bool but the rate
    return Finger(PostingApp(world, made), world)
