"""One farm behind real adb and real Appium for all tests in here, which leave it as it was."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.phones.device import Device
from tests.appium_farm import AppiumFarm, appium_farm, need_appium, until
from tests.appium_faults import APP


@pytest.fixture(scope="package")
def farm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppiumFarm]:
    need_appium()
    with appium_farm(tmp_path_factory.mktemp("farm")) as made:
        yield made


@pytest.fixture(autouse=True)
def nothing_is_left(farm: AppiumFarm) -> Iterator[None]:
    """After every test: servers of ours run, phones are well, and there is nothing else."""
    yield
    farm.disarm()
    for serial in farm.adb.devices():
        farm.adb.disconnect(serial)
    until(lambda: not farm.leftovers())


@pytest.fixture
def serial(farm: AppiumFarm) -> str:
    """The first phone, on, connected and logged in."""
    return farm.connect()


@pytest.fixture
def device(farm: AppiumFarm, serial: str) -> Iterator[Device]:
    """A session on it, with the posting app in front."""
    made = farm.open(serial)
    made.open_app(APP)
    yield made
    made.close()
