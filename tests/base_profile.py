"""A made-up user data folder of Chromium: what a clone must hold, and what it must not."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

KEPT: Final = frozenset(
    {
        "Local State",
        "Default/Preferences",
        "Default/Network/Cookies",
        "Default/Login Data",
        "Default/Extensions/abcdef/1.0_0/manifest.json",
        "Default/Extensions/abcdef/1.0_0/Cache/page.js",
        "Default/Local Storage/leveldb/000003.log",
    }
)
"""Of ``make_base``: what belongs in a clone."""
LEFT_OUT: Final = (
    "Crashpad/reports/one.dmp",
    "ShaderCache/data_0",
    "Default/Cache/Cache_Data/data_1",
    "Default/Code Cache/js/index",
    "Default/GPUCache/index",
    "Default/Service Worker/CacheStorage/x/0",
    "Default/Sessions/Session_1",
    "Default/Sessions_Encrypted/Session_1",
    "segmentation_platform/ukm_db",
    "Default/History",
    "Default/Local Storage/leveldb/LOCK",
    "Default/LOCK",
    "BrowserMetrics-spare.pma",
    "DevToolsActivePort",
)


def make_database(path: Path) -> None:
    """A SQLite file with a row."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("create table cookies (name text, value text)")
        database.execute("insert into cookies values ('session', 'secret')")


def make_base(folder: Path) -> Path:
    """The folder, as a closed browser leaves it."""
    files = {
        "Local State": json.dumps({"profile": {"last_used": "Default"}}),
        "Default/Preferences": json.dumps({"download": {}}),
        "Default/Extensions/abcdef/1.0_0/manifest.json": "{}",
        "Default/Extensions/abcdef/1.0_0/Cache/page.js": "1",
        "Default/Local Storage/leveldb/000003.log": "x" * 1000,
        **dict.fromkeys(LEFT_OUT, "waste"),
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    make_database(folder / "Default/Network/Cookies")
    make_database(folder / "Default/Login Data")
    return folder


def names_in(folder: Path) -> set[str]:
    """The files below a folder, with slashes."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}
