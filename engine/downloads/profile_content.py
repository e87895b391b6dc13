"""What of a browser's user data folder belongs in a clone: who is logged in, settings, extensions.

Names are those of Chromium and Edge on Linux and Windows; a name stands for itself at any depth
but below an extension's folder, whose files are its own program.
"""

from __future__ import annotations

import fnmatch
import functools
from collections.abc import Sequence
from typing import Final

OWN_FILES: Final = frozenset({".owner.json", ".manifest.json"})
"""What we write into a clone ourselves."""
LOCK_LINKS: Final = ("SingletonLock", "SingletonSocket", "SingletonCookie")
"""Links at the top of a folder that a browser has open, on Linux; the first names who."""
LOCK_FILE: Final = "lockfile"
"""At the top of a folder that a browser has open, on Windows."""
DATABASES: Final = frozenset(
    {"cookies", "extension cookies", "login data", "login data for account", "web data"}
)
"""SQLite files, in lower case, by which a profile is logged in."""
LOCAL_STATE: Final = "Local State"
"""At the top; on Windows it holds the key that cookies are encrypted with."""
PREFERENCES: Final = "Preferences"

_EXTENSIONS: Final = "extensions"
_LOCKS: Final = frozenset(name.lower() for name in (*LOCK_LINKS, LOCK_FILE, "LOCK", "parent.lock"))
_CACHES: Final = frozenset(
    {
        "cache", "code cache", "gpucache", "shadercache", "grshadercache", "graphitedawncache",
        "dawncache", "dawngraphitecache", "dawnwebgpucache", "gpupersistentcache", "media cache",
        "application cache", "cachestorage", "scriptcache", "component_crx_cache",
        "extensions_crx_cache", "jumplisticons", "jumplisticonsold", "jumplisticonstopsites",
        "blob_storage", "shared dictionary", "optimization_guide_model_store",
        "optimizationguidepredictionmodels",
    }
)  # fmt: skip
_REPORTS: Final = frozenset(
    {
        "crashpad", "crash reports", "browsermetrics", "deferredbrowsermetrics",
        "devtoolsactiveport", "chrome_debug.log", "debug.log", "stability",
    }
)  # fmt: skip
_HISTORY: Final = frozenset(
    {
        "history", "archived history", "favicons", "top sites", "visited links", "shortcuts",
        "network action predictor", "sessions", "session storage", "current session",
        "current tabs", "last session", "last tabs", "sessions_encrypted", "download service",
        "downloadmetadata", "snapshots", "segmentation platform", "segmentation_platform",
        "site characteristics database", "reporting and nel", "affiliation database", "dips",
        "browsingtopicsstate", "browsingtopicssitedata", "interestgroups",
        "declarative_performance_observer.db",
    }
)  # fmt: skip
"""Where its owner has been is nobody's business, and open pages must not come up again."""
_PATTERNS: Final = ("*.tmp", "*.pma", "*.bak")
_SIDE_FILES: Final = ("-journal", "-wal", "-shm")
_LEFT_OUT: Final = _CACHES | _REPORTS | _HISTORY


@functools.cache
def _is_waste(name: str) -> bool:
    for ending in _SIDE_FILES:
        name = name.removesuffix(ending)
    return name in _LEFT_OUT or any(fnmatch.fnmatchcase(name, form) for form in _PATTERNS)


def belongs(parts: Sequence[str]) -> bool:
    """Whether a file or folder, by its path from the top of the base, goes into a clone."""
    if in_extension(parts):
        return True
    name = parts[-1].lower()
    return not (name in _LOCKS or name in OWN_FILES or _is_waste(name))


def in_extension(parts: Sequence[str]) -> bool:
    """Whether it lies below the folder of the extensions' programs."""
    return any(part.lower() == _EXTENSIONS for part in parts[:-1])


def is_database(parts: Sequence[str]) -> bool:
    """Whether this file is one of the SQLite files that a login hangs on."""
    return parts[-1].lower() in DATABASES and not in_extension(parts)


def is_settings(parts: Sequence[str]) -> bool:
    """Whether this file is the JSON without which a browser starts as if it were new."""
    return tuple(parts) == (LOCAL_STATE,) or (len(parts) == 2 and parts[1] == PREFERENCES)
