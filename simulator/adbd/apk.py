"""What an app file says of itself: its name and version, out of its compiled manifest."""

from __future__ import annotations

import io
import zipfile

from simulator.android_system import DRIVER_PACKAGES, Package


def read_package(apk: bytes) -> Package | None:
    """The package in an app file; None where it is none, or none of those known here."""
    try:
        with zipfile.ZipFile(io.BytesIO(apk)) as archive:
            manifest = archive.read("AndroidManifest.xml")
    except (zipfile.BadZipFile, KeyError, OSError):
        return None
    for package in sorted(DRIVER_PACKAGES, key=lambda one: -len(one.name)):
        if package.name.encode("utf-16-le") in manifest or package.name.encode() in manifest:
            return package
    return None
