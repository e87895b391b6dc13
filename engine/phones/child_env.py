"""What our child programs get to know of our environment: what they need, by name.

The adb server outlives everything, and Appium writes parts of its environment into its log: neither
needs the provider's token, nor what else an operator keeps in his environment for other programs.
"""

from __future__ import annotations

import os
import re
from typing import Final

_NAMES: Final = frozenset(
    {
        # where programs, files and libraries are found
        "PATH",
        "PATHEXT",
        "HOME",
        "TMPDIR",
        "TMP",
        "TEMP",
        "LD_LIBRARY_PATH",
        "DYLD_LIBRARY_PATH",
        "JAVA_HOME",
        "NODE_PATH",
        "NODE_OPTIONS",
        "NODE_EXTRA_CA_CERTS",
        "SSL_CERT_FILE",
        "PYTHONPATH",
        "PYTHONHOME",
        "VIRTUAL_ENV",
        # who and in which language
        "USER",
        "LOGNAME",
        "SHELL",
        "LANG",
        "LANGUAGE",
        "TZ",
        "TERM",
        # without these, programs do not start on Windows, or do not find their own files
        "SYSTEMROOT",
        "SYSTEMDRIVE",
        "WINDIR",
        "COMSPEC",
        "OS",
        "NUMBER_OF_PROCESSORS",
        "USERNAME",
        "USERDOMAIN",
        "USERPROFILE",
        "HOMEDRIVE",
        "HOMEPATH",
        "APPDATA",
        "LOCALAPPDATA",
        "PROGRAMDATA",
        "ALLUSERSPROFILE",
        "PUBLIC",
        # adb's own, although its name sounds like a secret: paths of its key files
        "ADB_VENDOR_KEYS",
    }
)
_BEGINNINGS: Final = ("LC_", "XDG_", "ANDROID_", "ADB_", "APPIUM_", "PROCESSOR_", "PROGRAMFILES")
_SECRET: Final = re.compile(r"TOKEN|SECRET|PASS|KEY|CREDENTIAL|AUTH")
"""Words in a name that say what is kept there."""


def needed_only(**extra: str) -> dict[str, str]:
    """What adb and Appium may know of this process's environment, and ``extra``."""
    return {name: value for name, value in os.environ.items() if _needed(name.upper())} | extra


def _needed(name: str) -> bool:
    return name in _NAMES or (name.startswith(_BEGINNINGS) and not _SECRET.search(name))
