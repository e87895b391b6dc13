"""The app on a phone of the farm: gives the app its world."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from simulator.app.habits import Habits
from simulator.app.machine import PostingApp
from simulator.app.phone_world import Delay, GalleryItem, Publication
from simulator.farm_file import AccountState

if TYPE_CHECKING:
    from simulator.phone import Phone


class PhoneOfFarm:
    """What the app asks, answered by a phone of the farm."""

    def __init__(self, phone: Phone) -> None:
        self._phone = phone

    @property
    def username(self) -> str:
        return self._phone.account.name

    @property
    def seed(self) -> str:
        return f"{self._phone.farm.file.seed}|{self._phone.id}"

    @property
    def account_state(self) -> AccountState:
        return self._phone.account.state

    def now(self) -> float:
        return self._phone.farm.clock.now()

    def delay(self, name: Delay) -> float:
        delays = self._phone.farm.file.delays
        span = delays.app_start if name is Delay.START else delays.app_step
        return self._phone.delay(name.value, span)

    def gallery(self) -> Sequence[GalleryItem]:
        return self._phone.gallery()

    def publish(self, video: str, caption: str) -> Publication:
        return self._phone.publish(video, caption)


def app_on(phone: Phone) -> PostingApp:
    """The posting app of this phone."""
    world = PhoneOfFarm(phone)
    rates = phone.farm.file.app
    habits = replace(
        Habits.of(world.seed),
        dialog_rate=rates.dialog_rate,
        surprise_rate=rates.surprise_rate,
    )
    return PostingApp(world, habits)
