"""Android below the apps' screens: packages, settings, processes, files outside of Downloads.

Packages, settings and files outlive a shutdown; what runs does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from simulator.app.nodes import APP_PACKAGE
from simulator.app.phone_screens import LAUNCHER

SETTINGS_APP: Final = "io.appium.settings"
AUTOMATION: Final = "io.appium.uiautomator2.server"
AUTOMATION_TESTS: Final = f"{AUTOMATION}.test"
INSTRUMENTATION: Final = f"{AUTOMATION_TESTS}/androidx.test.runner.AndroidJUnitRunner"
BUILT_IN: Final = (APP_PACKAGE, LAUNCHER, "com.android.vending", "com.android.settings")
KEYBOARD: Final = "com.android.inputmethod.latin/.LatinIME"


@dataclass(frozen=True, slots=True)
class Package:
    """An installed app."""

    name: str
    version_code: int
    version_name: str


DRIVER_PACKAGES: Final = (
    Package(SETTINGS_APP, 191, "8.0.9"),
    Package(AUTOMATION, 278, "10.6.6"),
    Package(AUTOMATION_TESTS, 0, ""),
)
"""What a prepared phone has: of appium-uiautomator2-driver 8.7.0."""


class AndroidSystem:
    """The system of one phone."""

    def __init__(self, *, prepared: bool) -> None:
        """``prepared``: the automation driver's apps are there."""
        self.packages = {name: Package(name, 1, "1.0") for name in BUILT_IN}
        if prepared:
            self.packages |= {package.name: package for package in DRIVER_PACKAGES}
        self.settings: dict[tuple[str, str], str] = {("secure", "default_input_method"): KEYBOARD}
        self.files: dict[str, bytes] = {"/proc/net/unix": b"Num RefCount Protocol Flags\n"}
        """Contents by path, of files outside of the Downloads folder."""
        self.clipboard = ""
        """As the driver hands it over: base64."""
        self.services: set[str] = set()
        """Apps whose service runs in the foreground."""
        self.processes: set[str] = set()
        """Names of processes beside those that every phone has."""

    def power_off(self) -> None:
        """Nothing runs any more."""
        self.services.clear()
        self.processes.clear()

    def install(self, package: Package) -> None:
        """Put an app there; one of its name is replaced."""
        self.packages[package.name] = package

    def uninstall(self, name: str) -> bool:
        """Whether it was there and could be removed."""
        return name not in BUILT_IN and self.packages.pop(name, None) is not None

    def start_app(self, name: str) -> bool:
        """Start an app that has no screen of its own here; whether there is such an app."""
        if name not in self.packages:
            return False
        self.services.add(name)
        self.processes.add(name)
        return True

    def stop_app(self, name: str) -> None:
        """End what ``start_app`` started."""
        self.services.discard(name)
        self.processes.discard(name)
