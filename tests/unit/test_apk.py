"""What the farm's phones read out of an app file that is installed on them."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from engine.config import Settings
from engine.phones.appium_install import install_folder
from simulator.adbd.apk import read_package
from simulator.android_system import DRIVER_PACKAGES, Package
from tests.apk_files import compiled_manifest


def app(manifest: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("AndroidManifest.xml", manifest)
    return file.getvalue()


def test_name_and_version_are_read_from_the_compiled_manifest() -> None:
    found = read_package(app(compiled_manifest("com.example.app", 42)))
    assert found == Package("com.example.app", 42, "")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no archive",
        app(b""),
        app(b"<manifest package='plain'/>"),
        app(b"\x03\0\x08\0" + bytes(60)),
        app(compiled_manifest("com.example.app", 42)[:90]),
    ],
    ids=["empty", "no archive", "no manifest", "plain text", "zeros", "cut"],
)
def test_what_is_no_app_is_none(content: bytes) -> None:
    assert read_package(content) is None


def test_a_prepared_phone_has_the_apps_of_the_installed_driver() -> None:
    """Else the driver would install its own on every session."""
    folder = install_folder(Settings(), Path.cwd())
    files = [path for path in folder.rglob("*.apk") if path.is_file()]
    if not files:
        pytest.skip(f"no Appium driver is installed in {folder}")
    found = {read_package(path.read_bytes()) for path in files}
    assert set(DRIVER_PACKAGES) <= found
